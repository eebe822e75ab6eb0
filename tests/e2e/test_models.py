"""Models: what a caller sees, what a name stands for, and what a key may use."""

import openai
import pytest

SONNET = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
LITE = "us.amazon.nova-lite-v1:0"
TITAN = "amazon.titan-embed-text-v2:0"
ARN = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-pro-v1:0"
APPLICATION = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/emuapp000001"

KEYS = [
    {"name": "default", "key": "${API_KEY}"},
    {"name": "nova", "key": "nova-key", "models": ["nova-lite", "amazon.titan-*"]},
]


@pytest.fixture(scope="module")
def restricted(start):
    """A gateway where one key may use only some models."""
    return start(changes={"api_keys": KEYS})


@pytest.fixture(scope="module")
def fallback(start):
    return start(environment={"FALLBACK_MODEL": LITE})


def ask(client, model, **more):
    """The model that answers, by the response's header."""
    messages = [{"role": "user", "content": "hello"}]
    raw = client.chat.completions.with_raw_response.create(model=model, messages=messages, **more)
    if not more.get("stream"):
        assert raw.parse().model == model
    return raw.headers["x-bedrock-model"]


def test_the_models_are_listed(client):
    models = client.models.list().data
    assert {model.id: model.owned_by for model in models} == {
        "gpt-4o": "anthropic",
        "gpt-4o-mini": "anthropic",
        "nova-lite": "amazon",
        "text-embedding-3-small": "amazon",
        SONNET: "anthropic",
        TITAN: "amazon",
    }
    assert {model.object for model in models} == {"model"}


def test_a_client_can_tell_and_ask_for_the_models_that_chat(client, connection):
    models = client.models.list().data
    kinds = {model.id: model.type for model in models}
    assert {id for id, kind in kinds.items() if kind == "embedding"} == {"text-embedding-3-small", TITAN}
    assert set(kinds.values()) == {"chat", "embedding"}
    for kind in ["chat", "embedding", "rerank"]:
        asked = client.models.list(extra_query={"type": kind}).data
        assert asked == [model for model in models if model.type == kind]
    answer = connection.ask("GET", "/v1/models?type=llm")
    assert (answer.status, answer.error["param"]) == (400, "type")


def test_every_listed_model_is_found_and_used(client):
    for model in client.models.list():
        assert client.models.retrieve(model.id) == model
        if "embed" in model.id:
            assert client.embeddings.create(model=model.id, input="a", encoding_format="float").model == model.id
        else:
            ask(client, model.id)


@pytest.mark.parametrize("model", [SONNET, LITE, ARN, APPLICATION, "amazon.nova-pro-v1:0"])
def test_bedrocks_own_ids_are_found_and_used_as_they_are(client, model):
    assert client.models.retrieve(model).id == model
    assert ask(client, model) == model


@pytest.mark.parametrize("encode", [lambda id: id, lambda id: id.replace("/", "%2F").replace(":", "%3A")])
@pytest.mark.parametrize("model", [SONNET, ARN])
def test_an_id_may_stand_in_a_path_encoded_or_not(connection, model, encode):
    answer = connection.ask("GET", f"/v1/models/{encode(model)}")
    assert (answer.status, answer.json["id"]) == (200, model)


@pytest.mark.parametrize(
    ("asked", "model"),
    [
        ("gpt-4o", SONNET),
        ("gpt-4o-mini", "us.anthropic.claude-haiku-4-5-20251001-v1:0"),
        ("nova-lite", LITE),
        ("gpt-5.1", SONNET),
        ("gpt-4.1-nano-2025-04-14", SONNET),
        ("o3", SONNET),
        ("o4-mini", SONNET),
        ("chatgpt-4o-latest", SONNET),
        ("openai/gpt-5", SONNET),
        ("claude-sonnet-4-5", SONNET),
        ("anthropic/claude-haiku-4.5", "us.anthropic.claude-haiku-4-5-20251001-v1:0"),
        ("claude-opus-4-1", "us.anthropic.claude-opus-4-1-20250805-v1:0"),
        ("claude-3-5-sonnet-latest", "us.anthropic.claude-3-5-sonnet-20241022-v2:0"),
        ("bedrock/nova-lite", LITE),
        ("bedrock/converse/us.amazon.nova-pro-v1:0", "us.amazon.nova-pro-v1:0"),
        (f"bedrock/{SONNET}", SONNET),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_a_name_stands_for_a_model(client, asked, model, stream):
    assert ask(client, asked, stream=stream) == model
    # And is told by the same name.
    told = client.models.retrieve(asked)
    assert (told.id, told.owned_by, told.type) == (asked, model.split(".")[1], "chat")


@pytest.mark.parametrize("model", [{}, {"model": None}, {"model": ""}])
def test_without_a_model_the_default_answers(connection, model):
    answer = connection.chat({"messages": [{"role": "user", "content": "hello"}], **model})
    assert (answer.status, answer.headers["x-bedrock-model"]) == (200, SONNET)


def test_another_default_can_be_given(start):
    with start(environment={"DEFAULT_MODEL": LITE}).openai() as client:
        assert ask(client, "gpt-5.1") == LITE


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("model", ["claude-9-sonnet", "no/such", "../../x", "a" * 3000, "amazon nova", "モデル"])
def test_a_model_that_nobody_knows_is_not_found(client, running_emulator, model, stream):
    before = running_emulator.count()
    with pytest.raises(openai.NotFoundError) as caught:
        ask(client, model, stream=stream)
    error = caught.value
    assert (error.code, error.param, error.type) == ("model_not_found", "model", "invalid_request_error")
    assert len(error.message) < 500
    assert running_emulator.count() == before


@pytest.mark.bedrock_refuses
@pytest.mark.parametrize("model", ["amazon.nova-nope-v1:0", ARN.replace("nova-pro", "nova-nope")])
def test_a_model_that_bedrock_does_not_know_is_not_found(client, model):
    with pytest.raises(openai.NotFoundError) as caught:
        ask(client, model)
    assert caught.value.code == "model_not_found"


def test_a_name_of_openais_embeddings_is_told_as_what_embeds(client):
    told = client.models.retrieve("openai/text-embedding-3-small")
    assert (told.id, told.owned_by, told.type) == ("openai/text-embedding-3-small", "amazon", "embedding")


@pytest.mark.parametrize("model", ["no-such", "..", "%ff"])
def test_an_unknown_model_cannot_be_retrieved(connection, model):
    answer = connection.ask("GET", f"/v1/models/{model}")
    assert answer.status == 404 and answer.error["message"]


@pytest.mark.parametrize("stream", [False, True])
def test_an_unknown_model_is_answered_by_the_fallback_and_that_is_said(fallback, stream):
    with fallback.openai() as client:
        messages = [{"role": "user", "content": "hello"}]
        create = client.chat.completions.with_raw_response.create
        raw = create(model="claude-9-sonnet", messages=messages, stream=stream)
        assert (raw.headers["x-bedrock-model"], raw.headers["x-bedrock-fallback"]) == (LITE, "true")
        raw = create(model="gpt-4o", messages=messages, stream=stream)
        assert raw.headers["x-bedrock-model"] == SONNET and "x-bedrock-fallback" not in raw.headers


def test_what_only_a_fallback_answers_to_is_nobodys_name(fallback):
    with fallback.openai() as client, pytest.raises(openai.NotFoundError) as caught:
        client.models.retrieve("no-such")
    assert (caught.value.code, caught.value.param) == ("model_not_found", "model")


def test_a_key_sees_only_its_models(restricted):
    with restricted.openai("nova-key") as client:
        assert {model.id for model in client.models.list()} == {"nova-lite", "text-embedding-3-small", TITAN}
        assert client.models.retrieve("nova-lite").id == "nova-lite"
        for hidden in ["gpt-4o", SONNET, ARN]:
            with pytest.raises(openai.NotFoundError):
                client.models.retrieve(hidden)
    with restricted.openai() as client:
        assert "gpt-4o" in {model.id for model in client.models.list()}


@pytest.mark.parametrize("stream", [False, True])
def test_a_key_may_use_only_its_models(restricted, running_emulator, stream):
    with restricted.openai("nova-key") as client:
        assert ask(client, "nova-lite", stream=stream) == LITE
        assert client.embeddings.create(model="text-embedding-3-small", input="a", encoding_format="float").data
        before = running_emulator.count()
        # By another name, by the default, as an ARN: it stays what it is.
        for model in ["gpt-4o", SONNET, "gpt-5", ARN, "us.amazon.nova-pro-v1:0"]:
            with pytest.raises(openai.PermissionDeniedError) as caught:
                ask(client, model, stream=stream)
            assert (caught.value.code, caught.value.param) == ("model_not_allowed", "model")
        with pytest.raises(openai.PermissionDeniedError):
            client.embeddings.create(model="cohere.embed-english-v3", input="a")
        assert running_emulator.count() == before
    with restricted.openai() as client:
        assert ask(client, "gpt-4o", stream=stream) == SONNET


@pytest.mark.parametrize("stream", [False, True])
def test_a_name_that_a_default_or_fallback_answers_for_gives_no_right(start, running_emulator, stream):
    keys = [{"name": "gpt", "key": "gpt-key", "models": ["gpt-4o*", "claude-*", "text-embedding-*", "no-*"]}]
    gateway = start(changes={"api_keys": keys, "default_model": "nova-lite", "default_embedding_model": TITAN, "fallback_model": LITE})
    with gateway.openai("gpt-key") as client:
        assert ask(client, "gpt-4o", stream=stream) == SONNET, "that name is in the configuration"
        before = running_emulator.count()
        for model in ["gpt-4o-cheap", "gpt-4o-", "claude-9-sonnet", "no-such"]:
            with pytest.raises(openai.PermissionDeniedError) as caught:
                ask(client, model, stream=stream)
            assert caught.value.code == "model_not_allowed"
        with pytest.raises(openai.PermissionDeniedError):
            client.embeddings.create(model="text-embedding-3-large", input="a")
        assert running_emulator.count() == before


@pytest.mark.parametrize("region", ["us-west-2", "eu-west-1", "evil-region-1", "cn-north-1", "us-iso-east-1"])
def test_an_arn_chooses_no_region_that_is_not_allowed(connection, running_emulator, region):
    partition = {"cn-north-1": "aws-cn", "us-iso-east-1": "aws-iso"}.get(region, "aws")
    arn = f"arn:{partition}:bedrock:{region}:123456789012:application-inference-profile/emuapp000001"
    before = running_emulator.count()
    for path, more in [("/v1/chat/completions", {"messages": []}), ("/v1/embeddings", {"input": "a"})]:
        answer = connection.ask("POST", path, {"model": arn} | more)
        assert (answer.status, answer.error["code"], answer.error["param"]) == (403, "region_not_allowed", "model")
    answer = connection.ask("POST", f"/model/{arn.replace('/', '%2F')}/converse", {"messages": []})
    assert (answer.status, answer.headers["x-amzn-errortype"]) == (403, "AccessDeniedException")
    assert running_emulator.count() == before


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:s3:us-east-1:123456789012:bedrock:x/y",
        "arn:aws-cn:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-pro-v1:0",
        "arn:aws:bedrock:us-gov-west-1:123456789012:inference-profile/us.amazon.nova-pro-v1:0",
    ],
)
def test_an_arn_of_no_model_is_refused_and_not_answered_by_the_fallback(fallback, running_emulator, arn):
    before = running_emulator.count()
    with fallback.connection() as connection:
        answer = connection.chat({"model": arn, "messages": [{"role": "user", "content": "hello"}]})
        assert (answer.status, answer.error["param"]) == (400, "model")
        answer = connection.ask("POST", f"/model/{arn.replace('/', '%2F')}/converse", {"messages": []})
        assert (answer.status, answer.headers["x-amzn-errortype"]) == (400, "ValidationException")
    assert running_emulator.count() == before


def test_a_key_with_its_models_may_not_go_without_a_model(restricted):
    with restricted.connection("nova-key") as connection:
        answer = connection.chat({"messages": [{"role": "user", "content": "hello"}]})
        assert (answer.status, answer.error["code"]) == (403, "model_not_allowed")
        # The first of two members of one name, or the last: both roles have to see the same one.
        body = '{"model":"nova-lite","model":"gpt-4o","messages":[{"role":"user","content":"hello"}]}'
        answer = connection.chat(body.encode(), {"content-type": "application/json"})
        assert answer.status in (400, 403)
        body = '{"model":"gpt-4o","model":"nova-lite","messages":[{"role":"user","content":"hello"}]}'
        answer = connection.chat(body.encode(), {"content-type": "application/json"})
        assert answer.status in (400, 403) or answer.headers["x-bedrock-model"] == LITE
