"""Moderations: the configured guardrail judges."""

import openai
import pytest

PNG = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


@pytest.fixture(scope="module")
def gateway(start):
    model = {"name": "strict", "model": "us.amazon.nova-lite-v1:0", "guardrail": {"identifier": "own1", "version": "7"}}
    return start(changes={"guardrail": {"identifier": "abc1", "version": "DRAFT"}, "models": [model]})


@pytest.fixture(scope="module")
def client(gateway):
    with gateway.openai() as client:
        yield client


def test_a_text_that_is_harmless_is_not_flagged(client, emulator):
    answer = client.moderations.create(input="a kind word")
    [result] = answer.results
    assert not result.flagged and not any(result.categories.model_dump().values())
    assert answer.id.startswith("modr-") and answer.model == "omni-moderation-latest"
    request = emulator.request()
    assert request["path"] == "/guardrail/abc1/version/DRAFT/apply"
    assert request["body"] == {"source": "INPUT", "content": [{"text": {"text": "a kind word"}}], "outputScope": "FULL"}
    assert request["headers"]["authorization"].startswith("AWS4-HMAC-SHA256")


@pytest.mark.parametrize(
    ("word", "category"),
    [("hate", "hate"), ("insult", "harassment"), ("violence", "violence"), ("sexual", "sexual"), ("misconduct", "illicit")],
)
def test_what_is_found_has_openais_category(client, word, category):
    [result] = client.moderations.create(model="omni-moderation-latest", input=f"some {word}").results
    found = [name for name, is_found in result.categories.model_dump(by_alias=True).items() if is_found]
    assert result.flagged and found == [category]
    scores = result.category_scores.model_dump(by_alias=True)
    assert scores[category] == 1.0 and sum(scores.values()) == 1.0


def test_what_openai_has_no_category_for_is_flagged_and_told(client):
    [result] = client.moderations.create(input="BLOCKME").results
    assert result.flagged and not any(result.categories.model_dump().values())
    [assessment] = result.guardrail_assessments
    assert assessment["wordPolicy"]["customWords"][0]["match"] == "BLOCKME"


def test_texts_get_a_result_each_in_their_order(client, emulator):
    answer = client.moderations.create(input=["kind", "violence", "kinder"])
    assert [result.flagged for result in answer.results] == [False, True, False]
    assert len(emulator.requests()) == 3


def test_parts_are_judged_as_a_whole(client, emulator):
    parts = [{"type": "text", "text": "look"}, {"type": "image_url", "image_url": {"url": PNG}}]
    [result] = client.moderations.create(input=parts).results
    assert not result.flagged
    kinds = result.category_applied_input_types
    assert (kinds.hate, kinds.violence) == (["text"], ["text", "image"])
    assert [list(piece) for piece in emulator.body()["content"]] == [["text"], ["image"]]


def test_a_models_name_chooses_its_guardrail(client, emulator):
    client.moderations.create(model="strict", input="kind")
    assert emulator.request()["path"] == "/guardrail/own1/version/7/apply"


@pytest.mark.parametrize(("given", "param"), [("", "input"), ([], "input"), ([" "], "input[0]"), ([5], "input[0]")])
def test_what_cannot_be_judged_is_refused(client, emulator, given, param):
    with pytest.raises(openai.BadRequestError) as caught:
        client.moderations.create(input=given)
    assert caught.value.param == param
    assert emulator.requests() == []


def test_without_a_guardrail_there_is_no_moderation(start, emulator):
    with start().openai() as client, pytest.raises(openai.NotFoundError) as caught:
        client.moderations.create(input="kind")
    assert caught.value.code == "no_guardrail" and emulator.requests() == []


def test_an_error_of_bedrock_is_an_error_of_openai(client):
    with pytest.raises(openai.RateLimitError):
        client.moderations.create(input="kind", extra_headers={"x-emulator": "error=ThrottlingException"})
