"""The table on the screen and the JSON file."""

import dataclasses
import json
import os
import platform
import subprocess
import sys

from settings import ROOT

from . import chart

FOLDER = ROOT / "target/bench"


class Progress:
    """One line on a terminal that is written over; elsewhere a line per row."""

    def __init__(self):
        self.is_terminal = sys.stderr.isatty()
        self.row = ""

    def begin(self, row, at, of):
        self.row = f"[{at}/{of}] {row}"
        if not self.is_terminal:
            print(self.row, file=sys.stderr, flush=True)

    def __call__(self, name, at, of):
        if self.is_terminal:
            print(f"\r\x1b[K{self.row}: {name} {at:,}/{of:,}", end="", file=sys.stderr, flush=True)

    def end(self):
        if self.is_terminal:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def number(value):
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.2f}"


HEAD = ("what", "which", "goal", "value", "quartiles", "")


def lines(figures):
    """The table, aligned."""
    rows = [HEAD, *cells(figures)]
    widths = [max(map(len, column)) for column in zip(*rows)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]


def markdown(figures):
    """The table as a page has it."""
    rows = [HEAD, ("---",) * len(HEAD), *cells(figures)]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def cells(figures):
    for figure in figures:
        middle, low, high = map(number, figure.value)
        yield (
            figure.what,
            figure.variant,
            "–" if figure.goal is None else f"{'≥' if figure.at_least else '≤'} {figure.goal:g}",
            f"{middle} {figure.unit}",
            "" if low == high else f"{low} – {high}",
            {None: "", True: "reached", False: "NOT reached"}[figure.reached],
        )


def write(name, figures, details, scale):
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{name}.json"
    written = [dataclasses.asdict(figure) | {"reached": figure.reached} for figure in figures]
    content = {"machine": machine(), "scale": scale, "figures": written, "details": details}
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    path.with_suffix(".md").write_text(markdown(figures))
    if name != "peers":
        path.with_suffix(".svg").write_text(chart.draw(content))
    return path


def machine():
    processor = next(
        (line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine()
    )
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return {"processor": processor, "cores": os.cpu_count(), "system": platform.release(), "commit": commit.stdout.strip()}
