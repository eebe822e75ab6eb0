"""Lists of inputs for models that take one at a time, or fewer than there are."""

import itertools
import struct
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import openai
import pytest

TITAN = "amazon.titan-embed-text-v2:0"
NOVA = "amazon.nova-2-multimodal-embeddings-v1:0"
COHERE = "cohere.embed-english-v3"
COUNTERS = itertools.count()


@pytest.fixture(scope="module")
def client(gateway):
    """The SDK, which takes base64 for wrong where it is strict with answers."""
    with openai.OpenAI(**gateway.options(timeout=60)) as client:
        yield client


def texts(count):
    return [f"text {number}" for number in range(count)]


@pytest.mark.parametrize("encoding", ["float", "base64", None])
@pytest.mark.parametrize(("model", "calls"), [(TITAN, 40), (NOVA, 40), (COHERE, 1)])
def test_every_input_gets_its_own_vector_in_its_place(client, emulator, model, calls, encoding):
    form = {"encoding_format": encoding} if encoding else {}
    answer = client.embeddings.create(model=model, input=texts(40), **form)
    assert [item.index for item in answer.data] == list(range(40))
    assert len(emulator.requests()) == calls
    for number in (0, 1, 17, 39):
        [alone] = client.embeddings.create(model=model, input=f"text {number}", **form).data
        assert alone.embedding == answer.data[number].embedding, number
    assert (answer.object, answer.model) == ("list", model)


def test_cohere_is_asked_for_as_many_as_it_takes(client, emulator):
    answer = client.embeddings.create(model=COHERE, input=texts(200))
    assert len(answer.data) == 200
    assert sorted(len(request["body"]["texts"]) for request in emulator.requests()) == [8, 96, 96]
    [alone] = client.embeddings.create(model=COHERE, input="text 150").data
    assert alone.embedding == answer.data[150].embedding


def test_tokens_are_those_of_all_pieces(client):
    one = client.embeddings.create(model=TITAN, input="text 0").usage.prompt_tokens
    usage = client.embeddings.create(model=TITAN, input=["text 0"] * 30).usage
    assert usage.prompt_tokens == usage.total_tokens == 30 * one


def test_the_headers_are_those_of_an_answer(client):
    raw = client.embeddings.with_raw_response.create(model="text-embedding-3-small", input=texts(3), user="me")
    assert raw.headers["x-bedrock-model"] == TITAN and raw.headers["x-ignored-parameters"] == "user"
    assert raw.headers["x-request-id"] and raw.headers["content-type"] == "application/json"
    assert "authorization" not in raw.headers


def test_so_many_at_a_time_and_no_more(start, emulator):
    gateway = start(changes={"fan_out": {"cluster": "gateway", "parallel": 4}})
    with openai.OpenAI(**gateway.options()) as client:
        begun = time.monotonic()
        client.embeddings.create(model=TITAN, input=texts(12), extra_headers={"x-emulator": "slow=200"})
        took = time.monotonic() - begun
    # Three rounds of four.
    assert 0.6 <= took < 1.5


def test_more_lists_at_a_time_than_may_be_are_told_to_come_again_and_those_that_end_make_room(start):
    gateway = start(changes={"fan_out": {"cluster": "gateway", "open": 1}}, workers=1)
    with openai.OpenAI(**gateway.options()) as client:

        def embed(_):
            try:
                return len(client.embeddings.create(model=TITAN, input=texts(2), extra_headers=slow).data)
            except openai.InternalServerError as error:
                return error.status_code, error.code

        slow = {"x-emulator": "slow=1000"}
        with ThreadPoolExecutor(4) as callers:
            outcomes = sorted(callers.map(embed, range(4)), key=str)
        assert outcomes == [(503, "too_many_lists")] * 3 + [2]
        assert embed(None) == 2


def test_one_failure_is_the_whole_requests_with_its_reason(client):
    key = next(COUNTERS)
    with pytest.raises(openai.RateLimitError) as caught:
        client.embeddings.create(
            model=TITAN,
            input=texts(20),
            extra_headers={"x-emulator": f"throttle=1;retry-after=7;key=fan{key}"},
        )
    assert caught.value.code == "rate_limit_exceeded"
    assert caught.value.response.headers["retry-after"] == "7"


@pytest.mark.parametrize(
    ("wrong", "param"), [("", "input[17]"), (5, "input[17]"), ([1, 2], "input[17]"), (None, "input[17]")]
)
def test_an_input_that_is_wrong_is_named_and_nothing_is_sent(connection, emulator, wrong, param):
    inputs = [*texts(17), wrong, *texts(3)]
    answer = connection.ask("POST", "/v1/embeddings", {"model": TITAN, "input": inputs})
    assert (answer.status, answer.error["param"]) == (400, param)
    assert emulator.requests() == []


def test_what_is_wrong_beside_the_inputs_is_told_too(client):
    with pytest.raises(openai.BadRequestError) as caught:
        client.embeddings.create(model=TITAN, input=texts(5), dimensions=7)
    assert caught.value.param == "dimensions"


def test_two_thousand_and_forty_eight_inputs_come_back_in_their_order(client, gateway):
    numbers = texts(2048)
    begun = time.monotonic()
    answer = client.embeddings.create(model=TITAN, input=numbers)
    took = time.monotonic() - begun
    assert [item.index for item in answer.data] == list(range(2048))
    for number in (0, 1000, 2047):
        [alone] = client.embeddings.create(model=TITAN, input=numbers[number]).data
        assert alone.embedding == answer.data[number].embedding
    assert took < 30
    with pytest.raises(openai.BadRequestError) as caught:
        client.embeddings.create(model=TITAN, input=texts(2049))
    assert caught.value.param == "input"


def test_a_key_that_may_not_use_the_model_sends_no_piece(start, emulator):
    keys = [{"name": "default", "key": "${API_KEY}"}, {"name": "chats", "key": "chat-key", "models": ["gpt-4o"]}]
    gateway = start(changes={"api_keys": keys})
    with openai.OpenAI(**gateway.options("chat-key")) as client, pytest.raises(openai.PermissionDeniedError):
        client.embeddings.create(model=TITAN, input=texts(5))
    assert emulator.requests() == []


def test_each_piece_is_told_to_bedrock_under_the_callers_key_only(client, emulator):
    client.embeddings.create(model=TITAN, input=texts(5))
    for request in emulator.requests():
        assert request["headers"]["authorization"].startswith("AWS4-HMAC-SHA256")


def test_callers_at_the_same_time_get_their_own(client):
    answers = {}

    def ask(caller):
        said = [f"{caller} {number}" for number in range(30)]
        answers[caller] = client.embeddings.create(model=TITAN, input=said, encoding_format="float")

    threads = [threading.Thread(target=ask, args=(caller,)) for caller in "abcdef"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for caller, answer in answers.items():
        [alone] = client.embeddings.create(model=TITAN, input=f"{caller} 29", encoding_format="float").data
        assert struct.pack("4d", *alone.embedding[:4]) == struct.pack("4d", *answer.data[29].embedding[:4])


def test_without_a_way_to_itself_a_list_is_refused(start, emulator):
    with openai.OpenAI(**start(changes={"fan_out": None}).options()) as client:
        with pytest.raises(openai.BadRequestError) as caught:
            client.embeddings.create(model=TITAN, input=texts(2))
    assert caught.value.param == "input" and emulator.requests() == []


def test_a_cluster_that_is_not_there_is_told(start):
    with openai.OpenAI(**start(changes={"fan_out": {"cluster": "nowhere"}}).options()) as client:
        with pytest.raises(openai.InternalServerError) as caught:
            client.embeddings.create(model=TITAN, input=texts(2))
    assert caught.value.code == "gateway_error"
