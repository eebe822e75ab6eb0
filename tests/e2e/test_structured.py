"""Structured output: JSON by a schema, by whatever means the model has."""

import enum
import json

import openai
import pydantic
import pytest

CLAUDE = "gpt-4o"
NOVA = "nova-lite"
BY_TOOL = "us.anthropic.claude-3-7-sonnet-20250219-v1:0"
NOT_FORCED = "us.meta.llama4-maverick-17b-instruct-v1:0"


class Size(enum.StrEnum):
    SMALL = "small"
    LARGE = "large"


class Address(pydantic.BaseModel):
    street: str
    zip: int | None


class Order(pydantic.BaseModel):
    """What a customer wants."""

    item: str
    count: int
    size: Size
    to: Address
    tags: list[str]


QUESTION = [{"role": "user", "content": 'item="two apples" count=7 size=large street=Elm zip=123'}]
ORDER = Order(item="two apples", count=7, size=Size.LARGE, to=Address(street="Elm", zip=123), tags=["tags"])


@pytest.mark.parametrize("model", [CLAUDE, NOVA, BY_TOOL])
def test_an_answer_is_parsed_into_its_type(client, model):
    answer = client.chat.completions.parse(model=model, messages=QUESTION, response_format=Order)
    [choice] = answer.choices
    assert (choice.message.parsed, choice.finish_reason, choice.message.tool_calls) == (ORDER, "stop", None)


@pytest.mark.parametrize("model", [CLAUDE, NOVA, BY_TOOL])
def test_a_streamed_answer_is_parsed_into_its_type(client, model):
    pieces = []
    with client.chat.completions.stream(model=model, messages=QUESTION, response_format=Order) as stream:
        for event in stream:
            if event.type == "content.delta":
                pieces.append(event.delta)
        [choice] = stream.get_final_completion().choices
    assert (choice.message.parsed, choice.finish_reason, choice.message.tool_calls) == (ORDER, "stop", None)
    assert len(pieces) > 3 and json.loads("".join(pieces)) == ORDER.model_dump(mode="json")


class Bounded(pydantic.BaseModel):
    """With the bounds that constrained decoding takes none of."""

    item: str = pydantic.Field(min_length=1, max_length=20, pattern="^[a-z ]+$")
    count: int = pydantic.Field(ge=1, lt=100, multiple_of=7)
    tags: list[str] = pydantic.Field(min_length=1, max_length=3)


@pytest.mark.parametrize("model", [CLAUDE, NOVA, BY_TOOL])
def test_fields_with_bounds_are_parsed_and_the_model_hears_of_the_bounds(client, emulator, model):
    answer = client.chat.completions.parse(model=model, messages=QUESTION, response_format=Bounded)
    assert answer.choices[0].message.parsed == Bounded(item="two apples", count=7, tags=["tags"])
    sent = json.dumps(emulator.body())
    for bound in ["maxLength", "multipleOf", "exclusiveMaximum", "maxItems", "^[a-z ]+$"]:
        assert bound in sent, bound


@pytest.mark.parametrize("model", [CLAUDE, NOVA, BY_TOOL])
def test_a_tool_with_bounds_is_called(client, model):
    tool = openai.pydantic_function_tool(Bounded, name="order")
    messages = [{"role": "user", "content": "order " + QUESTION[0]["content"]}]
    [call] = client.chat.completions.parse(model=model, messages=messages, tools=[tool]).choices[0].message.tool_calls
    assert call.function.parsed_arguments == Bounded(item="two apples", count=7, tags=["tags"])


def test_claude_gets_the_schema_by_its_own_means(client, emulator):
    client.chat.completions.parse(model=CLAUDE, messages=QUESTION, response_format=Order)
    body = emulator.body()
    asked = body["outputConfig"]["textFormat"]["structure"]["jsonSchema"]
    assert json.loads(asked["schema"])["properties"].keys() == Order.model_fields.keys()
    assert (asked["name"], "toolConfig" in body) == ("Order", False)


def test_nova_is_made_to_call_a_tool_whose_input_is_the_answer(client, emulator):
    client.chat.completions.parse(model=NOVA, messages=QUESTION, response_format=Order)
    body = emulator.body()
    [tool] = body["toolConfig"]["tools"]
    assert body["toolConfig"]["toolChoice"] == {"tool": {"name": tool["toolSpec"]["name"]}}
    assert tool["toolSpec"]["inputSchema"]["json"]["properties"].keys() == Order.model_fields.keys()
    assert "outputConfig" not in body


def test_a_model_that_cannot_be_made_to_is_asked_to(client, emulator):
    form = {"type": "json_schema", "json_schema": {"name": "order", "schema": Order.model_json_schema()}}
    client.chat.completions.create(model=NOT_FORCED, messages=QUESTION, response_format=form)
    body = emulator.body()
    [tool] = body["toolConfig"]["tools"]
    assert "toolChoice" not in body["toolConfig"]
    assert tool["toolSpec"]["name"] in body["system"][0]["text"]


@pytest.mark.parametrize("stream", [False, True])
def test_what_such_a_model_says_before_its_answer_is_no_part_of_it(client, stream):
    """It may speak before it calls; the answer is JSON all the same."""
    question = [{"role": "user", "content": "json_answer " + QUESTION[0]["content"]}]
    arguments = {"model": NOT_FORCED, "messages": question, "response_format": Order}
    if stream:
        with client.chat.completions.stream(**arguments) as events:
            answer = events.get_final_completion()
    else:
        answer = client.chat.completions.parse(**arguments)
    assert answer.choices[0].message.parsed == ORDER


def test_an_object_of_any_form_is_asked_for_in_words(client, emulator):
    """Told to call a tool with a schema of any object, Claude calls the tool with an empty one."""
    client.chat.completions.create(model=CLAUDE, messages=QUESTION, response_format={"type": "json_object"})
    body = emulator.body()
    assert "JSON object" in body["system"][0]["text"] and "toolConfig" not in body


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("model", [CLAUDE, NOVA])
def test_an_object_of_any_form_can_be_asked_for(client, model, stream):
    answer = client.chat.completions.create(
        model=model,
        messages=[{"role": "user", "content": "In JSON, please."}],
        response_format={"type": "json_object"},
        stream=stream,
    )
    if stream:
        chunks = list(answer)
        text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
        reason = chunks[-1].choices[0].finish_reason
    else:
        text, reason = answer.choices[0].message.content, answer.choices[0].finish_reason
    assert isinstance(json.loads(text), dict) and reason == "stop"


def test_text_asks_for_nothing(client, emulator):
    client.chat.completions.create(model=CLAUDE, messages=QUESTION, response_format={"type": "text"})
    assert not emulator.body().keys() & {"outputConfig", "toolConfig"}


WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "strict": True,
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
            "additionalProperties": False,
        },
    },
}


@pytest.mark.parametrize("model", [CLAUDE, NOVA])
def test_tools_and_a_schema_go_together(client, model):
    """A call of the user's tool is a call, and the answer after its result has the form."""
    messages = [{"role": "user", "content": "get_weather city=Rome"}]
    arguments = {"model": model, "tools": [WEATHER], "response_format": Order}
    first = client.chat.completions.parse(messages=messages, tool_choice="required", **arguments)
    [call] = first.choices[0].message.tool_calls
    assert (call.function.name, first.choices[0].finish_reason) == ("get_weather", "tool_calls")
    assert json.loads(call.function.arguments) == {"city": "Rome"}
    messages += [first.choices[0].message, {"role": "tool", "tool_call_id": call.id, "content": "sunny"}]
    messages += [{"role": "user", "content": "json_answer " + QUESTION[0]["content"]}]
    with client.chat.completions.stream(messages=messages, **arguments) as stream:
        second = stream.get_final_completion().choices[0]
    assert second.message.parsed == ORDER and second.finish_reason == "stop"


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"type": "yaml"}, "response_format.type"),
        ({"type": "json_schema"}, "response_format.json_schema"),
        ({"type": "json_schema", "json_schema": {"name": "x", "schema": []}}, "response_format.json_schema.schema"),
        ({}, "response_format.type"),
    ],
)
def test_a_form_that_is_none_is_refused(client, running_emulator, given, param):
    before = running_emulator.count()
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model=CLAUDE, messages=QUESTION, response_format=given)
    assert caught.value.param == param
    assert running_emulator.count() == before


@pytest.mark.parametrize("model", [CLAUDE, NOVA, BY_TOOL])
def test_what_is_said_beside_calls_does_not_break_the_sdks_parse(client, emulator, model):
    """Models announce their calls in words, which the SDK would take for the answer in JSON."""
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False}
    tool = {"type": "function", "function": {"name": "get_weather", "strict": True, "parameters": schema}}
    asked = {"model": model, "tools": [tool], "response_format": Order}
    asked["messages"] = [{"role": "user", "content": "What is the weather? city=Paris"}]
    answer = client.chat.completions.parse(**asked)
    with client.chat.completions.stream(**asked) as stream:
        streamed = stream.get_final_completion()
    for [choice] in (answer.choices, streamed.choices):
        [call] = choice.message.tool_calls
        assert (call.function.name, call.function.parsed_arguments) == ("get_weather", {"city": "Paris"})
        assert (choice.message.parsed, choice.finish_reason) == (None, "tool_calls") and not choice.message.content
