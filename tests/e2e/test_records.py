"""Every request has one record, whichever way it ends."""

import asyncio
import json

import pytest

from faulty import Faulty
from gateway import KEY, nowhere, route
from kinds import CLAUDE, KINDS, MODEL, replies
from raw import Http1, Http2
from records import Records

SAID = [{"role": "user", "content": "hello"}]
BODY = {"model": "gpt-4o", "messages": SAID}
PRICES = [{"pattern": "anthropic.claude-sonnet-4-5*", "input": 3, "output": 15}]
LOG, FAULTS, NOWHERE, OPEN, SILENT = Records(), Records(), Records(), Records(), Records()
# Keys that do not let in, and whose they are.
OUT = {
    "sk-of-the-tests-expired": {"name": "former", "team": "shop", "expires_at": "2026-01-01T00:00:00Z"},
    "sk-of-the-tests-revoked": {"name": "lost", "revoked": True},
    "sk-of-the-tests-too-early": {"name": "next", "not_before": "2099-01-01T00:00:00Z"},
}
BOUNDED = "sk-of-the-tests-bounded"
KEYS = [{"name": "default", "key": KEY}, {"name": "bounded", "key": BOUNDED, "limits": {"tokens_per_minute": 10}}, *({"key": key} | rest for key, rest in OUT.items())]
OSS = "openai.gpt-oss-120b-1:0"


@pytest.fixture(scope="module")
def gateway(start):
    return start(patch=LOG, changes={"prices": PRICES, "api_keys": KEYS, "teams": [{"name": "shop"}]})


@pytest.fixture
def log(gateway):
    LOG.forget()
    return LOG


@pytest.fixture(scope="module")
def bedrock(running_emulator):
    bedrock = Faulty(replies(running_emulator))
    yield bedrock
    bedrock.stop()


@pytest.fixture(scope="module")
def faulty(start, bedrock):
    return start(bedrock.endpoint, patch=FAULTS)


def ask(gateway, path, body, headers=()):
    with gateway.connection() as connection:
        return connection.ask("POST", path, body, headers)


def test_an_answer_has_a_record_and_spans_have_its_model_in_their_name(gateway, log, emulator):
    answer = ask(gateway, "/v1/chat/completions", BODY)
    [line] = log.lines()
    record, usage = line["usage"], answer.json["usage"]
    assert (line["caller"], line["span"]) == ("default", "chat gpt-4o")
    assert record["request_id"] == line["id"] and record["bedrock_request_id"] == answer.headers["x-request-id"]
    assert {name: record[name] for name in record.keys() - {"request_id", "bedrock_request_id", "duration_ms"}} == {
        "caller": "default",
        "operation": "chat",
        "model_asked": "gpt-4o",
        "model": CLAUDE,
        "region": "us-east-1",
        "attempts": 1,
        "stream": False,
        "status": 200,
        "outcome": "ok",
        "finish_reason": "stop",
        "input_tokens": usage["prompt_tokens"],
        "output_tokens": usage["completion_tokens"],
        "total_tokens": usage["total_tokens"],
        "cost": (usage["prompt_tokens"] * 3 + usage["completion_tokens"] * 15) / 1e6,
        "guardrail": False,
    }


def test_what_a_limit_refuses_is_recorded_with_its_limit_and_the_model_that_was_asked(gateway, log, emulator):
    with gateway.connection(key=BOUNDED) as connection:
        # More than all of the limit passes where nothing is used.
        assert [connection.chat(BODY).status for _ in range(2)] == [200, 429]
    _, refused = log.records(2)
    assert (refused["outcome"], refused["error"], refused["limit"]) == ("refused", "rate_limit_exceeded", "tokens_per_minute")
    assert refused["model_asked"] == "gpt-4o" and refused["attempts"] == 0


@pytest.mark.parametrize("kind", KINDS)
def test_tokens_are_told_of_every_front(gateway, log, emulator, kind):
    path, body = KINDS[kind]
    assert ask(gateway, path, body).status == 200
    record = log.record()
    assert record["outcome"] == "ok" and "estimated" not in record, record
    assert record["input_tokens"] > 0 and (kind == "embedding" or record["output_tokens"] > 0), record
    assert record["total_tokens"] == record["input_tokens"] + record["output_tokens"]
    assert record["stream"] == kind.endswith("stream") == ("time_to_first_token_ms" in record)
    assert ("finish_reason" in record) == (kind != "embedding")


@pytest.mark.parametrize("stream", [False, True])
def test_tokens_of_responses_and_of_invoked_models_are_told(gateway, log, emulator, stream):
    ask(gateway, "/v1/responses", {"model": "gpt-4o", "input": "hello", "stream": stream})
    own = {"messages": SAID, "max_tokens": 9, "anthropic_version": "bedrock-2023-05-31"}
    operation = "invoke-with-response-stream" if stream else "invoke"
    ask(gateway, f"/model/{CLAUDE}/{operation}", own)
    for record, name in zip(log.records(2), ["responses", "invoke_stream" if stream else "invoke"], strict=True):
        assert (record["operation"], record["stream"], record["outcome"]) == (name, stream, "ok")
        assert record["input_tokens"] > 0 and record["output_tokens"] > 0 and "estimated" not in record, record
        assert record["finish_reason"] == "stop"


@pytest.mark.parametrize("asks", [False, True])
def test_a_backend_of_openais_is_asked_for_tokens_that_only_who_asked_is_told(start, emulator, asks):
    models = [{"name": "open", "model": OSS, "backend": "openai"}]
    gateway = start(patch=OPEN, changes={"models": models, "default_model": "open"})
    OPEN.forget()
    body = {"model": "open", "messages": SAID, "stream": True}
    answer = ask(gateway, "/v1/chat/completions", body | ({"stream_options": {"include_usage": True}} if asks else {}))
    assert any(json.loads(event).get("usage") for event in answer.events[:-1]) == asks
    assert answer.events[-1] == "[DONE]"
    record = OPEN.record()
    assert record["total_tokens"] > 0 and "estimated" not in record and record["finish_reason"] == "stop", record


REFUSED = [
    ("POST", "/v1/chat/completions", "wrong", BODY, 401, "invalid_api_key"),
    ("POST", "/v1/nothing", KEY, {}, 404, "unknown_url"),
    ("POST", "/v1/chat/completions", KEY, {"model": "gpt-4o", "messages": "x"}, 400, "invalid_request_error"),
    ("POST", "/v1/chat/completions", KEY, {"model": "nobody", "messages": SAID}, 404, "model_not_found"),
    ("POST", f"/model/{MODEL}/nothing", KEY, {}, 404, "unknown_url"),
    ("POST", "/v1/messages", "wrong", BODY, 401, "invalid_api_key"),
]


@pytest.mark.parametrize(("method", "path", "key", "body", "status", "code"), REFUSED)
def test_what_is_refused_has_a_record(gateway, log, method, path, key, body, status, code):
    with gateway.connection(key=key) as connection:
        assert connection.ask(method, path, body).status == status
    record = log.record()
    assert (record["outcome"], record["status"], record["attempts"]) == ("refused", status, 0)
    assert record["error"] == code and "total_tokens" not in record
    assert ("caller" in record) == (key == KEY and code != "unknown_url")


@pytest.mark.parametrize(("key", "code"), [*zip(OUT, ["key_expired", "key_revoked", "key_not_yet_valid"])])
def test_whose_key_does_not_let_in_is_in_the_record_and_told_nobody_else(gateway, log, key, code):
    with gateway.connection(key=key) as connection:
        answer = connection.chat(BODY)
    assert (answer.status, answer.error["code"]) == (401, code)
    [line] = log.lines()
    record, known = line["usage"], OUT[key]
    assert (record["caller"], record.get("team"), record["outcome"]) == (known["name"], known.get("team"), "refused")
    assert record["error"] == code and line["caller"] is line["team"] is None
    assert known["name"] not in str(answer.headers) + answer.body.decode()


def test_what_is_answered_here_has_a_record_and_health_has_none(gateway, log):
    with gateway.connection() as connection:
        assert connection.ask("GET", "/health").status == 200
        assert connection.ask("GET", "/v1/models").status == 200
    record = log.record()
    assert (record["operation"], record["outcome"], record["attempts"]) == ("models", "ok", 0)


def test_each_part_has_its_own_tokens_and_the_whole_has_none(gateway, log, emulator):
    body = {"model": "text-embedding-3-small", "input": ["one", "two", "three"], "encoding_format": "float"}
    answer = ask(gateway, "/v1/embeddings", body)
    records = log.records(4)
    [whole] = [record for record in records if "calls" in record]
    parts = [record for record in records if record is not whole]
    assert (whole["calls"], whole["attempts"]) == (3, 0) and "total_tokens" not in whole
    assert {part["part_of"] for part in parts} == {whole["request_id"]}
    assert sum(part["total_tokens"] for part in parts) == answer.json["usage"]["total_tokens"]


ERRORS = {
    "error=ThrottlingException": 429,
    "error=InternalServerException": 500,
    "error=ValidationException": 400,
    "exception=0:throttlingException": 429,
}


@pytest.mark.bedrock_refuses
@pytest.mark.parametrize("fault", ERRORS)
@pytest.mark.parametrize("kind", ["stream", "native-stream", "message-stream"])
def test_bedrocks_error_is_an_error(gateway, log, emulator, kind, fault):
    path, body = KINDS[kind]
    assert ask(gateway, path, body, {"x-emulator": fault}).status == ERRORS[fault]
    record = log.record()
    assert (record["outcome"], record["status"], record["attempts"]) == ("error", ERRORS[fault], 1)
    assert record["error"] and "total_tokens" not in record, record


@pytest.mark.bedrock_refuses
@pytest.mark.parametrize("kind", ["message", "message-stream"])
def test_an_error_that_anthropic_has_another_status_for_keeps_its_code(gateway, log, emulator, kind):
    path, body = KINDS[kind]
    assert ask(gateway, path, body, {"x-emulator": "error=ServiceUnavailableException"}).status == 529
    told = ask(gateway, "/v1/chat/completions", BODY, {"x-emulator": "error=ServiceUnavailableException"})
    as_message, as_chat = log.records(2)
    assert (as_message["status"], as_message["outcome"], as_chat["status"]) == (529, "error", 503)
    assert as_message["error"] == as_chat["error"] == (told.error["code"] or told.error["type"])


def test_an_upstream_that_is_not_there_is_an_error_of_envoys(start):
    gateway = start(nowhere(), patch=NOWHERE)
    NOWHERE.forget()
    assert ask(gateway, "/v1/chat/completions", BODY).status == 503
    record = NOWHERE.record()
    assert (record["outcome"], record["status"]) == ("error", 503)
    assert record["error"].startswith("upstream_reset_before_response_started"), record


STAGES = {
    "while it waits": ("chat", "stall -1", False),
    "while a stream has not begun": ("stream", "stall 0", False),
    "in the middle of a stream": ("stream", "stall 400", True),
    "in the middle of a stream as it is": ("native-stream", "stall 400", True),
}


@pytest.mark.parametrize("stage", STAGES)
def test_whoever_leaves_has_a_record_with_tokens_that_are_a_guess(faulty, bedrock, stage):
    FAULTS.forget()
    kind, fault, begins = STAGES[stage]

    async def leave():
        async with asyncio.timeout(20), Http1(faulty.port, KEY) as connection:
            await connection.send(*KINDS[kind], {"x-emulator": fault})
            if begins:
                await connection.reader.readuntil(b"\r\n\r\n")
            await asyncio.sleep(0.5)

    asyncio.run(leave())
    record = FAULTS.record()
    assert (record["outcome"], record["caller"], record["attempts"]) == ("client_gone", "default", 1), record
    assert record["estimated"] and record["input_tokens"] > 0 and "error" not in record
    assert record.get("status") == (200 if begins else None)


def test_an_answer_that_its_client_leaves_to_the_connection_is_given_with_the_tokens_that_bedrock_told(gateway, log, emulator):
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "word " * 60_000}]}

    async def leave():
        async with asyncio.timeout(20), Http2(gateway.port, KEY) as connection:
            number = await connection.begin("/v1/chat/completions", body)
            # The answer is larger than what a connection takes of which nothing is read.
            connection.reads.clear()
            while not emulator.requests():
                await asyncio.sleep(0.05)
            await asyncio.sleep(1)
            assert not connection.waiting[number].is_whole
            connection.leave(number)
            await asyncio.sleep(0.2)

    asyncio.run(leave())
    [line] = log.lines()
    record = line["usage"]
    assert (record["outcome"], record["status"]) == ("ok", 200) and "estimated" not in record, record
    assert record["output_tokens"] > 10_000 and line["flags"] != "-", line


def silent(config):
    SILENT(config)
    route(config)["route"]["idle_timeout"] = "1s"


@pytest.mark.parametrize("kind", ["chat", "stream", "native"])
def test_what_envoy_gives_up_for_silence_is_paid_for_by_a_guess(start, bedrock, kind):
    gateway = start(bedrock.endpoint, patch=silent)
    SILENT.forget()
    assert ask(gateway, *KINDS[kind], {"x-emulator": "stall -1"}).status == 504
    record = SILENT.record()
    assert (record["outcome"], record["status"], record["attempts"]) == ("error", 504, 1), record
    assert record["estimated"] and record["input_tokens"] > 0, record


@pytest.mark.parametrize("kind", ["stream", "native-stream"])
def test_an_answer_that_breaks_off_is_cut(faulty, bedrock, kind):
    FAULTS.forget()
    with faulty.connection() as connection:
        try:
            connection.ask("POST", *KINDS[kind], {"x-emulator": "close 400"})
        except Exception as broken:  # how a client sees it is not the matter here
            print(broken)
    record = FAULTS.record()
    assert (record["outcome"], record["status"], record["estimated"]) == ("cut", 200, True), record
    assert record["error"]


@pytest.mark.parametrize(("kind", "is_told"), [("chat", False), ("message", True), ("embedding", True)])
def test_a_whole_answer_that_breaks_off_is_paid_for_as_its_headers_say_or_by_a_guess(gateway, log, emulator, kind, is_told):
    path, body = KINDS[kind]
    emulator.call("DELETE", "/_emulator/account")
    assert ask(gateway, path, body, {"x-emulator": "reset=1"}).status in (502, 503)
    record = log.record()
    assert (record["outcome"], record["attempts"]) == ("error", 1), record
    assert ("estimated" in record) != is_told and record["input_tokens"] > 0, record
    [answer] = json.loads(emulator.call("GET", "/_emulator/account"))
    if is_told:
        counted = (answer["inputTokens"], answer["outputTokens"])
        assert (record["input_tokens"], record["output_tokens"]) == counted, (record, answer)


def test_no_record_has_a_prompt_an_answer_or_a_key(gateway, log, emulator):
    secret = "a-very-private-word"
    for kind, (path, body) in KINDS.items():
        if kind != "embedding":
            said = {"messages": [{"role": "user", "content": [{"text": secret}] if "native" in kind else secret}]}
            assert ask(gateway, path, body | said).status == 200
    lines = log.lines(len(KINDS) - 1)
    assert secret not in json.dumps(lines) and KEY not in json.dumps(lines)
