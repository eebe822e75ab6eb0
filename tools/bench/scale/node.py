"""What a node of 8 cores serves: an estimate from what was measured on one and two."""

import math

from .series import at

CORES = 8
MEMORY = 16 << 30
# What of it streams may take; the rest is the system's and Envoy's own.
FOR_STREAMS = 0.8
# Of a stream that a fast model writes.
EVENTS = 50
# Where Envoy is saturated, and has a core for itself.
CONNECTIONS = 64


def kept(series):
    """What of a core's work is left at each doubling of workers, from one to two. None where it was not measured."""
    points = series.get("workers", {}).get("points", [])
    one, two = (at(points, workers, "filter", "cpu") for workers in (1, 2))
    return min(1.0, one / two) if one and two else None


def estimates(series):
    """Rows of (what, unit, by variant), where all that they need was measured."""
    share = kept(series)
    if share is None:
        return []
    cores = CORES * share ** math.log2(CORES)
    chats, events, by_cpu, by_memory = {}, {}, {}, {}
    connections, streams = (series.get(name, {}).get("points", []) for name in ("connections", "streams"))
    for variant in ("plain", "filter"):
        rate, used = (at(connections, CONNECTIONS, variant, key) for key in ("rate", "cores"))
        if rate and used:
            chats[variant] = rate / used * cores
        of_variant = [point for point in streams if point["variant"] == variant]
        if of_variant:
            # The most streams that were open: with few, memory per stream is rough.
            most = max(point["size"] for point in of_variant)
            events[variant] = cores * 1e6 / at(streams, most, variant, "cpu")
            by_cpu[variant] = events[variant] / EVENTS
            by_memory[variant] = MEMORY * FOR_STREAMS / (at(streams, most, variant, "each") * 1024)
    rows = [
        ("chats of 1 KB", "a second", chats),
        ("events of streams", "a second", events),
        (f"streams of {EVENTS} events a second, by CPU", "at a time", by_cpu),
        (f"open streams in {MEMORY >> 30} GB, by memory", "at a time", by_memory),
    ]
    return [row for row in rows if row[2]]


def rounded(value):
    """Two figures: it is an estimate."""
    digits = max(0, int(math.log10(max(value, 1))) - 1)
    return f"{round(value / 10**digits) * 10**digits:,}"


def markdown(series):
    rows = estimates(series)
    if not rows:
        return ""
    lines = ["| 8 cores, an estimate | plain | filter | |", "| --- | --: | --: | --- |"]
    for what, unit, by in rows:
        values = [f"about {rounded(by[variant])}" if variant in by else "–" for variant in ("plain", "filter")]
        lines.append(f"| {what} | {' | '.join(values)} | {unit} |")
    share = kept(series)
    factor = f"{2 * share:.2f}"
    lines += [
        "",
        f"Two workers did {factor} times the work of one for the same CPU time each, so {CORES} cores count as "
        f"{CORES} × {share:.2f}³ = {CORES * share**3:.1f}.",
    ]
    return "\n".join(lines) + "\n"
