"""Streams that are open at a time. All of them together have the same events each second, however many they are."""

import time
from contextlib import ExitStack

from settings import Problem

from .. import bodies, envoys, memory
from . import roomy, window
from .series import Measure, Series, attempt

EVENTS = 2_000  # each second, of all streams together
# Of one stream, more than it lives to send.
LENGTH = 2_000
# Between the beginnings of two streams, microseconds.
RAMP = 400
# Of Envoy, besides the two of each stream.
OTHER_DESCRIPTORS = 300


def run(run, found):
    with ExitStack() as stack:
        upstream = envoys.start_upstream(stack)
        counts = window.Counts(upstream)
        compared = [envoys.start(stack, variant, upstream, roomy.lift_connections) for variant in run.variants]
        idle = {}
        for envoy in compared:
            # What the first streams of all take, no later one does.
            held(run, envoy, counts, run.sizes[0] // 5, lambda: None)
            idle[envoy.variant.name] = memory.now(envoy)
        for size in possible(run.sizes, found):
            for envoy in compared:
                name = envoy.variant.name
                where = f"{size:,} streams, {name}"
                run.progress(where, 0, size)

                def look():
                    return window.windows(envoy, counts, run.rounds(3), run.seconds(3), "pieces")

                windows = attempt(found, where, envoy, lambda: held(run, envoy, counts, size, look))
                if windows:
                    found.slices.append({"size": size, "variant": name, "idle": idle[name], "windows": windows})
                    found.points.append(point(size, envoy, idle[name], windows))


def possible(sizes, found):
    """Those that the machine allows, and the most that it does in the place of the others."""
    descriptors = roomy.descriptors()
    most = (descriptors - OTHER_DESCRIPTORS) // 2 // 50 * 50
    beyond = [size for size in sizes if size > most]
    if not beyond:
        return sizes
    found.problems.append(
        f"{', '.join(f'{size:,}' for size in beyond)} streams: not tried. Each takes two sockets of Envoy, and a process may have "
        f"{descriptors:,} open files here (`ulimit -n`): {most:,} are the most"
    )
    return (*(size for size in sizes if size <= most), most)


def held(run, envoy, counts, size, look):
    """What `look` returns while so many are open."""
    pause = max(1_000, size * 1_000_000 // EVENTS)
    model = f"amazon.nova-bench-e{LENGTH}-p{pause}-s{pause}"
    body = bodies.write(f"scale-stream-{size}", bodies.chat(model, 1024, stream=True))
    request = {"model": model, "operation": "converse-stream", "body": body}
    try:
        with memory.Held(envoy, request) as streams:
            streams.open(size, RAMP, patience=60)
            # All of them have sent a second event by then.
            time.sleep(max(run.seconds(2), pause / 1e6))
            if (there := counts.read()["open"]) != size:
                raise Problem(f"{size - there:,} of them have ended")
            return look()
    finally:
        settled(counts, pause)


def settled(counts, pause):
    """Waits until the upstream has noticed that the streams are gone, which it does when it writes."""
    end = time.monotonic() + 20 + 3 * pause / 1e6
    while counts.read()["open"]:
        if time.monotonic() > end:
            raise Problem("streams do not end")
        time.sleep(0.2)


def point(size, envoy, idle, windows):
    most = {kind: max(one["after"][kind] for one in windows) for kind in idle}
    each = {kind: (most[kind] - idle[kind]) / size / 1024 for kind in idle}
    found = {
        "size": size,
        "variant": envoy.variant.name,
        "each": each["resident"],
        "memory": most["resident"] / bodies.MEGABYTE,
        "cpu": window.cpu_us(windows, "pieces"),
    }
    return found | ({"vm": each["vm"]} if envoy.variant.module else {})


SERIES = Series(
    "streams",
    "Open streams",
    "open streams",
    (100, 1_000, 5_000, 10_000, 20_000),
    (
        Measure("each", "memory of Envoy per stream", "KB"),
        Measure("memory", "memory of Envoy", "MB", is_drawn=False),
        Measure("vm", "of it the VM's, per stream", "KB", is_drawn=False),
        Measure("cpu", "CPU per event", "µs"),
    ),
    run,
    smoke=(10, 40),
)
