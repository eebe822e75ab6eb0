"""Chats of text: what an application gets, whole and streamed."""

import asyncio
import json
import time

import openai
import pytest

MODEL = "gpt-4o"
BEHIND = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"


def said(text):
    return [{"role": "user", "content": text}]


def said_at_length(text):
    return said(" ".join([text] * 50))


def text_of(stream):
    return "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)


def test_a_question_is_answered(client):
    answer = client.chat.completions.create(model=MODEL, messages=said("What is new?"))
    [choice] = answer.choices
    assert (choice.message.role, choice.message.content) == ("assistant", "You said: What is new?")
    assert (choice.index, choice.finish_reason, choice.message.tool_calls) == (0, "stop", None)
    assert (answer.object, answer.model) == ("chat.completion", MODEL)
    assert abs(answer.created - time.time()) < 60
    usage = answer.usage
    assert usage.prompt_tokens > 0 and usage.completion_tokens > 0
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens


def test_a_streamed_answer_is_the_same_text_in_pieces(client):
    chunks = list(client.chat.completions.create(model=MODEL, messages=said("What is new?"), stream=True))
    assert text_of(chunks) == "You said: What is new?"
    assert chunks[0].choices[0].delta.role == "assistant"
    reasons = [chunk.choices[0].finish_reason for chunk in chunks]
    assert reasons[:-1] == [None] * (len(chunks) - 1) and reasons[-1] == "stop"
    assert len({(chunk.id, chunk.object, chunk.created, chunk.model) for chunk in chunks}) == 1
    assert (chunks[0].object, chunks[0].model) == ("chat.completion.chunk", MODEL)
    assert all(chunk.usage is None for chunk in chunks)


def test_usage_is_streamed_last_and_only_when_it_is_asked_for(client):
    whole = client.chat.completions.create(model=MODEL, messages=said("Count me."))
    stream = client.chat.completions.create(
        model=MODEL, messages=said("Count me."), stream=True, stream_options={"include_usage": True}
    )
    *before, last = stream
    assert last.choices == [] and last.usage == whole.usage
    assert all(len(chunk.choices) == 1 and chunk.usage is None for chunk in before)


def test_a_request_is_cached_up_to_its_end(client, emulator):
    messages = [{"role": "system", "content": "Be brief."}, *said("cached by the request " * 200)]
    asked = {"model": MODEL, "messages": messages, "extra_body": {"cache_control": {"type": "ephemeral", "ttl": "1h"}}}
    details = [client.chat.completions.create(**asked).usage.prompt_tokens_details for _ in range(2)]
    assert details[0].cached_tokens == 0 and details[1].cached_tokens > 0
    for request in emulator.requests():
        assert request["body"]["messages"][0]["content"][-1] == {"cachePoint": {"type": "default", "ttl": "1h"}}


def test_sound_is_refused_by_name_where_the_model_does_not_listen(client, emulator):
    sound = {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}}
    asked = [{"role": "user", "content": [sound, {"type": "text", "text": "What?"}]}]
    with pytest.raises(openai.BadRequestError) as refused:
        client.chat.completions.create(model=MODEL, messages=asked)
    assert (refused.value.param, refused.value.code) == ("messages[].content[].input_audio", "unsupported_parameter")
    assert emulator.requests() == []
    answer = client.chat.completions.create(model="mistral.voxtral-small-24b-2507", messages=asked)
    assert answer.choices[0].message.content == "You said: What? [1 audio: wav, 4 bytes]"


def test_the_asynchronous_client_works_alike(gateway):
    async def both():
        async with openai.AsyncOpenAI(**gateway.options(), _strict_response_validation=True) as client:
            whole = await client.chat.completions.create(model=MODEL, messages=said("hello"))
            stream = await client.chat.completions.create(model=MODEL, messages=said("hello"), stream=True)
            return whole.choices[0].message.content, text_of([chunk async for chunk in stream])

    assert asyncio.run(both()) == ("You said: hello", "You said: hello")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("parameters", "text", "reason"),
    [
        ({"max_tokens": 2}, "You", "length"),
        ({"max_completion_tokens": 2, "max_tokens": 500}, "You", "length"),
        ({"stop": "world"}, "You said: BLOCKME hello ", "stop"),
        ({"stop": ["", "none of this", "hello"]}, "You said: BLOCKME ", "stop"),
        (
            {"extra_body": {"guardrailConfig": {"guardrailIdentifier": "abc123", "guardrailVersion": "1"}}},
            "Sorry, the guardrail of this emulator blocked your request.",
            "content_filter",
        ),
    ],
)
def test_the_reason_for_the_end_is_told(client, parameters, text, reason, stream):
    answer = client.chat.completions.create(
        model=MODEL, messages=said("BLOCKME hello world"), stream=stream, **parameters
    )
    if stream:
        chunks = list(answer)
        assert (text_of(chunks).startswith(text), chunks[-1].choices[0].finish_reason) == (True, reason)
    else:
        [choice] = answer.choices
        assert (choice.message.content.startswith(text), choice.finish_reason) == (True, reason)


@pytest.mark.parametrize("stream", [False, True])
def test_text_of_any_script_comes_back_unharmed(client, stream):
    text = 'Grüße, 日本語 👩‍👩‍👧 "quoted" \\ back\tslash\nline \u2028 end'
    answer = client.chat.completions.create(model=MODEL, messages=said(text), stream=stream)
    content = text_of(answer) if stream else answer.choices[0].message.content
    assert content == f"You said: {text}"


def test_the_headers_say_which_request_and_which_model(client):
    raw = client.chat.completions.with_raw_response.create(model=MODEL, messages=said("hello"))
    answer = raw.parse()
    assert raw.headers["x-bedrock-model"] == BEHIND
    assert raw.headers["content-type"] == "application/json"
    assert answer.id == f"chatcmpl-{raw.headers['x-request-id']}"
    assert answer._request_id == raw.headers["x-request-id"]
    assert "x-ignored-parameters" not in raw.headers
    upstream = [name for name in raw.headers if name.startswith(("x-amz", "set-cookie", "x-emulator"))]
    assert upstream == []


def test_a_stream_has_the_headers_of_one(client):
    with client.chat.completions.with_streaming_response.create(
        model=MODEL, messages=said("hello"), stream=True, seed=1
    ) as raw:
        first = next(line for line in raw.iter_lines() if line)
    assert raw.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert raw.headers["cache-control"] == "no-cache"
    assert raw.headers["x-bedrock-model"] == BEHIND
    assert raw.headers["x-ignored-parameters"] == "seed"
    assert json.loads(first.removeprefix("data: "))["id"] == f"chatcmpl-{raw.headers['x-request-id']}"


def test_a_long_stream_arrives_as_it_is_made(client):
    times = []
    stream = client.chat.completions.create(
        model=MODEL, messages=said("long:10"), stream=True, extra_headers={"x-emulator": "pace=30"}
    )
    for chunk in stream:
        if chunk.choices and chunk.choices[0].delta.content:
            times.append(time.monotonic())
    # What somebody holds back arrives together.
    assert len(times) > 10
    middle = times[len(times) // 2]
    assert middle - times[0] > 0.06 and times[-1] - middle > 0.06


def test_a_stream_of_thousands_of_events_is_whole(client):
    stream = client.chat.completions.create(model=MODEL, messages=said("long:3000"), stream=True)
    assert len(text_of(stream).split()) == 3000


def test_instructions_become_the_systems(client, emulator):
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "developer", "content": [{"type": "text", "text": "Be kind."}]},
        *said("hello"),
        {"role": "assistant", "content": "hi"},
        {"role": "system", "content": "Be loud."},
        *said("again"),
    ]
    answer = client.chat.completions.create(model=MODEL, messages=messages)
    assert answer.choices[0].message.content.endswith("again")
    body = emulator.body()
    assert body["system"] == [{"text": "Be brief."}, {"text": "Be kind."}]
    assert [message["role"] for message in body["messages"]] == ["user", "assistant", "user"]
    assert "Be loud." in body["messages"][2]["content"][0]["text"]


def test_instructions_alone_are_what_the_user_says(client):
    answer = client.chat.completions.create(model=MODEL, messages=[{"role": "system", "content": "Be brief."}])
    assert answer.choices[0].message.content == "You said: Be brief."


def test_a_last_turn_of_the_assistant_is_a_prefill(client, emulator):
    messages = [*said("Say it in JSON."), {"role": "assistant", "content": "{ "}]
    client.chat.completions.create(model="gpt-4o-mini", messages=messages)
    assert emulator.body()["messages"][-1] == {"role": "assistant", "content": [{"text": "{"}]}


def test_neighbours_of_one_role_are_one_turn(client, emulator):
    messages = [*said("one"), *said("two"), {"role": "assistant", "content": None}, *said("three")]
    client.chat.completions.create(model=MODEL, messages=messages)
    assert emulator.body()["messages"] == [
        {"role": "user", "content": [{"text": "one"}, {"text": "two"}, {"text": "three"}]}
    ]


def test_an_image_is_looked_at(client):
    png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{png}"}}
    content = [{"type": "text", "text": "What is it?"}, image]
    answer = client.chat.completions.create(model=MODEL, messages=said(content))
    assert answer.choices[0].message.content == "You said: What is it? [1 image: png, 70 bytes]"


# What Bedrock has no counterpart for, and the member that an error names.
UNSUPPORTED = [
    ({"n": 17}, "n"),
    ({"logprobs": True}, "logprobs"),
    ({"logprobs": True, "top_logprobs": 3}, "logprobs"),
    ({"modalities": ["text", "audio"], "audio": {"format": "mp3", "voice": "ash"}}, "modalities"),
    ({"max_tokens": 0}, "max_tokens"),
    ({"max_completion_tokens": 0}, "max_completion_tokens"),
]


@pytest.mark.parametrize(("parameters", "param"), UNSUPPORTED)
def test_what_has_no_counterpart_is_refused(client, running_emulator, parameters, param):
    before = running_emulator.count()
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model=MODEL, messages=said("hello"), **parameters)
    assert (caught.value.param, caught.value.type) == (param, "invalid_request_error")
    assert running_emulator.count() == before


@pytest.mark.parametrize(("parameters", "param"), UNSUPPORTED)
def test_what_has_no_counterpart_is_ignored_where_the_configuration_says_so(lenient, parameters, param):
    with lenient.openai() as client:
        raw = client.chat.completions.with_raw_response.create(model=MODEL, messages=said("hello"), **parameters)
    ignored = raw.headers["x-ignored-parameters"].split(",")
    assert param in ignored and set(ignored) <= parameters.keys()
    assert raw.parse().choices[0].message.content == "You said: hello"


def test_what_is_ignored_is_named(client):
    raw = client.chat.completions.with_raw_response.create(
        model=MODEL,
        messages=said("hello"),
        seed=1,
        frequency_penalty=0.5,
        presence_penalty=0,
        logit_bias={"50256": -100},
        store=True,
        verbosity="low",
        temperature=1.5,
        extra_body={"brand_new": {"a": 1}},
    )
    assert set(raw.headers["x-ignored-parameters"].split(",")) == {
        "seed",
        "frequency_penalty",
        "logit_bias",
        "store",
        "verbosity",
        "temperature",
        "brand_new",
    }


def test_the_values_that_openai_takes_by_itself_are_not_reported(client):
    raw = client.chat.completions.with_raw_response.create(
        model=MODEL,
        messages=said("hello"),
        n=1,
        temperature=1,
        top_p=1,
        frequency_penalty=0,
        presence_penalty=0,
        logprobs=False,
        store=False,
        verbosity="medium",
        service_tier="auto",
        parallel_tool_calls=True,
        modalities=["text"],
        logit_bias={},
        reasoning_effort="none",
    )
    assert "x-ignored-parameters" not in raw.headers


def test_labels_go_along_with_the_name_of_the_key(client, emulator):
    client.chat.completions.create(
        model=MODEL, messages=said("hello"), metadata={"team": "a"}, user="me", safety_identifier="ü"
    )
    labels = {"api_key": "default", "team": "a", "user": "me", "safety_identifier": "_"}
    assert emulator.body()["requestMetadata"] == labels


def test_a_tier_is_asked_for_and_told(client):
    answer = client.chat.completions.create(model=MODEL, messages=said("hello"), service_tier="priority")
    assert answer.service_tier == "priority"
    *_, last = client.chat.completions.create(
        model=MODEL,
        messages=said("hello"),
        service_tier="flex",
        stream=True,
        stream_options={"include_usage": True},
    )
    assert last.service_tier == "flex"


@pytest.mark.parametrize("prefix", ["/v1", "/api/v1"])
def test_both_prefixes_lead_to_the_same(connection, prefix):
    answer = connection.ask("POST", f"{prefix}/chat/completions", {"model": MODEL, "messages": said("hello")})
    assert answer.json["choices"][0]["message"]["content"] == "You said: hello"


def test_health_needs_no_key(gateway):
    with gateway.connection(key=None) as connection:
        answer = connection.ask("GET", "/health")
    assert (answer.status, answer.json) == (200, {"status": "ok"})


def test_a_body_in_pieces_is_read_whole(connection):
    pieces = [b'{"messages":[{"role":"user",', b'"content":"h', b'i"}]}']  # a chunk each
    answer = connection.chat(iter(pieces), {"content-type": "application/json"}, chunked=True)
    assert answer.json["choices"][0]["message"]["content"] == "You said: hi"


def test_a_large_request_gets_through(client, emulator):
    text = "word " * 200_000
    answer = client.chat.completions.create(model=MODEL, messages=said(text), max_tokens=5)
    assert answer.choices[0].finish_reason == "length"
    assert emulator.body()["messages"][0]["content"][0]["text"] == text
