"""The chart: Envoy's CPU time with the filter beside Envoy alone, drawn from the JSON file.

Its colours are those that can be told apart on a white page and on a black one.
"""

import json
import sys
from html import escape
from pathlib import Path

TEXT, PLAIN, FILTER, GOAL = "#6e7781", "#9198a1", "#2f81f7", "#d4632b"
WIDTH, LEFT, RIGHT, TOP = 760, 250, 60, 56
BAR, GAP = 13, 20


def draw(content):
    """The SVG of all rows whose unit is Envoy alone."""
    rows = [
        figure for figure in content["figures"] if figure["unit"] == "× plain" and figure["variant"] == "filter"
    ]
    longest = max([2.0, *(figure["value"][2] for figure in rows)])
    scale = (WIDTH - LEFT - RIGHT) / longest
    parts = legend()
    for at, figure in enumerate(rows):
        parts += bars(figure, TOP + at * (2 * BAR + GAP), scale)
    height = TOP + len(rows) * (2 * BAR + GAP)
    for ratio in range(int(longest) + 1):
        x = LEFT + ratio * scale
        parts.insert(0, f'<path d="M{x:.1f} {TOP - 8}V{height - 8}" stroke="{TEXT}" stroke-opacity=".3"/>')
        parts.append(label(x, height + 6, str(ratio), "middle"))
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height + 16}" '
        f'font-family="system-ui, sans-serif" font-size="13" role="img" aria-label="CPU time of Envoy per request">',
        *parts,
        "</svg>\n",
    ])


def legend():
    parts = [label(0, 16, "CPU time of Envoy per request, Envoy without the filter = 1")]
    x = 0
    for colour, name in ((PLAIN, "Envoy alone"), (FILTER, "with the filter, quartiles"), (GOAL, "goal")):
        parts.append(f'<rect x="{x}" y="26" width="{3 if colour == GOAL else 12}" height="12" fill="{colour}"/>')
        parts.append(label(x + 18, 37, name))
        x += 30 + 8 * len(name)
    return parts


def bars(figure, y, scale):
    middle, low, high = (value * scale for value in figure["value"])
    goal = (figure["goal"] or 0) * scale
    parts = [
        label(LEFT - 10, y + BAR + 5, figure["what"].removeprefix("CPU, "), "end"),
        f'<rect x="{LEFT}" y="{y}" width="{scale:.1f}" height="{BAR}" fill="{PLAIN}"/>',
        f'<rect x="{LEFT}" y="{y + BAR}" width="{middle:.1f}" height="{BAR}" fill="{FILTER}"/>',
        f'<path d="M{LEFT + low:.1f} {y + 1.5 * BAR}H{LEFT + high:.1f}" stroke="{TEXT}" stroke-width="2"/>',
        label(LEFT + max(high, goal) + 6, y + 2 * BAR - 2, f"{figure['value'][0]:.2f}"),
    ]
    if goal:
        parts.append(f'<path d="M{LEFT + goal:.1f} {y - 3}v{2 * BAR + 6}" stroke="{GOAL}" stroke-width="3"/>')
    return parts


def label(x, y, text, anchor="start"):
    return f'<text x="{x:.1f}" y="{y}" text-anchor="{anchor}" fill="{TEXT}">{escape(text)}</text>'


if __name__ == "__main__":
    sys.stdout.write(draw(json.loads(Path(sys.argv[1]).read_text())))
