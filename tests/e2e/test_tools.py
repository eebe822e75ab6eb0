"""Tools: calls, their results, and the names and arguments that travel between two APIs."""

import json

import openai
import pytest

from emulator import without_points

MODEL = "gpt-4o"
NOVA = "nova-lite"


def function(name, **properties):
    """A tool whose arguments are the given ones, each of that JSON type."""
    schema = {
        "type": "object",
        "properties": {name: {"type": kind} for name, kind in properties.items()},
        "required": list(properties),
    }
    return {"type": "function", "function": {"name": name, "description": "Does it.", "parameters": schema}}


WEATHER = function("get_weather", city="string", days="integer")
TIME = function("get_time", zone="string")


def said(text):
    return [{"role": "user", "content": text}]


def calls_of(answer):
    """Name and arguments of each call of a whole answer."""
    calls = answer.choices[0].message.tool_calls or []
    return [(call.function.name, json.loads(call.function.arguments)) for call in calls]


def collect(stream):
    """What a client makes of a stream: the calls by their index, and the rest."""
    calls, content, reasons = {}, "", []
    for chunk in stream:
        [choice] = chunk.choices
        content += choice.delta.content or ""
        reasons.append(choice.finish_reason)
        for piece in choice.delta.tool_calls or []:
            if piece.id is not None:
                assert piece.index == len(calls) and piece.function.name
                call = {"id": piece.id, "type": piece.type, "name": piece.function.name, "arguments": ""}
                calls[piece.index] = call
            calls[piece.index]["arguments"] += piece.function.arguments or ""
    assert reasons[:-1] == [None] * (len(reasons) - 1)
    return list(calls.values()), content, reasons[-1]


def test_a_tool_is_called(client):
    answer = client.chat.completions.create(
        model=MODEL, messages=said("How is the weather? city=Rome days=3"), tools=[WEATHER, TIME]
    )
    [choice] = answer.choices
    [call] = choice.message.tool_calls
    assert (choice.finish_reason, call.type, call.function.name) == ("tool_calls", "function", "get_weather")
    assert json.loads(call.function.arguments) == {"city": "Rome", "days": 3}
    assert call.id
    assert choice.message.content == "I will call get_weather."


@pytest.mark.parametrize("model", [MODEL, NOVA])
def test_several_calls_come_in_their_order_streamed_as_whole(client, model):
    question = said("get_time zone=CET then get_weather city=Rome days=1 then get_time zone=UTC")
    arguments = {"model": model, "messages": question, "tools": [WEATHER, TIME]}
    whole = client.chat.completions.create(**arguments)
    assert calls_of(whole) == [
        ("get_time", {"zone": "CET"}),
        ("get_weather", {"city": "Rome", "days": 1}),
        ("get_time", {"zone": "UTC"}),
    ]
    calls, content, reason = collect(client.chat.completions.create(**arguments, stream=True))
    assert [(call["name"], json.loads(call["arguments"])) for call in calls] == calls_of(whole)
    assert [call["id"] for call in calls] == [call.id for call in whole.choices[0].message.tool_calls]
    assert len({call["id"] for call in calls}) == 3 and {call["type"] for call in calls} == {"function"}
    assert (content, reason) == (whole.choices[0].message.content, "tool_calls")


def test_the_helper_of_the_sdk_collects_a_stream(client):
    with client.chat.completions.stream(
        model=MODEL, messages=said("weather? city=Rome days=2"), tools=[WEATHER]
    ) as stream:
        done = [event for event in stream if event.type == "tool_calls.function.arguments.done"]
    assert [(event.name, json.loads(event.arguments)) for event in done] == [
        ("get_weather", {"city": "Rome", "days": 2})
    ]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("choice", "sent", "called"),
    [
        ("auto", None, []),
        ("required", {"any": {}}, ["get_weather"]),
        ({"type": "function", "function": {"name": "get_time"}}, {"tool": {"name": "get_time"}}, ["get_time"]),
    ],
)
def test_a_choice_is_kept_to(client, emulator, choice, sent, called, stream):
    answer = client.chat.completions.create(
        model=MODEL, messages=said("hello"), tools=[WEATHER, TIME], tool_choice=choice, stream=stream
    )
    names = [call["name"] for call in collect(answer)[0]] if stream else [name for name, _ in calls_of(answer)]
    assert names == called
    assert emulator.body()["toolConfig"].get("toolChoice") in (sent, sent or {"auto": {}})


def test_no_tools_are_offered_where_none_may_be_called(client, emulator):
    answer = client.chat.completions.create(model=MODEL, messages=said("weather?"), tools=[WEATHER], tool_choice="none")
    assert answer.choices[0].message.content == "You said: weather?"
    assert "toolConfig" not in emulator.body()


def test_only_the_allowed_tools_are_offered(client, emulator):
    allowed = {"mode": "required", "tools": [{"type": "function", "function": {"name": "get_time"}}]}
    answer = client.chat.completions.create(
        model=MODEL,
        messages=said("weather?"),
        tools=[WEATHER, TIME],
        tool_choice={"type": "allowed_tools", "allowed_tools": allowed},
    )
    assert [name for name, _ in calls_of(answer)] == ["get_time"]
    assert [tool["toolSpec"]["name"] for tool in without_points(emulator.body()["toolConfig"]["tools"])] == ["get_time"]


@pytest.mark.parametrize(
    "choice", [{"type": "function", "function": {"name": "no_such"}}, "sometimes", {"type": "function"}]
)
def test_a_choice_that_cannot_be_kept_is_refused(client, running_emulator, choice):
    before = running_emulator.count()
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model=MODEL, messages=said("hi"), tools=[WEATHER], tool_choice=choice)
    assert caught.value.param.startswith("tool_choice")
    assert running_emulator.count() == before


@pytest.mark.parametrize("model", [MODEL, NOVA, "mistral.mistral-large-2407-v1:0"])
def test_results_go_back_and_the_loop_ends(client, emulator, model):
    messages = said("get_weather city=Rome days=1 and get_time zone=CET")
    first = client.chat.completions.create(model=model, messages=messages, tools=[WEATHER, TIME])
    weather, time = first.choices[0].message.tool_calls
    messages += [
        first.choices[0].message.model_dump(exclude_none=True),
        # In another order than the calls', one of them in parts.
        {"role": "tool", "tool_call_id": time.id, "content": [{"type": "text", "text": "noon"}]},
        {"role": "tool", "tool_call_id": weather.id, "content": '[{"sky": "blue"}]'},
    ]
    emulator.forget()
    second = client.chat.completions.create(model=model, messages=messages, tools=[WEATHER, TIME])
    assert second.choices[0].finish_reason == "stop"
    assert "noon" in second.choices[0].message.content and "blue" in second.choices[0].message.content
    # Text beside calls has a turn of its own before them where a model refuses both.
    called, answered = emulator.body()["messages"][-2:]
    ids = [block["toolUse"]["toolUseId"] for block in called["content"] if "toolUse" in block]
    results = [block["toolResult"]["toolUseId"] for block in without_points(answered["content"])]
    assert sorted(ids) == sorted(results)
    # And on to a third turn, with calls again.
    messages += [
        {"role": "assistant", "content": second.choices[0].message.content},
        {"role": "user", "content": "get_time zone=UTC"},
    ]
    third = client.chat.completions.create(model=model, messages=messages, tools=[WEATHER, TIME])
    assert calls_of(third) == [("get_time", {"zone": "UTC"})]
    assert third.choices[0].message.tool_calls[0].id not in ids


@pytest.mark.parametrize("stream", [False, True])
def test_names_that_bedrock_does_not_take_come_back_as_they_were(client, emulator, stream):
    names = ["weather.now", "weather now", "weather/now", "wétter", "n" * 80]
    tools = [function(name, city="string") for name in names]
    for name in names:
        emulator.forget()
        answer = client.chat.completions.create(
            model=MODEL,
            messages=said("city=Rome"),
            tools=tools,
            tool_choice={"type": "function", "function": {"name": name}},
            stream=stream,
        )
        called = [call["name"] for call in collect(answer)[0]] if stream else [called for called, _ in calls_of(answer)]
        assert called == [name]
        sent = [tool["toolSpec"]["name"] for tool in without_points(emulator.body()["toolConfig"]["tools"])]
        assert len(set(sent)) == len(names)


def test_a_history_with_such_names_goes_back_under_the_same_ones(client, emulator):
    tools = [function("weather now", city="string")]
    messages = said("weather? city=Rome")
    first = client.chat.completions.create(model=MODEL, messages=messages, tools=tools)
    [call] = first.choices[0].message.tool_calls
    assert call.function.name == "weather now"
    messages += [first.choices[0].message, {"role": "tool", "tool_call_id": call.id, "content": "sunny"}]
    emulator.forget()
    client.chat.completions.create(model=MODEL, messages=messages, tools=tools)
    body = emulator.body()
    [tool] = without_points(body["toolConfig"]["tools"])
    [used] = [block["toolUse"] for block in body["messages"][1]["content"] if "toolUse" in block]
    assert used["name"] == tool["toolSpec"]["name"]


def legacy(**properties):
    return function("get_weather", **properties)["function"]


@pytest.mark.parametrize("stream", [False, True])
def test_a_function_in_both_forms_is_taken_once(client, emulator, stream):
    weather = WEATHER["function"]
    weather = weather | {"parameters": weather["parameters"] | {"additionalProperties": False}}
    strict = {"type": "function", "function": weather | {"strict": True}}
    asked = {"model": MODEL, "messages": said("What is the weather? city=Paris"), "functions": [weather]}
    answer = client.chat.completions.create(**asked, tools=[strict], stream=stream)
    if stream:
        answer = list(answer)
        assert answer[-1].choices[0].finish_reason == "tool_calls"
    else:
        [call] = answer.choices[0].message.tool_calls
        assert call.function.name == "get_weather"
    assert len(without_points(emulator.body()["toolConfig"]["tools"])) == 1
    other = function("get_weather", town="string")
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(**asked, tools=[other], stream=stream)
    assert caught.value.param == "functions[0]" and "tools[0].function" in caught.value.message


def test_functions_of_the_older_form_work(client):
    messages = said("weather? city=Rome")
    arguments = {"model": MODEL, "functions": [legacy(city="string")]}
    first = client.chat.completions.create(messages=messages, **arguments)
    [choice] = first.choices
    assert (choice.finish_reason, choice.message.tool_calls) == ("function_call", None)
    assert choice.message.function_call.name == "get_weather"
    assert json.loads(choice.message.function_call.arguments) == {"city": "Rome"}

    name, pieces = "", ""
    for chunk in client.chat.completions.create(messages=messages, stream=True, **arguments):
        delta = chunk.choices[0].delta
        assert delta.tool_calls is None
        if delta.function_call:
            name += delta.function_call.name or ""
            pieces += delta.function_call.arguments or ""
    assert chunk.choices[0].finish_reason == "function_call"
    assert (name, json.loads(pieces)) == ("get_weather", {"city": "Rome"})

    messages += [choice.message, {"role": "function", "name": "get_weather", "content": "sunny"}]
    second = client.chat.completions.create(messages=messages, **arguments)
    assert second.choices[0].message.content == "The tool said: sunny"


@pytest.mark.parametrize(
    ("choice", "called"), [("none", None), ("auto", None), ({"name": "get_weather"}, "get_weather")]
)
def test_the_older_form_of_a_choice_is_kept_to(client, choice, called):
    answer = client.chat.completions.create(
        model=MODEL, messages=said("hello"), functions=[legacy(city="string")], function_call=choice
    )
    call = answer.choices[0].message.function_call
    assert (call and call.name) == called


CUSTOM = {"type": "custom", "custom": {"name": "run_sql", "description": "Runs a query."}}


def test_a_custom_tool_gets_its_text(client, gateway):
    messages = said('run_sql input="select 1"')
    first = client.chat.completions.create(model=MODEL, messages=messages, tools=[CUSTOM, TIME])
    [call] = first.choices[0].message.tool_calls
    assert (call.type, call.custom.name, call.custom.input) == ("custom", "run_sql", "select 1")

    text, name, kind = "", None, None
    # The SDK's types know no custom calls in chunks, though OpenAI sends them.
    unchecked = openai.OpenAI(**gateway.options())
    for chunk in unchecked.chat.completions.create(model=MODEL, messages=messages, tools=[CUSTOM, TIME], stream=True):
        for piece in chunk.choices[0].delta.tool_calls or []:
            custom = piece.to_dict().get("custom", {})
            name, kind = name or custom.get("name"), kind or piece.to_dict().get("type")
            text += custom.get("input", "")
    assert (kind, name, text) == ("custom", "run_sql", "select 1")

    messages += [first.choices[0].message, {"role": "tool", "tool_call_id": call.id, "content": "1"}]
    second = client.chat.completions.create(model=MODEL, messages=messages, tools=[CUSTOM, TIME])
    assert second.choices[0].message.content == "The tool said: 1"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("fault", [None, "toolempty"])
def test_a_call_without_arguments_has_an_empty_object(client, stream, fault):
    tool = {"type": "function", "function": {"name": "refresh"}}
    answer = client.chat.completions.create(
        model=MODEL,
        messages=said("refresh"),
        tools=[tool],
        stream=stream,
        extra_headers={"x-emulator": fault} if fault else None,
    )
    if stream:
        assert [call["arguments"] for call in collect(answer)[0]] == ["{}"]
    else:
        [call] = answer.choices[0].message.tool_calls
        assert call.function.arguments == "{}"


def test_one_call_at_a_time_is_asked_for_where_that_can_be_said(client, emulator):
    arguments = {"messages": said("weather?"), "tools": [WEATHER, TIME], "parallel_tool_calls": False}
    raw = client.chat.completions.with_raw_response.create(model=MODEL, **arguments)
    body = emulator.body()
    assert body["additionalModelRequestFields"]["tool_choice"] == {"type": "auto", "disable_parallel_tool_use": True}
    assert "toolChoice" not in body["toolConfig"] and "x-ignored-parameters" not in raw.headers
    raw = client.chat.completions.with_raw_response.create(model=NOVA, **arguments)
    assert raw.headers["x-ignored-parameters"] == "parallel_tool_calls"


def test_one_call_at_a_time_goes_together_with_a_choice(client, emulator):
    client.chat.completions.create(
        model=MODEL, messages=said("hi"), tools=[WEATHER], tool_choice="required", parallel_tool_calls=False
    )
    body = emulator.body()
    assert body["additionalModelRequestFields"]["tool_choice"] == {"type": "any", "disable_parallel_tool_use": True}
    assert "toolChoice" not in body["toolConfig"]


def history(arguments='{"city":"Rome"}', result="sunny"):
    call = {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": arguments}}
    return [
        *said("weather?"),
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": result},
    ]


@pytest.mark.parametrize("choice", [None, "none"])
def test_a_history_with_calls_is_taken_without_tools(client, emulator, choice):
    arguments = {"tools": [WEATHER], "tool_choice": choice} if choice else {}
    answer = client.chat.completions.create(model=MODEL, messages=history(), **arguments)
    assert answer.choices[0].message.content == "The tool said: sunny"
    [tool] = without_points(emulator.body()["toolConfig"]["tools"])
    assert tool["toolSpec"]["name"] == "get_weather"


@pytest.mark.parametrize("result", ["", " ", "[1, 2]", "null", '{"a": 1}', [{"type": "text", "text": "ü"}]])
@pytest.mark.parametrize("arguments", ["", "{}", "not JSON", "[1]", '{"a": 12345678901234567890.10}', '{"a":'])
def test_arguments_and_results_of_any_kind_are_taken(client, arguments, result):
    answer = client.chat.completions.create(model=MODEL, messages=history(arguments, result), tools=[WEATHER])
    assert answer.choices[0].message.content.startswith("The tool said: ")


def test_numbers_in_arguments_keep_their_digits(client, emulator):
    number = 2**53 + 1  # which no floating-point number is
    client.chat.completions.create(model=MODEL, messages=history(f'{{"a": {number}}}'), tools=[WEATHER])
    [called] = [block["toolUse"] for block in emulator.body()["messages"][1]["content"]]
    assert called["input"] == {"a": number}


@pytest.mark.parametrize("place", [0, 2, 3])
def test_a_call_without_a_result_and_a_result_without_a_call_are_mended(client, place):
    messages = history() + said("go on")
    if place:
        del messages[place - 1]
    else:
        messages.insert(1, {"role": "tool", "tool_call_id": "call_0", "content": "stray"})
    answer = client.chat.completions.create(model=MODEL, messages=messages, tools=[WEATHER])
    assert answer.choices[0].finish_reason in ("stop", "tool_calls")


@pytest.mark.parametrize("model", ["us.meta.llama4-maverick-17b-instruct-v1:0", "us.writer.palmyra-x5-v1:0"])
def test_a_family_without_tools_in_streams_gives_the_whole_answer_as_one(client, emulator, model):
    """ConverseStream refuses tools for it, so Converse is asked."""
    question = said("get_time zone=CET")
    arguments = {"model": model, "messages": question, "tools": [TIME], "stream": True}
    stream = client.chat.completions.with_raw_response.create(**arguments, stream_options={"include_usage": True})
    assert stream.headers["content-type"].startswith("text/event-stream")
    *chunks, last = stream.parse()
    [call], _, reason = collect(chunks)
    assert (call["name"], json.loads(call["arguments"]), reason) == ("get_time", {"zone": "CET"}, "tool_calls")
    assert chunks[0].choices[0].delta.role == "assistant"
    assert last.choices == [] and last.usage.total_tokens > 0
    assert emulator.requests()[-1]["path"].endswith("/converse")

    history = [
        *question,
        {"role": "assistant", "tool_calls": [{"id": call["id"], "type": "function", "function": {
            "name": call["name"], "arguments": call["arguments"]}}]},
        {"role": "tool", "tool_call_id": call["id"], "content": "noon"},
    ]
    calls, content, reason = collect(client.chat.completions.create(**{**arguments, "messages": history}))
    assert (calls, content, reason) == ([], "The tool said: noon", "stop")

    collect(client.chat.completions.create(model=model, messages=said("hello"), stream=True))
    asked = [request["path"].rsplit("/", 1)[-1] for request in emulator.requests()]
    assert asked == ["converse", "converse", "converse-stream"]


def test_an_error_keeps_its_status_where_a_whole_answer_would_have_been_streamed(client):
    with pytest.raises(openai.RateLimitError) as caught:
        client.with_options(max_retries=0).chat.completions.create(
            model="us.meta.llama4-maverick-17b-instruct-v1:0",
            messages=said("hi"),
            tools=[TIME],
            stream=True,
            extra_headers={"x-emulator": "error=ThrottlingException"},
        )
    assert caught.value.code == "rate_limit_exceeded"
