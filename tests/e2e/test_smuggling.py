"""Nothing that a client or Bedrock sends makes a second request or answer of one, another header, or another operation."""

import asyncio
import json
import re
import socket
import urllib.parse

import pytest

from faulty import EVENT_STREAM, Faulty, Reply, frame
from gateway import KEY
from kinds import CHAT, KINDS, MODEL, NATIVE, replies
from raw import Http1, Http2

KEY_LINE = f"authorization: Bearer {KEY}\r\n".encode()
BODY = json.dumps(CHAT).encode()
EVIL = b"POST /model/evil/converse HTTP/1.1\r\nhost: evil\r\ncontent-length: 2\r\n\r\n{}"
# The one form of a path that may reach Bedrock.
PATH = re.compile(r"/model/[A-Za-z0-9._%-]+/(converse|converse-stream|invoke|invoke-with-response-stream|count-tokens)")


@pytest.fixture(scope="module")
def running_bedrock(running_emulator):
    bedrock = Faulty(replies(running_emulator))
    yield bedrock
    bedrock.stop()


@pytest.fixture
def bedrock(running_bedrock):
    running_bedrock.seen.clear()
    yield running_bedrock
    running_bedrock.headers = b""
    for request in running_bedrock.seen:
        assert PATH.fullmatch(request.path) and ".." not in urllib.parse.unquote(request.path), request.path
        assert "x-evil" not in request.headers and request.headers["host"] != "evil", request


@pytest.fixture(scope="module")
def gateway(start, running_bedrock):
    return start(running_bedrock.endpoint, changes={"unsupported_parameters": "ignore"})


def answers(port, data):
    """All that comes back until the gateway closes, or has had nothing more to say for a while."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(data)
        received = b""
        try:
            while piece := connection.recv(65536):
                received += piece
                connection.settimeout(0.3)
        except (ConnectionResetError, TimeoutError):
            pass
        return received


def chat_head(*lines):
    head = [b"POST /v1/chat/completions HTTP/1.1", b"host: gateway", KEY_LINE.strip(), *lines]
    return b"\r\n".join([*head, b"", b""])


CHUNKED = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
LENGTH = b"content-length: %d" % len(BODY)
# What may be read in two ways.
TWOFOLD = {
    "a length and chunks": chat_head(b"content-length: 4", b"transfer-encoding: chunked") + CHUNKED + EVIL,
    "chunks and a length": chat_head(b"transfer-encoding: chunked", LENGTH) + CHUNKED + EVIL,
    "two lengths": chat_head(LENGTH, b"content-length: 0") + BODY + EVIL,
    "a list of lengths": chat_head(LENGTH + b", 0") + BODY + EVIL,
    "a length with a sign": chat_head(b"content-length: +%d" % len(BODY)) + BODY + EVIL,
    "a length in hex": chat_head(b"content-length: 0x10") + BODY + EVIL,
    "another coding": chat_head(b"transfer-encoding: xchunked") + CHUNKED + EVIL,
    "two codings": chat_head(b"transfer-encoding: chunked", b"transfer-encoding: identity") + CHUNKED + EVIL,
    "a coding with a tab": chat_head(b"transfer-encoding:\tchunked", LENGTH) + CHUNKED + EVIL,
    "a coding with a space before its colon": chat_head(b"transfer-encoding : chunked", LENGTH) + BODY + EVIL,
    "a line that is folded": chat_head(LENGTH, b"x-a: b", b" transfer-encoding: chunked") + BODY + EVIL,
    "a line feed in a value": chat_head(LENGTH, b"x-a: b\ntransfer-encoding: chunked") + BODY + EVIL,
    "a NUL in a value": chat_head(LENGTH, b"x-a: b\0c") + BODY + EVIL,
    "a NUL in a name": chat_head(LENGTH, b"x-\0a: b") + BODY + EVIL,
    "a carriage return in a name": chat_head(LENGTH, b"x-a\r: b") + BODY + EVIL,
    "a chunk's size with more": chat_head(b"transfer-encoding: chunked") + b"2;a=\nx\r\n{}\r\n0\r\n\r\n" + EVIL,
    "a chunk's size that is too large": chat_head(b"transfer-encoding: chunked") + b"1" + b"0" * 16 + b"\r\n" + EVIL,
    "a body where none belongs": b"GET /v1/models HTTP/1.1\r\nhost: gateway\r\n" + KEY_LINE + b"content-length: 4\r\n\r\n{}{}" + EVIL,
}


@pytest.mark.parametrize("name", TWOFOLD)
def test_no_request_hides_in_another(gateway, bedrock, name):
    received = answers(gateway.port, TWOFOLD[name])
    # The second, where it is one by the rules, has no key.
    statuses = [int(found) for found in re.findall(rb"HTTP/1\.1 (\d+)", received)]
    assert statuses and statuses[0] in (200, 400, 404, 413, 501), received
    assert set(statuses[1:]) <= {401, 400, 404, 501}, received
    assert len(bedrock.seen) <= 1
    if bedrock.seen:
        assert json.loads(bedrock.seen[0].body)["messages"]


CLIMBING = [
    "../../evil",
    "..%2f..%2fevil",
    "%2e%2e/evil",
    "%2e%2e%2fevil",
    "%252e%252e%252fevil",
    f"{MODEL}/../evil",
    f"{MODEL}/converse/../../evil",
    f"{MODEL}%2fconverse%3fevil",
    f"{MODEL}?evil=1",
    f"{MODEL}#evil",
    f"{MODEL};evil",
    f"{MODEL}\r\nx-evil: 1",
    f"{MODEL}\nx-evil: 1",
    f"{MODEL}\0evil",
    f"{MODEL} HTTP/1.1\r\n\r\nevil",
    f"\\..\\{MODEL}evil",
    f"{MODEL}\u2028evil",
    f"{MODEL}/evil",
    "arn:aws:bedrock:us-east-1:123456789012:inference-profile/../../evil",
    "arn:aws:bedrock:us-east-1:123456789012:inference-profile/x/converse\r\nevil: 1",
]


@pytest.mark.parametrize("model", CLIMBING)
def test_no_name_of_a_model_climbs_into_another_operation(gateway, bedrock, model):
    # What has the form of an ARN and is none of a model's is wrong, not unknown.
    status = 400 if model.startswith("arn:") else 404
    with gateway.connection() as connection:
        for stream in (False, True):
            answer = connection.chat(CHAT | {"model": model, "stream": stream})
            assert (answer.status, answer.error["param"]) == (status, "model"), answer
        answer = connection.ask("POST", "/v1/embeddings", {"model": model, "input": "a"})
        assert (answer.status, answer.error["param"]) == (status, "model"), answer
    assert not bedrock.seen


@pytest.mark.parametrize("model", [model for model in CLIMBING if model.isprintable()])
@pytest.mark.parametrize("downstream", [Http1, Http2])
def test_no_path_climbs_into_another_operation(gateway, bedrock, model, downstream):
    """Whatever Envoy makes of it, what reaches Bedrock is one of its five operations on one label."""

    async def ask():
        async with downstream(gateway.port, KEY) as connection:
            return [await connection.ask(f"/model/{model}/{last}", NATIVE) for last in ("converse", "../converse", "")]

    outcomes = asyncio.run(ask())
    assert all(outcome.status in (0, 200, 400, 403, 404, 405) for outcome in outcomes), outcomes
    # What Envoy has made an ordinary path of is one: `bedrock` sees to that for all that came.
    assert len(bedrock.seen) == sum(outcome.status == 200 for outcome in outcomes)


# Members whose names, and texts, that would be lines of a header.
LINES = ["a\r\nx-evil: 1", "a\nx-evil: 1", "a\0b", "größe", "😀", "a, b", "\x7f", "a" * 5_000, "\r\n\r\nHTTP/1.1 200 OK"]


@pytest.mark.parametrize("text", LINES)
@pytest.mark.parametrize("downstream", [Http1, Http2])
def test_what_a_client_names_makes_no_header(gateway, bedrock, text, downstream):
    tool = {"type": "function", "function": {"name": text, "parameters": {"type": "object", "properties": {}}}}
    body = CHAT | {text: 1, "user": text, "metadata": {"a": text[:500]}, "tools": [tool], "stop": [text[:100]]}

    async def ask():
        async with downstream(gateway.port, KEY) as connection:
            return await connection.ask("/v1/chat/completions", body), await connection.ask(*KINDS["chat"])

    outcome, after = asyncio.run(ask())
    assert outcome.status in (200, 400) and outcome.is_whole, outcome
    assert "x-evil" not in outcome.headers and (after.status, after.is_whole) == (200, True)
    if ignored := outcome.headers.get("x-ignored-parameters"):
        assert ignored.isascii() and ignored.isprintable(), ignored
    for request in bedrock.seen:
        assert set(request.headers) <= EXPECTED, request.headers


EXPECTED = {"host", "content-type", "content-length", "authorization", "x-amz-date", "x-amz-content-sha256"} | {
    *("x-forwarded-proto", "x-request-id", "x-envoy-expected-rq-timeout-ms", "x-forwarded-for", "x-envoy-internal"),
}


@pytest.mark.parametrize("value", ["a\r\nx-evil: 1", "\xff\xfe", "größe", "a" * 3_000, "../..", "%0d%0aevil"])
@pytest.mark.parametrize("name", ["x-amzn-bedrock-guardrail-identifier", "x-amzn-bedrock-guardrail-version", "accept"])
@pytest.mark.parametrize("kind", ["chat", "native"])
def test_no_header_of_a_client_becomes_two(gateway, bedrock, name, value, kind):
    path, body = KINDS[kind]
    data = json.dumps(body).encode()
    head = f"POST {path} HTTP/1.1\r\nhost: gateway\r\nconnection: close\r\ncontent-length: {len(data)}\r\n{name}: {value}\r\n"
    received = answers(gateway.port, head.encode("latin-1") + KEY_LINE + b"\r\n" + data)
    status = int(received[9:12])
    assert status in (200, 400, 404), received
    assert len(bedrock.seen) <= 1
    for request in bedrock.seen:
        assert "x-evil" not in request.headers


# Of Bedrock's headers, those that are told or used.
TOLD = ["x-amzn-requestid", "x-amzn-errortype", "retry-after", "content-type", "x-amzn-bedrock-cache-write-input-token-count"]
STRANGE = [b"\xff\xfe", "größe 日本".encode(), b'"},{"a":"', b"a\tb", b"a" * 20_000, b"\\u0000\\n", b"data: [DONE]"]


@pytest.mark.parametrize("value", STRANGE)
@pytest.mark.parametrize("name", TOLD)
def test_no_header_of_bedrocks_breaks_an_answer(gateway, bedrock, name, value):
    bedrock.headers = name.encode() + b": " + value + b"\r\n"

    async def ask(kind):
        async with Http1(gateway.port, KEY) as connection:
            return await connection.ask(*KINDS[kind])

    for kind in KINDS:
        outcome = asyncio.run(ask(kind))
        assert outcome.status in (200, 502) and outcome.is_whole, (kind, outcome)
        if outcome.status != 200 or kind in ("chat", "embedding"):
            assert isinstance(outcome.json, dict)
        elif kind == "stream":
            assert all(json.loads(event)["id"] for event in outcome.events[:-1])
            assert outcome.events[-1] == "[DONE]"
    bedrock.headers = b""
    assert asyncio.run(ask("chat")).status == 200


@pytest.mark.parametrize("line", [b"x-amzn-requestid: a\0b", b"x-amzn-requestid: a\rb", b"x-\xff: a", b": a", b"x a: b"])
def test_headers_of_bedrocks_that_are_none_are_told_as_no_answer(gateway, bedrock, line):
    bedrock.headers = line + b"\r\n"
    with gateway.connection() as connection:
        answer = connection.chat(CHAT)
        assert answer.status in (200, 502, 503) and (answer.status == 200 or answer.error["type"] == "server_error")
        bedrock.headers = b""
        assert connection.chat(CHAT).status == 200


def test_a_text_of_bedrocks_makes_no_event_of_its_own(gateway, bedrock):
    """What looks like the wire in an answer is text."""
    text = 'a\n\ndata: [DONE]\n\nevent: error\ndata: {"error":{}}\r\n\r\nHTTP/1.1 200 OK'
    body = json.loads(bedrock.replies["converse"].payload)
    body["output"]["message"]["content"] = [{"text": text}]
    bedrock.more["text"] = Reply("application/json", json.dumps(body).encode())
    deltas = [frame("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": part}}) for part in (text[:9], text[9:])]
    frames = [frame("messageStart", {"role": "assistant"}), *deltas, frame("messageStop", {"stopReason": "end_turn"})]
    bedrock.more["texts"] = Reply(EVENT_STREAM, b"".join(frames))
    with gateway.connection() as connection:
        answer = connection.chat(CHAT, {"x-emulator": "text 0"})
        assert answer.json["choices"][0]["message"]["content"] == text
        answer = connection.chat(CHAT | {"stream": True}, {"x-emulator": "texts 0"})
    assert [json.loads(event).keys() == {"error"} for event in answer.events[:-1]] == [False] * (len(answer.events) - 1)
    said = [json.loads(event)["choices"][0]["delta"].get("content") for event in answer.events[:-1]]
    assert "".join(filter(None, said)) == text and answer.events[-1] == "[DONE]"
