"""Reasoning: asked for, given out, and sent back."""

import base64
import copy

import pytest

BUDGET = "us.anthropic.claude-3-7-sonnet-20250219-v1:0"
ADAPTIVE = "us.anthropic.claude-opus-4-6-v1"
NOVA_2 = "us.amazon.nova-2-lite-v1:0"
GPT_OSS = "openai.gpt-oss-120b-1:0"
THOUGHT = "The user said 1 words. I answer from what they said."
TOOL = {
    "type": "function",
    "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
}


def said(text):
    return [{"role": "user", "content": text}]


def assembled(stream):
    """The message that a client makes of a stream: text is put together, lists grow, calls go by their index."""
    message = {"role": "assistant", "content": ""}
    for chunk in stream:
        delta = chunk.choices[0].delta.to_dict()
        message["content"] += delta.get("content") or ""
        if "reasoning_content" in delta:
            message["reasoning_content"] = message.get("reasoning_content", "") + delta["reasoning_content"]
        message.setdefault("thinking_blocks", []).extend(delta.get("thinking_blocks", []))
        for piece in copy.deepcopy(delta.get("tool_calls", [])):
            calls = message.setdefault("tool_calls", [])
            if piece["index"] == len(calls):
                calls.append(piece)
            else:
                calls[piece["index"]]["function"]["arguments"] += piece["function"]["arguments"]
    return message


@pytest.mark.parametrize("model", [BUDGET, ADAPTIVE, NOVA_2, GPT_OSS])
def test_reasoning_comes_beside_the_answer(client, model):
    arguments = {"model": model, "messages": said("hello"), "reasoning_effort": "low"}
    whole = client.chat.completions.create(**arguments).choices[0].message
    assert (whole.reasoning_content, whole.content) == (THOUGHT, "You said: hello")
    streamed = assembled(client.chat.completions.create(**arguments, stream=True))
    assert (streamed["reasoning_content"], streamed["content"]) == (THOUGHT, "You said: hello")


@pytest.mark.parametrize("effort", [None, "none"])
def test_nobody_reasons_unasked(client, effort):
    arguments = {"reasoning_effort": effort} if effort else {}
    message = client.chat.completions.create(model=BUDGET, messages=said("hello"), **arguments).choices[0].message
    assert message.to_dict().keys() == {"role", "content", "refusal"}


@pytest.mark.parametrize(
    ("model", "effort", "fields"),
    [
        (BUDGET, "minimal", {"thinking": {"type": "enabled", "budget_tokens": 1024}}),
        (BUDGET, "medium", {"thinking": {"type": "enabled", "budget_tokens": 2048}}),
        (BUDGET, "high", {"thinking": {"type": "enabled", "budget_tokens": 4096}}),
        (BUDGET, "max", {"thinking": {"type": "enabled", "budget_tokens": 16384}}),
        (ADAPTIVE, "medium", {"thinking": {"type": "adaptive"}, "output_config": {"effort": "medium"}}),
        (ADAPTIVE, "max", {"thinking": {"type": "adaptive"}, "output_config": {"effort": "max"}}),
        (NOVA_2, "high", {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "high"}}),
        (GPT_OSS, "medium", {"reasoning_effort": "medium"}),
        (GPT_OSS, "none", {"reasoning_effort": "low"}),
        ("deepseek.v3-v1:0", "low", {"reasoning_effort": "high"}),
        ("zai.glm-4.7", "medium", {"reasoning_effort": "high"}),
        ("qwen.qwen3-32b-v1:0", "max", {"reasoning_config": "high"}),
        ("us.xai.grok-4.6", "none", {"reasoning": {"effort": "low"}}),
        ("global.openai.gpt-5.6-sol", "minimal", {"reasoning": {"effort": "low", "summary": "auto"}}),
        ("global.openai.gpt-5.6-sol", "none", {"reasoning": {"effort": "none"}}),
        ("us.openai.gpt-6-astra", "none", {"reasoning": {"effort": "low", "summary": "auto"}}),
        ("us.anthropic.claude-opus-5", "none", {"thinking": {"type": "disabled"}}),
        ("us.anthropic.claude-sonnet-5-5", "none", {"thinking": {"type": "between_tools"}}),
        (
            "us.anthropic.claude-opus-5-5",
            "none",
            {"thinking": {"type": "adaptive", "display": "summarized"}, "output_config": {"effort": "low"}},
        ),
    ],
)
def test_the_effort_becomes_what_the_family_knows(client, emulator, model, effort, fields):
    client.chat.completions.create(model=model, messages=said("hello"), reasoning_effort=effort)
    assert emulator.body()["additionalModelRequestFields"] == fields


def test_a_budget_stays_below_the_clients_limit(client, emulator):
    client.chat.completions.create(model=BUDGET, messages=said("hello"), reasoning_effort="high", max_tokens=2000)
    body = emulator.body()
    assert body["inferenceConfig"]["maxTokens"] == 2000
    assert 1024 <= body["additionalModelRequestFields"]["thinking"]["budget_tokens"] < 2000


def test_a_limit_too_small_for_any_budget_is_kept_and_said(client, emulator):
    raw = client.chat.completions.with_raw_response.create(
        model=BUDGET, messages=said("hello"), reasoning_effort="high", max_tokens=500
    )
    assert raw.headers["x-ignored-parameters"] == "reasoning_effort"
    assert "additionalModelRequestFields" not in emulator.body()


def test_thinking_can_be_asked_for_as_anthropic_has_it(client, emulator):
    thinking = {"type": "enabled", "budget_tokens": 1500}
    answer = client.chat.completions.create(
        model=BUDGET, messages=said("hello"), extra_body={"thinking": thinking}, temperature=0.2
    )
    assert answer.choices[0].message.reasoning_content == THOUGHT
    assert emulator.body()["additionalModelRequestFields"] == {"thinking": thinking}


def reasoning_of(body):
    """Reasoning blocks of the last assistant's turn, as Bedrock got them."""
    turn = [message for message in body["messages"] if message["role"] == "assistant"][-1]
    return [block["reasoningContent"] for block in turn["content"] if "reasoningContent" in block]


@pytest.mark.parametrize("fault", [None, "redacted"])
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("model", [BUDGET, ADAPTIVE])
def test_reasoning_goes_back_with_its_signature_in_a_tool_loop(client, emulator, model, stream, fault):
    arguments = {"model": model, "tools": [TOOL], "reasoning_effort": "low"}
    headers = {"x-emulator": fault} if fault else None
    messages = said("weather? city=Rome")
    answer = client.chat.completions.create(messages=messages, stream=stream, extra_headers=headers, **arguments)
    message = assembled(answer) if stream else answer.choices[0].message.to_dict()
    [call] = message["tool_calls"]
    assert message["reasoning_content"]
    emulator.forget()
    messages += [message, {"role": "tool", "tool_call_id": call["id"], "content": "sunny"}]
    raw = client.chat.completions.with_raw_response.create(messages=messages, **arguments)
    assert raw.parse().choices[0].message.content == "The tool said: sunny"
    assert "x-ignored-parameters" not in raw.headers
    *redacted, thought = reasoning_of(emulator.body())
    # That the signature belongs to the text is what the emulator checks.
    assert thought["reasoningText"]["text"] == message["reasoning_content"]
    assert thought["reasoningText"]["signature"].startswith("emu-")
    expected = base64.b64encode(b"redacted thoughts").decode()
    assert redacted == ([{"redactedContent": expected}] if fault else [])


def test_reasoning_with_a_signature_beside_it_goes_back(client, emulator):
    first = client.chat.completions.create(model=BUDGET, messages=said("hello"), reasoning_effort="low")
    message = first.choices[0].message.to_dict()
    [block] = message.pop("thinking_blocks")
    assert block["type"] == "thinking" and block["thinking"] == message["reasoning_content"]
    emulator.forget()
    message["signature"] = block["signature"]
    client.chat.completions.create(model=BUDGET, messages=[*said("hello"), message, *said("again")])
    assert reasoning_of(emulator.body()) == [
        {"reasoningText": {"text": message["reasoning_content"], "signature": block["signature"]}}
    ]


def test_reasoning_without_a_signature_is_left_out_and_said(client, emulator):
    message = {"role": "assistant", "content": "hi", "reasoning_content": "I thought."}
    raw = client.chat.completions.with_raw_response.create(
        model=BUDGET, messages=[*said("hello"), message, *said("again")]
    )
    assert raw.headers["x-ignored-parameters"] == "messages[].reasoning_content"
    assert "I thought." not in str(emulator.body())


def test_redacted_reasoning_is_given_out(client):
    arguments = {"model": BUDGET, "messages": said("hello"), "extra_headers": {"x-emulator": "redacted"}}
    blocks = [{"type": "redacted_thinking", "data": base64.b64encode(b"redacted thoughts").decode()}]
    whole = client.chat.completions.create(**arguments).choices[0].message
    assert (whole.thinking_blocks, whole.content) == (blocks, "You said: hello")
    streamed = assembled(client.chat.completions.create(**arguments, stream=True))
    pieces = [{"index": 0, **block} for block in blocks]
    assert (streamed["thinking_blocks"], streamed["content"]) == (pieces, "You said: hello")
