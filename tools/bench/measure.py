"""Slices in turn, and what they say together."""

import statistics

from . import machine


def interleaved(envoys, rounds, slice_, progress):
    """CPU time per request, nanoseconds, by Envoy and round: A B C, B C A, C A B.

    `slice_` runs load on an Envoy and returns how many requests that were. Neighbours in time are compared, so that what
    else the machine does meanwhile falls on all alike.
    """
    found = {envoy.variant.name: [] for envoy in envoys}
    warm_up = 1 if rounds > 1 else 0
    for number in range(-warm_up, rounds):
        start = max(number, 0) % len(envoys)
        for envoy in envoys[start:] + envoys[:start]:
            progress(envoy.variant.name, number + 1, rounds)
            before = machine.cpu_ns(envoy.pid)
            requests = slice_(envoy)
            spent = machine.cpu_ns(envoy.pid) - before
            if number >= 0:
                found[envoy.variant.name].append(spent / requests)
    return found


def spread(values):
    """Median and quartiles."""
    if len(values) == 1:
        return values * 3
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return [middle, low, high]


def ratios(found, unit="plain"):
    """Each to `unit`, round by round."""
    return {
        name: spread([value / base for value, base in zip(values, found[unit])])
        for name, values in found.items()
        if name != unit
    }


def slope(points):
    """Of the straight line that fits best, least squares."""
    return statistics.linear_regression(*zip(*points)).slope
