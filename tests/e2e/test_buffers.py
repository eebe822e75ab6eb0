"""Envoy's buffer limits below the filter's own: Envoy ends such a request in the middle of a call of ours. The client is told or
broken off, and neither the worker nor anybody else's stream suffers. And bodies of just the limit, many at a time."""

import asyncio
import json

import pytest

from admin import Admin
from bench import machine
from faulty import EVENT_STREAM, JSON, Faulty, Reply, frame
from gateway import KEY, buffers, over_http2
from kinds import KINDS, replies
from raw import CLIENTS, all_at_once

KILOBYTE, MEGABYTE = 1 << 10, 1 << 20
LITTLE = 64 * KILOBYTE
# Just below what Envoy holds here; as text in JSON it grows.
QUOTES = '"' * (LITTLE // 2 - 2 * KILOBYTE)
MESSAGE = {"role": "assistant", "content": [{"text": "x" * 2 * LITTLE}]}
USAGE = {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2}


def reply(*content):
    message = {"role": "assistant", "content": list(content)}
    body = {"output": {"message": message}, "stopReason": "end_turn", "usage": USAGE, "metrics": {"latencyMs": 1}}
    return Reply(JSON, json.dumps(body).encode())


def stream(*deltas):
    frames = [frame("messageStart", {"role": "assistant"})]
    frames += [frame("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": text}}) for text in deltas]
    frames += [frame("contentBlockStop", {"contentBlockIndex": 0}), frame("messageStop", {"stopReason": "end_turn"})]
    frames.append(frame("metadata", {"usage": USAGE, "metrics": {"latencyMs": 1}}))
    return Reply(EVENT_STREAM, b"".join(frames))


CALL = {"toolUse": {"toolUseId": "a", "name": "f", "input": {"a": QUOTES[: LITTLE // 2 - KILOBYTE]}}}
# Replies that are too large, or become so as they are translated.
REPLIES = {
    "large": ("chat", reply({"text": "x" * 2 * LITTLE})),
    "just below": ("chat", reply({"text": "x" * (LITTLE - 400)})),
    "growing": ("chat", reply(CALL)),
    "large as it is": ("native", reply({"text": "x" * 2 * LITTLE})),
    "large stream": ("stream", stream(*["x" * 3 * LITTLE] * 3)),
    "large first event": ("stream", stream("x" * 3 * LITTLE)),
    "stream of many": ("stream", stream(*["x"] * 3000)),
    "large stream as it is": ("native-stream", stream(*["x" * 3 * LITTLE] * 3)),
}
CALLS = [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}] * 450
SAID = [{"role": "user", "content": "hello"}]
# Requests that are too large, or become so.
BODIES = {
    "large": SAID + [{"role": "user", "content": "x" * 2 * LITTLE}],
    "just below": SAID + [{"role": "user", "content": "x" * (LITTLE - 200)}],
    "growing": SAID + [{"role": "assistant", "tool_calls": CALLS}],
}


@pytest.fixture(scope="module")
def bedrock(running_emulator):
    bedrock = Faulty(replies(running_emulator))
    yield bedrock
    bedrock.stop()


ADMINS = {name: Admin() for name in ("http1", "http2", "usual")}


def little(config):
    ADMINS["http1"](config)
    buffers(config, LITTLE)


def little_over_http2(config):
    little(config)
    ADMINS["http2"](config)
    over_http2(config)


@pytest.fixture(scope="module")
def gateways(start, bedrock):
    patches = {"http1": little, "http2": little_over_http2}
    # No chat waits in the gateway role: where one does, Envoy 1.40 leaves the HTTP/1.1 connection unread after its own 413
    # (docs/configuration.md, "What Envoy must be told").
    changes = {"fan_out": None}
    return {
        protocol: start(bedrock.endpoint, patch=patch, changes=changes, workers=1) for protocol, patch in patches.items()
    }


def is_told_or_broken_off(outcome, statuses, kind):
    if outcome.status == 200:
        assert not outcome.is_whole or "stream" in kind and outcome.body, outcome.body[-200:]
    elif outcome.status:
        assert outcome.status in statuses and outcome.is_whole, outcome.status
        if kind.startswith("native"):
            assert outcome.json.keys() == {"message"}
        else:
            assert outcome.error["type"] in ("server_error", "invalid_request_error")
    else:
        assert not outcome.is_whole


def beside_streams(gateway, bedrock, downstream, act):
    """Does something while streams of others are open on the one worker, and sees that they end as ever."""
    client = CLIENTS[downstream]

    async def other():
        async with client(gateway.port, KEY) as connection:
            return await connection.ask(*KINDS["stream"], {"x-emulator": "hold 400"})

    async def run():
        bedrock.hold()
        others = [asyncio.create_task(other()) for _ in range(5)]
        while bedrock.active < len(others):
            await asyncio.sleep(0.01)
        async with client(gateway.port, KEY) as connection:
            outcome = await act(connection)
            after = await connection.ask(*KINDS["chat"])
        bedrock.release()
        for kept in await asyncio.gather(*others):
            assert kept.status == 200 and kept.events[-1] == "[DONE]"
        assert after.status == 200 and after.is_whole
        return outcome

    return asyncio.run(run())


@pytest.mark.parametrize("downstream", CLIENTS)
@pytest.mark.parametrize("upstream", ["http1", "http2"])
@pytest.mark.parametrize("name", REPLIES)
def test_a_reply_that_envoy_does_not_hold_ends_its_request_alone(gateways, bedrock, name, upstream, downstream):
    kind, large = REPLIES[name]
    path, body = KINDS[kind]
    bedrock.more["other"] = large
    act = lambda connection: connection.ask(path, body, {"x-emulator": "other 0"})  # noqa: E731
    outcome = beside_streams(gateways[upstream], bedrock, downstream, act)
    print(name, upstream, downstream, outcome.status, outcome.is_whole, len(outcome.body), outcome.body[-70:])
    if outcome.status == 200 and outcome.is_whole:
        if kind == "stream":
            assert outcome.events[-1] == "[DONE]"
        elif kind == "native" or kind == "native-stream":
            assert outcome.body == large.payload
        else:
            choice = outcome.json["choices"][0]["message"]
            [block] = json.loads(large.payload)["output"]["message"]["content"]
            if "text" in block:
                assert choice["content"] == block["text"]
            else:
                assert json.loads(choice["tool_calls"][0]["function"]["arguments"]) == block["toolUse"]["input"]
    else:
        is_told_or_broken_off(outcome, (500, 502), kind)
    nothing_failed(upstream)


@pytest.mark.parametrize("downstream", CLIENTS)
@pytest.mark.parametrize("upstream", ["http1", "http2"])
@pytest.mark.parametrize("name", BODIES)
def test_a_request_that_envoy_does_not_hold_ends_alone(gateways, bedrock, name, upstream, downstream):
    body = {"model": "gpt-4o", "messages": BODIES[name]}
    act = lambda connection: connection.ask("/v1/chat/completions", body)  # noqa: E731
    outcome = beside_streams(gateways[upstream], bedrock, downstream, act)
    print(name, upstream, downstream, outcome.status, outcome.is_whole, outcome.body[-70:])
    if outcome.status == 200:
        assert outcome.is_whole and outcome.json["choices"]
    else:
        is_told_or_broken_off(outcome, (413, 502), "chat")
    nothing_failed(upstream)


def nothing_failed(upstream):
    failed = {name: count for name, count in ADMINS[upstream].stats("vm_reload").items() if count}
    assert not failed
    assert ADMINS[upstream].settled("cluster.bedrock.upstream_rq_active") == 0


def test_bodies_and_replies_of_just_the_limit_go_through_side_by_side(start, bedrock):
    """The VM keeps what it once needed, and no more than that however often it is needed."""
    gateway = start(bedrock.endpoint, patch=ADMINS["usual"], workers=1)
    # The sample's limits are 32 MiB.
    large = 31 * MEGABYTE
    body = json.dumps(KINDS["chat"][1] | {"messages": [{"role": "user", "content": "y" * large}]}).encode()
    bedrock.more["other"] = reply({"text": "x" * large})
    pid = gateway.pid

    async def ask():
        async with CLIENTS["http1"](gateway.port, KEY) as connection:
            outcome = await connection.ask("/v1/chat/completions", body, {"x-emulator": "other 0"})
        assert outcome.status == 200 and len(outcome.body) > large
        return outcome.body.count(b"x") >= large

    def memory():
        assert all(asyncio.run(all_at_once(4, [ask] * 4)))
        return max(machine.linear_memories(pid))

    memory()
    once = memory()
    print("VM", once)
    assert once < 16 * large
    for _ in range(2):
        again = memory()
    assert again <= once + large, (once, again)
    nothing_failed("usual")
