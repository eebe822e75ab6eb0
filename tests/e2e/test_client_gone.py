"""Clients that leave at any stage: Bedrock is told at once, and nothing of them stays."""

import asyncio
import json
import time

import pytest

from admin import Admin
from bench import machine
from faulty import Faulty
from gateway import KEY, over_http2, route
from kinds import KINDS, replies
from raw import PATIENCE, Http1, Http2, all_at_once

# Where a client leaves: what it asks, what Bedrock does, and whether the client waits for a first piece of the answer.
STAGES = {
    "while it waits": ("chat", "stall -1", False),
    "while a stream has not begun": ("stream", "stall 0", False),
    "while the first event comes": ("stream", "stall 30", False),
    "in the middle of a stream": ("stream", "stall 400", True),
    "in the middle of a stream as it is": ("native-stream", "stall 400", True),
    "while an answer comes": ("chat", "stall 20", False),
    "while an answer comes as it is": ("native", "stall 20", True),
}
HOWS = ["http1 closes", "http1 resets", "http2 cancels", "http2 closes"]
# Linear memory grows in pages of 64 KiB, and what was once at work at the same time is kept.
PAGES = 16 * 65536


@pytest.fixture(scope="module")
def bedrock(running_emulator):
    bedrock = Faulty(replies(running_emulator))
    yield bedrock
    bedrock.stop()


ADMINS = {name: Admin() for name in ("http1", "http2", "parts")}


def to_bedrock_over_http2(config):
    ADMINS["http2"](config)
    over_http2(config)


@pytest.fixture(scope="module")
def gateways(start, bedrock):
    patches = {"http1": ADMINS["http1"], "http2": to_bedrock_over_http2}
    return {protocol: start(bedrock.endpoint, patch=patch, workers=2) for protocol, patch in patches.items()}


def impatient(config):
    ADMINS["parts"](config)
    route(config)["route"]["idle_timeout"] = "2s"


async def leave(gateway, bedrock, how, stage, shared, before):
    """One client, from its coming to its going."""
    async with asyncio.timeout(PATIENCE):
        return await come_and_leave(gateway, bedrock, how, stage, shared, before)


async def come_and_leave(gateway, bedrock, how, stage, shared, before):
    kind, fault, begins = STAGES[stage]
    path, body = KINDS[kind]
    headers = {"x-emulator": fault}
    if how == "http2 cancels":
        number = await shared.begin(path, body, headers)
        await here(shared.waiting[number].began if begins else None, bedrock, before)
        return shared.leave(number)
    client = Http2 if how.startswith("http2") else Http1
    async with client(gateway.port, KEY) as connection:
        if client is Http2:
            number = await connection.begin(path, body, headers)
            await here(connection.waiting[number].began if begins else None, bedrock, before)
        else:
            await connection.send(path, body, headers)
            if begins:
                await connection.reader.readuntil(b"\r\n\r\n")
            await here(None, bedrock, before)
            if how == "http1 closes":
                connection.writer.write_eof()
                # Envoy answers a half-closed client no more.
                connection.writer.close()


async def here(began, bedrock, before):
    if began:
        await began.wait()
    while bedrock.served == before:
        await asyncio.sleep(0.005)
    # One has got to Bedrock. Long enough for most to have got to Bedrock; where one has not, it leaves earlier still.
    await asyncio.sleep(0.05)


def gone(bedrock, patience=10):
    """How long it takes until Bedrock has no request of anybody's."""
    begun = time.monotonic()
    while bedrock.active and time.monotonic() - begun < patience:
        time.sleep(0.005)
    return time.monotonic() - begun


async def leave_all(gateway, bedrock, how, stage, count):
    async with Http2(gateway.port, KEY) as shared:
        before = bedrock.served
        jobs = [lambda: leave(gateway, bedrock, how, stage, shared, before)] * count
        await all_at_once(count, jobs)
        return gone(bedrock)


@pytest.mark.parametrize("upstream", ["http1", "http2"])
@pytest.mark.parametrize("how", HOWS)
def test_bedrock_is_told_at_once(gateways, bedrock, how, upstream):
    gateway, slow = gateways[upstream], {}
    for stage in STAGES:
        before = bedrock.served
        took = asyncio.run(leave_all(gateway, bedrock, how, stage, 4))
        assert bedrock.served > before, f"{stage}: nobody got to Bedrock"
        assert not bedrock.active, f"{stage}: {bedrock.active} are still there"
        if took > 1:
            slow[stage] = took
    assert not slow
    with gateway.connection() as connection:
        assert connection.chat(KINDS["chat"][1]).status == 200
    assert ADMINS[upstream].settled("cluster.bedrock.upstream_rq_active") == 0


@pytest.mark.parametrize("how", ["closes", "resets"])
def test_who_leaves_before_the_request_is_whole_is_not_heard(gateways, bedrock, how):
    body = json.dumps(KINDS["chat"][1]).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer {KEY}\r\n".encode()
    whole = head + b"content-length: %d\r\n\r\n" % len(body) + body

    async def cut(at):
        async with Http1(gateways["http1"].port, KEY) as connection:
            connection.writer.write(whole[:at])
            await connection.writer.drain()
            await asyncio.sleep(0.02)
            if how == "closes":
                connection.writer.close()

    before = bedrock.served
    asyncio.run(all_at_once(32, [lambda at=at: cut(at) for at in range(1, len(whole))]))
    # A body that flows has its headers sent on before it is whole only once it is translated: after its end.
    assert bedrock.served == before
    assert ADMINS["http1"].settled("http.openai.downstream_rq_active") == 0
    with gateways["http1"].connection() as connection:
        assert connection.chat(KINDS["chat"][1]).status == 200


def test_an_event_as_it_is_waits_for_no_other(gateways, bedrock):
    """However much of the next frame is there already."""
    path, body = KINDS["native-stream"]
    first, second, *_ = bedrock.replies["converse-stream"].frame_ends()

    async def begin(at):
        async with asyncio.timeout(PATIENCE), Http1(gateways["http1"].port, KEY) as connection:
            await connection.send(path, body, {"x-emulator": f"stall {at}"})
            await connection.reader.readuntil(b"\r\n\r\n")
            return int(await connection.reader.readuntil(b"\r\n"), 16)

    for at in range(first, second, 7):
        got = asyncio.run(begin(at))
        assert first <= got <= at
    assert gone(bedrock) < 10


def test_nothing_of_a_thousand_clients_stays(gateways, bedrock):
    gateway, admin = gateways["http1"], ADMINS["http1"]

    def some(count):
        for how in HOWS:
            for stage in STAGES:
                asyncio.run(leave_all(gateway, bedrock, how, stage, count))
        assert admin.settled("cluster.bedrock.upstream_rq_active") == 0
        assert admin.settled("cluster.gateway.upstream_rq_active") == 0
        assert admin.settled("http.openai.downstream_rq_active") == 0
        pid = gateway.pid
        return max(machine.linear_memories(pid)), machine.resident(pid)

    some(32)
    vm, resident = some(10)
    later_vm, later_resident = some(32)
    assert later_vm <= vm + PAGES and later_resident <= resident + (16 << 20)
    stats = admin.stats("wasm.")
    assert not any(count for name, count in stats.items() if "vm_reload" in name), stats


def test_parts_that_nobody_waits_for_end_by_the_routes_limit_and_no_more_are_begun(start, bedrock):
    """Envoy cannot call off what a filter has asked for: what is under way is at most `fan_out.parallel` for each client."""
    clients, parallel = 5, 4
    gateway = start(
        bedrock.endpoint, changes={"fan_out": {"cluster": "gateway", "parallel": parallel}}, patch=impatient, workers=1
    )
    body = {"model": "text-embedding-3-small", "input": [f"text {number}" for number in range(40)]}

    async def come_and_go():
        async with Http1(gateway.port, KEY) as connection:
            await connection.send("/v1/embeddings", body, {"x-emulator": "stall -1"})
            while bedrock.active < parallel * clients:
                await asyncio.sleep(0.01)

    before = bedrock.served
    asyncio.run(all_at_once(clients, [come_and_go] * clients))
    assert gone(bedrock) < 6
    assert bedrock.served - before == parallel * clients
    assert ADMINS["parts"].settled("http.openai.downstream_rq_active") == 0
    assert ADMINS["parts"].settled("cluster.gateway.upstream_rq_active") == 0
