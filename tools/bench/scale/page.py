"""Tables and charts, and their places in docs/benchmarks.md."""

import re

from settings import ROOT, Problem

from ..report import number
from . import curves, node
from .series import variants

PAGE = ROOT / "docs/benchmarks.md"


def table(series, found):
    """A row for each size, a column for each measure of each variant."""
    points = found["points"]
    columns = [(measure, variant) for measure in series.measures for variant in variants(points, measure.key)]
    head = [series.across, *(f"{measure.title}, {variant}" for measure, variant in columns)]
    rows = [head, ["--:"] * len(head)]
    for size in sorted({point["size"] for point in points}):
        of_size = {point["variant"]: point for point in points if point["size"] == size}
        cells = [cell(of_size.get(variant, {}).get(measure.key), measure.unit) for measure, variant in columns]
        rows.append([f"{size:,}", *cells])
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def cell(value, unit):
    if value is None:
        return "–"
    if not isinstance(value, list):
        return f"{number(value)} {unit}"
    middle, low, high = map(number, value)
    return f"{middle} {unit}" + ("" if low == high else f" ({low} – {high})")


def section(series, found):
    """What stands between the markers."""
    of = found["machine"]
    problems = "".join(f"- {problem}\n" for problem in found["problems"])
    return (
        f"![{series.title}](scale-{series.name}.svg)\n\n{table(series, found)}\n"
        + (f"Not measured:\n\n{problems}\n" if problems else "")
        + f"On {found['day']}, {of['cores']} cores of {of['processor']}, {of['commit']}.\n"
    )


def write(all_series, measured):
    """Charts beside the page, and sections in it; of a series that was not measured, what is there stays."""
    page = PAGE.read_text()
    for series in all_series:
        if found := measured.get(series.name):
            (PAGE.parent / f"scale-{series.name}.svg").write_text(curves.draw(series, found["points"]))
            page = between(page, series.name, section(series, found))
    if estimate := node.markdown(measured):
        page = between(page, "node", estimate)
    PAGE.write_text(page)


def between(page, name, text):
    """`page` with `text` between the markers of that name."""
    begin, end = f"<!-- scale: {name} -->\n", "<!-- scale: end -->\n"
    pattern = re.escape(begin) + ".*?" + re.escape(end)
    page, times = re.subn(pattern, lambda _: f"{begin}\n{text}\n{end}", page, count=1, flags=re.DOTALL)
    if not times:
        raise Problem(f"{PAGE}: no place for {name}")
    return page
