"""Azure's paths and its client: the model is in the path."""

import openai
import pytest

SONNET = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
LITE = "us.amazon.nova-lite-v1:0"
SAID = [{"role": "user", "content": "hello"}]
KEYS = [{"name": "default", "key": "${API_KEY}"}, {"name": "nova", "key": "nova-key", "models": ["nova-lite"]}]


def azure(gateway, **more):
    options = gateway.options() | {"max_retries": 0}
    options["azure_endpoint"] = options.pop("base_url").removesuffix("/v1")
    return openai.AzureOpenAI(**options | more, api_version="2024-10-21", _strict_response_validation=True)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("model", "bedrock"), [("gpt-4o", SONNET), ("nova-lite", LITE), (LITE, LITE), ("bedrock/nova-lite", LITE)])
def test_azures_client_chats_with_the_model_of_the_path(gateway, model, bedrock, stream):
    with azure(gateway) as client:
        raw = client.chat.completions.with_raw_response.create(model=model, messages=SAID, stream=stream)
        answer = raw.parse()
        first = next(iter(answer)) if stream else answer
    assert (raw.headers["x-bedrock-model"], first.model) == (bedrock, model)


def test_the_deployment_holds_over_the_bodys_model(gateway, emulator):
    with azure(gateway, azure_deployment="nova-lite") as client:
        raw = client.chat.completions.with_raw_response.create(model="gpt-4o", messages=SAID)
    assert (raw.headers["x-bedrock-model"], raw.parse().model) == (LITE, "nova-lite")
    assert [request["status"] for request in emulator.requests()] == [200]


def test_a_body_without_a_model_gets_the_paths(gateway):
    with gateway.connection() as connection:
        path = "/openai/deployments/nova-lite/chat/completions?api-version=2024-10-21"
        answer = connection.ask("POST", path, {"messages": SAID})
        assert (answer.status, answer.headers["x-bedrock-model"]) == (200, LITE)
        answer = connection.ask("POST", path, [])
        assert answer.status == 400 and answer.error


def test_embeddings_completions_and_the_list_of_models(gateway):
    with azure(gateway) as client:
        vectors = client.embeddings.create(model="text-embedding-3-small", input="a", encoding_format="float")
        assert len(vectors.data[0].embedding) == 1024
        # In pieces, each of which comes by the same path.
        three = client.embeddings.create(model="text-embedding-3-small", input=["a", "b", "c"], encoding_format="float")
        assert len(three.data) == 3
        assert client.completions.create(model="nova-lite", prompt="hello").choices[0].text
        assert "nova-lite" in {model.id for model in client.models.list()}
        assert client.models.retrieve("openai/gpt-5").id == "openai/gpt-5"


def test_rights_hold_for_the_paths_model(start):
    gateway = start(changes={"api_keys": KEYS})
    with azure(gateway, api_key="nova-key") as client:
        assert client.chat.completions.create(model="nova-lite", messages=SAID).model == "nova-lite"
        with pytest.raises(openai.PermissionDeniedError) as caught:
            client.chat.completions.create(model="gpt-4o", messages=SAID)
        assert caught.value.code == "model_not_allowed"
    with azure(gateway, api_key="nova-key", azure_deployment="gpt-4o") as client:
        with pytest.raises(openai.PermissionDeniedError):
            client.chat.completions.create(model="nova-lite", messages=SAID)
    with azure(gateway, api_key="wrong") as client, pytest.raises(openai.AuthenticationError):
        client.chat.completions.create(model="nova-lite", messages=SAID)
