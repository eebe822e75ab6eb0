"""Several choices: Bedrock gives one, so each is a call of its own, side by side."""

import json
import time

import httpx
import openai
import pytest

from gateway import KEY

MODEL = "gpt-4o"
NOVA = "us.amazon.nova-lite-v1:0"
SAID = [{"role": "user", "content": "hello"}]
TOOLS = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}]


def chat(client, n, **more):
    return client.chat.completions.create(**{"model": NOVA, "messages": SAID, "n": n} | more)


def accumulated(client, **request):
    """What the SDK makes of a stream, which it puts together itself."""
    with client.chat.completions.stream(**{"model": NOVA, "messages": SAID} | request) as stream:
        events = list(stream)
        return stream.get_final_completion(), events


@pytest.mark.parametrize("n", [1, 2, 5, 16])
def test_so_many_choices_are_so_many_calls(client, emulator, n):
    alone = client.chat.completions.create(model=NOVA, messages=SAID).usage
    emulator.forget()
    answer = chat(client, n)
    assert [choice.index for choice in answer.choices] == list(range(n))
    assert {choice.message.content for choice in answer.choices} == {"You said: hello"}
    assert {(choice.finish_reason, choice.logprobs) for choice in answer.choices} == {("stop", None)}
    assert len(emulator.requests()) == n
    # Each call is billed with its whole prompt.
    assert answer.usage.prompt_tokens == n * alone.prompt_tokens
    assert answer.usage.completion_tokens == n * alone.completion_tokens
    assert answer.usage.total_tokens == n * alone.total_tokens
    assert answer.object == "chat.completion" and answer.id.startswith("chatcmpl-") and answer.model == NOVA


def test_the_calls_are_those_of_a_request_for_one(client, emulator):
    parameters = {"temperature": 0.5, "max_tokens": 50, "stop": ["END"]}
    client.chat.completions.create(model=NOVA, messages=SAID, **parameters)
    [alone] = emulator.requests()
    emulator.forget()
    chat(client, 3, **parameters)
    assert [request["body"] for request in emulator.requests()] == [alone["body"]] * 3
    assert {request["path"] for request in emulator.requests()} == {alone["path"]}


def test_details_of_tokens_are_summed(client):
    content = [{"type": "text", "text": "hello " * 3000, "cache_control": {"type": "ephemeral"}}]
    messages = [{"role": "user", "content": content}]
    one = chat(client, 1, model=MODEL, messages=messages).usage
    three = chat(client, 3, model=MODEL, messages=messages).usage
    details = three.prompt_tokens_details
    assert details.cached_tokens + details.cache_write_tokens > 0
    assert three.prompt_tokens == 3 * one.prompt_tokens


def test_tools_are_called_by_each_choice(client):
    answer = chat(client, 3, messages=[{"role": "user", "content": "call f {}"}], tools=TOOLS, tool_choice="required")
    calls = [choice.message.tool_calls for choice in answer.choices]
    assert [len(of_choice) for of_choice in calls] == [1, 1, 1]
    assert {choice.finish_reason for choice in answer.choices} == {"tool_calls"}
    assert {call.function.name for of_choice in calls for call in of_choice} == {"f"}
    streamed, _ = accumulated(
        client, n=3, messages=[{"role": "user", "content": "call f {}"}], tools=TOOLS, tool_choice="required"
    )
    assert [choice.message.tool_calls[0].function.arguments for choice in streamed.choices] == [
        of_choice[0].function.arguments for of_choice in calls
    ]


@pytest.mark.parametrize("n", [1, 3])
def test_only_a_request_for_one_choice_gets_cache_points_by_itself(client, emulator, n):
    chat(client, n, model=MODEL, tools=TOOLS)
    sent = [json.dumps(request["body"]) for request in emulator.requests()]
    assert ["cachePoint" in body for body in sent] == [n == 1] * n


@pytest.mark.parametrize("include_usage", [False, True])
def test_a_stream_has_all_choices_one_after_the_other(client, emulator, include_usage):
    options = {"stream_options": {"include_usage": True}} if include_usage else {}
    chunks = list(chat(client, 3, stream=True, **options))
    indices = [choice.index for chunk in chunks for choice in chunk.choices]
    assert indices == sorted(indices) and set(indices) == {0, 1, 2}
    ends = [(choice.index, choice.finish_reason) for chunk in chunks for choice in chunk.choices if choice.finish_reason]
    assert ends == [(0, "stop"), (1, "stop"), (2, "stop")]
    assert len({chunk.id for chunk in chunks}) == 1 and {chunk.object for chunk in chunks} == {"chat.completion.chunk"}
    usages = [chunk.usage for chunk in chunks if chunk.usage]
    assert len(usages) == include_usage
    assert [request["path"].rsplit("/", 1)[-1] for request in emulator.requests()] == ["converse"] * 3
    if include_usage:
        assert usages[0] == chat(client, 3).usage and chunks[-1].choices == []


def test_the_sdk_puts_a_stream_together_to_the_same_answer(client):
    whole = chat(client, 2, model=MODEL, reasoning_effort="low", max_tokens=5000)
    streamed, _ = accumulated(
        client,
        model=MODEL,
        n=2,
        reasoning_effort="low",
        max_tokens=5000,
        stream_options={"include_usage": True},
    )
    said = [choice.message.content for choice in whole.choices]
    assert [choice.message.content for choice in streamed.choices] == said
    assert [choice.finish_reason for choice in streamed.choices] == ["stop", "stop"]
    thoughts = [choice.message.reasoning_content for choice in whole.choices]
    assert [choice.message.reasoning_content for choice in streamed.choices] == thoughts
    assert streamed.usage == whole.usage


def test_the_events_are_those_of_openais(gateway):
    body = {"model": NOVA, "messages": SAID, "n": 2, "stream": True}
    answer = httpx.post(f"{gateway.url}/chat/completions", json=body, headers={"authorization": f"Bearer {KEY}"})
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["x-bedrock-model"] == NOVA and answer.headers["x-request-id"]
    assert answer.text.endswith("\n\ndata: [DONE]\n\n") and answer.text.count("[DONE]") == 1
    events = answer.text.split("\n\n")[:-2]
    assert all(json.loads(event.removeprefix("data: "))["object"] == "chat.completion.chunk" for event in events)


def test_they_are_asked_for_side_by_side(start):
    gateway = start(changes={"fan_out": {"cluster": "gateway", "parallel": 4}})
    with gateway.openai() as client:
        begun = time.monotonic()
        chat(client, 8, extra_headers={"x-emulator": "slow=1000"})
        took = time.monotonic() - begun
    # Two rounds of four; one after the other they would take eight seconds.
    assert 2 <= took < 6


def test_one_failure_is_the_whole_requests_with_its_status(client):
    for stream in (False, True):
        with pytest.raises(openai.RateLimitError) as caught:
            chat(
                client,
                4,
                stream=stream,
                extra_headers={"x-emulator": f"throttle=1;retry-after=7;key=choices-{stream}"},
            )
        assert caught.value.code == "rate_limit_exceeded"
        assert caught.value.response.headers["retry-after"] == "7"


def test_what_is_wrong_with_each_is_said_once(client, emulator):
    with pytest.raises(openai.BadRequestError) as caught:
        chat(client, 2, temperature=3)
    assert caught.value.param == "temperature" and emulator.requests() == []


def test_what_is_ignored_is_named_once(client):
    raw = client.chat.completions.with_raw_response.create(model=NOVA, messages=SAID, n=2, seed=5)
    assert raw.headers["x-ignored-parameters"] == "seed" and len(raw.parse().choices) == 2


@pytest.mark.parametrize(
    ("n", "message"),
    [
        (0, "at least 1"),
        (-1, "at least 1"),
        (17, "between 1 and 16"),
        (1_000_000_000_000, "between 1 and 16"),
        ("2", "expected a whole number"),
        (2.5, "expected a whole number"),
        ([2], "expected a whole number"),
    ],
)
def test_what_is_no_number_of_choices_is_refused(connection, emulator, n, message):
    for path, body in [
        ("/v1/chat/completions", {"model": NOVA, "messages": SAID}),
        ("/v1/completions", {"model": NOVA, "prompt": "hello"}),
    ]:
        answer = connection.ask("POST", path, body | {"n": n})
        assert (answer.status, answer.error["param"]) == (400, "n"), path
        assert message in answer.error["message"], path
    assert emulator.requests() == []


def test_null_is_one(client, emulator):
    assert len(client.chat.completions.create(model=NOVA, messages=SAID, n=None).choices) == 1
    assert len(emulator.requests()) == 1


def test_without_a_way_to_itself_several_are_refused_and_the_message_says_what_is_missing(start, emulator):
    with start(changes={"fan_out": None}).openai() as client:
        with pytest.raises(openai.BadRequestError) as caught:
            chat(client, 2)
        assert caught.value.param == "n" and "fan_out" in caught.value.message
        assert len(chat(client, 1).choices) == 1
    assert len(emulator.requests()) == 1


def test_a_model_that_is_kept_from_it_gives_one(start, emulator):
    # Without quotes Envoy's YAML takes the letter for a boolean.
    models = [{"name": "one", "model": NOVA, "drop": ["${DROPPED:-n}"]}]
    with start(changes={"models": models}).openai() as client:
        raw = client.chat.completions.with_raw_response.create(model="one", messages=SAID, n=3)
    assert raw.headers["x-ignored-parameters"] == "n" and len(raw.parse().choices) == 1
    assert len(emulator.requests()) == 1


def test_a_key_that_may_not_use_the_model_is_asked_for_nothing(start, emulator):
    keys = [{"name": "default", "key": KEY}, {"name": "few", "key": "few-key", "models": ["gpt-4o"]}]
    gateway = start(changes={"api_keys": keys})
    with openai.OpenAI(**gateway.options("few-key")) as client:
        with pytest.raises(openai.PermissionDeniedError):
            chat(client, 2)
        assert emulator.requests() == []
        assert len(chat(client, 2, model="gpt-4o").choices) == 2


def test_a_client_that_leaves_is_asked_for_no_more(start, emulator):
    gateway = start(changes={"fan_out": {"cluster": "gateway", "parallel": 1}})
    with gateway.openai(timeout=1.5) as client, pytest.raises(openai.APITimeoutError):
        chat(client, 8, extra_headers={"x-emulator": "slow=1000"})
    # Longer than it takes to answer the one under way.
    time.sleep(3)
    assert 1 <= len(emulator.requests()) <= 2


def test_more_at_a_time_than_may_be_are_told_to_come_again(start):
    gateway = start(changes={"limits": {"worker_bytes": 20_000}})
    with gateway.openai() as client:
        assert len(chat(client, 2).choices) == 2
        with pytest.raises(openai.InternalServerError) as caught:
            chat(client, 2, messages=[{"role": "user", "content": "x" * 30_000}])
        assert (caught.value.status_code, caught.value.code) == (503, "gateway_busy")


def test_large_requests_are_not_all_sent_at_a_time(start, emulator):
    gateway = start(workers=2)
    content = "x" * 6_000_000
    with gateway.openai(timeout=60) as client:
        answer = chat(client, 4, messages=[{"role": "user", "content": content}])
    assert len(answer.choices) == 4 and len(emulator.requests()) == 4


def test_a_body_of_responses_gets_its_choices_too(connection, emulator):
    body = {"model": NOVA, "input": "hello", "n": 2}
    answer = connection.ask("POST", "/v1/chat/completions", body)
    assert answer.status == 200, answer
    assert [choice["index"] for choice in answer.json["choices"]] == [0, 1]
    assert len(emulator.requests()) == 2


def test_azures_paths_have_them_too(connection, emulator):
    path = "/openai/deployments/nova-lite/chat/completions?api-version=2024-10-21"
    answer = connection.ask("POST", path, {"messages": SAID, "n": 2})
    assert answer.status == 200 and len(answer.json["choices"]) == 2
    assert len(emulator.requests()) == 2


def complete(client, **request):
    return client.completions.create(**{"model": NOVA, "max_tokens": 50} | request)


def test_each_prompt_has_its_choices_one_after_the_other(client, emulator):
    answer = complete(client, prompt=["a", "b"], n=3, best_of=3)
    texts = [(choice.index, choice.text) for choice in answer.choices]
    assert texts == [(at, f"You said: {'a' if at < 3 else 'b'}") for at in range(6)]
    assert len(emulator.requests()) == 6
    assert [choice.index for choice in complete(client, prompt="a", n=2).choices] == [0, 1]


def test_texts_are_streamed_too(gateway, emulator):
    # The SDK's type has no null for the reason of a piece that is not the last.
    with openai.OpenAI(**gateway.options()) as client:
        for request, count in [({"prompt": "a", "n": 2}, 2), ({"prompt": ["a", "b"]}, 2), ({"prompt": ["a", "b"], "n": 2}, 4)]:
            whole = complete(client, **request)
            chunks = list(complete(client, **request, stream=True, stream_options={"include_usage": True}))
            texts = {}
            for choice in (choice for chunk in chunks for choice in chunk.choices):
                texts[choice.index] = texts.get(choice.index, "") + choice.text
            assert texts == {choice.index: choice.text for choice in whole.choices} and len(texts) == count
            assert chunks[-1].usage == whole.usage


@pytest.mark.parametrize("request_", [{"n": 2, "best_of": 3}, {"n": 2, "best_of": 1}, {"best_of": 2}])
def test_the_best_of_more_than_are_asked_for_is_refused(client, emulator, request_):
    with pytest.raises(openai.BadRequestError) as caught:
        complete(client, prompt="a", **request_)
    assert caught.value.param == "best_of" and emulator.requests() == []
