"""Load that goes on while it is looked at: CPU time, answers and memory of windows in its middle, without its beginning and end."""

import http.client
import json
import signal
import subprocess
import time
from contextlib import contextmanager

from settings import Problem

from .. import load, machine, measure, memory

PATIENCE = 40  # seconds
LONGEST = 300


class Counts:
    """What the upstream has answered, by one connection that stays open."""

    def __init__(self, upstream):
        self.connection = http.client.HTTPConnection(upstream.host, upstream.port, timeout=30)

    def read(self):
        """`answers`, `pieces` of streams, and how many streams are `open`."""
        try:
            self.connection.request("GET", "/counts")
            return json.loads(self.connection.getresponse().read())
        except OSError as error:
            raise Problem(f"the upstream does not answer: {error}") from error


def now(envoy, counts):
    answered = counts.read()
    return {"ns": time.monotonic_ns(), "cpu_ns": machine.cpu_ns(envoy.pid)} | answered | memory.now(envoy)


def windows(envoy, counts, number, seconds, counted="answers"):
    """So many windows of so many seconds, one after the other; `counted` is what has to come in each (`answers` or `pieces`)."""
    found = []
    before = now(envoy, counts)
    for _ in range(number):
        time.sleep(seconds)
        after = now(envoy, counts)
        found.append({"before": before, "after": after})
        if not growth(found[-1], counted):
            raise Problem(f"nothing was answered for {seconds} s")
        before = after
    return found


def growth(window, key):
    return window["after"][key] - window["before"][key]


def cpu_us(windows, counted):
    """Of each `counted`, microseconds: median and quartiles of the windows."""
    return spread(windows, "cpu_ns", counted, 1e-3)


def rate(windows, counted):
    """By the second."""
    return spread(windows, counted, "ns", 1e9)


def cores(windows):
    """How many cores Envoy has used."""
    return spread(windows, "cpu_ns", "ns", 1)


def spread(windows, what, by, factor):
    return measure.spread([growth(window, what) / growth(window, by) * factor for window in windows])


def under_wrk(envoy, counts, model, body, connections, run, cores=(machine.LOAD_CORE,)):
    """Windows of load that has begun: as much was answered as there are connections.

    Of many connections Envoy takes turns of seconds: first all that has come from clients, then all from the upstream. A
    window has to have some of them.
    """
    with wrk(envoy, model, body, connections, cores):
        begin, end = counts.read()["answers"], time.monotonic() + PATIENCE
        time.sleep(run.seconds(1))
        while (there := counts.read()["answers"] - begin) < connections:
            if time.monotonic() > end:
                raise Problem(f"{there:,} answers within {PATIENCE} s")
            time.sleep(0.1)
        number, seconds = (2, 2) if connections < 1_000 else (1, 2 + connections / 1_500)
        return windows(envoy, counts, number, run.seconds(seconds))


@contextmanager
def wrk(envoy, model, body, connections, cores):
    """Load until the block is left; a Problem where requests failed."""
    command = load.wrk_command(envoy, model, body, connections, LONGEST, timeout=LONGEST)
    command = [str(part) for part in machine.on_cores(cores, command)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield
        # As Ctrl-C: it ends, and says what it found.
        child.send_signal(signal.SIGINT)
        try:
            output, errors = child.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            raise Problem("wrk does not end") from None
    finally:
        child.kill()
        child.wait()
    if child.returncode:
        raise Problem(f"wrk: status {child.returncode}: {errors.strip()[-300:]}")
    found = load.told(output)
    if found["errors"]:
        raise Problem(f"{found['errors']:,} of {found['requests']:,} requests failed ({found['kinds'].strip()})")
