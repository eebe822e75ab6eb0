"""What clients and upstreams can make a worker hold: nothing for the refused, so much for all that is open, and nothing once the
client has been told its end."""

import asyncio
import json
import struct
import time
import zlib

import pytest

from admin import Admin
from bench import machine
from faulty import EVENT_STREAM, Faulty, Reply, frame
from gateway import KEY, over_http2
from kinds import KINDS, replies
from raw import CLIENTS, PATIENCE, Http1, Http2, all_at_once

MEGABYTE = 1 << 20
PAGE = 65536
CHAT, EMBEDDINGS = "/v1/chat/completions", "/v1/embeddings"


@pytest.fixture(scope="module")
def bedrock(running_emulator):
    bedrock = Faulty(replies(running_emulator))
    yield bedrock
    bedrock.stop()


ADMINS = {name: Admin() for name in ("http1", "http2", "little", "budget", "kept")}


def to_bedrock_over_http2(config):
    ADMINS["http2"](config)
    over_http2(config)


@pytest.fixture(scope="module")
def gateways(start, bedrock):
    patches = {"http1": ADMINS["http1"], "http2": to_bedrock_over_http2}
    return {protocol: start(bedrock.endpoint, patch=patch, workers=1) for protocol, patch in patches.items()}


@pytest.mark.parametrize(("key", "path", "status"), [(None, CHAT, 401), (KEY, "/v1/nothing", 404)])
def test_requests_over_http2_that_are_refused_are_not_held_for_their_bodies(gateways, key, path, status):
    """Four thousand whose bodies never end, on forty connections that stay open."""
    gateway, connections, each = gateways["http1"], 40, 100
    pid = gateway.pid

    async def some(connection):
        for _ in range(each):
            stream = await connection.begin(path, b'{"messages": [', end=False)
            waiting = connection.waiting[stream]
            async with asyncio.timeout(PATIENCE):
                await waiting.over.wait()
            assert waiting.headers[":status"] == str(status), waiting.headers
            assert json.loads(bytes(waiting.body))["error"]
            del connection.waiting[stream]

    async def run():
        clients = [Http2(gateway.port, key) for _ in range(connections)]
        for client in clients:
            await client.__aenter__()
        await some(clients[0])
        before, vm = machine.resident(pid), sum(machine.linear_memories(pid))
        begun = time.monotonic()
        await asyncio.gather(*map(some, clients[1:]))
        active = await asyncio.to_thread(ADMINS["http1"].settled, "http.openai.downstream_rq_active", patience=1)
        held = machine.resident(pid) - before
        print(f"{time.monotonic() - begun:.1f} s, {active} open, {held / MEGABYTE:.1f} MiB")
        assert active == 0
        assert held < 8 * MEGABYTE
        assert sum(machine.linear_memories(pid)) <= vm + PAGE
        for client in clients:
            await client.__aexit__()

    asyncio.run(run())


TRAILERS = [
    ("authorization", f"Bearer {KEY}"),
    ("cookie", "a=b"),
    ("x-amz-security-token", "a token"),
    ("x-envoy-upstream-alt-stat-name", "a"),
    ("x-trailer", "the end"),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("held", [False, True], ids=["flows", "held"])
def test_no_trailer_of_a_clients_goes_on(start, gateways, bedrock, kind, held):
    """`held`: by the gateway role, for the sake of its model."""
    gateway = gateways["http2"]
    if held:
        keys = [{"name": "a", "key": KEY, "models": ["gpt-4o", "text-embedding-3-small", "us.amazon.nova-lite-v1:0", "claude-sonnet-4-5"]}]
        gateway = start(bedrock.endpoint, changes={"api_keys": keys}, patch=over_http2)
    path, body = KINDS[kind]

    async def run():
        async with Http2(gateway.port, KEY) as connection:
            return await connection.ask(path, body, trailers=TRAILERS)

    bedrock.seen.clear()
    outcome = asyncio.run(run())
    assert outcome.status == 200 and outcome.is_whole, outcome
    [request] = bedrock.seen
    assert request.trailers == {}
    assert KEY not in str(request.headers)


def crc(data):
    return struct.pack(">I", zlib.crc32(data))


GOOD = frame("messageStart", {"role": "assistant"})
DELTA = frame("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "hello"}})
PRELUDE = struct.pack(">II", 2 << 30, 100)
BROKEN = {
    "a frame of 2 GB": PRELUDE + crc(PRELUDE),
    "a wrong checksum": DELTA[:-1] + bytes([DELTA[-1] ^ 1]),
}


@pytest.mark.parametrize("downstream", CLIENTS)
@pytest.mark.parametrize("upstream", ["http1", "http2"])
@pytest.mark.parametrize("begin", [b"", GOOD + DELTA], ids=["at once", "after a while"])
@pytest.mark.parametrize("what", BROKEN)
@pytest.mark.parametrize("kind", ["stream", "native-stream"])
@pytest.mark.parametrize("then", ["stall", "drip"])
def test_a_stream_that_has_been_told_its_error_ends_whatever_bedrock_does(
    gateways, bedrock, then, kind, what, begin, upstream, downstream
):
    if kind == "native-stream" and begin:
        pytest.skip("goes on as it is")
    payload = begin + BROKEN[what]
    usual = bedrock.replies["converse-stream"]
    bedrock.replies["converse-stream"] = Reply(EVENT_STREAM, payload)

    async def run():
        async with CLIENTS[downstream](gateways[upstream].port, KEY) as connection:
            return await connection.ask(*KINDS[kind], {"x-emulator": f"{then} {len(payload)}"})

    begun = time.monotonic()
    try:
        outcome = asyncio.run(run())
        took = time.monotonic() - begun
        while bedrock.active and time.monotonic() - begun < 5:
            time.sleep(0.02)
        gone = time.monotonic() - begun
    finally:
        bedrock.replies["converse-stream"] = usual
    print(f"told after {took:.2f} s, Bedrock after {gone:.2f} s: {outcome.status} {outcome.body[-80:]}")
    assert took < 2 and gone < 2
    if begin:
        assert outcome.status == 200 and b'"error"' in outcome.body and b"[DONE]" not in outcome.body
    else:
        assert outcome.status == 502 and outcome.json
    assert ADMINS[upstream].settled("cluster.bedrock.upstream_rq_active") == 0


LIST = {"model": "text-embedding-3-small", "input": ["x" * MEGABYTE, "x" * MEGABYTE]}


def test_what_lists_hold_together_is_bounded_and_others_go_on(start, bedrock):
    # Three lists of two mebibytes, and a piece of one that is being read, which counts thrice.
    limits = {"worker_bytes": 11 * MEGABYTE}
    gateway = start(bedrock.endpoint, changes={"limits": limits}, patch=ADMINS["little"], workers=1)

    async def ask(path, body, fault="whole"):
        async with Http1(gateway.port, KEY) as connection:
            return await connection.ask(path, body, {"x-emulator": fault})

    async def run():
        waiting = [asyncio.create_task(ask(EMBEDDINGS, LIST, "stall -1")) for _ in range(3)]
        async with asyncio.timeout(PATIENCE):
            while bedrock.active < 6:
                await asyncio.sleep(0.01)
        more = await ask(EMBEDDINGS, LIST)
        large = await ask(CHAT, KINDS["chat"][1] | {"messages": [{"role": "user", "content": "x" * 2 * MEGABYTE}]})
        for outcome in (more, large):
            assert (outcome.status, outcome.error["code"]) == (503, "gateway_busy"), outcome
            assert outcome.headers["retry-after"] == "1"
        assert (await ask(*KINDS["chat"])).status == 200
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    async def after():
        for _ in range(100):
            outcome = await ask(EMBEDDINGS, LIST)
            if outcome.status == 200:
                return
            await asyncio.sleep(0.05)
        raise AssertionError(outcome)

    asyncio.run(run())
    asyncio.run(after())
    assert not any(count for name, count in ADMINS["little"].stats("vm_reload").items())


# As large as a client may send them, in lines that Envoy takes.
HEADERS = [(f"x-large-{number}", "x" * 6_000) for number in range(8)]
MANY = [{"type": "custom", "custom": {"name": f"a tool of the name {number} " + "x" * 40}} for number in range(100)]
KEPT = {
    "headers": (KINDS["chat"][1], HEADERS),
    "names of tools": (KINDS["chat"][1] | {"tools": MANY}, []),
    "a text that is repeated": ({"model": "gpt-4o", "prompt": "x" * 50_000, "echo": True}, []),
    # The last: its parts are under way for a while when their client is gone.
    "headers of a list": (LIST | {"input": ["a", "b"]}, HEADERS),
}


@pytest.mark.parametrize("what", KEPT)
def test_what_answers_need_of_their_requests_is_counted_and_ends_no_stream_of_anothers(start, bedrock, what):
    """A stream is under way when others use up all there is: it goes on, and only new requests are told to come again."""
    limits = {"worker_bytes": MEGABYTE}
    gateway = start(bedrock.endpoint, changes={"limits": limits}, patch=ADMINS["kept"], workers=1)
    body, headers = KEPT[what]
    path = EMBEDDINGS if "input" in body else "/v1/completions" if "prompt" in body else CHAT

    async def ask(path, body, fault, headers=()):
        async with Http1(gateway.port, KEY) as connection:
            return await connection.ask(path, body, [("x-emulator", fault), *headers])

    async def run():
        bedrock.hold()
        # It goes on in the middle of an event.
        stream = asyncio.create_task(ask(*KINDS["stream"], "hold 400"))
        async with asyncio.timeout(PATIENCE):
            while bedrock.active < 1:
                await asyncio.sleep(0.01)
        waiting = []
        for _ in range(200):
            before = bedrock.served
            waiting.append(asyncio.create_task(ask(path, body, "stall -1", headers)))
            async with asyncio.timeout(PATIENCE):
                while bedrock.served == before and not waiting[-1].done():
                    await asyncio.sleep(0.005)
            if waiting[-1].done():
                break
        refused = await waiting.pop()
        print(f"{what}: {len(waiting)} are open")
        assert (refused.status, refused.error["code"]) == (503, "gateway_busy"), refused
        assert refused.headers["retry-after"] == "1"
        assert 3 < len(waiting) < 150
        bedrock.release()
        outcome = await stream
        assert outcome.status == 200 and outcome.events[-1] == "[DONE]", outcome
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        for _ in range(100):
            outcome = await ask(path, body, "whole", headers)
            if outcome.status == 200:
                return
            await asyncio.sleep(0.05)
        raise AssertionError(outcome)

    asyncio.run(run())
    assert not any(count for name, count in ADMINS["kept"].stats("vm_reload").items())


def test_a_list_that_takes_too_long_ends(start, bedrock):
    gateway = start(bedrock.endpoint, changes={"limits": {"list_seconds": 1}}, workers=1)
    body = LIST | {"input": ["a", "b"]}

    async def run():
        async with Http1(gateway.port, KEY) as connection:
            return await connection.ask(EMBEDDINGS, body, {"x-emulator": "stall -1"})

    begun = time.monotonic()
    outcome = asyncio.run(run())
    assert outcome.status == 504 and outcome.error and time.monotonic() - begun < 3


@pytest.mark.parametrize("kind", ["chat", "stream", "embedding"])
def test_more_parts_than_can_be_held_are_refused(start, bedrock, kind):
    gateway = start(bedrock.endpoint, changes={"limits": {"held_bytes": 100_000}}, patch=ADMINS["budget"], workers=1)
    path, body = KINDS[kind]
    many = {"messages": [{"role": "user", "content": [{}] * 10_000}]} if kind != "embedding" else {"input": [0] * 50_000}

    async def run(body):
        async with Http1(gateway.port, KEY) as connection:
            return await connection.ask(path, body)

    outcome = asyncio.run(run(body | many))
    assert (outcome.status, outcome.error["code"]) == (413, "request_too_complex"), outcome
    assert asyncio.run(run(body)).status == 200


def test_a_reply_of_more_parts_than_can_be_held_is_no_answer(start, bedrock):
    gateway = start(bedrock.endpoint, changes={"limits": {"held_bytes": 100_000}}, patch=ADMINS["budget"], workers=1)
    reply = json.loads(bedrock.replies["converse"].payload)
    reply["output"]["message"]["content"] = [{}] * 10_000
    bedrock.more["parts"] = Reply("application/json", json.dumps(reply).encode())

    async def run(fault):
        async with Http1(gateway.port, KEY) as connection:
            return await connection.ask(*KINDS["chat"], {"x-emulator": fault})

    assert asyncio.run(run("parts 0")).status == 502
    assert asyncio.run(run("whole")).status == 200
