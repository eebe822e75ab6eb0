"""What is measured: one function per kind of row, one entry of ROWS per row."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from . import bodies, load, machine, measure, memory, peers
from .result import Figure

# Of the seconds and counts below, what a quick and a smoke run take.
SCALES = {"full": 1.0, "quick": 0.35, "smoke": 0.02}


@dataclass(frozen=True)
class Row:
    name: str
    what: str
    run: Callable
    signs: tuple = ("sigv4",)
    goal: float | None = None
    # The native module's.
    native_goal: float | None = None
    # Part of a quick run, too.
    quick: bool = True
    # Envoys that have served nothing before.
    fresh: bool = False
    # What the module of the floor does beside it.
    floors: tuple = ()
    # Beside it, the filter in an Envoy without an access log.
    unlogged: bool = False


@dataclass
class Run:
    """What a row gets: the Envoys to compare, and how long it may take."""

    envoys: list
    upstream: object
    scale: str
    long: bool
    progress: Callable

    def seconds(self, seconds):
        return max(1, round(seconds * SCALES[self.scale]))

    def count(self, count):
        return max(1, round(count * SCALES[self.scale]))

    def rounds(self, rounds):
        return max(1, round(rounds * SCALES[self.scale]))


def chat(size, connections, send=load.wrk):
    """Whole answers; the reply has 1 KB of text."""

    def run(run, row):
        model = "amazon.nova-bench-r1024"
        body = bodies.write(f"chat-{size}", bodies.chat(model, size))
        found = measure.interleaved(
            run.envoys,
            run.rounds(10),
            lambda envoy: send(envoy, model, body, connections, run.seconds(2))[0],
            run.progress,
        )
        return compared(row, found)

    return run


def records(change, status):
    """Requests of 1 KB, with Envoy's log of records and without, in µs over each other, or over a baseline that makes none."""

    def run(run, row):
        model = "amazon.nova-bench-r1024"
        body = bodies.write(row.name, bodies.chat(model, 1_024) | change)
        request = {"model": model, "operation": "converse", "body": body, "status": status}
        found = measure.interleaved(
            run.envoys,
            run.rounds(30),
            lambda envoy: load.client(envoy, [request], 1, run.count(5_000))["requests"],
            run.progress,
        )
        base = "baseline" if "baseline" in found else "filter-unlogged"
        figures = []
        for name in [name for name in ("filter", "filter-unlogged") if name != base]:
            over = measure.spread([(value - other) / 1_000 for value, other in zip(found[name], found[base])])
            # What Envoy's log costs is not the filter's.
            goal = row.goal if (name, base) == ("filter-unlogged", "baseline") else None
            figures.append(Figure(row.name, name, row.what, f"µs over {base}", over, goal))
        cpu = {name: measure.spread(values) for name, values in found.items()}
        return figures, {"cpu_ns_per_request": cpu, "rounds": found}

    return run


@dataclass(frozen=True)
class Asked:
    """An Envoy that is asked in the words of an API, whose name stands for both."""

    envoy: object
    api: str

    @property
    def pid(self):
        return self.envoy.pid

    @property
    def variant(self):
        return replace(self.envoy.variant, name=self.api)


def apis(size):
    """The same chat in the words of each API, compared with the chat's; the reply has 1 KB of text."""

    def run(run, row):
        model = "amazon.nova-bench-r1024"
        chat = bodies.chat(model, size)
        written = {api: bodies.write(f"{api}-{size}", bodies.in_words_of(api, chat)) for api in load.PATHS}
        figures, details = [], {}
        for envoy in (envoy for envoy in run.envoys if envoy.translates):
            found = measure.interleaved(
                [Asked(envoy, api) for api in load.PATHS],
                run.rounds(10),
                lambda asked: load.wrk(asked.envoy, model, written[asked.api], 1, run.seconds(2), asked.api)[0],
                run.progress,
            )
            name = envoy.variant.name
            ratios = measure.ratios(found, "chat")
            figures += [Figure(row.name, name, f"{row.what}: {api}", "× chat", ratio, row.goal) for api, ratio in ratios.items()]
            details[name] = found
        return figures, {"rounds": details}

    return run


def compared(row, found):
    ratios = measure.ratios(found)
    cpu = {name: measure.spread(values) for name, values in found.items()}
    goals = {"filter": row.goal, "baseline": row.goal, "native": row.native_goal}
    figures = [Figure(row.name, name, row.what, "× plain", ratio, goals.get(name)) for name, ratio in ratios.items()]
    if "baseline" in found:
        ratio = measure.ratios(found, "baseline")["filter"]
        figures.append(Figure(row.name, "filter", row.what, "× baseline", ratio))
    return figures, {"cpu_ns_per_request": cpu, "rounds": found}


def images(run, row):
    """The slope over requests of 1, 4 and 8 MB: what a byte costs, whatever a request costs besides."""
    model = "amazon.nova-bench-r256"
    sizes, found = [], []
    for megabytes, count in ((1, 60), (4, 20), (8, 12)):
        body = bodies.write(f"image-{megabytes}", bodies.image(model, megabytes * bodies.MEGABYTE))
        request = {"model": model, "operation": "converse", "body": body}
        sizes.append(body.stat().st_size)
        found.append(
            measure.interleaved(
                run.envoys,
                run.rounds(7),
                lambda envoy: load.client(envoy, [request], 1, run.count(count))["requests"],
                lambda name, at, of: run.progress(f"{megabytes} MB, {name}", at, of),
            )
        )
    figures = []
    for envoy in run.envoys:
        name, sign = envoy.variant.name, envoy.variant.sign
        rounds = zip(*(of_size[name] for of_size in found))
        slopes = measure.spread([measure.slope(list(zip(sizes, values))) for values in rounds])
        goal = SLOPES.get(sign) if envoy.translates else None
        figures.append(Figure(row.name, name, row.what, "ns/byte", slopes, goal))
    return figures, {"bytes": sizes, "rounds": found}


def streams(pause, api="chat"):
    """Streams of 200 events, twenty at a time; every event is flushed by itself where there is a pause."""

    def run(run, row):
        model = f"amazon.nova-bench-e200-p{pause}"
        body = bodies.write(row.name, bodies.in_words_of(api, bodies.chat(model, 1024, stream=True)))
        request = {"model": model, "operation": "converse-stream", "body": body, "api": api}
        count = 80 if pause else 1_200
        found = measure.interleaved(
            run.envoys,
            run.rounds(10),
            lambda envoy: load.client(envoy, [request], 20, max(20, run.count(count)))["requests"],
            run.progress,
        )
        return compared(row, found)

    return run


def first_byte(run, row):
    """From the upstream's writing of a stream's first bytes to the client's reading of its first, over plain."""
    model = "amazon.nova-bench-e6-d2000-p100"
    body = bodies.write(row.name, bodies.chat(model, 1024, stream=True))
    request = {"model": model, "operation": "converse-stream", "body": body}
    clock = f"127.0.0.1:{run.upstream.port}"
    found = {envoy.variant.name: [] for envoy in run.envoys}
    rounds = run.rounds(12)
    for number in range(rounds):
        for envoy in run.envoys:
            run.progress(envoy.variant.name, number + 1, rounds)
            found[envoy.variant.name].append(
                load.client(envoy, [request], 1, max(5, run.count(100)), clock=clock)["first_byte_ms"]
            )
    figures = []
    for envoy in run.envoys[1:]:
        name = envoy.variant.name
        over = [value - plain for value, plain in zip(found[name], found["plain"])]
        figures.append(Figure(row.name, name, row.what, "ms over plain", measure.spread(over), row.goal))
    return figures, {"first_byte_ms": {name: measure.spread(values) for name, values in found.items()}}


def saturation(connections, send=load.wrk):
    """Requests per second with as many connections as it takes; Envoy has its core for itself."""

    def run(run, row):
        model = "amazon.nova-bench-r1024"
        body = bodies.write("chat-1024", bodies.chat(model, 1024))
        found, used = {}, {}
        rounds = run.rounds(8)
        for number in range(rounds):
            for envoy in run.envoys:
                name = envoy.variant.name
                run.progress(name, number + 1, rounds)
                cpu, begin = machine.cpu_ns(envoy.pid), time.monotonic_ns()
                requests, seconds = send(envoy, model, body, connections, run.seconds(3))
                share = (machine.cpu_ns(envoy.pid) - cpu) / (time.monotonic_ns() - begin)
                found.setdefault(name, []).append(requests / seconds)
                used.setdefault(name, []).append(share)
        figures = [
            Figure(row.name, name, row.what, "req/s", measure.spread(values)) for name, values in found.items()
        ]
        # Well below 1 it was not Envoy that could do no more.
        figures += [
            Figure(row.name, name, f"{row.what}: of its core", "used", measure.spread(values))
            for name, values in used.items()
        ]
        return figures, {"requests_per_second": found}

    return run


def size(run, row):
    figures = []
    for envoy in run.envoys:
        if envoy.variant.module:
            kilobytes = envoy.variant.module.stat().st_size / 1024
            goal = row.goal if envoy.variant.module.suffix == ".wasm" else None
            figures.append(Figure(row.name, envoy.variant.name, row.what, "KB", [kilobytes] * 3, goal))
    return figures, {}


FLOORS = ("hooks", "bodies")
SIGNS = ("sigv4", "token", "key", "envoy")
# Where Envoy signs there is no goal.
# Plain Envoy's own 0.4 and what the filter may add.
SLOPES = {"sigv4": 4.0, "token": 1.2, "key": 1.2}
ROWS = [
    Row("chat-1k", "CPU, 1 KB chat, one connection", chat(1_024, 1), goal=1.5, native_goal=1.25, floors=(*FLOORS, "calls", "code")),
    Row("chat-1k-8", "CPU, 1 KB chat, eight connections", chat(1_024, 8), goal=1.9, native_goal=1.4, floors=(*FLOORS, "calls", "code")),
    Row("chat-16k", "CPU, 16 KB chat", chat(16 << 10, 1), floors=FLOORS),
    Row("chat-256k", "CPU, 256 KB chat", chat(256 << 10, 1), floors=FLOORS),
    Row("apis-1k", "CPU, 1 KB chat in the words of another API", apis(1_024), goal=1.15),
    Row("record", "CPU of an answer's record", records({}, "200"), goal=5, unlogged=True, quick=False),
    Row("record-refused", "CPU of a refusal's record", records({"temperature": "warm"}, "400"), goal=5, unlogged=True, quick=False),
    Row("images", "CPU, slope from 1 to 8 MB", images, signs=SIGNS, floors=FLOORS),
    Row("stream", "CPU, 200 events 2–3 ms apart", streams(2_500), goal=1.3, floors=FLOORS),
    Row("stream-responses", "CPU, 200 events 2–3 ms apart, as a response", streams(2_500, "responses"), goal=1.4),
    Row("stream-messages", "CPU, 200 events 2–3 ms apart, as a message", streams(2_500, "messages"), goal=1.4),
    Row("stream-coalesced", "CPU, 200 events all at once", streams(0), goal=2.5, floors=FLOORS),
    Row("first-byte", "first byte in to first byte out", first_byte, goal=0.07),
    Row("open-streams", "500 open streams", memory.open_streams, quick=False, fresh=True),
    Row("mixed", "memory after mixed requests", memory.mixed, quick=False, fresh=True),
    Row("saturation", "1 KB chats, 64 connections", saturation(64)),
    Row("size", "the module", size, goal=1_200),
]
PEERS = [
    Row("idle", "memory when idle", peers.idle),
    Row("chat-1k", "CPU, 1 KB chat, one connection", chat(1_024, 1, load.drained)),
    Row("chat-1k-8", "CPU, 1 KB chat, eight connections", chat(1_024, 8, load.drained)),
    Row("saturation", "1 KB chats, 16 connections", peers.saturation(saturation(16, load.drained))),
]
