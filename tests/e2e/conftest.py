"""Real clients, the real Envoy, and the Bedrock emulator behind it: a pair of them per worker.

Whatever a test is about, after it no Envoy has failed, no header has leaked, and every Converse body that it
caused is one that AWS's service model and the emulator's rules accept; a test that wants Bedrock to refuse is marked
`bedrock_refuses`.
"""

import functools
import os
import shutil
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))

import native  # noqa: E402  (tools/)
import native_lacks  # noqa: E402
import processes  # noqa: E402
from emulator import Emulator  # noqa: E402
from gateway import Gateway, nowhere  # noqa: E402
from one_envoy import OneEnvoy  # noqa: E402
from settings import ROOT  # noqa: E402

# The first lets tests order faults, the second is what one would forward.
FORWARDED = {"forward_headers": ["x-emulator", "traceparent"]}
FAILURES = ("panicked", "Uncaught", "could not be put back", "broken off: Err", "Envoy would not", "Envoy did not")
# Each gateway in an Envoy of its own: to see whether a failure comes of what is beside it.
OWN_ENVOYS = bool(os.environ.get("OWN_ENVOYS"))


def pytest_xdist_auto_num_workers(config):
    """`-n auto`: two for each core. One waits (for a silence, a renewal, a slow reader) while another's Envoy starts."""
    return 2 * len(os.sched_getaffinity(0))


def pytest_collection_modifyitems(config, items):
    """With the native module, tests of what it lacks are left out."""
    if native.is_chosen():
        out = [item for item in items if native_lacks.reason(item.nodeid)]
        config.hook.pytest_deselected(items=out)
        items[:] = [item for item in items if item not in out]


class World:
    """All that runs for the tests of this worker."""

    def __init__(self):
        self.stack = ExitStack()
        self.emulators = []
        self.gateways = {}
        # Envoys with many gateways each, by their number of workers.
        self.envoys = {}
        # Names of gateways that all files use.
        self.shared = set()
        self.patches = []
        self.read = {}

    def start_emulator(self, *options, region="us-east-1", port=0, any_length=True):
        """One that reads texts of any length, as tests about large bodies need it, or as long as the models read."""
        options = ("--any-length", *options) if any_length else options
        emulator = Emulator.start(f"emulator-{len(self.emulators) + 1}", options, region, port)
        self.stack.enter_context(emulator.process)
        self.emulators.append(emulator)
        return emulator

    def start_gateway(self, upstream, shared=False, own=False, **how):
        """Equal gateways are started once in a file, or in all where they are `shared`. They are in one Envoy, but for those that ask
        something of their process (as an admin interface), and those of tests about a process (`own`)."""
        name = repr((upstream, own, how))
        if shared:
            self.shared.add(name)
        if name not in self.gateways:
            gateway = Gateway.start(upstream, one_envoy=None if own or OWN_ENVOYS else self.one_envoy, **how)
            if not gateway.part:
                self.stack.enter_context(gateway.process)
            self.gateways[name] = gateway
            # A patch is known by its address, which nothing else must get.
            self.patches.append(how)
        return self.gateways[name]

    def one_envoy(self, workers):
        if workers not in self.envoys:
            self.envoys[workers] = OneEnvoy(functools.partial(Gateway.start, nowhere(), workers=workers))
            self.stack.enter_context(self.envoys[workers].process)
        return self.envoys[workers]

    def end_gateways(self, gateways):
        """Ends them side by side, and gives what went wrong until then."""
        own = [gateway.process for gateway in gateways if not gateway.part]
        for process in own:
            process.check()
            process.child.terminate()
        for envoy in self.envoys.values():
            if parts := [gateway.part for gateway in gateways if gateway.envoy is envoy]:
                envoy.remove(parts)
        found = []
        for process in own:
            process.__exit__()
            found += self.failures(process)
        self.gateways = {name: other for name, other in self.gateways.items() if other not in gateways}
        return found + self.failures_of_envoys()

    def unsound(self, may_refuse=False):
        """What went wrong since the last time, whether or not a test has seen it."""
        found = []
        for emulator in self.emulators:
            emulator.process.check()
            found += emulator.unsound(may_refuse)
        for gateway in self.gateways.values():
            if not gateway.part:
                gateway.process.check()
                found += self.failures(gateway.process)
        return found + self.failures_of_envoys()

    def failures_of_envoys(self):
        found = []
        for envoy in self.envoys.values():
            envoy.process.check()
            found += self.failures(envoy.process)
        return found

    def failures(self, process):
        return [line for line in self.new_lines(process.log) if any(map(line.__contains__, FAILURES))]

    def new_lines(self, log):
        with log.open(errors="replace") as lines:
            lines.seek(self.read.get(log, 0))
            text = lines.read()
            self.read[log] = lines.tell()
        return text.splitlines()


@pytest.fixture(scope="session")
def world(request):
    # A directory per process: other runs may be under way.
    processes.RUN = ROOT / f"target/run/e2e-{os.getpid()}"
    world = World()
    with world.stack:
        yield world
        unsound = world.unsound()
    assert not unsound, "\n".join(unsound)
    if not request.session.testsfailed:
        shutil.rmtree(processes.RUN, ignore_errors=True)


@pytest.fixture(scope="module", autouse=True)
def own_gateways(world):
    """What a file starts for itself ends with it: a hundred idle Envoys take a tenth of two cores, and gigabytes."""
    before = set(world.gateways)
    yield
    own = [gateway for name, gateway in world.gateways.items() if name not in before | world.shared]
    unsound = world.end_gateways(own)
    assert not unsound, "\n".join(unsound)


@pytest.fixture(autouse=True)
def sound(request, world):
    yield
    unsound = world.unsound(may_refuse=request.node.get_closest_marker("bedrock_refuses") is not None)
    assert not unsound, "\n".join(unsound)


@pytest.fixture(scope="session")
def running_emulator(world):
    return world.start_emulator()


@pytest.fixture
def emulator(running_emulator):
    """The emulator, with nothing seen yet."""
    running_emulator.forget()
    return running_emulator


@pytest.fixture(scope="session")
def emulators(world, running_emulator):
    """Two regions."""
    return {"us-east-1": running_emulator, "us-west-2": world.start_emulator(region="us-west-2")}


@pytest.fixture
def regions(emulators):
    """The regions, with nothing seen and nothing wrong."""
    for emulator in emulators.values():
        emulator.forget()
    yield emulators
    for emulator in emulators.values():
        emulator.faults()


@pytest.fixture(scope="session")
def start(world, running_emulator):
    """Starts further gateways: see `Gateway.start`."""

    def started(upstream=None, changes=None, plugin=None, **how):
        if plugin is None:
            changes = FORWARDED | (changes or {})
        return world.start_gateway(upstream or running_emulator.endpoint, changes=changes, plugin=plugin, **how)

    return started


@pytest.fixture(scope="session")
def gateway(start):
    """The sample, which lets a client order faults."""
    return start(workers=2, shared=True)


@pytest.fixture(scope="session")
def client(gateway):
    """The official SDK."""
    with gateway.openai() as client:
        yield client


@pytest.fixture
def connection(gateway):
    """A connection of HTTP/1.1, with the key."""
    with gateway.connection() as connection:
        yield connection


@pytest.fixture(scope="session")
def lenient(start):
    """A gateway that ignores what Bedrock has no counterpart for."""
    return start(environment={"UNSUPPORTED_PARAMETERS": "ignore"}, shared=True)
