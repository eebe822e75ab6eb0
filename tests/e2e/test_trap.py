"""Should the VM of a worker fail all the same: one request fails, the next gets a new VM, and no stream of the old one looks
whole. What fails it here is memory: the same code in a VM that has little of it."""

import asyncio
import json

import pytest

import envoy_config
import processes
from admin import Admin
from faulty import Faulty
from gateway import KEY
from kinds import KINDS, replies
from raw import CLIENTS, all_at_once
from settings import ROOT
from small_vm import limit_memory

MEGABYTE = 1 << 20
LITTLE = 6 * MEGABYTE
# Below the limits of the configuration, and more than the VM has.
TOO_MUCH = KINDS["chat"][1] | {"messages": [{"role": "user", "content": "x" * 3 * LITTLE}]}
STREAMS = 20


@pytest.fixture(scope="module")
def bedrock(running_emulator):
    bedrock = Faulty(replies(running_emulator))
    large = json.loads(bedrock.replies["converse"].payload)
    large["output"]["message"]["content"] = [{"text": "x" * 3 * LITTLE}]
    bedrock.replies["large"] = large
    yield bedrock
    bedrock.stop()


ADMIN = Admin()


def little_memory(config):
    ADMIN(config)
    module = ROOT / "target/wasm/bedrock_filter.wasm"
    small = processes.RUN / "small.wasm"
    small.write_bytes(limit_memory(module.read_bytes(), LITTLE))
    for plugin in envoy_config.wasm_plugins(config):
        plugin["vm_config"]["code"]["local"]["filename"] = str(small)


@pytest.fixture
def gateway(start, bedrock, world):
    gateway = start(bedrock.endpoint, patch=little_memory, workers=1)
    yield gateway
    # These are what the test is about; in any other they are a failure.
    lines = [line for line in world.new_lines(gateway.process.log) if "Uncaught RuntimeError: unreachable" in line]
    assert lines


async def good(gateway):
    async with CLIENTS["http1"](gateway.port, KEY) as connection:
        # Envoy waits a moment between one new VM and another: `reload_config`.
        for _ in range(100):
            outcome = await connection.ask(*KINDS["chat"])
            if outcome.status == 200:
                assert outcome.json["choices"][0]["message"]["content"].startswith("You said: ")
                return
            assert (outcome.status, outcome.error["type"]) == (503, "server_error")
            await asyncio.sleep(0.05)
    raise AssertionError("the worker did not come back")


@pytest.mark.parametrize("downstream", CLIENTS)
def test_one_request_fails_and_the_worker_comes_back(gateway, downstream):
    async def run():
        for _ in range(5):
            async with CLIENTS[downstream](gateway.port, KEY) as connection:
                outcome = await connection.ask("/v1/chat/completions", TOO_MUCH)
                assert (outcome.status, outcome.error["type"]) == (503, "server_error"), outcome
            await good(gateway)

    before = reloads()
    asyncio.run(run())
    assert reloads() >= before + 5
    assert ADMIN.settled("cluster.bedrock.upstream_rq_active") == 0


def reloads():
    return sum(count for name, count in ADMIN.stats("vm_reload_success").items())


@pytest.mark.parametrize("downstream", CLIENTS)
def test_no_stream_of_a_vm_that_failed_looks_whole(gateway, bedrock, downstream):
    client = CLIENTS[downstream]

    async def stream():
        async with client(gateway.port, KEY) as connection:
            return await connection.ask(*KINDS["stream"], {"x-emulator": "hold 400"})

    async def run():
        bedrock.hold()
        streams = [asyncio.create_task(stream()) for _ in range(STREAMS)]
        while bedrock.active < STREAMS:
            await asyncio.sleep(0.02)
        async with client(gateway.port, KEY) as connection:
            assert (await connection.ask("/v1/chat/completions", TOO_MUCH)).status == 503
        bedrock.release()
        for outcome in await asyncio.gather(*streams):
            assert b"[DONE]" not in outcome.body and not outcome.is_whole, outcome
        await good(gateway)
        assert (await stream()).events[-1] == "[DONE]"

    asyncio.run(run())
    assert ADMIN.settled("cluster.bedrock.upstream_rq_active") == 0


def test_many_that_are_too_much_do_not_keep_the_others_out(gateway):
    """Beside them ordinary requests are served, or told to come again."""

    async def ask(body):
        async with CLIENTS["http1"](gateway.port, KEY) as connection:
            return await connection.ask("/v1/chat/completions", body)

    async def run():
        bodies = [TOO_MUCH if number % 8 == 0 else KINDS["chat"][1] for number in range(160)]
        return await all_at_once(8, [lambda body=body: ask(body) for body in bodies])

    outcomes = asyncio.run(run())
    for outcome in outcomes:
        assert outcome.status in (0, 200, 503) and (outcome.status != 200 or outcome.is_whole)
        assert outcome.status != 503 or outcome.error["type"] == "server_error"
    assert sum(outcome.status == 200 for outcome in outcomes) > 20
    asyncio.run(good(gateway))
