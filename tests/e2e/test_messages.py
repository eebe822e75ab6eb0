"""Anthropic's API by its own SDK: Claude natively, by InvokeModel."""

import base64
import json

import anthropic
import pytest

from gateway import KEY

# The SDK knows when models retire.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

CLAUDE = "claude-sonnet-4-5"
ID = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
SAID = [{"role": "user", "content": "hello"}]
ASKED = {"model": CLAUDE, "max_tokens": 100, "messages": SAID}
TOOL = {
    "name": "get_weather",
    "description": "Tells the weather.",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
THINKING = {"thinking": {"type": "enabled", "budget_tokens": 1024}, "max_tokens": 2000}
CALLS = {"tools": [TOOL], "messages": [{"role": "user", "content": "get_weather city=Rome"}]}


@pytest.fixture(scope="module")
def client(gateway):
    with gateway.anthropic() as client:
        yield client


def text(message):
    return "".join(block.text for block in message.content if block.type == "text")


def streamed(client, **asked):
    """The message that the SDK makes of a stream."""
    with client.messages.stream(**asked) as stream:
        return stream.get_final_message()


def compared(message):
    """What is the same whole and streamed."""
    found = message.to_dict()
    return {name: found[name] for name in ("content", "stop_reason", "stop_sequence", "role", "type")} | {
        "usage": [found["usage"][name] for name in ("input_tokens", "output_tokens")]
    }


def last(emulator):
    return emulator.requests()[-1]


# What goes on and what comes back.


def test_a_question_is_answered(client, emulator):
    raw = client.messages.with_raw_response.create(**ASKED, metadata={"user_id": "someone"}, system="Be brief.")
    message = raw.parse()
    assert (text(message), message.stop_reason, message.type) == ("You said: hello", "end_turn", "message")
    assert message.usage.output_tokens > 0
    assert raw.headers["x-bedrock-model"] == ID and "x-ignored-parameters" not in raw.headers
    assert raw.headers["request-id"] == raw.headers["x-request-id"]
    request = last(emulator)
    assert request["path"] == f"/model/{ID.replace(':', '%3A')}/invoke"
    assert request["body"] == {
        "anthropic_version": "bedrock-2023-05-31",
        "max_tokens": 100,
        "messages": SAID,
        "metadata": {"user_id": "someone"},
        "system": "Be brief.",
    }
    assert json.loads(request["headers"]["x-amzn-bedrock-request-metadata"]) == {"api_key": "default"}


def test_a_bearer_token_is_a_key_too(gateway):
    with gateway.anthropic(key=None, auth_token=KEY) as client:
        assert text(client.messages.create(**ASKED)) == "You said: hello"


@pytest.mark.parametrize("asked", [{}, CALLS, THINKING, CALLS | THINKING], ids=["text", "calls", "thinking", "both"])
def test_a_stream_becomes_the_message_that_comes_whole(client, emulator, asked):
    whole = client.messages.create(**ASKED | asked)
    assert compared(streamed(client, **ASKED | asked)) == compared(whole)
    assert last(emulator)["path"].endswith("/invoke-with-response-stream")


def test_the_events_come_by_their_names_and_in_order(connection):
    answer = connection.ask("POST", "/v1/messages", ASKED | {"stream": True})
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    found = [(event["event"], json.loads(event["data"])["type"]) for event in named(answer.body)]
    assert all(name == kind for name, kind in found)
    names = [name for name, _ in found]
    assert names[:2] == ["message_start", "content_block_start"]
    assert names[-3:] == ["content_block_stop", "message_delta", "message_stop"]


def named(body):
    """Each event's lines by their names."""
    found = [event.split("\n") for event in body.decode().split("\n\n") if event]
    return [dict(line.split(": ", 1) for line in lines) for lines in found]


def test_a_loop_of_tools_keeps_what_was_thought(client, emulator):
    asked = ASKED | CALLS | THINKING
    first = streamed(client, **asked)
    call = first.content[-1]
    assert (first.stop_reason, call.name, call.input) == ("tool_use", "get_weather", {"city": "Rome"})
    turns = asked["messages"] + [
        {"role": "assistant", "content": [block.to_dict() for block in first.content]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call.id, "content": "sunny"}]},
    ]
    second = client.messages.create(**asked | {"messages": turns})
    assert text(second) == "The tool said: sunny"
    assert [block["type"] for block in last(emulator)["body"]["messages"][1]["content"]][0] == "thinking"


def test_a_picture_goes_on_as_it_came(client, emulator):
    picture = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    source = {"type": "base64", "media_type": "image/png", "data": picture}
    content = [{"type": "image", "source": source}, {"type": "text", "text": "What is it?"}]
    message = client.messages.create(**ASKED | {"messages": [{"role": "user", "content": content}]})
    assert "1 image: png" in text(message)
    assert last(emulator)["body"]["messages"][0]["content"] == content


@pytest.mark.bedrock_refuses
@pytest.mark.parametrize("kind", ["image", "document"])
def test_what_is_at_a_url_is_refused_where_nothing_is_fetched(client, kind):
    block = {"type": kind, "source": {"type": "url", "url": "https://example.com/a"}}
    with pytest.raises(anthropic.BadRequestError) as refused:
        client.messages.create(**ASKED | {"messages": [{"role": "user", "content": [block]}]})
    assert "Input tag 'url'" in error_of(refused)[1]


def test_features_that_bedrock_takes_go_on_and_others_are_named(client, emulator):
    header = "interleaved-thinking-2025-05-14,claude-code-20250219,context-1m-2025-08-07"
    raw = client.messages.with_raw_response.create(**ASKED, extra_headers={"anthropic-beta": header})
    assert raw.headers["x-ignored-parameters"] == "anthropic-beta.claude-code-20250219"
    assert last(emulator)["body"]["anthropic_beta"] == ["interleaved-thinking-2025-05-14", "context-1m-2025-08-07"]


def test_what_only_anthropics_servers_know_is_left_out_and_named(client, emulator):
    more = {"service_tier": "standard_only", "inference_geo": "us", "cache_control": {"type": "ephemeral"}}
    raw = client.messages.with_raw_response.create(**ASKED, extra_body=more)
    assert raw.headers["x-ignored-parameters"] == ",".join(sorted(more))
    assert not more.keys() & last(emulator)["body"].keys()


def test_a_tool_of_anthropics_servers_is_refused_by_its_name(client, lenient, emulator):
    search = {"type": "web_search_20250305", "name": "web_search"}
    with pytest.raises(anthropic.BadRequestError, match="tool runs on Anthropic's own servers"):
        client.messages.create(**ASKED, tools=[search])
    assert emulator.requests() == []
    with lenient.anthropic() as client:
        raw = client.messages.with_raw_response.create(**ASKED, tools=[search, TOOL])
        assert raw.headers["x-ignored-parameters"] == "tools[0].web_search_20250305"
        assert last(emulator)["body"]["tools"] == [TOOL]
        client.messages.create(**ASKED, tools=[search], tool_choice={"type": "auto"})
        assert not {"tools", "tool_choice"} & last(emulator)["body"].keys()


# Which model.


def test_a_model_is_found_as_for_chats(client, start, emulator):
    for model in ("gpt-4o", ID, CLAUDE, "claude-sonnet-4-5-20250929", "anthropic/claude-sonnet-4.5", "gpt-5"):
        assert text(client.messages.create(**ASKED | {"model": model})) == "You said: hello"
        assert last(emulator)["path"] == f"/model/{ID.replace(':', '%3A')}/invoke"
    client.messages.create(**ASKED | {"model": "claude-haiku-4-5"})
    assert "claude-haiku-4-5" in last(emulator)["path"]
    with start(environment={"FALLBACK_MODEL": ID}).anthropic() as client:
        raw = client.messages.with_raw_response.create(**ASKED | {"model": "nobody-knows-it"})
        assert (raw.headers["x-bedrock-fallback"], raw.headers["x-bedrock-model"]) == ("true", ID)


def test_every_prefix_and_the_beta_resource_lead_there(client, connection):
    assert connection.ask("POST", "/api/v1/messages", ASKED).status == 200
    assert client.beta.messages.create(**ASKED, betas=["context-1m-2025-08-07"]).stop_reason == "end_turn"


# What goes wrong.


def error_of(raised):
    """Type and message of an error in Anthropic's shape."""
    body = raised.value.body
    assert set(body) <= {"type", "error", "request_id"} and body["type"] == "error", body
    assert set(body["error"]) == {"type", "message"}
    return body["error"]["type"], body["error"]["message"]


@pytest.mark.parametrize(
    ("fault", "raised", "status", "kind"),
    [
        ("error=ThrottlingException", anthropic.RateLimitError, 429, "rate_limit_error"),
        ("error=ValidationException", anthropic.BadRequestError, 400, "invalid_request_error"),
        ("error=ServiceUnavailableException", anthropic.InternalServerError, 529, "overloaded_error"),
        ("error=InternalServerException", anthropic.InternalServerError, 500, "api_error"),
        ("error=ModelTimeoutException", anthropic.APIStatusError, 504, "timeout_error"),
        ("error=AccessDeniedException", anthropic.NotFoundError, 404, "not_found_error"),
        ("nooutput", anthropic.InternalServerError, 502, "api_error"),
        ("garbage", anthropic.InternalServerError, 502, "api_error"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_an_error_of_bedrocks_is_anthropics(client, fault, raised, status, kind, stream):
    with pytest.raises(raised) as found:
        client.messages.create(**ASKED, stream=stream, extra_headers={"x-emulator": fault})
    assert (found.value.status_code, error_of(found)[0]) == (status, kind)


def test_a_request_that_is_too_long_is_told_in_the_words_that_clients_look_for(client):
    fault = {"x-emulator": "error=ValidationException,message=Input%20is%20too%20long%20for%20requested%20model."}
    with pytest.raises(anthropic.BadRequestError) as found:
        client.messages.create(**ASKED, extra_headers=fault)
    assert error_of(found)[1].startswith("prompt is too long")


def test_errors_of_the_gateways_own_are_anthropics_too(gateway, client, connection):
    with gateway.anthropic(key="wrong") as other, pytest.raises(anthropic.AuthenticationError) as found:
        other.messages.create(**ASKED)
    assert error_of(found)[0] == "authentication_error"
    with pytest.raises(anthropic.NotFoundError) as found:
        client.messages.create(**ASKED | {"model": "nobody-knows-it"})
    assert error_of(found)[0] == "not_found_error"
    for path, body, status, kind in [
        ("/v1/messages/batches", {}, 404, "not_found_error"),
        ("/v1/messages", "no json", 400, "invalid_request_error"),
        ("/v1/messages", {"model": 5}, 400, "invalid_request_error"),
    ]:
        answer = connection.ask("POST", path, body)
        assert (answer.status, answer.json["error"]["type"]) == (status, kind), path


def test_an_exception_that_begins_a_stream_is_a_status(client):
    with pytest.raises(anthropic.RateLimitError) as found:
        client.messages.create(**ASKED, stream=True, extra_headers={"x-emulator": "exception=0:throttlingException"})
    assert error_of(found)[0] == "rate_limit_error"


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("exception=2:throttlingException", "rate_limit_error"),
        ("exception=3:serviceUnavailableException", "overloaded_error"),
        ("exception=1:validationException", "invalid_request_error"),
        ("errorframe=3", "api_error"),
        ("badcrc=2", "api_error"),
        ("hugeframe=2", "api_error"),
        ("cut=4", "api_error"),
        ("cutbytes=900", "api_error"),
    ],
)
def test_a_stream_that_breaks_ends_with_an_error_event(client, connection, fault, kind):
    asked = ASKED | {"stream": True}
    answer = connection.ask("POST", "/v1/messages", asked, {"x-emulator": fault})
    assert answer.status == 200
    *_, last = named(answer.body)
    told = json.loads(last["data"])
    assert (last["event"], told["type"], told["error"]["type"]) == ("error", "error", kind)
    assert b"message_stop" not in answer.body
    with pytest.raises(anthropic.APIError):
        for _ in client.messages.create(**asked, extra_headers={"x-emulator": fault}):
            pass


@pytest.mark.parametrize("split", ["split=1", "split=random", "coalesce"])
def test_however_its_bytes_are_cut_a_stream_is_the_same(client, split):
    asked = ASKED | THINKING | CALLS
    plain = compared(streamed(client, **asked))
    assert compared(streamed(client, **asked, extra_headers={"x-emulator": split})) == plain


# What the operator says.


def test_a_guardrail_of_the_configuration_holds(start, client, emulator):
    guardrail = {"x-amzn-bedrock-guardrailidentifier": "weak1", "x-amzn-bedrock-guardrailversion": "1"}
    client.messages.create(**ASKED, extra_headers=guardrail)
    assert last(emulator)["headers"]["x-amzn-bedrock-guardrailidentifier"] == "weak1"
    with start(changes={"guardrail": {"identifier": "forced1", "version": "3"}}).anthropic() as guarded:
        guarded.messages.create(**ASKED, extra_headers=guardrail)
        headers = last(emulator)["headers"]
        assert headers["x-amzn-bedrock-guardrailidentifier"] == "forced1"
        assert headers["x-amzn-bedrock-guardrailversion"] == "3"
        emulator.forget()
        with pytest.raises(anthropic.PermissionDeniedError):
            guarded.messages.create(**ASKED, extra_body={"amazon-bedrock-guardrailConfig": {"tagSuffix": "x"}})
    assert emulator.requests() == []


def test_a_key_may_use_only_its_models(start):
    keys = [{"name": "a", "key": KEY, "models": ["nova-lite"]}]
    with start(changes={"api_keys": keys}).anthropic() as client:
        with pytest.raises(anthropic.PermissionDeniedError) as found:
            client.messages.create(**ASKED)
    assert error_of(found)[0] == "permission_error"


def test_a_body_that_is_too_large_is_413(start):
    with start(changes={"limits": {"body_bytes": 2_000}}).anthropic() as client:
        with pytest.raises(anthropic.APIStatusError) as found:
            client.messages.create(**ASKED | {"messages": [{"role": "user", "content": "x" * 3_000}]})
    assert (found.value.status_code, error_of(found)[0]) == (413, "request_too_large")


def test_limits_hold_for_claudes_own_bodies(start, emulator):
    picture = {"type": "image", "source": {"type": "base64", "media_type": "image/gif", "data": "R0lGODlh"}}
    with start(changes={"limits": {"messages": 1, "tools": 1, "images": 1, "json_depth": 5}}).anthropic() as client:
        for more, word in [
            ({"messages": SAID + [{"role": "assistant", "content": "Hi"}]}, "'messages' has 2 entries"),
            ({"tools": [TOOL, TOOL | {"name": "other"}]}, "'tools' has 2 entries"),
            ({"messages": [{"role": "user", "content": [picture, picture]}]}, "At most 1 image"),
            ({"metadata": {"user_id": [[[[[]]]]]}}, "nests deeper"),
        ]:
            for ask in (client.messages.create, client.messages.count_tokens):
                asked = ASKED | more
                if ask == client.messages.count_tokens:
                    asked = {name: value for name, value in asked.items() if name in ("model", "messages", "tools")}
                    if asked == {"model": CLAUDE, "messages": SAID}:
                        continue
                with pytest.raises(anthropic.BadRequestError) as found:
                    ask(**asked)
                assert word in error_of(found)[1]
    assert emulator.requests() == []


def test_another_region_answers_where_one_fails(start, regions):
    endpoints = {region: emulator.endpoint for region, emulator in regions.items()}
    regions["us-east-1"].faults("error=ServiceUnavailableException")
    with start(endpoints, sample="failover").anthropic() as client:
        raw = client.messages.with_raw_response.create(**ASKED | {"model": "gpt-4o"})
        assert raw.headers["x-bedrock-region"] == "us-west-2"
        assert text(streamed(client, **ASKED | {"model": "gpt-4o"})) == "You said: hello"


# Beside messages.


OWN_TOOLS = {"tools": [{"type": "bash_20250124", "name": "bash"}, {"type": "text_editor_20250728", "name": "str_replace_based_edit_tool"}]}


@pytest.mark.parametrize(
    "asked",
    [{}, CALLS, OWN_TOOLS, {"system": "Be brief."}, THINKING],
    ids=["text", "tools", "own-tools", "system", "thinking"],
)
def test_tokens_are_counted_as_the_message_would_be_asked(client, emulator, asked):
    asked = ASKED | asked
    usage = client.messages.create(**asked).usage
    sent = last(emulator)["body"]
    limit = asked.pop("max_tokens")
    assert client.messages.count_tokens(**asked).input_tokens == usage.input_tokens
    request = last(emulator)
    # A profile's tokens are not counted, but its model's are.
    assert request["path"] == f"/model/{ID.removeprefix('us.').replace(':', '%3A')}/count-tokens"
    counted = json.loads(base64.b64decode(request["body"]["input"]["invokeModel"]["body"]))
    assert counted | {"max_tokens": limit} == sent


def test_a_tool_of_anthropics_servers_is_refused_where_it_is_counted_too(client, emulator):
    with pytest.raises(anthropic.BadRequestError) as refused:
        client.messages.count_tokens(
            model=CLAUDE, messages=SAID, tools=[{"type": "web_search_20250305", "name": "web_search"}]
        )
    assert error_of(refused)[0] == "invalid_request_error" and emulator.requests() == []


@pytest.mark.bedrock_refuses
def test_a_model_whose_tokens_are_not_counted_says_so(client):
    for model in ("us.amazon.nova-pro-v1:0", "us.anthropic.claude-opus-4-7"):
        with pytest.raises(anthropic.BadRequestError) as refused:
            client.messages.count_tokens(model=model, messages=SAID)
        assert "doesn't support counting tokens" in error_of(refused)[1]


def test_claude_that_is_asked_by_converse_is_counted_so(start, emulator):
    model = {"name": "claude", "model": ID, "capabilities": {"messages": "converse"}}
    with start(changes={"models": [model]}).anthropic() as client:
        assert client.messages.count_tokens(model="claude", messages=SAID, tools=[TOOL]).input_tokens > 0
    assert sorted(last(emulator)["body"]["input"]["converse"]) == ["messages", "toolConfig"]


def test_a_count_that_is_wrong_is_told_as_anthropic_tells_it(client):
    with pytest.raises(anthropic.NotFoundError) as found:
        client.messages.count_tokens(model="nobody-knows-it", messages=SAID)
    assert error_of(found)[0] == "not_found_error"


def test_models_are_listed_as_anthropic_lists_them(client, connection):
    page = client.models.list()
    ids = [model.id for model in page]
    assert {"gpt-4o", "nova-lite"} <= set(ids) and "text-embedding-3-small" not in ids
    assert (page.first_id, page.last_id, page.has_more) == (ids[0], ids[-1], False)
    assert client.models.retrieve("gpt-4o").lifecycle == "active"
    with pytest.raises(anthropic.NotFoundError) as found:
        client.models.retrieve("nobody-knows-it")
    assert error_of(found)[0] == "not_found_error"
    assert connection.ask("GET", "/v1/models").json["object"] == "list"
