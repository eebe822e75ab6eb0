"""Chats of 1 KB on 64 connections, with one worker and with two."""

from contextlib import ExitStack
from dataclasses import replace

from .. import bodies, envoys, machine
from . import roomy, window
from .series import Compared, Measure, Series, in_turns, middle

MODEL = "amazon.nova-bench-r1024"
CONNECTIONS = 64
# With fewer cores than these, Envoy and the load share all of them.
APART = 4


def run(run, found):
    body = bodies.write("chat-1024", bodies.chat(MODEL, 1024))
    with ExitStack() as stack:
        upstream = envoys.start_upstream(stack, load_cores())
        counts = window.Counts(upstream)
        compared = []
        for size in run.sizes:
            for variant in run.variants:
                named = replace(variant, name=f"{variant.name}-{size}-workers")
                envoy = envoys.start(stack, named, upstream, roomy.lift, size, envoy_cores(size))
                compared.append(Compared(size, variant.name, envoy))

        def look(one):
            return window.under_wrk(one.envoy, counts, MODEL, body, CONNECTIONS, run, load_cores())

        in_turns(run, found, "workers", compared, look, point)


def envoy_cores(workers):
    return machine.CORES[:workers] if len(machine.CORES) >= APART else machine.CORES


def load_cores():
    return machine.CORES[2:] if len(machine.CORES) >= APART else machine.CORES


def point(size, variant, windows):
    return {
        "size": size,
        "variant": variant,
        "rate": window.rate(windows, "answers"),
        "cpu": window.cpu_us(windows, "answers"),
        "cores": middle(window.cores(windows)),
    }


SERIES = Series(
    "workers",
    "Workers",
    "workers",
    (1, 2),
    (
        Measure("rate", "requests per second", "req/s"),
        Measure("cpu", "CPU per request", "µs"),
        Measure("cores", "cores of Envoy's", "used", is_drawn=False),
    ),
    run,
    smoke=(1, 2),
)
