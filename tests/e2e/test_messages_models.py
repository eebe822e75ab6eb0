"""Anthropic's API by its own SDK: models that do not speak it, by Converse."""

import json

import anthropic
import pytest

from test_messages import ASKED, CALLS, SAID, TOOL, compared, error_of, last, named, streamed, text

NOVA = "us.amazon.nova-pro-v1:0"
OSS = "openai.gpt-oss-120b-1:0"
LLAMA = "us.meta.llama3-3-70b-instruct-v1:0"
CLAUDE = "us.anthropic.claude-3-7-sonnet-20250219-v1:0"
OTHERS = [NOVA, OSS, LLAMA, "us.amazon.nova-2-lite-v1:0", "us.deepseek.r1-v1:0", "mistral.mistral-large-2407-v1:0"]
PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


@pytest.fixture(scope="module")
def client(gateway):
    with gateway.anthropic() as client:
        yield client


@pytest.fixture(scope="module")
def translated(start):
    """A gateway that asks Claude by Converse too."""
    model = {"name": "claude", "model": CLAUDE, "capabilities": {"messages": "converse"}}
    with start(changes={"models": [model]}).anthropic() as client:
        yield client


def without_ids(message):
    """What is the same of two answers: the ids of calls are not."""
    found = compared(message)
    for block in found["content"]:
        block.pop("id", None)
    return found


@pytest.mark.parametrize("model", OTHERS)
def test_every_model_answers(client, emulator, model):
    raw = client.messages.with_raw_response.create(**ASKED | {"model": model}, system="Be brief.")
    message = raw.parse()
    assert text(message) == "You said: hello"
    assert (message.stop_reason, message.model, message.type) == ("end_turn", model, "message")
    assert message.usage.input_tokens > 0 and message.usage.output_tokens > 0
    assert message.id == f"msg_{raw.headers['request-id']}"
    assert last(emulator)["path"].endswith("/converse")


@pytest.mark.parametrize("model", OTHERS)
def test_a_stream_becomes_the_message_that_comes_whole(client, emulator, model):
    asked = ASKED | {"model": model}
    assert without_ids(streamed(client, **asked)) == without_ids(client.messages.create(**asked))


@pytest.mark.parametrize("fault", ["", "interleave", "split=random", "emptystart", "metadatafirst", "redacted", "toolempty"])
def test_calls_and_thoughts_are_the_same_streamed(translated, fault):
    asked = ASKED | CALLS | {"model": "claude", "max_tokens": 2000, "extra_headers": {"x-emulator": fault}}
    asked["thinking"] = {"type": "enabled", "budget_tokens": 1024}
    whole = translated.messages.create(**asked)
    assert without_ids(streamed(translated, **asked)) == without_ids(whole)
    assert whole.stop_reason == "tool_use"


def test_the_events_come_in_anthropics_order(connection):
    asked = ASKED | CALLS | {"model": NOVA, "stream": True}
    found = named(connection.ask("POST", "/v1/messages", asked).body)
    assert all(event["event"] == json.loads(event["data"])["type"] for event in found)
    names = [event["event"] for event in found]
    assert names[:3] == ["message_start", "ping", "content_block_start"]
    assert names[-2:] == ["message_delta", "message_stop"]
    events = [json.loads(event["data"]) for event in found]
    open_blocks, begun = set(), 0
    for event in events:
        if event["type"] == "content_block_start":
            assert event["index"] == begun
            begun += 1
            open_blocks.add(event["index"])
        elif event["type"] == "content_block_delta":
            assert event["index"] in open_blocks
        elif event["type"] == "content_block_stop":
            open_blocks.remove(event["index"])
    assert not open_blocks and begun == 2
    assert events[-2]["delta"]["stop_reason"] == "tool_use" and events[-2]["usage"]["output_tokens"] > 0


@pytest.mark.parametrize("model", [NOVA, LLAMA, OSS])
def test_a_loop_of_tools(client, emulator, model):
    asked = ASKED | CALLS | {"model": model}
    first = client.messages.create(**asked)
    call = first.content[-1]
    assert (first.stop_reason, call.name, call.input) == ("tool_use", "get_weather", {"city": "Rome"})
    turns = asked["messages"] + [
        {"role": "assistant", "content": [block.to_dict() for block in first.content]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call.id, "content": "sunny"}]},
    ]
    assert "sunny" in text(client.messages.create(**asked | {"messages": turns}))


def test_thoughts_go_back_to_claude(translated, emulator):
    asked = ASKED | CALLS | {"model": "claude", "max_tokens": 2000}
    asked["thinking"] = {"type": "enabled", "budget_tokens": 1024}
    first = streamed(translated, **asked)
    assert first.content[0].type == "thinking" and first.content[0].signature
    call = first.content[-1]
    turns = asked["messages"] + [
        {"role": "assistant", "content": [block.to_dict() for block in first.content]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call.id, "content": "sunny"}]},
    ]
    translated.messages.create(**asked | {"messages": turns})
    [_, said, _] = last(emulator)["body"]["messages"]
    assert said["content"][0]["reasoningContent"]["reasoningText"]["signature"] == first.content[0].signature


def test_pictures_and_documents(client):
    content = [
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PICTURE}},
        {"type": "document", "title": "notes", "source": {"type": "text", "media_type": "text/plain", "data": "abc"}},
        {"type": "text", "text": "What is it?"},
    ]
    answer = text(client.messages.create(**ASKED | {"model": NOVA, "messages": [{"role": "user", "content": content}]}))
    assert "[1 image: png" in answer and "[1 document: txt, notes, 3 bytes]" in answer


def test_an_answer_by_a_schema(client):
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    schema |= {"additionalProperties": False}
    config = {"format": {"type": "json_schema", "schema": schema}}
    message = client.messages.create(**ASKED | {"model": NOVA}, output_config=config)
    assert json.loads(text(message)).keys() == {"city"}
    assert message.stop_reason == "end_turn"


def test_a_cache_is_counted_as_anthropic_counts(client):
    system = [{"type": "text", "text": "word " * 2000, "cache_control": {"type": "ephemeral"}}]
    asked = ASKED | {"model": NOVA, "system": system + [{"type": "text", "text": "of this test"}]}
    first, second = client.messages.create(**asked).usage, streamed(client, **asked).usage
    assert first.cache_creation_input_tokens > 1000
    assert second.cache_read_input_tokens == first.cache_creation_input_tokens
    assert second.cache_creation_input_tokens == 0


@pytest.mark.parametrize("way", ["native", "converse"])
@pytest.mark.parametrize("ttl", ["5m", "1h"])
def test_what_was_written_to_the_cache_is_told_by_how_long_it_is_kept(start, way, ttl):
    translated = {"name": "converse", "model": "us.anthropic.claude-sonnet-4-6", "capabilities": {"messages": "converse"}}
    native = {"name": "native", "model": "us.anthropic.claude-sonnet-4-5-20250929-v1:0"}
    gateway = start(changes={"models": [translated, native]})
    with gateway.anthropic() as client:
        asked = ASKED | {"model": way}

        def system(text):
            return [{"type": "text", "text": text + " word" * 2000, "cache_control": {"type": "ephemeral", "ttl": ttl}}]

        usage = client.messages.create(**asked, system=system(f"whole {way} {ttl}")).usage
        other = "5m" if ttl == "1h" else "1h"
        found = usage.cache_creation.to_dict()
        assert found == {f"ephemeral_{ttl}_input_tokens": usage.cache_creation_input_tokens, f"ephemeral_{other}_input_tokens": 0}
        assert usage.cache_creation_input_tokens > 1000
        body = asked | {"system": system(f"streamed {way} {ttl}"), "stream": True}
        with gateway.connection() as connection:
            events = [json.loads(event["data"]) for event in named(connection.ask("POST", "/v1/messages", body).body)]
        # Anthropic says it at the beginning, Converse at the end.
        told = [event.get("usage") or event.get("message", {}).get("usage", {}) for event in events]
        [lifetimes] = [usage["cache_creation"] for usage in told if usage.get("cache_creation")]
        assert lifetimes[f"ephemeral_{ttl}_input_tokens"] > 1000


def test_reasons_to_stop(client):
    asked = ASKED | {"model": NOVA}
    cut = client.messages.create(**asked | {"max_tokens": 1})
    assert cut.stop_reason == "max_tokens"
    stopped = client.messages.create(**asked, stop_sequences=["said"])
    assert (stopped.stop_reason, stopped.stop_sequence, text(stopped)) == ("stop_sequence", "said", "You ")
    assert without_ids(streamed(client, **asked, stop_sequences=["said"])) == without_ids(stopped)


def test_what_a_model_does_not_take_is_named(client):
    raw = client.messages.with_raw_response.create(
        **ASKED | {"model": LLAMA},
        thinking={"type": "enabled", "budget_tokens": 1024},
        extra_headers={"anthropic-beta": "context-1m-2025-08-07"},
        extra_body={"top_k": 5, "context_management": {"edits": []}},
    )
    names = raw.headers["x-ignored-parameters"].split(",")
    assert {"thinking", "anthropic-beta", "top_k", "context_management"} <= set(names)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("exception=4:modelStreamErrorException", "api_error"),
        ("exception=3:throttlingException", "rate_limit_error"),
        ("cut=4", "api_error"),
        ("badcrc=3", "api_error"),
    ],
)
def test_a_stream_that_breaks_ends_with_an_error_event(connection, fault, kind):
    asked = ASKED | {"model": NOVA, "stream": True}
    body = connection.ask("POST", "/v1/messages", asked, {"x-emulator": fault}).body
    *_, end = named(body)
    assert (end["event"], json.loads(end["data"])["error"]["type"]) == ("error", kind)
    assert b"message_stop" not in body


def test_an_exception_that_begins_a_stream_is_a_status(client):
    asked = ASKED | {"model": NOVA, "stream": True}
    with pytest.raises(anthropic.RateLimitError) as found:
        client.messages.create(**asked, extra_headers={"x-emulator": "exception=0:throttlingException"})
    assert error_of(found)[0] == "rate_limit_error"


def test_the_configured_guardrail_is_on_every_request(start, emulator):
    with start(changes={"guardrail": {"identifier": "forced1", "version": "3"}}).anthropic() as client:
        message = client.messages.create(
            **ASKED | {"model": NOVA, "messages": [{"role": "user", "content": "BLOCKME"}]}
        )
    assert message.stop_reason == "refusal"
    assert last(emulator)["body"]["guardrailConfig"]["guardrailIdentifier"] == "forced1"
