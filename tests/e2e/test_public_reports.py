"""What people reported to fail in gateways in front of Bedrock, 2024 to 2026: a test per report, made small, and others of its kind for
other families. The emulator refuses each as Bedrock did; which text is whose is in its `families.json`."""

import json

import openai
import pytest

from emulator import without_points

SONNET_4_5 = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
OPUS_4_7 = "us.anthropic.claude-opus-4-7"
OPUS_4_8 = "us.anthropic.claude-opus-4-8"
SONNET_5 = "us.anthropic.claude-sonnet-5"
HAIKU_5_5 = "us.anthropic.claude-haiku-5-5"
NOVA_PRO = "us.amazon.nova-pro-v1:0"
NOVA_2 = "us.amazon.nova-2-lite-v1:0"
LLAMA_3 = "us.meta.llama3-3-70b-instruct-v1:0"
LLAMA_4 = "us.meta.llama4-maverick-17b-instruct-v1:0"
MISTRAL = "mistral.mistral-large-2407-v1:0"
GPT = "us.openai.gpt-5.6-sol"
GPT_OSS = "openai.gpt-oss-120b-1:0"
GROK = "us.xai.grok-4.6"
KIMI = "moonshotai.kimi-k2.5"
PIXEL = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
HELLO = [{"role": "user", "content": "hello"}]
CLOSED = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}


def tool(name="f", parameters=None, **more):
    parameters = parameters or {"type": "object", "properties": {"a": {"type": "string"}}}
    return {"type": "function", "function": {"name": name, "parameters": parameters, **more}}


def answered(call_id="call_1", content="ok", **assistant):
    """A call and its result."""
    call = {"id": call_id, "type": "function", "function": {"name": "f", "arguments": "{}"}}
    return [
        {"role": "user", "content": "look"},
        {"role": "assistant", "content": None, "tool_calls": [call], **assistant},
        {"role": "tool", "tool_call_id": call_id, "content": content},
    ]


def ask(client, model, messages=HELLO, **more):
    """The answer, and what was ignored."""
    raw = client.chat.completions.with_raw_response.create(model=model, messages=messages, **more)
    ignored = raw.headers.get("x-ignored-parameters", "")
    return raw.parse().choices[0], {name.strip() for name in ignored.split(",") if name.strip()}


@pytest.fixture(scope="module")
def reading(world, start):
    """A client whose Bedrock reads no more than the models do."""
    gateway = start(world.start_emulator(any_length=False).endpoint)
    with gateway.openai() as client:
        yield client


def fields(emulator):
    return emulator.body().get("additionalModelRequestFields", {})


@pytest.mark.parametrize("model", [OPUS_4_7, OPUS_4_8, SONNET_5, "us.anthropic.claude-opus-5-5", HAIKU_5_5, GPT, GROK])
def test_sampling_parameters_do_not_reach_models_that_refuse_them(client, emulator, model):
    _, ignored = ask(client, model, temperature=0.5, top_p=0.5, extra_body={"top_k": 5})
    assert {"temperature", "top_p", "top_k"} <= ignored
    assert "temperature" not in emulator.body().get("inferenceConfig", {}) and "top_k" not in fields(emulator)


@pytest.mark.parametrize("model", [OPUS_4_7, OPUS_4_8, SONNET_5, HAIKU_5_5, NOVA_PRO, LLAMA_4])
def test_a_schema_goes_by_a_tool_where_the_model_has_no_native_one(client, emulator, model):
    format = {"type": "json_schema", "json_schema": {"name": "x", "strict": True, "schema": CLOSED}}
    choice, _ = ask(client, model, [{"role": "user", "content": "the tool, a=b"}], response_format=format)
    assert json.loads(choice.message.content) == {"a": "b"} and choice.finish_reason == "stop"
    assert "outputConfig" not in emulator.body()


@pytest.mark.parametrize("model", [SONNET_4_5, GPT_OSS, OPUS_4_7, NOVA_PRO])
def test_keywords_that_no_grammar_is_made_of_are_told_in_words(client, emulator, model):
    properties = {
        "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 3},
        "n": {"type": "integer", "minimum": 1},
        "s": {"type": "string", "minLength": 1},
    }
    schema = CLOSED | {"properties": properties, "required": list(properties)}
    ask(client, model, tools=[tool("f", schema, strict=True)])
    format = {"type": "json_schema", "json_schema": {"name": "x", "strict": True, "schema": schema}}
    ask(client, model, response_format=format)


def test_of_more_than_twenty_strict_tools_none_fails(client, emulator):
    schema = CLOSED | {"properties": {}, "required": []}
    _, ignored = ask(client, SONNET_4_5, tools=[tool(f"t{i}", schema, strict=True) for i in range(25)])
    assert ignored == {"tools[].function.strict"}
    assert sum(spec["toolSpec"].get("strict", False) for spec in without_points(emulator.body()["toolConfig"]["tools"])) <= 20


@pytest.mark.parametrize("model", [SONNET_4_5, OPUS_4_7, NOVA_PRO])
def test_a_union_at_the_root_of_a_tool_becomes_one_object(client, emulator, model):
    union = {
        "type": "object",
        "properties": {"pid": {"type": "integer"}},
        "anyOf": [{"required": ["pid"]}, {"properties": {"x": {"const": True}}, "required": ["x"]}],
    }
    ask(client, model, tools=[tool("f", union)])
    [spec] = without_points(emulator.body()["toolConfig"]["tools"])
    assert set(spec["toolSpec"]["inputSchema"]["json"]["properties"]) == {"pid", "x"}


@pytest.mark.parametrize("model", [OPUS_4_7, SONNET_5, "us.anthropic.claude-opus-5-5"])
def test_the_text_of_thoughts_is_asked_for_where_it_does_not_come_by_itself(client, emulator, model):
    choice, _ = ask(client, model, reasoning_effort="high")
    assert choice.message.reasoning_content and fields(emulator)["thinking"]["display"] == "summarized"


def test_a_signature_without_text_goes_back_as_it_came(client, emulator):
    first, _ = ask(client, SONNET_5, extra_body={"thinking": {"type": "adaptive", "display": "omitted"}})
    [block] = first.message.thinking_blocks
    assert block["thinking"] == "" and block["signature"]
    emulator.forget()
    ask(client, SONNET_5, answered(thinking_blocks=[block]), tools=[tool()], reasoning_effort="high")
    [thought, _] = emulator.body()["messages"][1]["content"]
    assert thought == {"reasoningContent": {"reasoningText": {"text": "", "signature": block["signature"]}}}


@pytest.mark.parametrize("model", [SONNET_5, "global.anthropic.claude-fable-5", OPUS_4_7])
def test_a_turn_of_nothing_but_thoughts_is_not_sent(client, emulator, model):
    thought = {"role": "assistant", "content": None, "thinking_blocks": [{"type": "redacted_thinking", "data": "UkVE"}]}
    ask(client, model, [{"role": "user", "content": "a"}, thought, {"role": "user", "content": "b"}])
    assert [turn["role"] for turn in emulator.body()["messages"]] == ["user"]


def test_a_budget_becomes_an_effort_where_the_model_only_adapts(client, emulator):
    thinking = {"type": "enabled", "budget_tokens": 2000}
    _, ignored = ask(client, OPUS_4_7, max_tokens=9000, extra_body={"thinking": thinking})
    assert fields(emulator)["thinking"]["type"] == "adaptive" and "thinking.budget_tokens" in ignored


@pytest.mark.parametrize("model", [OPUS_4_7, OPUS_4_8, SONNET_5, "us.anthropic.claude-opus-5"])
@pytest.mark.parametrize("effort", ["xhigh", "max"])
def test_the_highest_efforts_are_levels_of_their_own(client, emulator, model, effort):
    ask(client, model, reasoning_effort=effort)
    assert fields(emulator)["output_config"] == {"effort": effort}


def test_a_model_without_xhigh_gets_what_it_has(client, emulator):
    ask(client, "us.anthropic.claude-opus-4-6-v1", reasoning_effort="xhigh")
    assert fields(emulator)["output_config"]["effort"] in ("high", "max")


@pytest.mark.parametrize("model", [KIMI, "minimax.minimax-m2.5", "zai.glm-4.7", GROK, "qwen.qwen3-32b-v1:0"])
def test_a_legal_id_of_a_call_stays_as_it_is(client, emulator, model):
    ask(client, model, answered("functions.f:0"), tools=[tool()])
    assert emulator.body()["messages"][1]["content"][-1]["toolUse"]["toolUseId"] == "functions.f:0"


@pytest.mark.parametrize("model", [NOVA_PRO, NOVA_2, "us.amazon.nova-micro-v1:0"])
def test_a_tool_with_a_hyphen_has_none_for_nova_and_its_own_name_for_the_client(client, emulator, model):
    choice, _ = ask(client, model, [{"role": "user", "content": "fetch_url a=b"}], tools=[tool("fetch-url")])
    [spec] = without_points(emulator.body()["toolConfig"]["tools"])
    [call] = choice.message.tool_calls
    assert (spec["toolSpec"]["name"], call.function.name) == ("fetch_url", "fetch-url")


@pytest.mark.parametrize("stream", [False, True])
def test_a_call_is_the_reason_whatever_the_model_says(client, stream):
    reasons = []
    arguments = {"model": GPT_OSS, "tools": [tool()], "messages": [{"role": "user", "content": "tool"}]}
    answer = client.chat.completions.create(**arguments, stream=stream, extra_headers={"x-emulator": "stop=end_turn"})
    for chunk in answer if stream else [answer]:
        reasons += [choice.finish_reason for choice in chunk.choices if choice.finish_reason]
    assert reasons == ["tool_calls"]


def test_a_beta_that_bedrock_does_not_take_is_named(client, emulator):
    betas = "prompt-caching-scope-2026-01-05,interleaved-thinking-2025-05-14,fast-mode-2026-02-01"
    _, ignored = ask(client, SONNET_4_5, extra_headers={"anthropic-beta": betas})
    assert fields(emulator)["anthropic_beta"] == ["interleaved-thinking-2025-05-14"]
    assert ignored == {"anthropic-beta.prompt-caching-scope-2026-01-05", "anthropic-beta.fast-mode-2026-02-01"}


@pytest.mark.parametrize("model", [GPT, "global.openai.gpt-5.5", GROK])
def test_a_limit_below_the_floor_is_the_floor(client, emulator, model):
    _, ignored = ask(client, model, max_tokens=5)
    assert emulator.body()["inferenceConfig"]["maxTokens"] == 16 and ignored == {"max_tokens"}


@pytest.mark.parametrize("model", [NOVA_PRO, MISTRAL, "us.anthropic.claude-3-haiku-20240307-v1:0", LLAMA_3, "cohere.command-r-v1:0"])
def test_a_limit_above_the_models_is_the_models(client, emulator, model):
    """Coding agents send 32,000 to whatever they talk to."""
    _, ignored = ask(client, model, max_tokens=32_000)
    assert ignored == {"max_tokens"}


@pytest.mark.bedrock_refuses
@pytest.mark.parametrize(
    ("model", "words", "limit"),
    [
        (SONNET_4_5, 190_000, 20_000),
        (SONNET_4_5, 200_001, None),
        (LLAMA_3, 131_073, None),
        ("us.amazon.nova-micro-v1:0", 128_001, None),
        ("qwen.qwen3-32b-v1:0", 32_000, 1_000),
        ("global.openai.gpt-5.5", 272_001, None),
        ("cohere.command-r-v1:0", 128_001, None),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_more_than_a_model_reads_has_openais_code_in_whatever_words(reading, model, words, limit, stream):
    arguments = {"model": model, "messages": [{"role": "user", "content": "a " * words}], "stream": stream}
    with pytest.raises(openai.BadRequestError) as caught:
        reading.chat.completions.create(**arguments, **({"max_tokens": limit} if limit else {}))
    assert (caught.value.code, caught.value.param) == ("context_length_exceeded", "messages")


def test_no_access_to_a_model_is_no_matter_of_authentication(client):
    with pytest.raises(openai.NotFoundError) as caught:
        ask(client, SONNET_4_5, extra_headers={"x-emulator": "error=AccessDeniedException"})
    assert caught.value.code == "model_not_found"


@pytest.mark.parametrize("model", [GPT, "us.mistral.pixtral-large-2502-v1:0", KIMI, "google.gemma-3-27b-it", GROK])
def test_an_image_in_a_result_stands_beside_it_where_the_model_wants_it_so(client, emulator, model):
    content = [{"type": "text", "text": "here"}, {"type": "image_url", "image_url": {"url": PIXEL}}]
    ask(client, model, answered("abcdefghi", content), tools=[tool()])
    blocks = [block for turn in emulator.body()["messages"][2:] for block in turn["content"]]
    assert blocks[0]["toolResult"]["content"] == [{"text": "here"}] and any("image" in block for block in blocks)


@pytest.mark.parametrize("model", [SONNET_4_5, OPUS_4_7, NOVA_PRO, LLAMA_4])
def test_an_image_in_a_result_stays_there_where_the_model_takes_it(client, emulator, model):
    content = [{"type": "text", "text": "here"}, {"type": "image_url", "image_url": {"url": PIXEL}}]
    ask(client, model, answered("abcdefghi", content), tools=[tool()])
    [_, image] = emulator.body()["messages"][2]["content"][0]["toolResult"]["content"]
    assert "image" in image


BOUND = ["us.anthropic.claude-opus-5-5", "us.anthropic.claude-sonnet-5-5", HAIKU_5_5]


@pytest.mark.parametrize("effort", [None, "high"])
@pytest.mark.parametrize("model", BOUND)
def test_what_stood_before_a_thought_stays_as_it_was(client, emulator, model, effort):
    """From Claude Fable 5.1 on a thought is bound to it, and a request that changes it is refused."""
    arguments = {"tools": [tool(), tool("other-tool")], **({"reasoning_effort": effort} if effort else {})}
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "f a=b"}]
    sent = []
    for turn in range(4):
        emulator.forget()
        choice, _ = ask(client, model, messages, **arguments)
        sent.append(emulator.body())
        messages.append(choice.message.model_dump(exclude_none=True))
        for call in choice.message.tool_calls or []:
            messages.append({"role": "tool", "tool_call_id": call.id, "content": f"result {turn}"})
        if not choice.message.tool_calls:
            messages.append({"role": "user", "content": "f a=c"})
    for before, after in zip(sent, sent[1:], strict=False):
        assert without_points(before.get("system", [])) == without_points(after.get("system", []))
        assert without_points(before["toolConfig"]["tools"]) == without_points(after["toolConfig"]["tools"])
        assert [without_points(turn["content"]) for turn in before["messages"]] == [
            without_points(turn["content"]) for turn in after["messages"][: len(before["messages"])]
        ]
    assert any("reasoningContent" in block for turn in sent[-1]["messages"] for block in turn["content"])


@pytest.mark.parametrize("model", BOUND)
def test_a_thought_behind_something_else_is_dropped_and_does_not_fail_the_request(client, emulator, model):
    """Coding agents write their instructions anew in the middle of a conversation."""
    first, _ = ask(client, model, [{"role": "system", "content": "Monday."}, *HELLO])
    said = first.message.model_dump(exclude_none=True)
    assert said["thinking_blocks"]
    emulator.forget()
    again = [{"role": "system", "content": "Tuesday."}, *HELLO, said, {"role": "user", "content": "and?"}]
    choice, _ = ask(client, model, again)
    assert choice.message.content.endswith("and?")
    assert fields(emulator)["thinking"]["block_binding"] == {"prefix_mismatch_behavior": "drop_block"}
