"""Who calls, and as whom the gateway calls Bedrock."""

import hashlib

import openai
import pytest

import envoy_config
from gateway import KEY

BODY = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hello"}]}
ARN = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-pro-v1:0"


def ask(client, **more):
    return client.chat.completions.create(**BODY | more)


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("authorization", f"Bearer {KEY}"),
        ("Authorization", f"bearer  {KEY}"),
        ("x-api-key", KEY),
        ("api-key", KEY),
    ],
)
def test_a_key_is_taken_in_each_of_its_places(gateway, header, value):
    with gateway.connection(key=None) as connection:
        assert connection.chat(BODY, {header: value}).status == 200
        assert connection.ask("GET", "/v1/models", headers={header: value}).status == 200


WRONG = [
    {},
    {"authorization": "Bearer wrong"},
    {"authorization": f"Bearer {KEY}x"},
    {"authorization": f"Bearer {KEY[:-1]}"},
    {"authorization": f"Basic {KEY}"},
    {"authorization": KEY},
    {"authorization": "Bearer "},
    {"authorization": ""},
    {"x-api-key": "wrong"},
    {"api-key": KEY.upper()},
    {"cookie": f"api-key={KEY}"},
]


@pytest.mark.parametrize("headers", WRONG)
def test_without_a_good_key_nothing_is_done(gateway, running_emulator, headers):
    before = running_emulator.count()
    with gateway.connection(key=None) as connection:
        for method, path, body in [
            ("POST", "/v1/chat/completions", BODY),
            ("POST", "/v1/embeddings", {"input": "a"}),
            ("GET", "/v1/models", None),
        ]:
            answer = connection.ask(method, path, body, headers)
            error = answer.error
            assert (answer.status, error["code"]) == (401, "invalid_api_key")
            assert "wrong" not in error["message"] and KEY not in error["message"]
        # That one may be on a connection of its own: a body that nobody reads ends the one before.
        assert connection.chat(BODY, {"x-api-key": KEY}).status == 200
    assert running_emulator.count() == before + 1


def test_the_sdk_says_that_the_key_is_wrong(gateway):
    with gateway.openai("wrong") as client, pytest.raises(openai.AuthenticationError) as caught:
        ask(client)
    assert caught.value.code == "invalid_api_key"


def test_several_keys_are_known_as_they_are_or_by_their_hash(start, emulator):
    keys = [
        {"name": "team a", "key": "${TEAM_A}"},
        {"name": "team b", "sha256": hashlib.sha256(b"key of b").hexdigest()},
    ]

    def pass_on(config):
        # Both plugins have the one VM's configuration.
        plugin = next(envoy_config.wasm_plugins(config))
        plugin["vm_config"]["environment_variables"]["host_env_keys"].append("TEAM_A")

    gateway = start(changes={"api_keys": keys}, environment={"TEAM_A": "key of a"}, patch=pass_on)
    for key in ["key of a", "key of b"]:
        with gateway.openai(key) as client:
            ask(client)
    names = [request["body"]["requestMetadata"]["api_key"] for request in emulator.requests()]
    assert names == ["team a", "team b"]
    for key in [KEY, "${TEAM_A}", keys[1]["sha256"]]:
        with gateway.openai(key) as client, pytest.raises(openai.AuthenticationError):
            ask(client)


def test_nothing_of_the_client_reaches_bedrock_but_what_is_forwarded(gateway, emulator):
    evil = {
        "authorization": f"Bearer {KEY}",
        "x-api-key": KEY,
        "api-key": KEY,
        "cookie": "session=secret",
        "proxy-authorization": "Basic eDp5",
        "host": "evil.example",
        "x-forwarded-host": "evil.example",
        "x-amz-date": "20200101T000000Z",
        "x-amz-security-token": "evil",
        "x-amz-content-sha256": "UNSIGNED-PAYLOAD",
        "x-amz-target": "Evil.Target",
        "x-amzn-bedrock-trace": "ENABLED",
        "x-bedrock-cluster": "evil",
        "x-envoy-upstream-rq-timeout-ms": "1",
        "user-agent": "evil/1.0",
        "openai-organization": "org-1",
        "accept-encoding": "gzip, br",
        "te": "trailers",
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    }
    with gateway.connection(key=None) as connection:
        assert connection.chat(BODY, evil).status == 200
    request = emulator.request()
    own = {"host", "content-type", "content-length", "authorization", "x-amz-date", "x-amz-content-sha256"}
    # Envoy adds these to every request of its own accord.
    envoys = {
        "x-forwarded-proto",
        "x-request-id",
        "x-envoy-expected-rq-timeout-ms",
        "x-forwarded-for",
        "x-envoy-internal",
    }
    assert request["headers"].keys() - own - envoys == {"traceparent"}
    assert request["headers"]["traceparent"] == evil["traceparent"]
    assert request["headers"]["host"] == f"{emulator.endpoint.host}:{emulator.endpoint.port}"
    assert request["headers"]["authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIDEMULATOR/")
    assert request["headers"]["x-amz-date"] != evil["x-amz-date"]
    assert KEY not in str(request["headers"]) and "evil" not in str(request)


@pytest.mark.parametrize("stream", [False, True])
def test_an_arn_is_one_label_of_a_signed_path(client, emulator, stream):
    ask(client, model=ARN, stream=stream)
    label = ARN.replace(":", "%3A").replace("/", "%2F")
    assert emulator.request()["path"] == f"/model/{label}/converse" + ("-stream" if stream else "")
    assert emulator.request()["status"] == 200


def test_a_session_token_is_signed_and_sent(start, temporary):
    gateway = start(temporary.endpoint, environment={"AWS_SESSION_TOKEN": "session/token+="})
    with gateway.openai() as client:
        ask(client)
    headers = temporary.request()["headers"]
    assert headers["x-amz-security-token"] == "session/token+="
    assert "x-amz-security-token" in headers["authorization"]


@pytest.fixture(scope="module")
def temporary(world):
    """An emulator that knows temporary credentials."""
    return world.start_emulator("--session-token", "session/token+=", "--expired-token", "old")


def test_a_token_is_used_instead_of_a_signature(start, emulator):
    gateway = start(environment={"AWS_BEARER_TOKEN_BEDROCK": "emulator-token"})
    with gateway.openai() as client:
        ask(client)
        ask(client, stream=True)
        client.embeddings.create(model="text-embedding-3-small", input="a", encoding_format="float")
    for request in emulator.requests():
        headers = request["headers"]
        assert headers["authorization"] == "Bearer emulator-token"
        assert not [name for name in headers if name.startswith("x-amz")]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    "variables",
    [
        {"AWS_SECRET_ACCESS_KEY": "wrong", "AWS_ACCESS_KEY_ID": "AKIDEMULATOR"},
        {"AWS_SECRET_ACCESS_KEY": "emulator-secret", "AWS_ACCESS_KEY_ID": "AKIDWRONG"},
        {"AWS_BEARER_TOKEN_BEDROCK": "wrong"},
        {"AWS_REGION": "eu-west-1"},
    ],
)
def test_wrong_credentials_are_the_gateways_trouble_and_no_business_of_the_caller(start, variables, stream):
    with start(environment=variables).openai() as client, pytest.raises(openai.InternalServerError) as caught:
        ask(client, stream=stream)
    error = caught.value
    assert (error.status_code, error.type, error.code) == (502, "upstream_auth_error", "upstream_auth_error")
    # Which region was called is no secret.
    headers = {name: value for name, value in error.response.headers.items() if name != "x-bedrock-region"}
    told = str(headers) + error.response.text
    assert not [word for word in ("AKID", "wrong", "signature", "Canonical", "eu-west-1") if word in told]


def test_an_expired_token_is_too(start, temporary):
    gateway = start(temporary.endpoint, environment={"AWS_SESSION_TOKEN": "old"})
    with gateway.openai() as client, pytest.raises(openai.InternalServerError) as caught:
        ask(client)
    assert (caught.value.status_code, caught.value.code) == (502, "upstream_auth_error")
    assert "ExpiredToken" in gateway.process.log.read_text()


def test_the_log_tells_why_but_no_secret(start):
    gateway = start(environment={"AWS_SECRET_ACCESS_KEY": "wrong", "AWS_ACCESS_KEY_ID": "AKIDEMULATOR"})
    with gateway.openai() as client, pytest.raises(openai.InternalServerError):
        ask(client)
    log = gateway.process.log.read_text()
    assert "InvalidSignatureException" in log
    assert "hello" not in log and "Signature=" not in log and f"Bearer {KEY}" not in log
