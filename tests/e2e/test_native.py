"""Bedrock's own routes, by AWS's own client: what it sends goes on as it is, and what it is told is as from AWS."""

import base64
import hashlib
import json
import socket

import anthropic
import pytest
from botocore.exceptions import ClientError, EventStreamError

from aws_client import bedrock, over_tls
from gateway import KEY, nowhere, over_http2, route, routes

CLAUDE_MODEL = "anthropic.claude-sonnet-4-5-20250929-v1:0"
CLAUDE = f"us.{CLAUDE_MODEL}"
NOVA = "us.amazon.nova-pro-v1:0"
LITE = "us.amazon.nova-lite-v1:0"
ARN = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-pro-v1:0"
SAID = [{"role": "user", "content": [{"text": "hello"}]}]
MESSAGES = {
    "anthropic_version": "bedrock-2023-05-31",
    "max_tokens": 50,
    "messages": [{"role": "user", "content": "hello"}],
}
OPERATIONS = ["converse", "converse-stream", "invoke", "invoke-with-response-stream", "count-tokens"]
EAST, WEST = "us-east-1", "us-west-2"


@pytest.fixture(scope="module")
def start(start):
    """Starts further gateways, which speak TLS as well."""

    def started(*arguments, patch=None, **how):
        return start(*arguments, patch=over_tls(patch), **how)

    return started


@pytest.fixture(scope="module")
def gateway(start):
    return start(workers=2)


@pytest.fixture(scope="module")
def client(gateway):
    with bedrock(gateway) as client:
        yield client


def text_of(stream):
    return "".join(event["contentBlockDelta"]["delta"]["text"] for event in stream if "contentBlockDelta" in event)


def text_of_chunks(stream):
    chunks = [json.loads(event["chunk"]["bytes"]) for event in stream]
    assert chunks[0]["type"] == "message_start" and chunks[-1]["type"] == "message_stop"
    return "".join(chunk["delta"]["text"] for chunk in chunks if chunk["type"] == "content_block_delta")


def converse(client, model=NOVA, **more):
    return client.converse(modelId=model, messages=SAID, **more)


def each_operation(client, model):
    """Every operation once, as a function that makes it and reads all of its answer."""
    body = json.dumps(MESSAGES)
    return {
        "converse": lambda: converse(client, model),
        "converse-stream": lambda: text_of(client.converse_stream(modelId=model, messages=SAID)["stream"]),
        "invoke": lambda: client.invoke_model(modelId=model, body=body)["body"].read(),
        "invoke-with-response-stream": lambda: text_of_chunks(
            client.invoke_model_with_response_stream(modelId=model, body=body)["body"]
        ),
        "count-tokens": lambda: client.count_tokens(modelId=model, input={"converse": {"messages": SAID}}),
    }


def aws_error(answer):
    """The type of an error, which has AWS's shape or this fails."""
    assert answer.headers["content-type"] == "application/json", answer
    assert answer.json["message"] and "error" not in answer.json, answer
    assert answer.headers["content-length"] == str(len(answer.body))
    return answer.headers["x-amzn-errortype"]


# What goes on and what comes back.


def test_converse(client, emulator):
    answer = converse(client, inferenceConfig={"maxTokens": 50}, requestMetadata={"mine": "1"})
    assert answer["output"]["message"]["content"] == [{"text": "You said: hello"}]
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    assert (headers["x-bedrock-model"], headers["x-bedrock-region"]) == (NOVA, EAST)
    assert answer["ResponseMetadata"]["RequestId"] == headers["x-amzn-requestid"]
    request = emulator.request()
    assert request["path"] == f"/model/{NOVA.replace(':', '%3A')}/converse"
    assert request["body"] == {"messages": SAID, "inferenceConfig": {"maxTokens": 50}, "requestMetadata": {"mine": "1"}}


def test_converse_stream(client, emulator):
    answer = client.converse_stream(modelId=NOVA, messages=SAID)
    events = list(answer["stream"])
    assert text_of(events) == "You said: hello"
    assert events[-1]["metadata"]["usage"]["totalTokens"] > 0
    assert answer["ResponseMetadata"]["HTTPHeaders"]["x-bedrock-model"] == NOVA
    assert emulator.request()["path"].endswith("/converse-stream")


def test_invoke_model(client, emulator):
    answer = client.invoke_model(modelId=CLAUDE, body=json.dumps(MESSAGES), accept="application/json")
    assert json.loads(answer["body"].read())["content"] == [{"type": "text", "text": "You said: hello"}]
    assert answer["contentType"] == "application/json"
    assert int(answer["ResponseMetadata"]["HTTPHeaders"]["x-amzn-bedrock-output-token-count"]) > 0
    assert emulator.request()["body"] == MESSAGES


def test_invoke_model_of_an_embedding_model(client, emulator):
    answer = client.invoke_model(modelId="amazon.titan-embed-text-v2:0", body='{"inputText": "hello"}')
    assert len(json.loads(answer["body"].read())["embedding"]) == 1024


def test_invoke_model_with_response_stream(client, emulator):
    answer = client.invoke_model_with_response_stream(modelId=CLAUDE, body=json.dumps(MESSAGES))
    assert text_of_chunks(answer["body"]) == "You said: hello"
    assert answer["contentType"] == "application/json"
    assert emulator.request()["path"].endswith("/invoke-with-response-stream")


def test_a_coding_agent_in_bedrock_mode_calls_its_tools(client):
    """A loop as Claude Code and Anthropic's SDK for Bedrock run it: `metadata`, tools, a call, its result, an end."""
    schema = {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}
    said = [{"role": "user", "content": [{"type": "text", "text": "read_file path=notes.txt"}]}]
    body = MESSAGES | {
        "messages": said,
        "metadata": {"user_id": "someone"},
        "system": [{"type": "text", "text": "You code.", "cache_control": {"type": "ephemeral"}}],
        "tools": [{"name": "read_file", "description": "Reads.", "input_schema": schema}],
    }
    streamed = client.invoke_model_with_response_stream(modelId=CLAUDE, body=json.dumps(body))
    chunks = [json.loads(event["chunk"]["bytes"]) for event in streamed["body"]]
    deltas = [chunk["delta"] for chunk in chunks if chunk["type"] == "content_block_delta"]
    assert json.loads("".join(delta.get("partial_json", "") for delta in deltas)) == {"path": "notes.txt"}

    answer = json.loads(client.invoke_model(modelId=CLAUDE, body=json.dumps(body))["body"].read())
    assert answer["stop_reason"] == "tool_use"
    call = answer["content"][-1]
    result = {"type": "tool_result", "tool_use_id": call["id"], "content": [{"type": "text", "text": "Buy milk."}]}
    said += [{"role": "assistant", "content": answer["content"]}, {"role": "user", "content": [result]}]
    answer = json.loads(client.invoke_model(modelId=CLAUDE, body=json.dumps(body))["body"].read())
    assert (answer["stop_reason"], answer["content"][-1]["text"]) == ("end_turn", "The tool said: Buy milk.")


@pytest.mark.parametrize("stream", [False, True])
def test_anthropics_client_for_bedrock_thinks_and_calls(gateway, emulator, stream):
    tool = {"name": "get_weather", "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}}}
    asked = {"model": CLAUDE, "max_tokens": 4000, "tools": [tool], "thinking": {"type": "enabled", "budget_tokens": 1024}}
    said = [{"role": "user", "content": "get_weather city=Rome"}]
    address = gateway.url.removesuffix("/v1")
    with anthropic.AnthropicBedrock(base_url=address, api_key=KEY, aws_region=EAST, max_retries=0) as client:

        def answer():
            if not stream:
                return client.messages.create(messages=said, metadata={"user_id": "someone"}, **asked)
            with client.messages.stream(messages=said, **asked) as streamed:
                return streamed.get_final_message()

        message = answer()
        assert [block.type for block in message.content] == ["thinking", "text", "tool_use"]
        result = {"type": "tool_result", "tool_use_id": message.content[-1].id, "content": "sunny"}
        said += [{"role": "assistant", "content": message.content}, {"role": "user", "content": [result]}]
        message = answer()
    assert (message.stop_reason, message.content[-1].text) == ("end_turn", "The tool said: sunny")
    assert "anthropic_version" in emulator.requests()[-1]["body"]


def test_count_tokens(client, emulator):
    answer = client.count_tokens(modelId=CLAUDE, input={"converse": {"messages": SAID}})
    assert answer["inputTokens"] > 0
    assert emulator.request()["path"].endswith("/count-tokens")


@pytest.mark.parametrize("model", ["gpt-4o", CLAUDE, CLAUDE_MODEL])
def test_tokens_are_counted_by_the_model_behind_a_name_or_a_profile(client, emulator, model):
    each_operation(client, model)["count-tokens"]()
    assert emulator.request()["model"] == CLAUDE_MODEL


@pytest.mark.parametrize("model", ["nova-lite", LITE])
@pytest.mark.parametrize("operation", ["converse", "converse-stream"])
def test_a_name_of_the_gateways_becomes_bedrocks_id(client, emulator, model, operation):
    each_operation(client, model)[operation]()
    assert emulator.request()["model"] == LITE


def test_an_arn_is_one_label_of_a_signed_path(client, emulator):
    converse(client, ARN)
    assert emulator.request()["path"] == f"/model/{ARN.replace(':', '%3A').replace('/', '%2F')}/converse"


@pytest.mark.parametrize("environment", [{}, {"AWS_BEARER_TOKEN_BEDROCK": "emulator-token"}])
def test_a_body_goes_on_byte_for_byte(start, emulator, environment):
    bodies = [
        b' {"messages" : [{"role":"user","content":[{"text":"h\\u00e9 \xc3\xa9"}]}],\n"inferenceConfig":{"temperature":0.50}}\n',
        json.dumps({"messages": [{"role": "user", "content": [{"text": "x " * 4_000_000}]}]}).encode(),
    ]
    with start(environment=environment).connection() as connection:
        for body in bodies:
            for chunked in [False, True]:
                emulator.forget()
                sent = iter([body[:10], body[10:]]) if chunked else body
                headers = {"content-type": "application/json"}
                answer = connection.ask("POST", f"/model/{NOVA}/converse", sent, headers, chunked=chunked)
                assert answer.status == 200, answer
                assert emulator.request()["bodySha256"] == hashlib.sha256(body).hexdigest()


def test_a_stream_comes_back_byte_for_byte(gateway, emulator):
    """The emulator answers the same request with the same bytes but for how long it took."""
    body = {"messages": SAID}
    path = f"/model/{NOVA.replace(':', '%3A')}/converse-stream"
    direct = emulator.call("POST", path, body)
    with gateway.connection() as connection:
        answer = connection.ask("POST", path, body)
    assert answer.headers["content-type"] == "application/vnd.amazon.eventstream"
    # The last event tells the latency.
    assert len(direct) > 500 and answer.body[: len(direct) - 250] == direct[: len(direct) - 250]


def test_only_what_bedrock_reads_goes_on(gateway, emulator):
    own = {
        "accept": "application/json",
        "x-amzn-bedrock-accept": "application/json",
        "x-amzn-bedrock-trace": "ENABLED",
        "x-amzn-bedrock-guardrailidentifier": "abc1",
        "x-amzn-bedrock-guardrailversion": "1",
        "x-amzn-bedrock-performanceconfig-latency": "optimized",
        "x-amzn-bedrock-service-tier": "flex",
        "x-amzn-bedrock-request-metadata": '{"mine": "1", "api_key": "somebody else"}',
        "content-type": "application/json; charset=utf-8",
    }
    evil = {
        "x-api-key": KEY,
        "cookie": "session=secret",
        "host": "evil.example",
        "x-amz-date": "20200101T000000Z",
        "x-amz-security-token": "evil",
        "x-amz-target": "Evil.Target",
        "x-amzn-bedrock-new": "evil",
        "x-bedrock-cluster": "evil",
        "x-envoy-upstream-rq-timeout-ms": "1",
        "user-agent": "evil",
        "content-encoding": "evil",
        "anthropic-beta": "evil",
    }
    with gateway.connection() as connection:
        assert connection.ask("POST", f"/model/{CLAUDE}/invoke", MESSAGES, own | evil).status == 200
        request = emulator.request()
        labels = json.loads(request["headers"].pop("x-amzn-bedrock-request-metadata"))
        assert labels == {"api_key": "default", "mine": "1"}
        own.pop("x-amzn-bedrock-request-metadata")
        assert own.items() <= request["headers"].items()
        assert "evil" not in str(request) and KEY not in str(request) and "secret" not in str(request)
        # Converse says in its body what these say.
        emulator.forget()
        assert connection.ask("POST", f"/model/{NOVA}/converse", {"messages": SAID}, own).status == 200
    assert not [name for name in emulator.request()["headers"] if name.startswith("x-amzn-bedrock-")]


def test_a_key_is_taken_in_each_of_its_places(gateway):
    with gateway.connection(key=None) as connection:
        for headers in [{"authorization": f"Bearer {KEY}"}, {"x-api-key": KEY}, {"api-key": KEY}]:
            assert connection.ask("POST", f"/model/{NOVA}/converse", {"messages": SAID}, headers).status == 200


# Who may do what.


@pytest.fixture(scope="module")
def restricted(start):
    keys = [
        {"name": "default", "key": "${API_KEY}"},
        {"name": "nova", "key": "nova-key", "models": ["nova-lite", "amazon.titan-*", "us.amazon.nova-micro*"]},
    ]
    return start(changes={"api_keys": keys, "fallback_model": LITE})


def test_the_client_raises_what_aws_would(client, start, running_emulator):
    before = running_emulator.count()
    with bedrock(start(), "wrong") as other, pytest.raises(ClientError) as caught:
        converse(other)
    assert caught.value.response["Error"]["Code"] == "UnrecognizedClientException"
    assert "wrong" not in str(caught.value)
    with pytest.raises(client.exceptions.ResourceNotFoundException) as caught:
        converse(client, "gpt-5.1")
    assert "gpt-5.1" in caught.value.response["Error"]["Message"]
    assert running_emulator.count() == before


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_key_may_use_only_its_models(restricted, running_emulator, operation):
    with bedrock(restricted, "nova-key") as client:
        if operation.startswith("converse"):
            each_operation(client, "nova-lite")[operation]()
        before = running_emulator.count()
        # By its id, by another's name, as an ARN: it stays what it is. And a name that nobody knows has no fallback here.
        for model in ["gpt-4o", CLAUDE, LITE, NOVA, ARN]:
            with pytest.raises(client.exceptions.AccessDeniedException):
                each_operation(client, model)[operation]()
        with pytest.raises(client.exceptions.ResourceNotFoundException):
            each_operation(client, "nova-litest")[operation]()
    assert running_emulator.count() == before


@pytest.mark.parametrize(
    ("method", "path", "status", "kind"),
    [
        ("GET", f"/model/{NOVA}/converse", 404, "UnknownOperationException"),
        ("POST", f"/model/{NOVA}/nothing", 404, "UnknownOperationException"),
        ("POST", f"/model/{NOVA}", 404, "UnknownOperationException"),
        ("POST", f"/model/{NOVA}/invoke-with-bidirectional-stream", 404, "UnknownOperationException"),
        ("POST", f"/model/{NOVA}/converse/more", 404, "UnknownOperationException"),
        ("POST", "/model/nobody/converse", 404, "ResourceNotFoundException"),
    ],
)
def test_what_is_not_there_is_told_as_aws_tells_it(connection, method, path, status, kind):
    answer = connection.ask(method, path, {} if method == "POST" else None)
    assert (answer.status, aws_error(answer)) == (status, kind)


def test_without_a_body_a_request_is_refused(connection):
    answer = connection.ask("POST", f"/model/{NOVA}/converse")
    assert (answer.status, aws_error(answer)) == (400, "ValidationException")


HOSTILE = [
    f"/model/{NOVA}/../../async-invoke",
    f"/model/{NOVA}/%2e%2e/%2e%2e/async-invoke",
    f"/model/..%2f..%2fasync-invoke%3f/converse",
    f"/model/%2e%2e%2fguardrail%2fx%2fversion%2f1%2fapply/converse",
    f"/model/{NOVA}%2F..%2F..%2Fasync-invoke%23/converse",
    f"/model/{NOVA}%2Finvoke/converse",
    f"/model/{NOVA}%252Finvoke/converse",
    f"/model/{NOVA}%00/converse",
    f"/model/{NOVA}%0d%0aX-Evil:%201/converse",
    f"/model/{NOVA}%3Fx=/converse",
    f"/model/{NOVA};x/converse",
    f"/model/{NOVA}\\..\\x/converse",
    f"/model/{NOVA}/./../%2e/converse",
    f"/model//{NOVA}/converse/",
    "/model/%c0%ae%c0%ae/converse",
    "/model/%/converse",
    "/model/%2/converse",
    "//model/../guardrail-checks/invoke",
    "/guardrail/x/version/1/apply",
    "/async-invoke",
    f"/%6dodel/{NOVA}/unknown",
]


def as_it_came(config):
    """A patch: Envoy lets paths be."""
    [listener] = config["static_resources"]["listeners"]
    [manager] = listener["filter_chains"][0]["filters"]
    manager["typed_config"] |= {"normalize_path": False, "merge_slashes": False}


def small(config):
    """A patch: Envoy's own limit to bodies."""
    for found in routes(config):
        found["request_body_buffer_limit"] = 1000


@pytest.mark.bedrock_refuses
@pytest.mark.parametrize("normalized", [True, False])
@pytest.mark.parametrize("path", HOSTILE)
def test_no_path_leads_to_another_operation(start, emulator, path, normalized):
    """What reaches Bedrock is the operation that was asked of a model that was checked, or nothing."""

    gateway = start(workers=2) if normalized else start(patch=as_it_came)
    body = json.dumps({"messages": SAID})
    request = f"POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {KEY}\r\ncontent-type: application/json\r\n"
    request += f"content-length: {len(body)}\r\nconnection: close\r\n\r\n{body}"
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=10) as raw:
        raw.sendall(request.encode())
        answer = b""
        while piece := raw.recv(65536):
            answer += piece
    status = int(answer.split(b" ", 2)[1])
    seen = [(request["path"], request["status"]) for request in emulator.requests()]
    assert 400 <= status < 500 and seen == [], (status, seen)


# A guardrail of the configuration.

GUARDRAIL = {"identifier": "abc1", "version": "2", "trace": "enabled"}


@pytest.fixture(scope="module")
def guarded(start):
    return start(changes={"guardrail": GUARDRAIL})


def test_a_forced_guardrail_is_put_into_the_headers_of_invoke(guarded, emulator):
    with bedrock(guarded) as client:
        weaker = {"guardrailIdentifier": "other", "guardrailVersion": "1", "trace": "DISABLED"}
        client.invoke_model(modelId=CLAUDE, body=json.dumps(MESSAGES), **weaker)
        list(client.invoke_model_with_response_stream(modelId=CLAUDE, body=json.dumps(MESSAGES))["body"])
        for request in emulator.requests():
            headers = request["headers"]
            found = [headers.get(f"x-amzn-bedrock-{name}") for name in ["guardrailidentifier", "guardrailversion", "trace"]]
            assert found == ["abc1", "2", "ENABLED"] and request["body"] == MESSAGES
        emulator.forget()
        narrowed = MESSAGES | {"amazon-bedrock-guardrailConfig": {"tagSuffix": "x"}}
        with pytest.raises(client.exceptions.AccessDeniedException):
            client.invoke_model(modelId=CLAUDE, body=json.dumps(narrowed))
    assert emulator.requests() == []


def test_converse_has_to_carry_a_forced_guardrail(guarded, emulator):
    right = {"guardrailIdentifier": "abc1", "guardrailVersion": "2"}
    with bedrock(guarded) as client:
        assert converse(client, guardrailConfig=right)["stopReason"] == "end_turn"
        assert text_of(client.converse_stream(modelId=NOVA, messages=SAID, guardrailConfig=right)["stream"])
        client.count_tokens(modelId=CLAUDE, input={"converse": {"messages": SAID}})
        emulator.forget()
        part = [{"role": "user", "content": [{"text": "a"}, {"guardContent": {"text": {"text": "b"}}}]}]
        for more in [
            {},
            {"guardrailConfig": right | {"guardrailVersion": "1"}},
            {"guardrailConfig": right, "messages": part},
            {"guardrailConfig": right, "additionalModelRequestFields": {"amazon-bedrock-guardrailConfig": {}}},
        ]:
            with pytest.raises(client.exceptions.AccessDeniedException) as caught:
                client.converse(**{"modelId": NOVA, "messages": SAID} | more)
            assert "guardrail" in caught.value.response["Error"]["Message"]
        with pytest.raises(client.exceptions.AccessDeniedException):
            client.converse_stream(
                modelId=NOVA, messages=SAID, guardrailConfig=right | {"streamProcessingMode": "async"}
            )
    assert emulator.requests() == []


# Errors.


@pytest.mark.bedrock_refuses
@pytest.mark.parametrize(
    "name",
    [
        "ValidationException",
        "ResourceNotFoundException",
        "ModelTimeoutException",
        "ModelErrorException",
        "ThrottlingException",
        "ModelNotReadyException",
        "InternalServerException",
        "ServiceUnavailableException",
        "ServiceQuotaExceededException",
    ],
)
@pytest.mark.parametrize("style", ["", ",notype", ",capital"])
def test_bedrocks_errors_are_the_clients_exceptions(gateway, client, emulator, name, style):
    emulator.faults(f"error={name},message=why{style},retry-after=7")
    try:
        for call in [
            lambda: client.invoke_model(modelId=CLAUDE, body=json.dumps(MESSAGES)),
            lambda: client.invoke_model_with_response_stream(modelId=CLAUDE, body=json.dumps(MESSAGES)),
        ]:
            with pytest.raises(getattr(client.exceptions, name)) as caught:
                call()
            assert caught.value.response["Error"]["Message"] == "why"
            headers = caught.value.response["ResponseMetadata"]["HTTPHeaders"]
            assert (headers["retry-after"], headers["x-bedrock-model"]) == ("7", CLAUDE)
        with gateway.connection() as connection:
            path = f"/model/{CLAUDE.replace(':', '%3A')}/invoke"
            answer = connection.ask("POST", path, MESSAGES)
        assert answer.body == emulator.call("POST", path, MESSAGES)
    finally:
        emulator.faults()


@pytest.mark.parametrize("name", ["ValidationException", "ResourceNotFoundException", "ModelErrorException", "ThrottlingException"])
@pytest.mark.parametrize("style", ["", ",notype"])
@pytest.mark.parametrize("operation", ["converse", "converse-stream"])
def test_no_error_tells_the_number_of_the_account(connection, name, style, operation):
    fault = f"error={name},message=of%20arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fx{style}"
    answer = connection.ask("POST", f"/model/{NOVA}/{operation}", {"messages": SAID}, {"x-emulator": fault})
    assert answer.status >= 400 and answer.headers["x-amzn-errortype"].startswith(name)
    assert b"of arn:aws:iam::************:role/x" in answer.body


def test_bedrock_refuses_and_says_why(client, emulator, request):
    request.node.add_marker(pytest.mark.bedrock_refuses)
    with pytest.raises(client.exceptions.ValidationException) as caught:
        client.converse(modelId=NOVA, messages=[{"role": "assistant", "content": [{"text": "x"}]}])
    assert "user message" in caught.value.response["Error"]["Message"]


STREAMS = ["converse-stream", "invoke-with-response-stream"]


@pytest.mark.parametrize("operation", STREAMS)
@pytest.mark.parametrize(
    ("fault", "kind", "status"),
    [
        ("exception=0:throttlingException", "ThrottlingException", 429),
        ("exception=0:modelStreamErrorException", "ModelStreamErrorException", 424),
        ("exception=0:serviceUnavailableException", "ServiceUnavailableException", 503),
        ("exception=0:throttlingException,split=3,pace=1", "ThrottlingException", 429),
        ("errorframe=0", "InternalServerException", 500),
        ("cut=0", "InternalServerException", 502),
        ("cutbytes=20", "InternalServerException", 502),
        ("badcrc=0", "InternalServerException", 502),
        ("hugeframe=0", "InternalServerException", 502),
        ("garbage", "InternalServerException", 502),
        ("empty", "InternalServerException", 502),
    ],
)
def test_a_failure_as_the_first_event_is_a_status(connection, operation, fault, kind, status):
    body = {"messages": SAID} if operation == "converse-stream" else MESSAGES
    answer = connection.ask("POST", f"/model/{CLAUDE}/{operation}", body, {"x-emulator": fault})
    assert (answer.status, aws_error(answer).split(":")[0]) == (status, kind)
    assert answer.headers["x-bedrock-model"] == CLAUDE


# At a pace each piece is one to the filter too: of 100 bytes some end an event and begin the next.
@pytest.mark.parametrize("split", ["", "split=3", "split=100,pace=5", "split=random", "coalesce"])
@pytest.mark.parametrize("operation", STREAMS)
def test_a_stream_is_whole_however_it_is_cut_on_the_way(gateway, client, emulator, operation, split):
    emulator.faults(split)
    try:
        assert each_operation(client, CLAUDE)[operation]() == "You said: hello"
    finally:
        emulator.faults()


def test_an_exception_later_on_is_the_streams_own(client, emulator):
    emulator.faults("exception=2:throttlingException")
    try:
        with pytest.raises(EventStreamError) as caught:
            list(client.converse_stream(modelId=NOVA, messages=SAID)["stream"])
        assert caught.value.response["Error"]["Code"] == "throttlingException"
    finally:
        emulator.faults()


@pytest.mark.parametrize("split", ["", ",split=1", ",split=7", ",split=100,pace=5", ",coalesce"])
def test_an_exception_later_on_tells_no_account(client, emulator, split):
    emulator.faults(f"exception=2:throttlingException,message=of%20arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fx{split}")
    try:
        # botocore judges the checksums.
        with pytest.raises(EventStreamError) as caught:
            list(client.converse_stream(modelId=NOVA, messages=SAID)["stream"])
        assert "arn:aws:iam::************:role/x" in caught.value.response["Error"]["Message"]
    finally:
        emulator.faults()


@pytest.mark.parametrize("fault", ["cut=3", "cutbytes=400"])
def test_a_stream_that_is_cut_is_cut_for_the_client_too(connection, emulator, fault):
    path = f"/model/{NOVA.replace(':', '%3A')}/converse-stream"
    whole = connection.ask("POST", path, {"messages": SAID}).body
    answer = connection.ask("POST", path, {"messages": SAID}, {"x-emulator": fault})
    assert answer.status == 200
    assert 100 < len(answer.body) < len(whole) and whole.startswith(answer.body)


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(
    "variables",
    [
        {"AWS_SECRET_ACCESS_KEY": "wrong", "AWS_ACCESS_KEY_ID": "AKIDEMULATOR"},
        {"AWS_BEARER_TOKEN_BEDROCK": "wrong"},
    ],
)
def test_the_gateways_own_credentials_are_no_business_of_the_caller(start, variables, operation):
    gateway = start(environment=variables)
    with bedrock(gateway) as client, pytest.raises(client.exceptions.InternalServerException) as caught:
        each_operation(client, CLAUDE)[operation]()
    told = str(caught.value.response)
    assert not [word for word in ("AKID", "wrong", "signature", "Canonical", "API Key") if word in told]
    log = gateway.log
    assert "InvalidSignatureException" in log or "AccessDeniedException" in log


def test_envoys_own_errors_are_the_clients_exceptions(start, world):
    with bedrock(start(nowhere())) as client, pytest.raises(client.exceptions.ServiceUnavailableException) as caught:
        converse(client)
    assert caught.value.response["Error"]["Message"] == "The gateway got no answer from Bedrock."


@pytest.mark.parametrize("fault", ["trailers", "cutbytes=20,trailers", "exception=0:throttlingException,trailers"])
def test_trailers_end_an_answer_as_well(start, fault):
    with start(patch=over_http2).connection() as connection:
        answer = connection.ask("POST", f"/model/{NOVA}/converse-stream", {"messages": SAID}, {"x-emulator": fault})
    if fault == "trailers":
        assert answer.status == 200 and b"messageStop" in answer.body
    else:
        kind = aws_error(answer)
        expected = (429, "ThrottlingException") if "exception" in fault else (502, "InternalServerException")
        assert (answer.status, kind) == expected


def test_a_body_that_is_too_large_is_413(start, running_emulator):
    before = running_emulator.count()
    gateway = start(changes={"limits": {"body_bytes": 1000}})
    body = json.dumps({"messages": [{"role": "user", "content": [{"text": "x" * 2000}]}]}).encode()
    for chunked in [False, True]:
        with gateway.connection() as connection:
            sent = iter([body[:1500], body[1500:]]) if chunked else body
            answer = connection.ask("POST", f"/model/{NOVA}/converse", sent, chunked=chunked)
        assert (answer.status, aws_error(answer)) == (413, "ValidationException")
    # Envoy's own limit is told the same way.
    with start(patch=small).connection() as connection:
        answer = connection.ask("POST", f"/model/{NOVA}/converse", b"{" + b" " * 3_000_000, {})
    assert (answer.status, aws_error(answer)) == (413, "ValidationException")
    assert running_emulator.count() == before


# Failover.


@pytest.fixture(scope="module")
def emulators(world, running_emulator):
    return {EAST: running_emulator, WEST: world.start_emulator(region=WEST)}


@pytest.fixture(scope="module")
def failover(start, emulators):
    def impatient(config):
        route(config)["route"]["retry_policy"]["per_try_timeout"] = "0.4s"
        [cluster] = [found for found in config["static_resources"]["clusters"] if found["name"] == "bedrock"]
        cluster.pop("outlier_detection")

    endpoints = {region: emulator.endpoint for region, emulator in emulators.items()}
    return start(endpoints, sample="failover", patch=impatient)


FAILURES = ["error=ThrottlingException", "error=ModelErrorException", "error=ModelTimeoutException"]
FAILURES += ["error=AccessDeniedException", "error=ServiceUnavailableException", "reset=-1", "slow=2000"]
OF_STREAMS = ["exception=0:throttlingException", "exception=0:modelStreamErrorException", "cut=0", "nofirst", "badcrc=0"]


@pytest.mark.parametrize(
    ("operation", "fault"),
    [(operation, fault) for operation in OPERATIONS for fault in FAILURES]
    + [(operation, fault) for operation in STREAMS for fault in OF_STREAMS],
)
def test_a_failure_moves_to_the_next_region_with_the_same_body(failover, emulators, operation, fault):
    for emulator in emulators.values():
        emulator.forget()
    emulators[EAST].faults(fault)
    try:
        with bedrock(failover) as client:
            answer = each_operation(client, "gpt-4o")[operation]()
    finally:
        emulators[EAST].faults()
    assert answer
    [request] = emulators[WEST].requests()
    assert request["status"] == 200
    assert request["model"] == (CLAUDE_MODEL if operation == "count-tokens" else CLAUDE)
    assert request["headers"]["authorization"].split("/")[2] == WEST
    assert {seen["bodySha256"] for seen in emulators[EAST].requests()} <= {request["bodySha256"]}


@pytest.mark.bedrock_refuses
def test_a_bad_request_moves_nowhere(failover, emulators):
    for emulator in emulators.values():
        emulator.forget()
    emulators[EAST].faults("error=ValidationException")
    try:
        with bedrock(failover) as client, pytest.raises(client.exceptions.ValidationException):
            converse(client, "gpt-4o")
    finally:
        emulators[EAST].faults()
    assert len(emulators[EAST].requests()) == 1 and emulators[WEST].requests() == []


def test_pictures_go_on_untouched(client, emulator):
    png = base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    )
    content = [{"text": "what"}, {"image": {"format": "png", "source": {"bytes": png}}}]
    answer = client.converse(modelId=NOVA, messages=[{"role": "user", "content": content}])
    assert f"1 image: png, {len(png)} bytes" in answer["output"]["message"]["content"][0]["text"]
