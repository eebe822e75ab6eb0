"""Each request is a span with the attributes of OpenTelemetry's conventions for generative AI, and a log record."""

import asyncio
import json
import re
import textwrap

import pytest

from faulty import Faulty
from gateway import KEY
from kinds import CLAUDE, KINDS, replies
from otlp import Collector, members
from raw import Http1
from settings import ROOT

SAID = "a-very-private-word"
BODY = {"model": "gpt-4o", "messages": [{"role": "user", "content": SAID}]}
# What both have of every request.
KNOWN = {"gen_ai.provider.name": "aws.bedrock", "bedrock.caller": "default"}
EXPIRED = "sk-of-the-tests-that-has-expired"
KEYS = [{"name": "default", "key": KEY, "team": "shop"}, {"name": "former", "key": EXPIRED, "expires_at": "2026-01-01T00:00:00Z"}]


@pytest.fixture(scope="module")
def running_collector():
    collector = Collector()
    yield collector
    collector.stop()


@pytest.fixture
def collector(running_collector):
    running_collector.forget()
    return running_collector


@pytest.fixture(scope="module")
def bedrock(running_emulator):
    bedrock = Faulty(replies(running_emulator))
    yield bedrock
    bedrock.stop()


@pytest.fixture(scope="module")
def gateway(start, running_collector):
    return start(sample="opentelemetry", patch=running_collector, changes={"api_keys": KEYS, "teams": [{"name": "shop"}]})


@pytest.fixture(scope="module")
def faulty(start, running_collector, bedrock):
    return start(bedrock.endpoint, sample="opentelemetry", patch=running_collector)


def ask(gateway, path, body, headers=(), key=KEY):
    with gateway.connection(key) as connection:
        return connection.ask("POST", path, body, headers)


def genai(attributes):
    """Of a span's or a log record's, those that this is about."""
    ours = ("gen_ai.", "error.", "bedrock.", "aws.", "cloud.")
    return {name: value for name, value in members(attributes).items() if name.startswith(ours)}


def recorded(log):
    """The whole record."""
    return json.loads(log.body.string_value)["value"]


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_is_a_span_and_a_log_record_with_its_models_and_tokens(gateway, collector, emulator, stream):
    answer = ask(gateway, "/v1/chat/completions", BODY | {"stream": stream})
    assert answer.status == 200
    log, span, [attempt] = collector.request(spans=2)
    found = genai(span.attributes)
    tokens = [int(found.pop(f"gen_ai.usage.{kind}_tokens")) for kind in ("input", "output")]
    assert all(count > 0 for count in tokens) and (stream or tokens == [answer.json["usage"][f"{kind}_tokens"] for kind in ("prompt", "completion")])
    request_id = found.pop("bedrock.request_id")
    assert found == KNOWN | {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.response.model": CLAUDE,
        "gen_ai.response.finish_reasons": "stop",
        "aws.request_id": answer.headers["x-request-id"],
        "cloud.region": "us-east-1",
        "bedrock.team": "shop",
        "bedrock.outcome": "ok",
        "bedrock.attempts": "1",
    }
    assert genai(log.attributes) == genai(span.attributes)
    record = recorded(log)
    assert (record["request_id"], record["outcome"], record["stream"]) == (request_id, "ok", stream)
    assert (span.name, attempt.name, attempt.parent_span_id) == ("chat gpt-4o", "chat gpt-4o", span.span_id)
    # It ends before the answer has passed.
    assert genai(attempt.attributes) == KNOWN
    # The tests' gateways let this header go on.
    told = emulator.request()["headers"]["traceparent"]
    assert told.split("-")[1:3] == [span.trace_id.hex(), attempt.span_id.hex()]


OPERATIONS = {
    "chat": [("/v1/responses", {"model": "gpt-4o", "input": SAID}), KINDS["message"], KINDS["native"], KINDS["native-stream"]],
    "text_completion": [("/v1/completions", {"model": "gpt-4o", "prompt": SAID})],
    "embeddings": [KINDS["embedding"]],
    "generate_content": [(f"/model/{CLAUDE}/invoke", {"messages": BODY["messages"], "max_tokens": 9, "anthropic_version": "bedrock-2023-05-31"})],
}


@pytest.mark.parametrize(("operation", "path", "body"), [(name, *asked) for name, all_ in OPERATIONS.items() for asked in all_])
def test_what_is_asked_has_the_word_of_the_conventions(gateway, collector, emulator, operation, path, body):
    assert ask(gateway, path, body).status == 200
    log, span, _ = collector.request(spans=2)
    found = genai(span.attributes)
    assert (found["gen_ai.operation.name"], span.name) == (operation, f"{operation} {found['gen_ai.request.model']}")
    assert int(found["gen_ai.usage.input_tokens"]) > 0 and genai(log.attributes) == found


@pytest.mark.parametrize(
    ("key", "body", "status", "error"),
    [(KEY, BODY | {"model": "nobody"}, 404, "model_not_found"), ("wrong", BODY, 401, "invalid_api_key"), (EXPIRED, BODY, 401, "key_expired")],
)
def test_a_refusal_is_a_span_with_its_code(gateway, collector, key, body, status, error):
    assert ask(gateway, "/v1/chat/completions", body, key=key).status == status
    is_sent_on = status == 404
    log, span, _ = collector.request(spans=2 if is_sent_on else 1)
    found = genai(span.attributes)
    assert (found["error.type"], found["bedrock.outcome"], found["bedrock.attempts"]) == (error, "refused", "0")
    assert found["gen_ai.operation.name"] == "chat" and "gen_ai.response.model" not in found
    assert ("bedrock.caller" in found) == (key == KEY)
    assert genai(log.attributes) == found
    # Whose key it was that has expired is in the record alone.
    assert recorded(log).get("caller") == {KEY: "default", EXPIRED: "former"}.get(key)


@pytest.mark.bedrock_refuses
def test_bedrocks_error_is_a_span_with_its_code_and_its_model(gateway, collector, emulator):
    assert ask(gateway, "/v1/chat/completions", BODY, {"x-emulator": "error=ThrottlingException"}).status == 429
    log, span, _ = collector.request(spans=2)
    found = genai(span.attributes)
    assert (found["error.type"], found["bedrock.outcome"]) == ("rate_limit_exceeded", "error")
    assert found["gen_ai.response.model"] == CLAUDE and "gen_ai.usage.input_tokens" not in found
    assert genai(log.attributes) == found


@pytest.mark.bedrock_refuses
def test_an_error_inside_an_answer_is_on_its_span(gateway, collector, emulator):
    ask(gateway, "/v1/chat/completions", BODY | {"stream": True}, {"x-emulator": "exception=4:throttlingException"})
    log, span, _ = collector.request(spans=2)
    found = genai(span.attributes)
    assert (found["error.type"], found["bedrock.outcome"]) == ("rate_limit_exceeded", "cut")
    assert genai(log.attributes) == found


def test_of_a_client_that_leaves_the_log_has_all_and_the_span_its_name(faulty, collector, bedrock):
    async def leave():
        async with asyncio.timeout(20), Http1(faulty.port, KEY) as connection:
            await connection.send(*KINDS["stream"], {"x-emulator": "stall 400"})
            await connection.reader.readuntil(b"\r\n\r\n")
            await asyncio.sleep(0.5)

    asyncio.run(leave())
    log, span, _ = collector.request(spans=2)
    found = genai(log.attributes)
    assert (found["bedrock.outcome"], found["gen_ai.request.model"], found["gen_ai.response.model"]) == ("client_gone", "gpt-4o", CLAUDE)
    assert int(found["gen_ai.usage.input_tokens"]) > 0 and "error.type" not in found
    assert span.name == "chat gpt-4o" and genai(span.attributes) == KNOWN


def test_nothing_that_is_sent_has_a_prompt_an_answer_or_a_key(gateway, running_collector, emulator):
    running_collector.forget()
    assert ask(gateway, "/v1/chat/completions", BODY).status == 200
    running_collector.request(spans=2)
    sent = str(running_collector.spans) + str(running_collector.logs) + str(running_collector.resources)
    assert SAID not in sent and KEY not in sent and EXPIRED not in sent


def test_the_page_shows_what_the_sample_has():
    sample = (ROOT / "envoy/opentelemetry.yaml").read_text()
    page = (ROOT / "docs/records.md").read_text()
    blocks = re.findall(r"```yaml\n(.*?)```", page.partition("\n## OpenTelemetry\n")[2], re.DOTALL)
    assert [textwrap.indent(block, indent) in sample for block, indent in zip(blocks, [" " * 10, " " * 12], strict=True)] == [True, True]
