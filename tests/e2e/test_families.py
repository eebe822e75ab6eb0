"""Every family of models takes what an OpenAI client sends, whatever of it the model itself would refuse."""

import json

import openai
import pytest

# Each chat model that the emulator knows, by the id that one calls it by.
MODELS = [
    "us.anthropic.claude-3-haiku-20240307-v1:0",
    "us.anthropic.claude-3-opus-20240229-v1:0",
    "us.anthropic.claude-3-5-sonnet-20241022-v2:0",
    "us.anthropic.claude-3-5-haiku-20241022-v1:0",
    "us.anthropic.claude-3-7-sonnet-20250219-v1:0",
    "global.anthropic.claude-sonnet-4-20250514-v1:0",
    "us.anthropic.claude-opus-4-1-20250805-v1:0",
    "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
    "us.anthropic.claude-haiku-4-5-20251001-v1:0",
    "global.anthropic.claude-opus-4-5-20251101-v1:0",
    "us.anthropic.claude-opus-4-6-v1",
    "global.anthropic.claude-sonnet-4-6",
    "us.anthropic.claude-opus-4-7",
    "us.anthropic.claude-opus-4-8",
    "global.anthropic.claude-sonnet-5",
    "us.anthropic.claude-opus-5",
    "us.anthropic.claude-opus-5-5",
    "us.anthropic.claude-sonnet-5-5",
    "us.anthropic.claude-haiku-5-5",
    "global.anthropic.claude-fable-5",
    "us.amazon.nova-micro-v1:0",
    "amazon.nova-lite-v1:0",
    "us.amazon.nova-pro-v1:0",
    "us.amazon.nova-premier-v1:0",
    "global.amazon.nova-2-lite-v1:0",
    "meta.llama3-1-70b-instruct-v1:0",
    "us.meta.llama3-3-70b-instruct-v1:0",
    "us.meta.llama4-maverick-17b-instruct-v1:0",
    "us.meta.llama4-scout-17b-instruct-v1:0",
    "mistral.mistral-large-2407-v1:0",
    "us.mistral.pixtral-large-2502-v1:0",
    "mistral.mistral-large-3-675b-instruct",
    "mistral.magistral-small-2509",
    "mistral.voxtral-small-24b-2507",
    "us.deepseek.r1-v1:0",
    "deepseek.v3-v1:0",
    "qwen.qwen3-32b-v1:0",
    "qwen.qwen3-coder-480b-a35b-v1:0",
    "qwen.qwen3-vl-235b-a22b",
    "openai.gpt-oss-120b-1:0",
    "openai.gpt-oss-20b-1:0",
    "global.openai.gpt-5.5",
    "global.openai.gpt-5.6-sol",
    "us.openai.gpt-6-astra",
    "us.xai.grok-4.6",
    "moonshotai.kimi-k2.5",
    "zai.glm-4.7",
    "minimax.minimax-m2.5",
    "google.gemma-3-27b-it",
    "nvidia.nemotron-nano-3-30b",
    "us.writer.palmyra-x5-v1:0",
    "cohere.command-r-plus-v1:0",
    "cohere.command-r-v1:0",
    "ai21.jamba-1-5-large-v1:0",
    "ai21.jamba-1-5-mini-v1:0",
]
ARNS = [
    "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-3-haiku-20240307-v1:0",
    "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-opus-5-5",
    "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-premier-v1:0",
    "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.meta.llama3-3-70b-instruct-v1:0",
]
# Their ids tell no family: one of Claude Sonnet 4.5 and one of Nova Lite.
OPAQUE = [
    "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/emuapp000001",
    "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/emuapp000002",
]
WITHOUT_TOOLS = {"us.deepseek.r1-v1:0", "mistral.voxtral-small-24b-2507"}
TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a city.",
        "strict": True,
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
            "additionalProperties": False,
        },
    },
}
ALL = {
    "temperature": 0.7,
    "top_p": 0.9,
    "stop": ["END", "\n\n"],
    "reasoning_effort": "low",
    "max_tokens": 4000,
    "seed": 7,
    "user": "somebody",
    "presence_penalty": 0.1,
    "extra_body": {"top_k": 40},
}
HIGH = {"temperature": 0.7, "top_p": 0.9, "stop": "END", "reasoning_effort": "high"}
WITH_TOOLS = [model for model in MODELS + ARNS if model not in WITHOUT_TOOLS]


def said(text):
    return [{"role": "system", "content": "Be brief."}, {"role": "user", "content": text}]


def collect(stream):
    """Text and calls of a stream, and why it ended."""
    text, calls, reason = "", {}, None
    for chunk in stream:
        [choice] = chunk.choices
        text += choice.delta.content or ""
        for piece in choice.delta.tool_calls or []:
            call = calls.setdefault(piece.index, {"name": piece.function.name, "arguments": ""})
            call["arguments"] += piece.function.arguments or ""
        reason = choice.finish_reason
    return text, list(calls.values()), reason


def test_every_chat_model_of_the_emulator_is_here(running_emulator):
    listed = json.loads(running_emulator.call("GET", "/foundation-models"))["modelSummaries"]
    # The others are listed only, as AWS lists them: speech, provisioned, retired.
    called = [model for model in listed if model["inferenceTypesSupported"] != ["PROVISIONED"]]
    called = [model for model in called if model["modelLifecycle"]["status"] != "RETIRED"]
    both = ["inputModalities", "outputModalities"]
    chat = {model["modelId"] for model in called if all("TEXT" in model[kinds] for kinds in both)}
    assert chat and all(any(model.endswith(known) for model in MODELS) for known in chat)


@pytest.mark.parametrize("parameters", [{}, ALL, HIGH], ids=["bare", "all", "high"])
@pytest.mark.parametrize("model", MODELS + ARNS)
def test_a_question_is_answered(client, model, parameters):
    answers(client, model, parameters)


@pytest.mark.parametrize("model", OPAQUE)
def test_a_model_of_an_unknown_family_answers(client, model):
    answers(client, model, {})
    calls(client, model, "auto", {})


def answers(client, model, parameters):
    arguments = {"model": model, "messages": said("hello"), **parameters}
    whole = client.chat.completions.create(**arguments)
    assert (whole.choices[0].finish_reason, whole.model) == ("stop", model)
    assert whole.choices[0].message.content.endswith("hello")
    streamed = collect(client.chat.completions.create(**arguments, stream=True))
    assert streamed == (whole.choices[0].message.content, [], "stop")


@pytest.mark.parametrize("parameters", [{}, ALL], ids=["bare", "all"])
@pytest.mark.parametrize("choice", ["auto", "required", {"type": "function", "function": {"name": "get_weather"}}])
@pytest.mark.parametrize("model", WITH_TOOLS)
def test_a_tool_is_called_and_its_result_taken(client, model, choice, parameters):
    calls(client, model, choice, parameters)


def calls(client, model, choice, parameters):
    arguments = {"model": model, "tools": [TOOL], **parameters}
    messages = said("weather? city=Rome")
    first = client.chat.completions.create(messages=messages, tool_choice=choice, **arguments)
    [call] = first.choices[0].message.tool_calls
    assert (call.function.name, json.loads(call.function.arguments)) == ("get_weather", {"city": "Rome"})
    _, streamed, reason = collect(
        client.chat.completions.create(messages=messages, tool_choice=choice, stream=True, **arguments)
    )
    assert streamed == [{"name": "get_weather", "arguments": call.function.arguments}] and reason == "tool_calls"
    messages += [
        first.choices[0].message.model_dump(exclude_none=True),
        {"role": "tool", "tool_call_id": call.id, "content": "sunny"},
    ]
    second = client.chat.completions.create(messages=messages, **arguments)
    assert second.choices[0].message.content == "The tool said: sunny"


@pytest.mark.parametrize("model", sorted(WITHOUT_TOOLS))
def test_tools_are_refused_where_the_model_has_none(client, running_emulator, model):
    before = running_emulator.count()
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model=model, messages=said("weather?"), tools=[TOOL])
    assert (caught.value.param, running_emulator.count()) == ("tools", before)


@pytest.mark.parametrize("model", MODELS)
def test_a_conversation_of_any_form_is_taken(client, model):
    """Text beside a result, a last turn of the assistant's, instructions in between, blank text."""
    call = {"id": "call_1.x:y", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}
    messages = [
        {"role": "assistant", "content": "How can I help?"},
        *said("weather?"),
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1.x:y", "content": "sunny"},
        {"role": "user", "content": "And tomorrow?"},
        {"role": "user", "content": " "},
        {"role": "assistant", "content": "Tomorrow it is "},
    ]
    answer = client.chat.completions.create(model=model, messages=messages, max_tokens=50)
    assert answer.choices[0].finish_reason in ("stop", "tool_calls")


def test_a_new_model_is_a_line_of_configuration(start, emulator):
    """It knows what `like` knows, wherever its id stands; without the line it gets what every model takes."""
    arguments = {"messages": said("hello"), "reasoning_effort": "high", "extra_body": {"top_k": 20}}
    family = {"pattern": "acme.new-*", "capabilities": {"like": "openai.gpt-oss-120b", "top_k": "top_k"}}
    profile = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.acme.new-1"

    def sent(client, model):
        emulator.forget()
        raw = client.chat.completions.with_raw_response.create(model=model, **arguments)
        fields = emulator.body().get("additionalModelRequestFields")
        return fields, raw.headers.get("x-ignored-parameters")

    emulator.change(add=["acme.new-1"])
    try:
        with start().openai() as client:
            assert sent(client, "acme.new-1") == (None, "reasoning_effort,top_k")
        with start(changes={"families": [family]}).openai() as client:
            for model in ["acme.new-1", "us.acme.new-1", profile]:
                assert sent(client, model) == ({"top_k": 20, "reasoning_effort": "high"}, None)
    finally:
        emulator.change()
