"""Bedrock fails in every way at every stage of every kind of answer, over both protocols on either side.

What has to come of it is derived, not listed: an answer is whole and the usual one, or it is an error in the client's
shape, or its end is missing. Nothing in between, and the next request is served.
"""

import asyncio
import re

import pytest

from admin import Admin
from faulty import JUNK, Faulty
from gateway import KEY, http_options, over_http2, route
from kinds import KINDS, OPERATIONS, replies
from raw import CLIENTS, all_at_once

# What ends an answer before its time; of these, what is so over HTTP/1.1 and over HTTP/2 towards Bedrock.
BREAKS = ["reset", "close", "stall", "long-length"]
WHATS = {
    "http1": [*BREAKS, "bad-chunk", "short-length", "garbage", "end", "cut-trailers", "trailers", "whole"],
    "http2": [*BREAKS, "rst", "bad-frame", "goaway-close", "short-length", "garbage", "end", "cut-trailers", "trailers"]
    + ["goaway", "ends-with-data", "whole"],
}
BROKEN = {*BREAKS, "bad-chunk", "rst", "bad-frame", "goaway-close"}
# Whole replies have a length over HTTP/1.1, but with these.
CHUNKED = {"trailers", "cut-trailers", "bad-chunk"}
# These cannot happen before the headers.
LATER = {"long-length", "bad-chunk", "short-length", "end", "cut-trailers"}
WHOLE = {"whole", "trailers", "goaway", "ends-with-data"}


@pytest.fixture(scope="module")
def bedrock(running_emulator):
    bedrock = Faulty(replies(running_emulator))
    yield bedrock
    bedrock.stop()


ADMINS = {name: Admin() for name in ("http1", "http2", "http1-impatient", "http2-impatient", "shared")}


def over_http1(config):
    ADMINS["http1"](config)


def over_http1_impatient(config):
    ADMINS["http1-impatient"](config)
    impatient(config)


def over_http2_alone(config):
    ADMINS["http2"](config)
    alone_on_connections(config)


def over_http2_impatient(config):
    ADMINS["http2-impatient"](config)
    alone_on_connections(config)
    impatient(config)


def alone_on_connections(config):
    over_http2(config)
    # A connection that breaks would break the answers of other cases.
    http_options(config)["common_http_protocol_options"]["max_requests_per_connection"] = 1


def impatient(config):
    """A silence of two seconds is the end. Only where a silence is what is tried: on a busy machine there are others."""
    route(config)["route"]["idle_timeout"] = "2s"


def on_one_connection(config):
    ADMINS["shared"](config)
    over_http2(config)


@pytest.fixture(scope="module")
def gateways(start, bedrock):
    patches = {
        "http1": over_http1,
        "http2": over_http2_alone,
        "http1-impatient": over_http1_impatient,
        "http2-impatient": over_http2_impatient,
    }
    return {protocol: start(bedrock.endpoint, patch=patch, workers=2) for protocol, patch in patches.items()}


def stages(reply, what):
    """After how many bytes it happens: -1 before the headers, 0 after them, within the first frame, between frames, within
    one, after messageStop, and after all there is."""
    if what in WHOLE:
        return [len(reply.payload)]
    ends = reply.frame_ends() if reply.is_stream else [len(reply.payload)]
    within = [ends[0] // 2]
    if reply.is_stream:
        within += [ends[0], ends[2], ends[2] + 20, ends[-2], ends[-2] + 20]
    return [*([] if what in LATER else [-1]), 0, *within, ends[-1]]


def happens(reply, what, at, upstream):
    """Where all that was announced is there, what happens to the connection then is no fault of the answer."""
    return sent(reply, what, at, upstream)[1] is not True or what not in BROKEN | {"short-length"} or at < len(reply.payload)


def sent(reply, what, at, upstream):
    """What of the reply comes by HTTP, and whether it ends there as HTTP has it; None: as one takes it."""
    payload, total = reply.payload, len(reply.payload)
    has_length = "length" in what or not reply.is_stream and (upstream == "http2" or what not in CHUNKED)
    if what in WHOLE:
        return payload, True
    if what == "garbage" and at >= 0:
        return payload[:at] + (JUNK[: total - at].ljust(total - at, b"?") if has_length else JUNK), True
    if what == "short-length" or what in BROKEN and has_length and at == total and what != "long-length":
        # All that was announced is there: over HTTP/1.1 that is the end. Over HTTP/2 the end is missing, or there is more,
        # which is malformed (RFC 9113, 8.1.1).
        return payload[:at], None if upstream == "http2" else True
    return payload[: max(at, 0)], what not in BROKEN and at >= 0


def judge(kind, case, reply, usual, outcome, upstream):
    """Fails where the answer is neither whole nor an error nor broken off."""
    bytes_sent, ended = sent(reply, *case, upstream)
    if upstream == "http2" and case == ("cut-trailers", 0) and outcome.status == 0:
        # Trailers behind no body leave no place for an error's: the answer is broken off before it begins.
        return
    if outcome.status != 200:
        assert not ended or bytes_sent != reply.payload, "an answer that was whole is an error"
        is_error(kind, outcome)
    elif kind.startswith("native"):
        as_it_is(reply, bytes_sent, ended, outcome)
    elif kind.endswith("stream"):
        streamed(kind, reply, bytes_sent, ended, usual, outcome)
    else:
        assert bytes_sent == reply.payload, "a 200 of what was not whole"
        assert outcome.is_whole and timeless(outcome.body) == timeless(usual.body)


def is_error(kind, outcome):
    assert outcome.status in (500, 502, 503, 504, 529) and outcome.is_whole, outcome
    if "message" in kind:
        assert outcome.json["type"] == "error" and outcome.status != 503
        assert outcome.json["error"]["type"] in ("api_error", "overloaded_error", "timeout_error")
    elif kind.startswith("native"):
        assert outcome.headers["content-type"] == "application/json" and outcome.json.keys() == {"message"}
        assert outcome.headers["x-amzn-errortype"]
    else:
        assert outcome.error["type"] == "server_error"


def as_it_is(reply, bytes_sent, ended, outcome):
    """Of Bedrock's own routes nothing is added and nothing is left out: an end where there was one."""
    if reply.is_stream:
        assert len(bytes_sent) >= reply.frame_ends()[0], "a 200 before the first event"
    assert ended is None or outcome.is_whole is ended, "the end was missing and is not, or the other way round"
    assert bytes_sent.startswith(outcome.body) and (not ended or outcome.body == bytes_sent)


def streamed(kind, reply, bytes_sent, ended, usual, outcome):
    said, found = timeless(usual.body), timeless(outcome.body)
    if ended and bytes_sent == reply.payload:
        assert outcome.is_whole and found == said
        return
    if END[kind] in found:
        whole = -1 if kind == "message-stream" else -2
        assert len(bytes_sent) >= reply.frame_ends()[whole], "an end without the answer's"
        # Without metadata the usage is not known.
        assert unpriced(found) == unpriced(said)
        return
    *before, last, rest = found.split(b"\n\n")
    is_told = last.startswith(b"event: error\n") and rest == b""
    assert is_told or not outcome.is_whole, "an end without the answer's or an error"
    assert said.startswith(b"\n\n".join(before) if is_told else found), "something was said that is not so"


DONE = b"data: [DONE]\n\n"
STOP = b"event: message_stop\n"
END = {"stream": DONE, "message-stream": STOP, "translated-message-stream": STOP}


def unpriced(body):
    """A stream without what it cost: a chunk of a chat's, a member of a message's event."""
    body = re.sub(rb'data: \{[^\n]*"choices":\[\],[^\n]*\n\n', b"", body)
    return re.sub(rb'"usage":\{[^}]*\}', b"", body)


def timeless(body):
    return re.sub(rb'"created":\d+', b"", body)


@pytest.mark.parametrize("downstream", CLIENTS)
@pytest.mark.parametrize(("upstream", "what"), [(up, what) for up, whats in WHATS.items() for what in whats])
def test_an_answer_is_whole_or_an_error_or_broken_off(gateways, bedrock, upstream, downstream, what):
    name = f"{upstream}-impatient" if what == "stall" else upstream
    gateway, admin = gateways[name], ADMINS[name]
    cases = [
        (kind, (what, at))
        for kind in KINDS
        for at in stages(reply_of(bedrock, kind), what)
        if happens(reply_of(bedrock, kind), what, at, upstream)
    ]
    wrong = asyncio.run(run(gateway, bedrock, upstream, downstream, cases))
    assert not wrong, "\n".join(wrong)
    assert admin.settled("cluster.bedrock.upstream_rq_active") == 0
    failed = {name: count for name, count in admin.stats("wasm").items() if count and "vm_reload" in name}
    assert not failed


def reply_of(bedrock, kind):
    return bedrock.replies[OPERATIONS[kind]]


async def run(gateway, bedrock, upstream, downstream, cases):
    """What is wrong, in words."""
    client = CLIENTS[downstream]
    wrong = []
    async with client(gateway.port, KEY) as shared:
        usual = {kind: await shared.ask(*KINDS[kind]) for kind in KINDS}
        assert all(answer.status == 200 and answer.is_whole for answer in usual.values()), usual

        async def one(kind, case, connection):
            path, body = KINDS[kind]
            outcome = await connection.ask(path, body, {"x-emulator": "{} {}".format(*case)})
            try:
                judge(kind, case, reply_of(bedrock, kind), usual[kind], outcome, upstream)
                after = await next_answer(connection, case, reply_of(bedrock, kind), upstream)
                assert (after.status, after.is_whole) == (200, True), f"and after it: {told(after)}"
                assert timeless(after.body) == timeless(usual["chat"].body)
            except AssertionError as problem:
                wrong.append(f"{kind} {case}: {problem}: {told(outcome)}")
            except Exception as problem:
                raise RuntimeError(f"{kind} {case}: {told(outcome)}") from problem

        async def alone(kind, case):
            async with client(gateway.port, KEY) as own:
                await one(kind, case, own)

        # Over HTTP/2 all share a connection, which none of them may end.
        jobs = [
            (lambda kind=kind, case=case: one(kind, case, shared) if downstream == "http2" else alone(kind, case))
            for kind, case in cases
        ]
        await all_at_once(16, jobs)
        assert downstream == "http1" or shared.is_open
    return wrong


@pytest.mark.parametrize("what", ["reset", "close", "bad-frame", "goaway-close"])
@pytest.mark.parametrize("downstream", CLIENTS)
def test_a_connection_that_breaks_ends_its_streams_and_none_looks_whole(start, bedrock, downstream, what):
    gateway = start(bedrock.endpoint, patch=on_one_connection)

    async def stream(plan):
        async with CLIENTS[downstream](gateway.port, KEY) as connection:
            return await connection.ask(*KINDS["stream"], {"x-emulator": plan})

    async def break_it():
        bedrock.hold()
        others = [asyncio.create_task(stream("hold 400")) for _ in range(20)]
        while bedrock.active < len(others):
            await asyncio.sleep(0.01)
        await stream(f"{what} 400")
        outcomes = await asyncio.gather(*others)
        bedrock.release()
        return outcomes

    for outcome in asyncio.run(break_it()):
        assert b"[DONE]" not in outcome.body
        assert not outcome.is_whole or b'"error"' in outcome.body, told(outcome)
    assert timeless(asyncio.run(stream("whole")).body).endswith(DONE)
    assert ADMINS["shared"].settled("cluster.bedrock.upstream_rq_active") == 0


async def next_answer(connection, case, reply, upstream):
    """The answer to an ordinary request."""
    after = await connection.ask(*KINDS["chat"])
    if after.status == 0 and sent(reply, *case, upstream)[1] is None:
        # All that was announced has come, and then Envoy ended the client's connection.
        after = await connection.ask(*KINDS["chat"])
    while after.status == 502 and case[0] == "short-length" and upstream == "http1":
        # What is beyond a length came on a connection that had its next request already, whose answer it is none of.
        is_error("chat", after)
        after = await connection.ask(*KINDS["chat"])
    return after


def told(outcome):
    return f"{outcome.status} {outcome.headers.get('content-type')} whole: {outcome.is_whole} …{outcome.body[-300:]}"
