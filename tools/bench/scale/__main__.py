"""`make bench-scale`: how cost grows. What the figures mean: docs/benchmarks.md."""

import argparse
import datetime
import json
import signal
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from settings import ROOT, Problem

from .. import envoys, report
from . import configured, connections, node, page, streams, workers
from .series import Found

ALL = (connections.SERIES, streams.SERIES, configured.SERIES, workers.SERIES)


@dataclass
class Run:
    """What a series gets: what to compare, and how long it may take."""

    sizes: tuple
    filter: envoys.Variant
    is_smoke: bool
    progress: report.Progress

    @property
    def variants(self):
        return [envoys.Variant("plain"), self.filter]

    def seconds(self, seconds):
        return 1 if self.is_smoke else seconds

    def rounds(self, rounds):
        return 1 if self.is_smoke else rounds


def main():
    arguments = parse()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        run(arguments)
    except Problem as problem:
        print(f"\nerror: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="series, with commas between: " + ", ".join(series.name for series in ALL))
    parser.add_argument("--smoke", action="store_true", help="small sizes; tells nothing of speed")
    parser.add_argument("--write", action="store_true", help="tables and charts into docs/benchmarks.md")
    parser.add_argument("--wasm", type=Path, default=envoys.MODULE, help="the module to measure")
    arguments = parser.parse_args()
    if arguments.smoke and arguments.write:
        parser.error("what a smoke run finds is not to be written down")
    return arguments


def run(arguments):
    chosen = choose(arguments.only)
    if not arguments.wasm.exists():
        raise Problem(f"{arguments.wasm} is missing")
    path = report.FOLDER / ("scale-smoke.json" if arguments.smoke else "scale.json")
    # Of an earlier run the other series stay.
    measured = json.loads(path.read_text()) if path.exists() and not arguments.smoke else {}
    progress = report.Progress()
    for at, series in enumerate(chosen, 1):
        progress.begin(series.name, at, len(chosen))
        sizes = series.smoke if arguments.smoke else series.sizes
        variant = envoys.Variant("filter", arguments.wasm.resolve())
        found = Found()
        try:
            series.run(Run(sizes, variant, arguments.smoke, progress), found)
        except Problem as problem:
            found.problems.append(str(problem))
        progress.end()
        of_run = {"day": datetime.date.today().isoformat(), "machine": report.machine()}
        if found.points:
            measured[series.name] = of_run | asdict(found)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(measured, indent=1, ensure_ascii=False) + "\n")
        print(f"\n{series.title}\n\n{page.table(series, asdict(found))}", flush=True)
        for problem in found.problems:
            print(f"not measured: {problem}", flush=True)
    print("\n" + node.markdown(measured))
    if arguments.write:
        page.write(ALL, measured)
        print(f"written: {page.PAGE.relative_to(ROOT)}")
    print(path.relative_to(ROOT))


def choose(only):
    known = {series.name: series for series in ALL}
    names = [name for name in only.split(",") if name] or list(known)
    if unknown := [name for name in names if name not in known]:
        raise Problem(f"no such series: {', '.join(unknown)}; there are {', '.join(known)}")
    return [known[name] for name in names]


if __name__ == "__main__":
    sys.exit(main())
