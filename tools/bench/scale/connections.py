"""Chats of 1 KB on ever more connections, each of which asks again as soon as it is answered."""

from contextlib import ExitStack

from .. import bodies, envoys
from . import roomy, window
from .series import Compared, Measure, Series, in_turns, middle

MODEL = "amazon.nova-bench-r1024"
# Of Envoy, besides those of its clients: those to Bedrock, and its own.
OTHER_DESCRIPTORS = 1_500


def run(run, found):
    body = bodies.write("chat-1024", bodies.chat(MODEL, 1024))
    most = roomy.descriptors() - OTHER_DESCRIPTORS
    with ExitStack() as stack:
        upstream = envoys.start_upstream(stack)
        counts = window.Counts(upstream)
        compared = [envoys.start(stack, variant, upstream, roomy.lift) for variant in run.variants]
        for size in run.sizes:
            if size > most:
                allowed = f"a process may have {most + OTHER_DESCRIPTORS:,} open files here (`ulimit -n`)"
                found.problems.append(f"{size:,} connections: not tried, {allowed}")
                continue

            def look(one):
                return window.under_wrk(one.envoy, counts, MODEL, body, one.size, run)

            sides = [Compared(size, envoy.variant.name, envoy) for envoy in compared]
            in_turns(run, found, "connections", sides, look, point)


def point(size, variant, windows):
    return {
        "size": size,
        "variant": variant,
        "cpu": window.cpu_us(windows, "answers"),
        "memory": max(one["after"]["resident"] for one in windows) / bodies.MEGABYTE,
        "rate": window.rate(windows, "answers"),
        "cores": middle(window.cores(windows)),
    }


SERIES = Series(
    "connections",
    "Connections",
    "connections",
    (1, 8, 64, 512, 2_000, 10_000),
    (
        Measure("cpu", "CPU per request", "µs"),
        Measure("memory", "memory of Envoy", "MB"),
        Measure("rate", "requests per second", "req/s", is_drawn=False),
        Measure("cores", "of its core", "used", is_drawn=False),
    ),
    run,
    smoke=(1, 20),
)
