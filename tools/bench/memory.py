"""Memory: of streams that are open, and after many requests."""

import json
import select
import subprocess
import time

from settings import Problem

from . import bodies, load, machine
from .result import Figure

FEW, MANY = 100, 500
# Of all streams together not two more pages of linear memory, in KB for each.
FLAT = 2 * 64 / MANY


def now(envoy):
    """The VM's linear memory is the worker's, which is the largest; resident memory is the whole process's."""
    return {"vm": max(machine.linear_memories(envoy.pid), default=0), "resident": machine.resident(envoy.pid)}


def open_streams(run, row):
    """What one more open stream costs, and whether that grows while events come.

    Linear memory grows in pages and keeps what it had once, so the slope from 100 to 500 streams is taken.
    """
    model = "amazon.nova-bench-e100000-p200000"
    body = bodies.write(row.name, bodies.chat(model, 1024, stream=True))
    request = {"model": model, "operation": "converse-stream", "body": body}
    wait = run.seconds(20)
    figures, details = [], {}
    for envoy in run.envoys:
        name = envoy.variant.name
        run.progress(name, 0, MANY)
        with Held(envoy, request) as held:
            held.open(FEW)
            run.progress(name, FEW, MANY)
            few = now(envoy)
            held.open(MANY - FEW)
            run.progress(name, MANY, MANY)
            many = now(envoy)
            time.sleep(wait)
            later = now(envoy)
        details[name] = {"few": few, "many": many, "later": later, "seconds_between": wait}
        each = {kind: (many[kind] - few[kind]) / (MANY - FEW) / 1024 for kind in few}
        grown = {kind: (later[kind] - many[kind]) / MANY / 1024 for kind in few}
        if envoy.variant.module:
            goal = 8 if envoy.translates else None
            figures.append(Figure(row.name, name, "VM memory per open stream", "KB", [each["vm"]] * 3, goal))
            figures.append(
                Figure(row.name, name, f"grown per stream, {wait} s later", "KB", [grown["vm"]] * 3, goal and FLAT)
            )
        figures.append(Figure(row.name, name, "Envoy's memory per open stream", "KB", [each["resident"]] * 3))
    return figures, details


class Held:
    """Streams that stay open until the `with` block is left."""

    def __init__(self, envoy, request):
        self.envoy, self.request, self.children = envoy, request, []

    def __enter__(self):
        return self

    def open(self, count, ramp=None, patience=None):
        """Returns when the first byte of each has come and what that stirred up has settled.

        `ramp` is the microseconds between one and the next, `patience` how many seconds all of them may take.
        """
        command = [str(part) for part in load.client_command()]
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.children.append(child)
        child.stdin.write(load.plan(self.envoy, [self.request], count, count, ramp=ramp))
        child.stdin.close()
        is_told, _, _ = select.select([child.stdout], [], [], patience)
        found = json.loads(is_told and child.stdout.readline() or "{}")
        if found.get("open") != count:
            raise Problem(f"{self.envoy.variant.name}: {count} streams did not open: {found}")
        time.sleep(1)

    def __exit__(self, *_):
        for child in self.children:
            child.kill()
            child.wait()
            child.stdout.close()


def mixed(run, row):
    """Requests of all kinds, with memory after a tenth or a hundredth of them and at the end."""
    total = 1_000_000 if run.long else run.count(100_000)
    early = min(10_000, total // 2)
    requests = kinds()
    figures, details = [], {}
    for envoy in run.envoys:
        name = envoy.variant.name
        steps = {}
        done = 0
        while done < total:
            run.progress(name, done, total)
            count = min(early, total - done)
            load.client(envoy, requests, 16, count)
            done += count
            steps[done] = now(envoy)
        details[name] = steps
        for kind, what in (("vm", "VM memory"), ("resident", "Envoy's memory")):
            if kind == "vm" and not envoy.variant.module:
                continue
            ratio = steps[total][kind] / steps[early][kind]
            goal = 1.05 if kind == "vm" else None
            what = f"{what}, {total:,} requests ÷ {early:,}"
            figures.append(Figure(row.name, name, what, "×", [ratio] * 3, goal))
            megabytes = steps[total][kind] / bodies.MEGABYTE
            figures.append(Figure(row.name, name, f"{what.split(',')[0]} after {total:,}", "MB", [megabytes] * 3))
    return figures, details


def kinds():
    """A mix: small chats mostly, agents, streams, some large ones, some pictures, embeddings, and mistakes."""
    small, stream = "amazon.nova-bench-r1024", "amazon.nova-bench-e40"
    embedder = "amazon.titan-embed-text-v2:0"
    bad = bodies.chat(small, 1_024) | {"temperature": "warm"}
    made = [
        ("chat", small, "converse", bodies.chat(small, 1_024), 8, "200"),
        ("tools", small, "converse", bodies.tools(small), 3, "200"),
        ("stream", stream, "converse-stream", bodies.chat(stream, 1_024, stream=True), 4, "200"),
        ("tools-stream", stream, "converse-stream", bodies.tools(stream, stream=True), 1, "200"),
        ("16k", small, "converse", bodies.chat(small, 16 << 10), 1, "200"),
        ("image", small, "converse", bodies.image(small, 100 << 10), 1, "200"),
        ("embedding", embedder, "invoke", {"model": embedder, "input": "What is a gateway?"}, 2, "200"),
        ("bad", small, "converse", bad, 1, "400"),
    ]
    return [
        {
            "model": model, "operation": operation, "weight": weight, "status": status,
            "body": bodies.write(f"mixed-{name}", body),
        }
        for name, model, operation, body, weight, status in made
    ]
