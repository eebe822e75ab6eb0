"""Embeddings."""

import json
import struct

import openai
import pytest

MODEL = "text-embedding-3-small"
TITAN = "amazon.titan-embed-text-v2:0"
COHERE = "cohere.embed-english-v3"
TITAN_IMAGE = "amazon.titan-embed-image-v1"
NOVA = "amazon.nova-2-multimodal-embeddings-v1:0"
PNG = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


@pytest.fixture(scope="module")
def client(gateway):
    """The SDK, which takes base64 for wrong where it is strict with answers."""
    with openai.OpenAI(**gateway.options()) as client:
        yield client


def bits(vector):
    return struct.pack(f"<{len(vector)}f", *vector)


def test_base64_and_numbers_are_the_same_to_the_bit(client, running_emulator):
    by_default = client.embeddings.create(model=MODEL, input="hello")
    as_numbers = client.embeddings.create(model=MODEL, input="hello", encoding_format="float")
    [vector], [numbers] = [[item.embedding for item in answer.data] for answer in (by_default, as_numbers)]
    made = json.loads(running_emulator.call("POST", f"/model/{TITAN}/invoke", {"inputText": "hello"}))
    assert len(vector) == 1024
    assert bits(vector) == bits(numbers) == bits(made["embedding"])


def test_base64_is_what_the_sdk_asks_for_by_itself(connection):
    answer = connection.ask("POST", "/v1/embeddings", {"model": MODEL, "input": "a", "encoding_format": "base64"})
    assert isinstance(answer.json["data"][0]["embedding"], str)
    answer = connection.ask("POST", "/v1/embeddings", {"model": MODEL, "input": "a"})
    assert isinstance(answer.json["data"][0]["embedding"], list)


def test_an_answer_says_what_it_is(client):
    raw = client.embeddings.with_raw_response.create(model=MODEL, input="hello there", user="me")
    answer = raw.parse()
    assert (answer.object, answer.model, answer.data[0].object, answer.data[0].index) == ("list", MODEL, "embedding", 0)
    assert answer.usage.prompt_tokens == answer.usage.total_tokens > 0
    assert raw.headers["x-bedrock-model"] == TITAN
    assert raw.headers["x-ignored-parameters"] == "user"
    assert raw.headers["x-request-id"]


@pytest.mark.parametrize("model", [COHERE, "us.cohere.embed-v4:0", "cohere.embed-multilingual-v3"])
def test_a_list_of_texts_gives_a_vector_each(client, model):
    texts = ["one", "two", "Grüße, 日本"]
    answer = client.embeddings.create(model=model, input=texts)
    assert [item.index for item in answer.data] == [0, 1, 2]
    for text, item in zip(texts, answer.data, strict=True):
        [alone] = client.embeddings.create(model=model, input=text).data
        assert alone.embedding == item.embedding
    assert answer.usage.prompt_tokens > 0


LENGTHS = [(TITAN, 256), (TITAN, 1024), ("us.cohere.embed-v4:0", 512), (TITAN_IMAGE, 384), (NOVA, 256), (NOVA, 3072)]


@pytest.mark.parametrize(("model", "length"), LENGTHS)
def test_a_vector_is_as_long_as_it_is_asked_for(client, model, length):
    answer = client.embeddings.create(model=model, input="hello", dimensions=length)
    assert len(answer.data[0].embedding) == length


@pytest.mark.parametrize("model", [TITAN_IMAGE, NOVA, COHERE, "us.cohere.embed-v4:0"])
def test_an_image_gets_a_vector(client, model):
    answer = client.embeddings.create(model=model, input=[PNG])
    assert len(answer.data) == 1 and len(answer.data[0].embedding) >= 1024


def test_the_first_titan_has_its_own_length(client):
    assert len(client.embeddings.create(model="amazon.titan-embed-text-v1", input="a").data[0].embedding) == 1536


@pytest.mark.parametrize(
    ("arguments", "param"),
    [
        ({"dimensions": 7}, "dimensions"),
        ({"dimensions": 256, "model": COHERE}, "dimensions"),
        ({"dimensions": "many"}, "dimensions"),
        ({"input": ""}, "input"),
        ({"input": []}, "input"),
        ({"input": ["a", ""], "model": COHERE}, "input[1]"),
        ({"input": [1, 2, 3]}, "input[0]"),
        ({"input": 5}, "input"),
        ({"input": [[1, 2], [3]]}, "input[0]"),
        ({"input": [-1, 10**12]}, "input[0]"),
        ({"input": ["a", 5]}, "input[1]"),
        ({"input": [*["a"] * 17, ""]}, "input[17]"),
        ({"input": ["a"] * 2049}, "input"),
        ({"input": ["a", None], "model": COHERE}, "input[1]"),
        ({"input": ["a", PNG], "model": COHERE}, "input[0]"),
        ({"input": PNG}, "input"),
        ({"encoding_format": "hex"}, "encoding_format"),
        ({"model": "us.amazon.nova-lite-v1:0"}, "model"),
        ({"model": 5}, "model"),
    ],
)
def test_what_cannot_be_embedded_is_refused(client, running_emulator, arguments, param):
    before = running_emulator.count()
    with pytest.raises(openai.BadRequestError) as caught:
        client.embeddings.create(**{"model": MODEL, "input": "hello"} | arguments)
    assert (caught.value.param, caught.value.type) == (param, "invalid_request_error")
    assert running_emulator.count() == before


def test_the_input_must_be_there(connection):
    answer = connection.ask("POST", "/v1/embeddings", {"model": MODEL})
    assert (answer.status, answer.error["param"]) == (400, "input")


def test_without_a_model_the_default_answers(connection):
    answer = connection.ask("POST", "/v1/embeddings", {"input": "hello"})
    assert (answer.status, answer.headers["x-bedrock-model"]) == (200, TITAN)


def test_an_alias_and_the_fallback_answer_as_for_chats(start):
    alias = {"name": "vectors", "model": COHERE}
    gateway = start(changes={"models": [alias]}, environment={"FALLBACK_MODEL": NOVA})
    with openai.OpenAI(**gateway.options()) as client:
        create = client.embeddings.with_raw_response.create
        for asked, model in [("vectors", COHERE), ("text-embedding-3-large", TITAN), ("nobody-knows", NOVA)]:
            raw = create(model=asked, input="a")
            assert (raw.headers["x-bedrock-model"], raw.parse().model) == (model, asked)
            assert ("x-bedrock-fallback" in raw.headers) == (asked == "nobody-knows")


def test_an_error_of_bedrock_is_an_error_of_openai(client):
    with pytest.raises(openai.RateLimitError) as caught:
        client.embeddings.create(model=MODEL, input="a", extra_headers={"x-emulator": "error=ThrottlingException"})
    assert caught.value.code == "rate_limit_exceeded"


@pytest.mark.parametrize("fault", ["garbage", "empty", "notjson", "nooutput"])
def test_an_answer_that_is_none_is_an_error(client, fault):
    with pytest.raises(openai.InternalServerError) as caught:
        client.embeddings.create(model=MODEL, input="a", extra_headers={"x-emulator": fault})
    assert caught.value.status_code == 502
