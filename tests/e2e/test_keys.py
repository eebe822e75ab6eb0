"""Who calls, and as whom the gateway calls Bedrock."""

import hashlib
import json

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
    assert "ExpiredToken" in gateway.log


@pytest.mark.parametrize(("ahead", "why"), [("600", "Signature expired"), ("-600", "Signature not yet current")])
def test_a_clock_that_is_off_is_the_gateways_trouble_and_the_log_says_so(start, world, ahead, why):
    """By more than the five minutes that AWS grants."""
    gateway = start(world.start_emulator("--clock-ahead", ahead).endpoint)
    with gateway.openai() as client, pytest.raises(openai.InternalServerError) as caught:
        ask(client)
    assert (caught.value.status_code, caught.value.code) == (502, "upstream_auth_error")
    assert why not in caught.value.response.text and why in gateway.log


def test_a_clock_that_is_off_by_less_is_not(start, world):
    with start(world.start_emulator("--clock-ahead", "240").endpoint).openai() as client:
        ask(client)


def test_the_log_tells_why_but_no_secret(start):
    gateway = start(environment={"AWS_SECRET_ACCESS_KEY": "wrong", "AWS_ACCESS_KEY_ID": "AKIDEMULATOR"})
    with gateway.openai() as client, pytest.raises(openai.InternalServerError):
        ask(client)
    log = gateway.log
    assert "InvalidSignatureException" in log
    assert "hello" not in log and "Signature=" not in log and f"Bearer {KEY}" not in log


def code_of(answer):
    return answer.status, answer.error["code"]


AMERICAN = {"name": "american", "model": "us.amazon.nova-lite-v1:0"}
SPREAD = {
    "name": "spread",
    "targets": [{"model": "us.amazon.nova-lite-v1:0"}, {"model": "amazon.nova-lite-v1:0"}],
}
BILLED = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/emuapp000002"
HELD = {
    "api_keys": [
        {"name": "exchanged", "key": "the-old-key-of-web", "expires_at": "2026-01-01T00:00:00Z"},
        {"name": "exchanged", "key": "the-new-key-of-web", "not_before": "2026-01-01T00:00:00Z"},
        {"name": "exchanged", "key": "the-next-key-of-web", "not_before": "2999-01-01T00:00:00Z"},
        {"name": "lost", "key": "the-lost-key-of-all", "revoked": True},
        {"name": "chats", "key": "a-key-only-for-chats", "endpoints": ["chat"]},
        {"name": "america", "key": "a-key-for-america-only", "team": "america"},
        {"name": "west", "key": "a-key-for-the-west", "regions": ["us-west-*"]},
        {"name": "home", "key": "a-key-that-stays-home", "profiles": []},
    ],
    "teams": [{"name": "america", "profiles": ["us"]}],
    "models": [AMERICAN, SPREAD, {"name": "gpt-4o", "model": "global.anthropic.claude-sonnet-4-5-20250929-v1:0"},
               {"name": "billed", "model": BILLED, "capabilities": {"like": "us.amazon.nova-lite-v1:0"}}],
}  # fmt: skip


@pytest.fixture(scope="module")
def held(start):
    return start(changes=HELD, workers=2)


def chat(gateway, key, model="gpt-4o", path="/v1/chat/completions", **more):
    with gateway.connection(key=key) as connection:
        return connection.ask("POST", path, BODY | {"model": model} | more)


@pytest.mark.parametrize(
    ("key", "code"),
    [
        ("the-old-key-of-web", "key_expired"),
        ("the-next-key-of-web", "key_not_yet_valid"),
        ("the-lost-key-of-all", "key_revoked"),
        ("the-lost-key-of-al", "invalid_api_key"),
    ],
)
def test_a_key_outside_its_time_is_told_so_and_nobody_else_is(held, running_emulator, key, code):
    before = running_emulator.count()
    assert code_of(chat(held, key)) == (401, code)
    with held.connection(key=key) as connection:
        assert code_of(connection.ask("GET", "/v1/models")) == (401, code)
    with held.openai(key) as client, pytest.raises(openai.AuthenticationError) as caught:
        ask(client)
    assert caught.value.code == code
    assert running_emulator.count() == before


def test_keys_of_one_name_are_one_caller(held, emulator):
    assert chat(held, "the-new-key-of-web").status == 200
    assert emulator.request()["body"]["requestMetadata"]["api_key"] == "exchanged"


def test_a_key_for_chats_asks_nothing_else(held, running_emulator):
    key = "a-key-only-for-chats"
    assert chat(held, key).status == 200
    before = running_emulator.count()
    text = {"input": "a", "prompt": "a", "max_tokens": 5}
    for path in ["completions", "embeddings", "moderations", "responses", "responses/input_tokens", "messages", "messages/count_tokens"]:
        answer = chat(held, key, path=f"/v1/{path}", **text)
        assert answer.status == 403, (path, answer)
    for path in ["/model/amazon.nova-lite-v1:0/converse", "/model/amazon.nova-lite-v1:0/invoke"]:
        assert chat(held, key, path=path).status == 403
    assert chat(held, key, path="/openai/deployments/gpt-4o/embeddings", **text).status == 403
    assert running_emulator.count() == before
    with held.connection(key=key) as connection:
        assert connection.ask("GET", "/v1/models").status == 200


@pytest.mark.parametrize(
    ("key", "model", "status"),
    [
        ("a-key-for-america-only", "american", 200),
        ("a-key-for-america-only", "amazon.nova-lite-v1:0", 200),
        ("a-key-for-america-only", "billed", 200),
        ("a-key-for-america-only", "gpt-4o", 403),
        ("a-key-for-america-only", "eu.amazon.nova-lite-v1:0", 403),
        ("a-key-for-america-only", "global.amazon.nova-2-lite-v1:0", 403),
        ("a-key-that-stays-home", "amazon.nova-lite-v1:0", 200),
        ("a-key-that-stays-home", "american", 403),
        ("a-key-that-stays-home", "billed", 403),
        ("a-key-for-the-west", "amazon.nova-lite-v1:0", 403),
        ("the-new-key-of-web", "us.amazon.nova-lite-v1:0", 200),
    ],
)
def test_where_a_model_answers_is_within_the_keys_rules(held, running_emulator, key, model, status):
    before = running_emulator.count()
    answer = chat(held, key, model)
    assert answer.status == status, answer
    with held.connection(key=key) as connection:
        # What may not be called is not shown.
        assert connection.ask("GET", f"/v1/models/{model}").status == (404 if status == 403 and "west" not in key else 200)
        body = {"messages": [{"role": "user", "content": [{"text": "a"}]}]}
        native = connection.ask("POST", f"/model/{model}/converse", body)
    assert native.status == status, native
    if status == 403:
        assert code_of(answer) == (403, "region_not_allowed")
        assert running_emulator.count() == before


def test_the_first_target_within_the_keys_rules_is_asked(held, emulator):
    for key, id in [("the-new-key-of-web", "us.amazon.nova-lite-v1:0"), ("a-key-that-stays-home", "amazon.nova-lite-v1:0")]:
        answer = chat(held, key, "spread")
        assert answer.status == 200 and answer.headers["x-bedrock-model"] == id, answer


GUARDRAIL = {"identifier": "forced1", "version": "1"}
TERMS = {
    "api_keys": [
        {"name": "thrifty", "key": "a-key-of-few-tokens", "max_tokens": {"default": 50, "most": 100}},
        {"name": "guarded", "key": "a-key-with-a-guardrail", "guardrail": GUARDRAIL},
        {"name": "billed", "key": "a-key-with-labels-of-its-own", "team": "billing"},
        {"name": "free", "key": "a-key-without-any-terms"},
    ],
    "teams": [{"name": "billing", "request_metadata": {"cost-centre": "42", "user": "team"}}],
}
NOVA = "amazon.nova-lite-v1:0"
CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"


@pytest.fixture(scope="module")
def on_terms(start):
    return start(changes=TERMS, workers=2)


@pytest.mark.parametrize(("asked", "limit"), [(None, 50), (20, 20), (100, 100), (5000, 100)])
@pytest.mark.parametrize(
    ("path", "name", "more"),
    [
        ("chat/completions", "max_tokens", {}),
        ("chat/completions", "max_completion_tokens", {}),
        ("responses", "max_output_tokens", {"input": "a"}),
        ("completions", "max_tokens", {"prompt": "a"}),
        ("messages", "max_tokens", {}),
    ],
)
def test_an_answer_has_no_more_tokens_than_the_key_may_ask_for(on_terms, emulator, path, name, more, asked, limit):
    body = (more or {"messages": BODY["messages"]}) | {"model": NOVA} | ({name: asked} if asked else {})
    with on_terms.connection(key="a-key-of-few-tokens") as connection:
        answer = connection.ask("POST", f"/v1/{path}", body)
    assert answer.status == 200, answer
    assert emulator.request()["body"]["inferenceConfig"]["maxTokens"] == limit
    ignored = answer.headers.get("x-ignored-parameters", "")
    assert ("max_" in ignored) == (asked == 5000), ignored


def test_an_effort_that_goes_without_a_limit_is_not_the_keys(on_terms, emulator):
    with on_terms.connection(key="a-key-of-few-tokens") as connection:
        answer = connection.chat(BODY | {"model": "us.amazon.nova-2-lite-v1:0", "reasoning_effort": "high"})
    assert answer.status == 200, answer
    body = emulator.request()["body"]
    assert body["inferenceConfig"]["maxTokens"] == 50, body
    assert body["additionalModelRequestFields"]["reasoningConfig"]["maxReasoningEffort"] == "medium"
    assert "reasoning_effort" in answer.headers["x-ignored-parameters"]


@pytest.mark.parametrize("fields", [{"max_tokens": 5000}, {"inferenceConfig": {"maxTokens": 5000}}, {"MAX_NEW_TOKENS": 5000}])
@pytest.mark.parametrize("member", ["additionalModelRequestFields", "extra_body"])
def test_no_field_of_the_models_own_says_otherwise(on_terms, emulator, member, fields):
    with on_terms.connection(key="a-key-of-few-tokens") as connection:
        answer = connection.chat(BODY | {member: fields, "max_tokens": 20})
    assert answer.status == 200, answer
    body = emulator.request()["body"]
    assert body["inferenceConfig"] == {"maxTokens": 20} and "additionalModelRequestFields" not in body, body
    assert "max_" in answer.headers["x-ignored-parameters"]


@pytest.mark.parametrize(("asked", "limit"), [(None, 50), (5000, 100), (20, 20)])
def test_messages_of_claude_have_no_more_tokens_either(on_terms, emulator, asked, limit):
    body = {"model": CLAUDE, "messages": BODY["messages"]} | ({"max_tokens": asked} if asked else {})
    with on_terms.connection(key="a-key-of-few-tokens") as connection:
        answer = connection.ask("POST", "/v1/messages", body)
    assert answer.status == 200, answer
    assert emulator.request()["body"]["max_tokens"] == limit
    assert answer.headers.get("x-ignored-parameters") == ("max_tokens" if asked == 5000 else None)


@pytest.mark.parametrize(
    ("operation", "body", "status"),
    [
        ("converse", {"inferenceConfig": {"maxTokens": 100}}, 200),
        ("converse", {"inferenceConfig": {"maxTokens": 101}}, 403),
        ("converse-stream", {}, 403),
        ("invoke", {"max_tokens": 100, "anthropic_version": "bedrock-2023-05-31"}, 200),
        ("invoke", {"anthropic_version": "bedrock-2023-05-31"}, 403),
        ("invoke", {"anthropic_version": "bedrock-2023-05-31", "max_gen_len": 5}, 403),
        ("converse", {"inferenceConfig": {"maxTokens": 5}, "additionalModelRequestFields": {"max_new_tokens": 500}}, 403),
    ],
)
def test_natively_a_key_has_to_say_how_many_tokens(on_terms, running_emulator, operation, body, status):
    before = running_emulator.count()
    model, content = (CLAUDE, "a") if operation == "invoke" else (NOVA, [{"text": "a"}])
    body = {"messages": [{"role": "user", "content": content}]} | body
    with on_terms.connection(key="a-key-of-few-tokens") as connection:
        answer = connection.ask("POST", f"/model/{model}/{operation}", body)
    assert answer.status == status, answer
    assert running_emulator.count() == before + (status == 200)


def test_a_keys_guardrail_holds_for_all_that_the_key_asks(on_terms, emulator):
    with on_terms.connection(key="a-key-with-a-guardrail") as connection:
        assert connection.chat(BODY).status == 200
        sent = emulator.request()["body"]["guardrailConfig"]
        assert (sent["guardrailIdentifier"], sent["guardrailVersion"]) == ("forced1", "1")
        body = {"messages": [{"role": "user", "content": [{"text": "a"}]}]}
        assert connection.ask("POST", f"/model/{NOVA}/converse", body).status == 403
        assert connection.ask("POST", "/v1/moderations", {"input": "hello"}).status == 200
    with on_terms.connection(key="a-key-without-any-terms") as connection:
        assert connection.ask("POST", f"/model/{NOVA}/converse", body).status == 200


def test_a_teams_labels_are_in_the_invocation_log_and_no_client_changes_them(on_terms, emulator):
    claims = {"requestMetadata": {"cost-centre": "mine", "other": "mine"}, "user": "me"}
    with on_terms.connection(key="a-key-with-labels-of-its-own") as connection:
        assert connection.chat(BODY | claims).status == 200
        expected = {"api_key": "billed", "cost-centre": "42", "user": "team", "other": "mine"}
        assert emulator.request()["body"]["requestMetadata"] == expected
        emulator.forget()
        header = {"x-amzn-bedrock-request-metadata": json.dumps({"cost-centre": "mine", "other": "mine"})}
        message = {"model": CLAUDE, "messages": BODY["messages"], "max_tokens": 5}
        assert connection.ask("POST", "/v1/messages", message, header).status == 200
        told = json.loads(emulator.request()["headers"]["x-amzn-bedrock-request-metadata"])
        assert told == {"api_key": "billed", "cost-centre": "42", "user": "team", "other": "mine"}
