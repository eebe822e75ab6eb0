"""The chart of a series: a panel for each measure, over what grows on a scale of tens."""

import math

from ..chart import FILTER, GOAL, PLAIN, TEXT, label
from .series import middle, variants

WIDTH, HEIGHT, TOP, LEFT, RIGHT = 760, 250, 64, 52, 24
PANEL = HEIGHT - TOP - 36
COLOURS = {"plain": PLAIN, "filter": FILTER, "models": FILTER, "keys": GOAL}
NAMES = {"plain": "Envoy alone", "filter": "with the filter"}


def draw(series, points):
    """The SVG."""
    measures = [measure for measure in series.measures if measure.is_drawn]
    names = list(dict.fromkeys(point["variant"] for point in points))
    parts = []
    for at, name in enumerate(names):
        parts.append(f'<rect x="{at * 150}" y="4" width="12" height="12" fill="{COLOURS[name]}"/>')
        parts.append(label(at * 150 + 18, 15, NAMES.get(name, name)))
    width = WIDTH / len(measures)
    for at, measure in enumerate(measures):
        parts += panel(series, measure, points, at * width, width - RIGHT)
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="system-ui, sans-serif" '
        f'font-size="13" role="img" aria-label="{series.title}: {", ".join(measure.title for measure in measures)}">',
        *parts,
        "</svg>\n",
    ])


def panel(series, measure, points, x, width):
    shown = [point for point in points if measure.key in point]
    sizes = sorted({point["size"] for point in shown})
    if not sizes:
        return []
    top = ceiling(max(middle(point[measure.key]) for point in shown))
    first, last = (math.log(size) for size in (sizes[0], sizes[-1]))
    left, right = x + LEFT, x + width

    def across(size):
        return left + (math.log(size) - first) / ((last - first) or 1) * (right - left)

    def up(value):
        return TOP + PANEL * (1 - value / top)

    parts = [label(x, TOP - 22, f"{measure.title}, {measure.unit}")]
    for step in range(5):
        y = up(top * step / 4)
        parts.append(f'<path d="M{left:.0f} {y:.1f}H{right:.0f}" stroke="{TEXT}" stroke-opacity=".3"/>')
        parts.append(label(left - 6, round(y + 4, 1), short(top * step / 4), "end"))
    # Next to each other they would be one over the other.
    for size in [size for size in sizes if across(size) - across(sizes[0]) > 30 or size == sizes[0]]:
        parts.append(label(across(size), TOP + PANEL + 18, short(size), "middle"))
    parts.append(label((left + right) / 2, HEIGHT - 2, series.across, "middle"))
    for variant in variants(points, measure.key):
        of_variant = sorted((point["size"], middle(point[measure.key])) for point in shown if point["variant"] == variant)
        places = [f"{across(size):.1f} {up(value):.1f}" for size, value in of_variant]
        colour = COLOURS[variant]
        parts.append(f'<path d="M{"L".join(places)}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += ['<circle cx="{}" cy="{}" r="3" fill="{}"/>'.format(*place.split(), colour) for place in places]
    return parts


def ceiling(value):
    """The next of 1, 2, 4, 6, 8 and their tens."""
    if value <= 0:
        return 1
    ten = 10 ** math.floor(math.log10(value))
    return next(step * ten for step in (1, 2, 4, 6, 8, 10) if value <= step * ten)


def short(value):
    if value >= 10_000:
        return f"{value / 1_000:g}k"
    return f"{value:,g}" if value < 1 else f"{value:,.4g}"
