"""What a series is, and what it found: a point for each size and variant, with measures."""

from collections.abc import Callable
from dataclasses import dataclass, field

from settings import Problem

from ..envoys import Envoy

ROUNDS = 3


@dataclass(frozen=True)
class Measure:
    """What is measured at a point."""

    key: str
    title: str
    unit: str
    # Whether the chart has it; the table has all.
    is_drawn: bool = True


@dataclass(frozen=True)
class Series:
    name: str
    title: str
    # What grows.
    across: str
    sizes: tuple
    measures: tuple
    run: Callable
    # Sizes of a run that tells nothing of speed.
    smoke: tuple = ()


@dataclass
class Found:
    # Each a dictionary: `size`, `variant`, and by the measures' keys a number or [median, lower quartile, upper quartile].
    points: list = field(default_factory=list)
    # What failed, and at which size.
    problems: list = field(default_factory=list)
    # Everything that was read, in the order in which it was.
    slices: list = field(default_factory=list)


@dataclass
class Compared:
    """An Envoy of a size and a variant, and what was seen of it."""

    size: int
    variant: str
    envoy: Envoy
    windows: list = field(default_factory=list)


def in_turns(run, found, across, compared, look, point):
    """Rounds in which each has its turn, and each round begins with another; `look` returns windows, and `point` what they tell."""
    for number in range(run.rounds(ROUNDS)):
        first = number % len(compared)
        for one in compared[first:] + compared[:first]:
            where = f"{one.size:,} {across}, {one.variant}"
            run.progress(where, number, ROUNDS)
            one.windows += attempt(found, where, one.envoy, lambda: look(one)) or ()
    for one in compared:
        found.slices.append({"size": one.size, "variant": one.variant, "windows": one.windows})
        if one.windows:
            found.points.append(point(one.size, one.variant, one.windows))


def attempt(found, where, envoy, measured):
    """What `measured` returns; None where it fails, which is said of `where`."""
    try:
        envoy.process.check()
        return measured()
    except Problem as problem:
        said = str(problem).splitlines()[0]
        # Those that follow say nothing new.
        if f"{where}: {said}" not in found.problems:
            found.problems.append(f"{where}: {said}")
        return None


def variants(points, key):
    """Those that have the measure, in the order in which they were measured."""
    return list(dict.fromkeys(point["variant"] for point in points if key in point))


def middle(value):
    return value[0] if isinstance(value, list) else value


def at(points, size, variant, key):
    """The median; None where it was not measured."""
    for point in points:
        if (point["size"], point["variant"]) == (size, variant) and key in point:
            return middle(point[key])
    return None
