"""Guardrails: what clients ask for by body or headers, and what the configuration forces on them."""

import openai
import pytest

NOVA = "us.amazon.nova-pro-v1:0"
SAID = [{"role": "user", "content": "hello"}]
HEADERS = {"X-Amzn-Bedrock-GuardrailIdentifier": "abc1", "X-Amzn-Bedrock-GuardrailVersion": "2"}


@pytest.fixture(scope="module")
def guarded(start):
    """A gateway that puts a guardrail on every chat."""
    return start(changes={"guardrail": {"identifier": "forced1", "version": "3", "stream_mode": "async"}})


def test_headers_ask_for_a_guardrail(client, emulator):
    trace = {"X-Amzn-Bedrock-Trace": "ENABLED"}
    client.chat.completions.create(model=NOVA, messages=SAID, extra_headers=HEADERS | trace)
    asked = {"guardrailIdentifier": "abc1", "guardrailVersion": "2", "trace": "enabled"}
    assert emulator.body()["guardrailConfig"] == asked


def test_a_guardrail_that_intervenes_is_content_filter(client, emulator):
    said = [{"role": "user", "content": "BLOCKME"}]
    answer = client.chat.completions.create(model=NOVA, messages=said, extra_headers=HEADERS)
    assert answer.choices[0].finish_reason == "content_filter"
    chunks = list(client.chat.completions.create(model=NOVA, messages=said, extra_headers=HEADERS, stream=True))
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "content_filter"


def test_half_a_guardrail_is_refused_and_nothing_is_sent(client, emulator):
    half = {"X-Amzn-Bedrock-GuardrailIdentifier": "abc1"}
    with pytest.raises(openai.BadRequestError) as refused:
        client.chat.completions.create(model=NOVA, messages=SAID, extra_headers=half)
    assert refused.value.param == "x-amzn-bedrock-guardrailversion"
    assert emulator.requests() == []


@pytest.mark.parametrize("stream", [False, True])
def test_no_client_gets_round_the_configured_guardrail(guarded, emulator, stream):
    weaker = {"guardrailConfig": {"guardrailIdentifier": "weak1", "guardrailVersion": "1"}}
    with guarded.openai() as client:
        raw = client.chat.completions.with_raw_response.create(
            model=NOVA, messages=SAID, extra_headers=HEADERS, extra_body=weaker, stream=stream
        )
        raw.parse()
    sent = emulator.body()["guardrailConfig"]
    assert (sent["guardrailIdentifier"], sent["guardrailVersion"]) == ("forced1", "3")
    assert sent.get("streamProcessingMode") == ("async" if stream else None)
    assert set(raw.headers["x-ignored-parameters"].split(",")) == {
        "guardrailConfig",
        "x-amzn-bedrock-guardrailidentifier",
        "x-amzn-bedrock-guardrailversion",
    }


@pytest.mark.parametrize("stream", [False, True])
def test_no_response_gets_round_the_configured_guardrail(guarded, emulator, stream):
    weaker = {"guardrailConfig": {"guardrailIdentifier": "weak1", "guardrailVersion": "1"}}
    with guarded.openai() as client:
        raw = client.responses.with_raw_response.create(
            model=NOVA, input="BLOCKME", extra_headers=HEADERS, extra_body=weaker, stream=stream
        )
        answer = [*raw.parse()][-1].response if stream else raw.parse()
    assert (answer.status, answer.incomplete_details.reason) == ("incomplete", "content_filter")
    sent = emulator.body()["guardrailConfig"]
    assert (sent["guardrailIdentifier"], sent["guardrailVersion"]) == ("forced1", "3")
    assert sent.get("streamProcessingMode") == ("async" if stream else None)
    assert set(raw.headers["x-ignored-parameters"].split(",")) == {
        "guardrailConfig",
        "x-amzn-bedrock-guardrailidentifier",
        "x-amzn-bedrock-guardrailversion",
    }


def test_no_mark_of_a_response_narrows_the_configured_guardrail(guarded, emulator):
    said = [{"role": "user", "content": [{"type": "input_text", "text": "harmless", "guard_content": {}}]}]
    with guarded.openai() as client, pytest.raises(openai.PermissionDeniedError) as refused:
        client.responses.create(model=NOVA, input=said)
    assert (refused.value.code, refused.value.param) == ("guardrail_forced", "input")
    assert emulator.requests() == []


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("member", ["additionalModelRequestFields", "extra_body"])
def test_no_field_of_a_response_narrows_the_configured_guardrail(guarded, emulator, member, stream):
    more = {member: {"amazon-bedrock-guardrailConfig": {"tagSuffix": "x"}}}
    with guarded.openai() as client, pytest.raises(openai.PermissionDeniedError) as refused:
        client.responses.create(model=NOVA, input="hello", extra_body=more, stream=stream)
    assert (refused.value.code, refused.value.param) == ("guardrail_forced", member)
    assert emulator.requests() == []


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("member", ["additionalModelRequestFields", "extra_body"])
@pytest.mark.parametrize("name", ["amazon-bedrock-guardrailConfig", "Amazon-Bedrock-GuardrailCONFIG"])
def test_no_field_of_the_models_own_narrows_the_configured_guardrail(guarded, emulator, member, name, stream):
    with guarded.openai() as client, pytest.raises(openai.PermissionDeniedError) as refused:
        more = {member: {name: {"tagSuffix": "x"}}}
        client.chat.completions.create(model=NOVA, messages=SAID, extra_body=more, stream=stream)
    assert (refused.value.code, refused.value.param) == ("guardrail_forced", member)
    assert emulator.requests() == []


def marked(text, *qualifiers):
    return {"type": "text", "text": text, "guard_content": {"qualifiers": list(qualifiers)}}


@pytest.mark.parametrize("stream", [False, True])
def test_a_guardrail_looks_at_what_is_marked(client, emulator, stream):
    plain = {"type": "text", "text": "BLOCKME"}
    for parts, reason in [
        ([plain], "content_filter"),
        ([plain, marked("London is a city.", "grounding_source"), marked("What is London?", "query")], "stop"),
        ([marked("BLOCKME", "query"), marked("London is a city.", "grounding_source")], "content_filter"),
    ]:
        said = [{"role": "user", "content": parts}]
        answer = client.chat.completions.create(model=NOVA, messages=said, extra_headers=HEADERS, stream=stream)
        choices = [chunk.choices[0] for chunk in answer if chunk.choices] if stream else answer.choices
        assert choices[-1].finish_reason == reason
    sent = emulator.requests()[-1]["body"]["messages"][0]["content"]
    assert sent[0] == {"guardContent": {"text": {"text": "BLOCKME", "qualifiers": ["query"]}}}


def test_marks_without_a_guardrail_are_named(client, emulator):
    said = [{"role": "user", "content": [marked("hello")]}]
    raw = client.chat.completions.with_raw_response.create(model=NOVA, messages=said)
    assert raw.parse().choices[0].message.content == "You said: hello"
    assert raw.headers["x-ignored-parameters"] == "messages[].content[].guard_content"
    assert emulator.body()["messages"] == [{"role": "user", "content": [{"text": "hello"}]}]


@pytest.mark.parametrize("role", ["user", "system"])
def test_no_mark_narrows_the_configured_guardrail(guarded, emulator, role):
    said = [*SAID, {"role": role, "content": [marked("harmless")]}]
    with guarded.openai() as client, pytest.raises(openai.PermissionDeniedError) as refused:
        client.chat.completions.create(model=NOVA, messages=said)
    assert (refused.value.code, refused.value.param) == ("guardrail_forced", "messages[1].content")
    assert emulator.requests() == []


def test_anthropic_beta_reaches_claude_by_several_headers(gateway, emulator):
    with gateway.openai() as client:
        client.chat.completions.create(
            model="us.anthropic.claude-sonnet-4-5-20250929-v1:0",
            messages=SAID,
            extra_headers={"anthropic-beta": "context-1m-2025-08-07,interleaved-thinking-2025-05-14"},
        )
    betas = emulator.body()["additionalModelRequestFields"]["anthropic_beta"]
    assert betas == ["context-1m-2025-08-07", "interleaved-thinking-2025-05-14"]


def test_a_beta_that_bedrock_would_refuse_is_named_and_one_more_can_be_let_through(start, emulator):
    beta = "prompt-caching-scope-2026-01-05,interleaved-thinking-2025-05-14,fine-grained-tool-streaming-2025-05-14"
    for changes, passed, ignored in [
        ({}, ["interleaved-thinking-2025-05-14"], ["prompt-caching-scope-2026-01-05", "fine-grained-tool-streaming-2025-05-14"]),
        (
            {"anthropic_betas": ["fine-grained-*"]},
            ["interleaved-thinking-2025-05-14", "fine-grained-tool-streaming-2025-05-14"],
            ["prompt-caching-scope-2026-01-05"],
        ),
    ]:
        emulator.forget()
        with start(changes=changes).openai() as client:
            raw = client.chat.completions.with_raw_response.create(
                model="us.anthropic.claude-sonnet-4-5-20250929-v1:0", messages=SAID, extra_headers={"anthropic-beta": beta}
            )
        assert emulator.body()["additionalModelRequestFields"]["anthropic_beta"] == passed
        assert raw.headers["x-ignored-parameters"].split(",") == [f"anthropic-beta.{name}" for name in ignored]


def test_an_application_profile_can_be_told_what_it_is(start, emulator):
    profile = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/emuapp000001"
    model = {"name": "ours", "model": profile, "capabilities": {"like": "anthropic.claude-sonnet-4-5"}, "drop": ["stop"]}
    with start(changes={"models": [model]}).openai() as client:
        raw = client.chat.completions.with_raw_response.create(
            model="ours", messages=SAID, stop="x", reasoning_effort="low", max_tokens=2000
        )
    sent = emulator.body()
    assert sent["additionalModelRequestFields"]["thinking"] == {"type": "enabled", "budget_tokens": 1024}
    assert "stopSequences" not in sent["inferenceConfig"]
    assert raw.headers["x-ignored-parameters"] == "stop"
