"""Targets whose endpoint speaks OpenAI itself: the official SDK's chats go on as they are, signed for that service."""

import json

import httpx
import openai
import pytest

import wire
from gateway import KEY, over_http2, route

OSS = "openai.gpt-oss-120b-1:0"
CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
SAID = [{"role": "user", "content": "hello"}]
TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
MODELS = [
    {"name": "open", "model": OSS, "backend": "openai"},
    {"name": "gpt-4o", "model": CLAUDE},
]
KEYS = [
    {"name": "default", "key": "${API_KEY}"},
    {"name": "claude", "key": "claude-key", "models": ["gpt-4o"]},
    {"name": "open", "key": "open-key", "models": ["open"]},
]


@pytest.fixture(scope="module")
def gateway(start):
    return start(workers=2, changes={"models": MODELS, "default_model": "open", "api_keys": KEYS})


@pytest.fixture(scope="module")
def client(gateway):
    with gateway.openai() as client:
        yield client


def ask(client, model="open", **more):
    raw = client.chat.completions.with_raw_response.create(**{"model": model, "messages": SAID} | more)
    return raw.headers, raw.parse()


def joined(chunks):
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


def test_a_chat_goes_on_as_it_is_but_for_its_model(gateway, emulator):
    body = b' {"x-new": {"model": "inner"}, "model" : "open" ,\n "messages":[{"role":"user","content":"h\\u00e9llo"}], "n": 1.0}'
    with gateway.connection() as connection:
        answer = connection.chat(body, {"content-type": "application/json"})
    assert answer.status == 200 and answer.json["choices"][0]["message"]["content"] == "You said: héllo"
    # Bedrock's own name: the answer goes on as it is, too.
    assert answer.json["model"] == OSS
    assert (answer.headers["x-bedrock-model"], answer.headers["x-bedrock-region"]) == (OSS, "us-east-1")
    request = emulator.request()
    assert request["path"] == "/openai/v1/chat/completions" and request["status"] == 200
    assert request["headers"]["authorization"].split("/")[3] == "bedrock"
    assert request["headers"]["content-length"] == str(len(body) + len(OSS) - len("open"))
    assert request["body"] == json.loads(body) | {"model": OSS}
    assert KEY not in str(request["headers"])


def test_the_sdk_is_answered_whole_and_streamed(client, emulator):
    headers, answer = ask(client)
    assert answer.choices[0].message.content == "You said: hello" and answer.usage.total_tokens > 0
    headers, chunks = ask(client, stream=True, stream_options={"include_usage": True})
    chunks = list(chunks)
    assert joined(chunks) == "You said: hello" and chunks[-1].usage.total_tokens > 0
    assert headers["content-type"].startswith("text/event-stream") and headers["x-bedrock-model"] == OSS


@pytest.mark.parametrize("stream", [False, True])
def test_tools(client, emulator, stream):
    said = [{"role": "user", "content": "What is the weather? city=Paris"}]
    _, answer = ask(client, messages=said, tools=[TOOL], stream=stream)
    if stream:
        [call] = [call for chunk in answer for call in chunk.choices[0].delta.tool_calls or []]
    else:
        [call] = answer.choices[0].message.tool_calls
    assert (call.function.name, json.loads(call.function.arguments)) == ("get_weather", {"city": "Paris"})
    told = [*said, {"role": "assistant", "content": "", "tool_calls": [call.model_dump(exclude={"index"})]}]
    told.append({"role": "tool", "tool_call_id": call.id, "content": "sunny"})
    _, answer = ask(client, messages=told, tools=[TOOL], stream=stream)
    text = joined(answer) if stream else answer.choices[0].message.content
    assert text == "The tool said: sunny"


def test_other_models_are_translated_beside_it(client, emulator):
    ask(client, "gpt-4o")
    assert emulator.request()["path"].endswith("/converse")


@pytest.mark.parametrize("body", ['{"messages":MSG}', '{"model":null,"messages":MSG}', '{"model":"gpt-5","messages":MSG}'])
def test_the_default_may_be_such_a_model(gateway, emulator, body):
    with gateway.connection() as connection:
        answer = connection.chat(body.replace("MSG", json.dumps(SAID)).encode(), {"content-type": "application/json"})
    assert answer.status == 200 and emulator.request()["body"]["model"] == OSS


def test_a_key_may_use_only_its_models(gateway, running_emulator):
    with gateway.openai("open-key") as client:
        ask(client)
        before = running_emulator.count()
        with pytest.raises(openai.PermissionDeniedError):
            ask(client, "gpt-4o")
    with gateway.openai("claude-key") as client:
        for model in ["open", OSS]:
            with pytest.raises(openai.PermissionDeniedError):
                ask(client, model)
    # Which of two members is read is not the same everywhere.
    with gateway.connection("open-key") as connection:
        for body in ['{"model":"gpt-4o","model":"open"}', '{"Model":"gpt-4o","model":"open"}', '{"model":["open"]}']:
            answer = connection.chat(body.encode(), {"content-type": "application/json"})
            assert answer.status == 400 and answer.error
    assert running_emulator.count() == before


def test_it_has_chats_alone(client, gateway, running_emulator):
    before = running_emulator.count()
    with pytest.raises(openai.BadRequestError):
        client.embeddings.create(model="open", input="a")
    with gateway.connection() as connection:
        answer = connection.ask("POST", "/model/open/converse", {"messages": []})
    assert (answer.status, answer.headers["x-amzn-errortype"]) == (400, "ValidationException")
    assert running_emulator.count() == before


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("fault", "error", "code"),
    [
        ("error=ThrottlingException", openai.RateLimitError, "rate_limit_exceeded"),
        ("error=ValidationException,message=why", openai.BadRequestError, None),
        ("error=ServiceUnavailableException", openai.InternalServerError, None),
        ("error=AccessDeniedException", openai.NotFoundError, "model_not_found"),
        ("error=ModelErrorException", openai.InternalServerError, "bad_upstream_response"),
    ],
)
def test_errors_are_as_elsewhere(client, emulator, fault, error, code, stream):
    emulator.faults(fault)
    try:
        with pytest.raises(error) as caught:
            ask(client, stream=stream)
    finally:
        emulator.faults()
    assert caught.value.code == code
    assert caught.value.response.headers["x-bedrock-model"] == OSS
    if "why" in fault:
        assert "why" in caught.value.message


@pytest.mark.parametrize(
    ("fault", "status"), [("exception=0:throttlingException", 429), ("exception=0:internalServerException", 500), ("cut=0", 502)]
)
def test_an_error_as_the_first_event_is_a_status(gateway, emulator, fault, status):
    with gateway.connection() as connection:
        for split in ["", ",split=2"]:
            answer = connection.chat({"model": "open", "messages": SAID, "stream": True}, {"x-emulator": fault + split})
            assert answer.status == status and answer.error, answer


def test_a_stream_that_breaks_is_broken_for_the_client_too(gateway, emulator):
    body = {"model": "open", "messages": SAID, "stream": True}
    with gateway.connection() as connection:
        whole = connection.chat(body).body
        cut = connection.chat(body, {"x-emulator": "cut=3"}).body
        assert whole.startswith(cut) and whole.endswith(b"data: [DONE]\n\n") and b"[DONE]" not in cut
        response = connection.begin("POST", "/v1/chat/completions", body, {"x-emulator": "reset=3"})
        got, is_broken = wire.until_broken(response)
        assert is_broken and whole.startswith(got)


@pytest.mark.parametrize("stream", [False, True])
def test_the_gateways_own_credentials_are_no_business_of_the_caller(start, stream):
    variables = {"AWS_SECRET_ACCESS_KEY": "wrong", "AWS_ACCESS_KEY_ID": "AKIDEMULATOR"}
    gateway = start(environment=variables, changes={"models": MODELS})
    with gateway.openai() as client, pytest.raises(openai.InternalServerError) as caught:
        ask(client, stream=stream)
    assert caught.value.code == "upstream_auth_error" and "Canonical" not in caught.value.response.text
    assert "credentials" in gateway.log


def test_a_large_body_and_http2_upstream(start, emulator):
    gateway = start(changes={"models": MODELS}, patch=over_http2)
    with gateway.openai() as client:
        text = "x" * 5_000_000
        _, answer = ask(client, messages=[{"role": "user", "content": text}])
        assert answer.choices[0].message.content == f"You said: {text}"
        _, chunks = ask(client, stream=True)
        assert joined(chunks) == "You said: hello"


def test_a_forced_guardrail_goes_along_in_headers(start, emulator):
    changes = {"models": MODELS, "guardrail": {"identifier": "abc1", "version": "2"}}
    with start(changes=changes).openai() as client:
        ask(client, extra_headers={"x-amzn-bedrock-guardrailidentifier": "other"})
        headers = emulator.request()["headers"]
        assert (headers["x-amzn-bedrock-guardrailidentifier"], headers["x-amzn-bedrock-guardrailversion"]) == ("abc1", "2")
        with pytest.raises(openai.PermissionDeniedError):
            ask(client, extra_body={"amazon-bedrock-guardrailConfig": {"tagSuffix": "x"}})


# Mantle, a service of its own, and failover.


@pytest.fixture(scope="module")
def mantle(world):
    return world.start_emulator("--service", "bedrock-mantle", region="us-west-2")


@pytest.mark.parametrize("stream", [False, True])
def test_mantle_is_signed_for_as_a_service_of_its_own(start, mantle, stream):
    mantle.forget()
    model = {"name": "open", "model": OSS, "backend": "mantle", "region": "us-west-2", "endpoint": mantle.endpoint.url}
    with start(mantle.endpoint, changes={"models": [model]}).openai() as client:
        _, answer = ask(client, stream=stream)
        assert (joined(answer) if stream else answer.choices[0].message.content) == "You said: hello"
    request = mantle.request()
    assert request["status"] == 200
    assert request["headers"]["authorization"].split("/")[2:4] == ["us-west-2", "bedrock-mantle"]


@pytest.fixture(scope="module")
def failover(start, running_emulator, mantle):
    """The sample, where the east speaks OpenAI at bedrock-runtime, the west is mantle, and the last resort is translated."""
    targets = [
        {"model": OSS, "region": "us-east-1", "backend": "openai"},
        {"model": OSS, "region": "us-west-2", "backend": "mantle", "endpoint": mantle.endpoint.url},
        {"name": "last-resort", "model": CLAUDE},
    ]

    def impatient(config):
        route(config)["route"]["retry_policy"]["per_try_timeout"] = "0.4s"
        [cluster] = [found for found in config["static_resources"]["clusters"] if found["name"] == "bedrock"]
        cluster.pop("outlier_detection")

    endpoints = {"us-east-1": running_emulator.endpoint, "us-west-2": mantle.endpoint}
    changes = {"models": [{"name": "open", "targets": targets}], "default_model": None}
    return start(endpoints, sample="failover", changes=changes, patch=impatient)


PLAIN = ["error=ThrottlingException", "error=ModelErrorException", "error=AccessDeniedException", "reset=-1", "slow=2000"]
STREAMED = ["exception=0:throttlingException", "cut=0", "nofirst"]


@pytest.mark.parametrize(
    ("stream", "fault"),
    [(False, fault) for fault in PLAIN] + [(True, fault) for fault in PLAIN + STREAMED],
)
def test_a_failure_moves_on_and_each_attempt_is_signed_for_its_own_service(failover, emulator, mantle, stream, fault):
    mantle.forget()
    emulator.faults(fault)
    try:
        with failover.openai() as client:
            headers, answer = ask(client, stream=stream)
            assert (joined(answer) if stream else answer.choices[0].message.content) == "You said: hello"
    finally:
        emulator.faults()
    assert (headers["x-bedrock-region"], headers["x-envoy-attempt-count"]) == ("us-west-2", "2")
    assert mantle.request()["headers"]["authorization"].split("/")[2:4] == ["us-west-2", "bedrock-mantle"]
    assert all(seen["headers"]["authorization"].split("/")[3] == "bedrock" for seen in emulator.requests())


@pytest.mark.parametrize("stream", [False, True])
def test_the_last_resort_may_be_translated(failover, emulator, mantle, stream):
    """From the client's own body, whatever went before."""
    emulator.faults("throttle=1")
    mantle.faults("error=ThrottlingException")
    try:
        with failover.openai() as client:
            headers, answer = ask(client, stream=stream)
            assert (joined(answer) if stream else answer.choices[0].message.content) == "You said: hello"
    finally:
        emulator.faults()
        mantle.faults()
    assert (headers["x-bedrock-model"], headers["x-envoy-attempt-count"]) == (CLAUDE, "3")
    first, last = emulator.requests()
    assert first["path"].startswith("/openai/") and last["path"].endswith("converse-stream" if stream else "converse")


def test_a_client_that_leaves_ends_the_request(gateway, emulator):
    with httpx.Client(timeout=0.3) as http, pytest.raises(httpx.ReadTimeout):
        body = {"model": "open", "messages": SAID, "stream": True}
        headers = {"authorization": f"Bearer {KEY}", "x-emulator": "nofirst"}
        http.post(f"{gateway.url}/chat/completions", json=body, headers=headers)
    with gateway.openai() as client:
        ask(client)
