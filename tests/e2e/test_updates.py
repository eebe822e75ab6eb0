"""A new configuration, and a listener that drains, in the middle of a hundred streams: all of them end as they began."""

import asyncio
import copy
import itertools
import json

import pytest

import envoy_config
import native
import processes
from admin import Admin
from faulty import Faulty
from gateway import KEY
from kinds import KINDS, replies
from raw import CLIENTS, PATIENCE

TYPES = {
    "listeners": envoy_config.TYPE + "envoy.config.listener.v3.Listener",
    "clusters": envoy_config.TYPE + "envoy.config.cluster.v3.Cluster",
}
STREAMS = 100
# Open until the test has them end.
HELD = {"x-emulator": "hold 400"}
NUMBERS = itertools.count(1)


class Files:
    """A patch that moves listeners and clusters into files which Envoy watches."""

    def __init__(self):
        self.admin = Admin()

    def __call__(self, config):
        self.admin(config)
        self.directory = processes.RUN / f"xds-{next(NUMBERS)}"
        self.directory.mkdir(parents=True)
        self.resources = config.pop("static_resources")
        self.write(self.resources)
        source = {"resource_api_version": "V3"}
        config["node"] = {"id": "a", "cluster": "b"}
        config["dynamic_resources"] = {
            f"{short}_config": source
            | {
                "path_config_source": {
                    "path": str(self.directory / f"{kind}.yaml"),
                    "watched_directory": {"path": str(self.directory)},
                }
            }
            for kind, short in (("clusters", "cds"), ("listeners", "lds"))
        }

    def write(self, resources):
        # Clusters first: listeners name them.
        for kind in ("clusters", "listeners"):
            found = [{"@type": TYPES[kind]} | resource for resource in resources[kind]]
            path = self.directory / f"{kind}.new"
            envoy_config.write(path, native.as_chosen({"resources": found}))
            path.rename(path.with_suffix(".yaml"))

    def change(self, **changes):
        resources = copy.deepcopy(self.resources)
        for plugin in envoy_config.wasm_plugins(resources):
            plugin["configuration"]["value"] |= changes
        self.write(resources)


@pytest.fixture(params=CLIENTS)
def client(request):
    return CLIENTS[request.param]


@pytest.fixture(scope="module")
def bedrock(running_emulator):
    bedrock = Faulty(replies(running_emulator))
    yield bedrock
    bedrock.stop()


def text_of(outcome):
    assert outcome.status == 200 and outcome.is_whole, outcome
    *chunks, usage, done = outcome.events
    assert done == "[DONE]" and '"usage"' in usage, outcome
    return "".join(json.loads(chunk)["choices"][0]["delta"].get("content") or "" for chunk in chunks)


async def during_streams(gateway, bedrock, client, act):
    """Has streams begin, does something, and has them end."""
    bedrock.hold()

    async def one():
        async with client(gateway.port, KEY) as connection:
            return text_of(await connection.ask(*KINDS["stream"], HELD))

    async with asyncio.TaskGroup() as group:
        streams = [group.create_task(one()) for _ in range(STREAMS)]
        while bedrock.active < STREAMS:
            await asyncio.sleep(0.02)
        try:
            await act()
            # A request of `act` may have its whole answer a moment before the server is done with it.
            async with asyncio.timeout(PATIENCE):
                while bedrock.active > STREAMS:
                    await asyncio.sleep(0.02)
            assert bedrock.active == STREAMS and not any(stream.done() for stream in streams)
        finally:
            bedrock.release()
    [text] = {stream.result() for stream in streams}
    assert text.startswith("You said: ")


def test_a_new_configuration_is_for_new_requests_and_streams_go_on(start, bedrock, client):
    files = Files()
    gateway = start(bedrock.endpoint, patch=files, workers=2)
    later = {"model": "later", "messages": [{"role": "user", "content": "hello"}]}

    async def act():
        async with client(gateway.port, KEY) as connection:
            assert (await connection.ask("/v1/chat/completions", later)).status == 404
        files.change(models=[{"name": "later", "model": "us.amazon.nova-lite-v1:0"}, *MODELS])
        async with asyncio.timeout(60):
            while not await is_taken():
                await asyncio.sleep(0.05)

    async def is_taken():
        async with client(gateway.port, KEY) as connection:
            outcome = await connection.ask("/v1/chat/completions", later)
            # Between the two files the cluster knows the model and the listener does not, or neither does.
            assert outcome.status in (200, 404), outcome
            return outcome.status == 200

    asyncio.run(during_streams(gateway, bedrock, client, act))


MODELS = [{"name": "gpt-4o", "model": "us.anthropic.claude-sonnet-4-5-20250929-v1:0"}]


def test_a_configuration_that_is_wrong_changes_nothing(start, bedrock, world):
    files = Files()
    gateway = start(bedrock.endpoint, patch=files, workers=2)
    files.change(models=[{"name": "x", "no_such_field": 1}])
    assert files.admin.settled("listener_manager.lds.update_rejected", bool)
    assert files.admin.settled("cluster_manager.cds.update_rejected", bool)
    with gateway.connection() as connection:
        body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hello"}]}
        assert connection.chat(body).status == 200
    assert "no_such_field" in "".join(world.new_lines(gateway.process.log))


def test_a_listener_that_drains_lets_streams_end(start, bedrock, client):
    files = Files()
    gateway = start(bedrock.endpoint, patch=files, workers=2)

    async def act():
        files.admin.ask("POST", "/drain_listeners?graceful")

    asyncio.run(during_streams(gateway, bedrock, client, act))
