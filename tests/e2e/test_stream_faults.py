"""Streams that go wrong, and streams that only look it: an answer is whole or it is an error, never less."""

import json

import openai
import pytest

from gateway import over_http2
from wire import events, until_broken

BODY = {"model": "gpt-4o", "messages": [{"role": "user", "content": "How is the weather?"}]}
TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}},
    },
}
TALK = {"messages": [{"role": "user", "content": "Grüße, 日本! long enough for some events"}]}
CALLS = {"messages": [{"role": "user", "content": "get_weather city=Rome then get_weather city=東京"}], "tools": [TOOL]}
THOUGHT = TALK | {"model": "us.anthropic.claude-3-7-sonnet-20250219-v1:0", "reasoning_effort": "low"}
BAD = "bad_upstream_response"


def stream(client, fault, **more):
    return client.chat.completions.create(
        **BODY | more,
        stream=True,
        stream_options={"include_usage": True},
        extra_headers={"x-emulator": fault} if fault else None,
    )


def collect(chunks):
    """All that a client learns from a stream, whatever the pieces it came in."""
    text, thoughts, blocks, calls, reason, usage = "", "", [], {}, None, None
    for chunk in chunks:
        usage = chunk.usage or usage
        for choice in chunk.choices:
            delta = choice.delta.to_dict()
            text += delta.get("content") or ""
            thoughts += delta.get("reasoning_content", "")
            blocks += delta.get("thinking_blocks", [])
            for piece in delta.get("tool_calls", []):
                call = calls.setdefault(piece["index"], {"id": piece.get("id"), "name": "", "arguments": ""})
                call["name"] += piece["function"].get("name") or ""
                call["arguments"] += piece["function"].get("arguments") or ""
            assert reason is None
            reason = choice.finish_reason
    return text, thoughts, blocks, calls, reason, usage


# Faults after the first event, and the error that a client is told.
BROKEN = [
    ("exception=1:throttlingException", "rate_limit_error", "rate_limit_exceeded"),
    ("exception=4:modelStreamErrorException", "server_error", "model_error"),
    ("exception=3:internalServerException", "server_error", None),
    ("exception=3:serviceUnavailableException", "server_error", None),
    ("exception=5:validationException", "invalid_request_error", None),
    ("errorframe=3", "server_error", BAD),
    ("cut=1", "server_error", "stream_cut"),
    ("cut=4", "server_error", "stream_cut"),
    ("cutbytes=500", "server_error", "stream_cut"),
    ("badcrc=3", "server_error", BAD),
    ("badprelude=3", "server_error", BAD),
    ("hugeframe=3", "server_error", BAD),
    ("stop=malformed_model_output", "server_error", "model_error"),
    ("stop=malformed_tool_use", "server_error", "model_error"),
]


@pytest.mark.parametrize(("fault", "kind", "code"), BROKEN)
@pytest.mark.parametrize("how", ["", "coalesce", "split=7"])
def test_a_stream_that_breaks_off_ends_with_an_error(client, connection, fault, kind, code, how):
    # In one piece even the first event comes with the error behind it.
    directives = ",".join(filter(None, [fault, how]))
    with pytest.raises(openai.APIError) as caught:
        list(stream(client, directives))
    assert not isinstance(caught.value, openai.APIStatusError)
    assert (caught.value.type, caught.value.code) == (kind, code) and caught.value.message

    answer = connection.chat(BODY | {"stream": True}, {"x-emulator": directives})
    assert (answer.status, answer.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
    *before, last = answer.events
    assert b"[DONE]" not in answer.body
    error = json.loads(last)["error"]
    assert error.keys() == {"message", "type", "param", "code"} and (error["type"], error["code"]) == (kind, code)
    chunks = [json.loads(event) for event in before]
    assert chunks and all(chunk["choices"][0]["finish_reason"] is None for chunk in chunks)
    assert connection.chat(BODY).status == 200


@pytest.mark.parametrize("fault", ["cut=0", "cutbytes=20", "badcrc=0", "badprelude=0", "hugeframe=0", "errorframe=0"])
def test_a_stream_that_never_begins_is_an_error_with_its_status(client, fault):
    with pytest.raises(openai.InternalServerError) as caught:
        list(stream(client, fault))
    assert caught.value.status_code in (500, 502)
    assert caught.value.response.headers["content-type"] == "application/json"


# A broken connection reaches the client a second later: Envoy's `delayed_close_timeout`.
def test_the_sdk_says_that_a_connection_broke(client):
    with pytest.raises((openai.APIError, OSError)) as caught:
        list(stream(client, "reset=1"))
    assert not isinstance(caught.value, openai.APIStatusError)


def test_a_connection_that_breaks_is_no_end(gateway):
    with gateway.connection() as connection:
        response = connection.begin("POST", "/v1/chat/completions", BODY | {"stream": True}, {"x-emulator": "reset=5"})
        body, broken = until_broken(response)
    assert body and b"[DONE]" not in body
    assert broken or b'"error"' in body


@pytest.mark.parametrize("fault", ["reset=-1", "reset=0"])
def test_a_connection_that_breaks_before_the_first_event_has_a_status(client, fault):
    with pytest.raises(openai.InternalServerError) as caught:
        list(stream(client, fault))
    assert caught.value.status_code in (502, 503)
    assert caught.value.response.json()["error"]["message"]


@pytest.mark.parametrize("more", [TALK, CALLS, THOUGHT], ids=["text", "calls", "reasoning"])
@pytest.mark.parametrize(
    "manner",
    [
        "metadatafirst",
        "unknownevent",
        "emptystart",
        "headerorder",
        "split=1",
        "split=13",
        "split=random",
        "coalesce",
        "trailers",
        "pace=1",
        "unknownevent,emptystart,headerorder,metadatafirst,split=random",
    ],
)
def test_a_stream_of_any_manner_is_the_same_answer(client, manner, more):
    usual = collect(stream(client, None, **more))
    assert usual[4] and usual[5]
    assert collect(stream(client, manner, **more)) == usual


@pytest.mark.parametrize("more", [CALLS, THOUGHT | CALLS], ids=["calls", "reasoning"])
@pytest.mark.parametrize("manner", ["interleave", "interleave,split=3", "interleave,emptystart,coalesce"])
def test_blocks_that_take_turns_are_kept_apart(client, manner, more):
    usual = collect(stream(client, None, **more))
    assert len(usual[3]) == 2
    assert collect(stream(client, manner, **more)) == usual


def test_a_stream_without_metadata_is_whole_and_its_cost_not_known(connection, client):
    *rest, usage = collect(stream(client, "nometadata"))
    assert (rest[0], rest[-1], usage) == ("You said: How is the weather?", "stop", None)
    answer = connection.chat(BODY | {"stream": True}, {"x-emulator": "nometadata"})
    assert answer.events[-1] == "[DONE]"


def test_a_whole_stream_ends_with_done(connection):
    answer = connection.chat(BODY | {"stream": True, "stream_options": {"include_usage": True}})
    *before, usage, done = answer.events
    assert done == "[DONE]" and json.loads(usage)["choices"] == []
    keys = {tuple(json.loads(event)) for event in before}
    assert keys == {("id", "object", "created", "model", "choices", "usage")}


def test_citations_come_with_their_text(client, connection):
    pieces = [chunk.choices[0].delta.to_dict() for chunk in stream(client, "citations") if chunk.choices]
    [streamed] = [found for piece in pieces for found in piece.get("annotations", [])]
    message = connection.chat(BODY, {"x-emulator": "citations"}).json["choices"][0]["message"]
    [whole] = message["annotations"]
    assert streamed == {"index": 0} | whole
    cited = whole["file_citation"]
    assert (cited["filename"], cited["end_index"]) == ("A source", len(message["content"]))


@pytest.fixture(scope="module")
def h2c(start):
    """A gateway that speaks HTTP/2 to Bedrock."""
    return start(patch=over_http2)


@pytest.mark.parametrize("fault", [None, "trailers", "split=random", "metadatafirst,trailers", "pace=1,trailers"])
def test_http2_towards_bedrock_makes_no_difference(client, h2c, fault):
    with h2c.openai() as over_http2:
        assert collect(stream(over_http2, fault)) == collect(stream(client, None))
        whole = over_http2.chat.completions.create(**BODY, extra_headers={"x-emulator": fault} if fault else None)
        assert whole.choices[0].message.content == "You said: How is the weather?"


@pytest.mark.parametrize("fault", ["cut=3", "reset=3", "exception=2:throttlingException", "cut=3,trailers"])
def test_over_http2_a_stream_that_breaks_off_is_no_end_either(h2c, fault):
    with h2c.connection() as connection:
        headers = {"x-emulator": fault}
        response = connection.begin("POST", "/v1/chat/completions", BODY | {"stream": True}, headers)
        body, broken = until_broken(response)
    assert b"[DONE]" not in body
    assert broken or "error" in json.loads(events(body)[-1])


def test_faults_of_one_client_do_not_touch_another(gateway):
    """Streams that break, beside streams that do not, on the same workers."""
    with gateway.openai() as client:
        open_streams = [stream(client, f"pace=2,{fault}") for fault in ("cut=5", "badcrc=4", "split=9", "nometadata")]
        whole = [stream(client, "pace=2") for _ in range(4)]
        for good in whole:
            assert collect(good)[0] == "You said: How is the weather?"
        for bad in open_streams[:2]:
            with pytest.raises(openai.APIError):
                list(bad)
        for good in open_streams[2:]:
            assert collect(good)[0] == "You said: How is the weather?"
