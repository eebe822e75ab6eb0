"""POST responses: what OpenAI's SDK for Python gets, whole and streamed."""

import base64
import json

import openai
import pytest
from openai.types.responses import Response
from pydantic import BaseModel

from gateway import KEY

CLAUDE = "gpt-4o"
BEHIND = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
NOVA = "nova-lite"
THINKS = "us.anthropic.claude-3-7-sonnet-20250219-v1:0"
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
WEATHER = {
    "type": "function",
    "name": "get_weather",
    "description": "The weather of a city.",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
    "strict": True,
}


def plain(value):
    return json.loads(value.model_dump_json(exclude_unset=True))


@pytest.mark.parametrize("model", [CLAUDE, NOVA])
def test_a_question_is_answered(client, model):
    answer = client.responses.create(model=model, input="What is new?", instructions="Be brief.", metadata={"a": "b"})
    assert answer.output_text == "You said: What is new?"
    assert (answer.object, answer.status, answer.model) == ("response", "completed", model)
    assert answer.id.startswith("resp_") and answer.output[0].id.startswith("msg_")
    assert (answer.instructions, answer.metadata, answer.tools, answer.tool_choice) == ("Be brief.", {"a": "b"}, [], "auto")
    usage = answer.usage
    assert usage.input_tokens > 0 and usage.total_tokens == usage.input_tokens + usage.output_tokens


@pytest.mark.parametrize("model", [CLAUDE, NOVA])
def test_a_streamed_response_is_the_same_in_pieces(client, model):
    events = list(client.responses.create(model=model, input="What is new?", stream=True))
    assert [event.sequence_number for event in events] == list(range(len(events)))
    kinds = [event.type.removeprefix("response.") for event in events]
    assert kinds[:4] == ["created", "in_progress", "output_item.added", "content_part.added"]
    assert kinds[-4:] == ["output_text.done", "content_part.done", "output_item.done", "completed"]
    assert set(kinds[4:-4]) == {"output_text.delta"} and len(kinds) > 9
    assert "".join(event.delta for event in events[4:-4]) == "You said: What is new?"
    whole = plain(client.responses.create(model=model, input="What is new?"))
    last = plain(events[-1].response)
    for response in (whole, last):
        for item in [response, *response["output"]]:
            del item["id"]
        del response["created_at"]
    assert last == whole


def test_the_sdk_puts_a_stream_together(client):
    with client.responses.stream(model=CLAUDE, input="get_weather city=Rome", tools=[WEATHER]) as stream:
        text = "".join(event.delta for event in stream if event.type == "response.output_text.delta")
        final = stream.get_final_response()
    message, call = final.output
    assert (text, message.content[0].text) == ("I will call get_weather.", text)
    assert (call.name, json.loads(call.arguments), call.status) == ("get_weather", {"city": "Rome"}, "completed")
    assert call.call_id and call.call_id != call.id


@pytest.mark.parametrize("model", [CLAUDE, NOVA])
def test_a_tool_is_called_and_its_output_is_read(client, model):
    said = [{"role": "user", "content": "get_weather city=Rome"}]
    first = client.responses.create(model=model, input=said, tools=[WEATHER], store=False)
    [call] = [item for item in first.output if item.type == "function_call"]
    said += first.output
    said.append({"type": "function_call_output", "call_id": call.call_id, "output": "Sunny."})
    second = client.responses.create(model=model, input=said, tools=[WEATHER], store=False)
    assert second.output_text == "The tool said: Sunny."


@pytest.mark.parametrize("stream", [False, True])
def test_a_thought_goes_back_to_the_model_that_had_it(client, emulator, stream):
    def ask(said):
        answer = client.responses.create(
            model=THINKS, input=said, tools=[WEATHER], reasoning={"effort": "low", "summary": "auto"},
            include=["reasoning.encrypted_content"], store=False, stream=stream,
        )
        return [*answer][-1].response if stream else answer

    said = [{"role": "user", "content": "get_weather city=Rome"}]
    first = ask(said)
    thought, *_, call = first.output
    assert thought.type == "reasoning" and thought.summary[0].text and thought.encrypted_content
    said += [*first.output, {"type": "function_call_output", "call_id": call.call_id, "output": "Sunny."}]
    emulator.forget()
    assert ask(said).output_text == "The tool said: Sunny."
    [sent] = emulator.requests()
    reasoning = sent["body"]["messages"][1]["content"][0]["reasoningContent"]["reasoningText"]
    assert reasoning["text"] == thought.summary[0].text and reasoning["signature"].startswith("emu-")


def test_a_thought_is_told_as_it_is_where_no_summary_is_asked_for(client):
    events = list(client.responses.create(model=THINKS, input="hello", reasoning={"effort": "low"}, stream=True))
    pieces = [event.delta for event in events if event.type == "response.reasoning_text.delta"]
    thought = events[-1].response.output[0]
    assert thought.content[0].text == "".join(pieces) != "" and thought.summary == []


@pytest.mark.parametrize("forged", ["gAAAAABo2nVj0Q==", "bedrock1.AAAA", "bedrock2.AAAA", ""])
def test_a_thought_that_is_none_is_dropped_and_named(client, emulator, forged):
    said = [{"role": "user", "content": "hello"}, {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": forged}]
    answer = client.responses.with_raw_response.create(model=THINKS, input=[*said, {"role": "user", "content": "go on"}])
    assert answer.headers["x-ignored-parameters"] == "input[].encrypted_content"
    assert "reasoningContent" not in json.dumps(emulator.requests())


class Place(BaseModel):
    city: str
    country: str


@pytest.mark.parametrize("model", [CLAUDE, NOVA, THINKS])
def test_an_answer_by_a_schema_is_parsed(client, model):
    answer = client.responses.parse(model=model, input="Where is Rome?", text_format=Place)
    assert isinstance(answer.output_parsed, Place)
    with client.responses.stream(model=model, input="Where is Rome?", text_format=Place) as stream:
        assert isinstance(stream.get_final_response().output_parsed, Place)


def test_custom_tools_namespaces_and_tools_that_the_client_runs_are_called(client):
    tools = [
        {"type": "custom", "name": "run_sql", "description": "Runs SQL."},
        {"type": "namespace", "name": "crm", "description": "Customers.", "tools": [dict(WEATHER, name="find_customer")]},
        {"type": "local_shell"},
        {"type": "shell"},
        {"type": "apply_patch"},
        {"type": "web_search"},
    ]
    said = "run_sql input=SELECT crm_find_customer city=Rome local_shell apply_patch"
    answer = client.responses.with_raw_response.create(model=CLAUDE, input=said, tools=tools)
    assert answer.headers["x-ignored-parameters"] == "tools[].web_search"
    _, custom, found, shell, patch = answer.parse().output
    assert (custom.type, custom.name, custom.input) == ("custom_tool_call", "run_sql", "SELECT")
    assert (found.type, found.namespace, found.name) == ("function_call", "crm", "find_customer")
    assert (shell.type, shell.action.type, shell.action.env) == ("local_shell_call", "exec", {})
    assert patch.type == "apply_patch_call" and patch.operation.path
    events = list(client.responses.create(model=CLAUDE, input=said, tools=tools, stream=True))
    assert [item.type for item in events[-1].response.output] == [item.type for item in answer.parse().output]


def test_images_files_and_outputs_of_parts_are_seen(client):
    image = {"type": "input_image", "image_url": f"data:image/png;base64,{PIXEL}", "detail": "auto"}
    text = {"type": "input_text", "text": "Look."}
    file = {"type": "input_file", "filename": "a.txt", "file_data": "data:text/plain;base64," + base64.b64encode(b"hi").decode()}
    answer = client.responses.create(model=CLAUDE, input=[{"role": "user", "content": [text, image, file]}])
    assert answer.output_text == f"You said: Look. [1 image: png, {len(base64.b64decode(PIXEL))} bytes] [1 document: txt, a, 2 bytes]"


@pytest.mark.parametrize(
    ("said", "status", "reason"),
    [({"max_output_tokens": 2}, "incomplete", "max_output_tokens"), ({}, "completed", None)],
)
def test_a_response_says_whether_it_is_whole(client, said, status, reason):
    answer = client.responses.create(model=CLAUDE, input="long:50", **said)
    assert (answer.status, answer.incomplete_details and answer.incomplete_details.reason) == (status, reason)
    last = list(client.responses.create(model=CLAUDE, input="long:50", stream=True, **said))[-1]
    assert (last.type, last.response.status) == (f"response.{status}", status)
    assert last.response.output[0].status == status


def test_a_guardrail_is_a_filter(client):
    how = {"guardrailConfig": {"guardrailIdentifier": "gr123456", "guardrailVersion": "1"}}
    answer = client.responses.create(model=CLAUDE, input="BLOCKME", extra_body=how)
    assert (answer.status, answer.incomplete_details.reason) == ("incomplete", "content_filter")


@pytest.mark.parametrize("model", ["us.meta.llama4-maverick-17b-instruct-v1:0", "us.writer.palmyra-x5-v1:0"])
def test_a_family_without_tools_in_streams_gives_the_whole_answer_as_one(client, emulator, model):
    """ConverseStream refuses tools for it, so Converse is asked."""
    asked = {"model": model, "input": "get_weather city=Rome", "tools": [WEATHER]}
    with client.responses.stream(**asked) as stream:
        events = list(stream)
        final = stream.get_final_response()
    assert [event.sequence_number for event in events] == list(range(len(events)))
    [call] = [item for item in final.output if item.type == "function_call"]
    assert (final.status, call.name, json.loads(call.arguments)) == ("completed", "get_weather", {"city": "Rome"})
    pieces = [event.delta for event in events if event.type == "response.function_call_arguments.delta"]
    assert "".join(pieces) == call.arguments and final.usage.total_tokens > 0
    list(client.responses.create(model=model, input="hello", stream=True))
    asked = [request["path"].rsplit("/", 1)[-1] for request in emulator.requests()]
    assert asked == ["converse", "converse-stream"]


@pytest.mark.parametrize("stream", [False, True])
def test_items_in_a_wrong_order_are_put_in_order(client, stream):
    items = [
        {"type": "function_call_output", "call_id": "b", "output": "Rainy."},
        {"role": "user", "content": "Compare."},
        {"type": "function_call", "call_id": "a", "name": "get_weather", "arguments": "{}"},
        {"role": "assistant", "content": "Both."},
        {"type": "function_call", "call_id": "b", "name": "get_weather", "arguments": "{}"},
        {"type": "reasoning", "id": "rs_1", "summary": []},
        {"type": "function_call_output", "call_id": "a", "output": "Sunny."},
        {"type": "of_a_later_day", "id": "x"},
    ]
    raw = client.responses.with_raw_response.create(model=CLAUDE, input=items, tools=[WEATHER], stream=stream)
    answer = [*raw.parse()][-1].response if stream else raw.parse()
    assert answer.status == "completed"
    assert raw.headers["x-ignored-parameters"] == "input[].reasoning,input[].of_a_later_day"


@pytest.mark.bedrock_refuses
def test_what_bedrock_refuses_before_its_first_event_is_a_status(gateway):
    with gateway.openai() as client, pytest.raises(openai.RateLimitError):
        client.responses.create(
            model=CLAUDE, input="hello", stream=True, extra_headers={"x-emulator": "exception=0:ThrottlingException"}
        )


@pytest.mark.bedrock_refuses
@pytest.mark.parametrize(("fault", "code"), [("exception=5:InternalServerException", "server_error"), ("cut=6", "server_error")])
def test_a_stream_that_breaks_off_has_failed_and_is_never_completed(client, fault, code):
    events = list(
        client.responses.create(model=CLAUDE, input="long:40", stream=True, extra_headers={"x-emulator": fault})
    )
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert (events[-1].type, events[-1].response.status) == ("response.failed", "failed")
    assert events[-1].response.error.code == code and events[-1].response.error.message
    assert not any(event.type == "response.completed" for event in events)


@pytest.mark.parametrize(
    ("how", "param"),
    [
        ({"previous_response_id": "resp_1"}, "previous_response_id"),
        ({"conversation": "conv_1"}, "conversation"),
        ({"prompt": {"id": "pmpt_1"}}, "prompt"),
        ({"background": True}, "background"),
        ({"input": [{"type": "item_reference", "id": "msg_1"}]}, "input[0]"),
        ({"tools": [{"type": "web_search"}], "tool_choice": {"type": "web_search_preview"}}, "tool_choice"),
    ],
)
def test_what_needs_something_kept_is_refused_and_says_why(client, how, param):
    with pytest.raises(openai.BadRequestError) as caught:
        client.responses.create(**{"model": CLAUDE, "input": "hello"} | how)
    assert caught.value.param == param and caught.value.code == "unsupported_parameter"


def test_no_response_is_kept(client):
    for call in (
        lambda: client.responses.retrieve("resp_1"),
        lambda: client.responses.delete("resp_1"),
        lambda: client.responses.cancel("resp_1"),
        lambda: client.responses.input_items.list("resp_1"),
        lambda: client.responses.compact(model=CLAUDE, input="hello"),
    ):
        with pytest.raises(openai.NotFoundError) as caught:
            call()
        assert caught.value.code in ("response_not_found", "unsupported_endpoint")


def test_input_tokens_are_counted(client, emulator):
    counted = client.responses.input_tokens.count(model=CLAUDE, input="What is new?", instructions="Be brief.", tools=[WEATHER])
    assert counted.object == "response.input_tokens" and counted.input_tokens > 0
    [sent] = emulator.requests()
    assert sent["path"].endswith("/count-tokens")
    assert sorted(sent["body"]["input"]["converse"]) == ["messages", "system", "toolConfig"]


def test_each_prefix_and_azures_path_lead_there(gateway):
    for base in ("/v1", "/api/v1", "/openai"):
        with gateway.openai(base_url=gateway.url.removesuffix("/v1") + base) as client:
            answer = client.responses.create(model=CLAUDE, input="hello", extra_query={"api-version": "x"})
            assert answer.output_text == "You said: hello"


@pytest.mark.parametrize("stream", [False, True])
def test_a_body_of_responses_that_comes_to_chat_completions_is_answered_as_a_chat(client, stream):
    body = {
        "model": CLAUDE,
        "input": [{"role": "user", "content": [{"type": "input_text", "text": "get_weather city=Rome"}]}],
        "tools": [WEATHER, {"type": "custom", "name": "patch"}],
        "stream": stream,
        "stream_options": {"include_usage": True},
    }
    if not stream:
        answer = client.post("/chat/completions", cast_to=openai.types.chat.ChatCompletion, body=body)
        [choice] = answer.choices
        assert (choice.finish_reason, choice.message.tool_calls[0].function.name) == ("tool_calls", "get_weather")
        return
    chunks = list(
        client.post(
            "/chat/completions", cast_to=openai.types.chat.ChatCompletion, body=body, stream=True,
            stream_cls=openai.Stream[openai.types.chat.ChatCompletionChunk],
        )
    )
    assert chunks[-1].usage.total_tokens > 0 and chunks[-2].choices[0].finish_reason == "tool_calls"


def test_ten_thousand_items_are_read_and_one_more_is_refused(client):
    def ask(count):
        said = [{"role": ("user", "assistant")[at % 2], "content": "x"} for at in range(count - 1)]
        return client.responses.create(model=CLAUDE, input=[*said, {"role": "user", "content": "hello"}])

    assert ask(10_000).output_text.endswith("hello")
    with pytest.raises(openai.BadRequestError) as caught:
        ask(10_001)
    assert caught.value.param == "input"


def test_a_key_that_may_not_use_the_model_is_refused(start):
    changes = {"api_keys": [{"name": "a", "key": KEY, "models": ["nova-lite"]}]}
    with start(changes=changes).openai() as client:
        assert client.responses.create(model=NOVA, input="hello").output_text == "You said: hello"
        with pytest.raises(openai.PermissionDeniedError):
            client.responses.create(model=BEHIND, input="hello")


def test_every_object_is_in_the_strict_types_of_the_sdk(connection):
    answer = connection.ask("POST", "/v1/responses", {"model": CLAUDE, "input": "get_weather city=Rome", "tools": [WEATHER]})
    Response.model_validate(json.loads(answer.body), strict=True)
