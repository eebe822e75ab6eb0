"""Envoy's own retries: each attempt is translated and signed afresh, and the client sees only the good answer."""

import itertools

import openai
import pytest

from gateway import route

BODY = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hello"}]}
COUNTERS = itertools.count()


def retrying(config):
    route(config)["route"] |= {
        "retry_policy": {
            "retry_on": "5xx,retriable-status-codes",
            "retriable_status_codes": [429],
            "num_retries": 2,
            "retry_back_off": {"base_interval": "0.005s", "max_interval": "0.01s"},
        }
    }


@pytest.fixture(scope="module")
def client(start):
    with start(patch=retrying).openai() as client:
        yield client


def ask(client, stream, fault):
    """The raw response and its text; the counter of the fault is this test's own."""
    headers = {"x-emulator": f"{fault};key={next(COUNTERS)}"}
    raw = client.chat.completions.with_raw_response.create(**BODY, stream=stream, extra_headers=headers)
    answer = raw.parse()
    if not stream:
        return raw, answer.choices[0].message.content
    return raw, "".join(chunk.choices[0].delta.content or "" for chunk in answer)


WHOLE = [
    "throttle=1",
    "error=InternalServerException;times=2",
    "error=ModelNotReadyException;times=1",
    "reset=-1;times=1",
]
STREAMED = [*WHOLE, "exception=0:throttlingException;times=1", "exception=0:serviceUnavailableException;times=2"]
STREAMED += ["cut=0;times=1", "badcrc=0;times=1", "empty;times=1", "garbage;times=1"]
CASES = [(False, fault) for fault in WHOLE] + [(True, fault) for fault in STREAMED]


@pytest.mark.parametrize(("stream", "fault"), CASES)
def test_a_failed_attempt_is_made_again(client, emulator, stream, fault):
    raw, text = ask(client, stream, fault)
    assert (raw.status_code, text) == (200, "You said: hello")
    attempts = emulator.requests()
    assert len(attempts) == (3 if "times=2" in fault else 2)
    # Each was good as it came: the emulator checks signature and body before any fault.
    assert all(attempt["fault"] or attempt["status"] == 200 for attempt in attempts)
    for attempt in attempts:
        assert attempt["headers"]["authorization"].startswith("AWS4-HMAC-SHA256 Credential=")
        assert attempt["headers"]["content-length"] == attempts[0]["headers"]["content-length"]
    assert len({str((attempt["path"], attempt["body"], sorted(attempt["headers"]))) for attempt in attempts}) == 1


@pytest.mark.parametrize("stream", [False, True])
def test_the_last_error_is_told_when_no_attempt_succeeds(client, emulator, stream):
    with pytest.raises(openai.RateLimitError) as caught:
        ask(client, stream, "error=ThrottlingException;retry-after=3;times=9")
    assert caught.value.code == "rate_limit_exceeded"
    assert caught.value.response.headers["retry-after"] == "3"
    assert len(emulator.requests()) == 3


@pytest.mark.parametrize("stream", [False, True])
def test_what_another_attempt_cannot_help_is_not_made_again(client, emulator, stream):
    with pytest.raises(openai.BadRequestError):
        ask(client, stream, "error=ValidationException;times=1")
    assert len(emulator.requests()) == 1


def test_a_bad_request_is_not_tried_at_all(client, emulator):
    with pytest.raises(openai.BadRequestError):
        client.chat.completions.create(**BODY | {"temperature": 9})
    assert emulator.requests() == []


def test_a_stream_that_has_begun_is_never_made_again(client, emulator):
    with pytest.raises(openai.APIError):
        ask(client, True, "exception=3:throttlingException;times=1")
    assert len(emulator.requests()) == 1


def test_embeddings_are_tried_again_too(client, emulator):
    answer = client.embeddings.create(
        model="text-embedding-3-small",
        input="a",
        encoding_format="float",
        extra_headers={"x-emulator": f"throttle=1;key={next(COUNTERS)}"},
    )
    assert answer.data and [request["status"] for request in emulator.requests()] == [429, 200]


def test_a_large_body_is_replayed_whole(client, emulator):
    text = "word " * 50_000
    answer = client.chat.completions.create(
        model="gpt-4o",
        messages=[{"role": "user", "content": text}],
        max_tokens=3,
        extra_headers={"x-emulator": f"throttle=1;key={next(COUNTERS)}"},
    )
    assert answer.choices[0].finish_reason == "length"
    first, second = emulator.requests()
    assert first["body"] == second["body"] and first["body"]["messages"][0]["content"][0]["text"] == text
