"""Models and keys in the configuration. Each request asks for the last model, or has the last key."""

import hashlib
import itertools
import json
import os
import time
from contextlib import ExitStack
from dataclasses import replace

import envoy_config
import processes
from settings import ROOT, Problem

from .. import bodies, envoys, load, machine, measure, memory
from .series import Measure, Series, attempt

MODEL = "amazon.nova-bench-r1024"
KINDS = ("models", "keys")
CONNECTIONS = 8
ROLES = ("upstream", "gateway")
# Less than this of CPU in a fifth of a second is an Envoy that has nothing to do.
QUIET_NS = 4_000_000
PATIENCE = 30  # seconds


def run(run, found):
    for kind in KINDS:
        with ExitStack() as stack:
            upstream = envoys.start_upstream(stack)
            compared = []
            for size in run.sizes:
                run.progress(f"{size:,} {kind}", 0, len(run.sizes))
                try:
                    compared.append(Configured(stack, run.filter, upstream, kind, size))
                except Problem as problem:
                    found.problems.append(f"{size:,} {kind}: {problem}")
            for one in compared:
                where = f"{one.size:,} {kind}"
                one.changes = attempt(found, where, one, lambda: [one.change() for _ in range(run.rounds(3))]) or []
                one.vm = memory.now(one)["vm"]
            rounds = measure.interleaved(compared, run.rounds(7), lambda one: one.ask(run.seconds(1)), run.progress)
            for one in compared:
                cpu = [value / 1_000 for value in rounds[one.variant.name]]
                found.slices.append({"size": one.size, "variant": kind, "cpu_us": cpu, "changes_ms": one.changes})
                point = {"size": one.size, "variant": kind, "cpu": measure.spread(cpu), "memory": one.vm / bodies.MEGABYTE}
                found.points.append(point | ({"change": measure.spread(one.changes)} if one.changes else {}))


class Configured:
    """An Envoy with the filter's configuration in files that it watches, and so many models or keys in them."""

    def __init__(self, stack, variant, upstream, kind, size):
        self.kind, self.size = kind, size
        self.changes, self.vm = [], 0
        self.variant = replace(variant, name=f"{kind}-{size}")
        self.directory = processes.RUN / f"bench-{self.variant.name}"
        self.directory.mkdir(parents=True, exist_ok=True)
        self.numbers = itertools.count(1)
        self.plugin = None
        self.envoy = envoys.start(stack, self.variant, upstream, self.watch)
        asked = f"model-{size - 1}" if kind == "models" else MODEL
        self.body = bodies.write(f"scale-{self.variant.name}", bodies.chat(asked, 1024))
        if kind == "keys":
            self.envoy.headers = {"authorization": f"Bearer {key(size - 1)}"}
        if not load.answers(self.envoy, MODEL, self.body):
            raise Problem("the last one is not answered")

    @property
    def pid(self):
        return self.envoy.pid

    @property
    def process(self):
        return self.envoy.process

    def watch(self, config):
        """Moves the filter out of the sample into files, as envoy/policy.yaml has it."""
        config["node"] = {"id": "gateway", "cluster": "gateway"}
        self.resources = {}
        for filter_ in filters(config):
            plugin = filter_["typed_config"]["config"]
            role = plugin["root_id"]
            self.plugin = self.plugin or self.filled(plugin["configuration"]["value"])
            self.resources[role] = {"@type": RESOURCE, "name": filter_["name"], "typed_config": filter_.pop("typed_config")}
            path = {"path": str(self.file(role)), "watched_directory": {"path": str(self.directory)}}
            source = {"resource_api_version": "V3", "path_config_source": path}
            filter_["config_discovery"] = {"type_urls": [envoy_config.WASM], "config_source": source}
        self.write()

    def filled(self, plugin):
        # What there is in the account is not asked for: it would be beside what is configured.
        plugin = {name: value for name, value in plugin.items() if name != "discover"}
        if self.kind == "models":
            return plugin | {"models": [{"name": f"model-{number}", "model": f"{MODEL}-n{number}"} for number in range(self.size)]}
        keys = [{"name": f"caller-{number}", "sha256": sha256(key(number))} for number in range(self.size)]
        return plugin | {"api_keys": keys}

    def file(self, role):
        return self.directory / f"{role}.json"

    def write(self):
        """The configuration with a key more, which is its number's."""
        self.number = next(self.numbers)
        more = {"name": "newest", "sha256": sha256(newest(self.number))}
        plugin = self.plugin | {"api_keys": [more, *self.plugin["api_keys"]]}
        for role in ROLES:
            resource = self.resources.get(role)
            if resource is None:
                continue
            envoy_config.configure(resource["typed_config"]["config"], plugin)
            path = self.file(role).with_suffix(".new")
            path.write_text(json.dumps({"resources": [resource]}))
            path.rename(self.file(role))

    def change(self):
        """Milliseconds of CPU that Envoy takes to change the configuration in both places."""
        self.quiet()
        before = machine.cpu_ns(self.pid)
        self.write()
        time.sleep(0.2)
        self.quiet()
        spent = machine.cpu_ns(self.pid) - before
        newly = replace(self.envoy, headers={"authorization": f"Bearer {newest(self.number)}"})
        if not load.answers(newly, MODEL, self.body):
            raise Problem("a change of the configuration was not taken")
        return spent / 1e6

    def quiet(self):
        """Waits until Envoy has nothing to do."""
        end = time.monotonic() + PATIENCE
        before = machine.cpu_ns(self.pid)
        while time.monotonic() < end:
            time.sleep(0.2)
            now = machine.cpu_ns(self.pid)
            if now - before < QUIET_NS:
                return
            before = now
        raise Problem("Envoy does not come to rest")

    def ask(self, seconds):
        return load.wrk(self.envoy, MODEL, self.body, CONNECTIONS, seconds)[0]


RESOURCE = envoy_config.TYPE + "envoy.config.core.v3.TypedExtensionConfig"


def filters(node):
    """Every filter of ours, wherever it is."""
    if isinstance(node, dict):
        if node.get("typed_config", {}).get("@type") == envoy_config.WASM:
            yield node
            return
        node = list(node.values())
    for child in node if isinstance(node, list) else ():
        yield from filters(child)


def key(number):
    return f"sk-bench-of-caller-{number}"


def newest(number):
    return f"sk-bench-newest-{number}-{os.getpid()}"


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


SERIES = Series(
    "configured",
    "Models and keys in the configuration",
    "configured",
    (10, 100, 1_000, 10_000),
    (
        Measure("cpu", "CPU per request", "µs"),
        Measure("change", "CPU of a change of the configuration", "ms"),
        Measure("memory", "memory of the VM", "MB", is_drawn=False),
    ),
    run,
    smoke=(2, 30),
)
