"""Records of requests that are more than one call: techniques, choices, moderations, attempts in more places than one."""

import time

import pytest

from kinds import CLAUDE
from records import Records
from test_failover import EAST, WEST, impatient
from test_hedging import hedging

SAID = [{"role": "user", "content": "hello"}]
BODY = {"model": "gpt-4o", "messages": SAID}
CHANGES = {
    "techniques": {"cluster": "gateway", "max_calls": 12, "timeout": 30},
    "guardrail": {"identifier": "abc1", "version": "DRAFT"},
}
LOG, FAILOVER, HEDGED = Records(), Records(), Records()


@pytest.fixture(scope="module")
def gateway(start):
    return start(patch=LOG, changes=CHANGES)


@pytest.fixture
def log(gateway):
    LOG.forget()
    return LOG


def ask(gateway, path, body):
    with gateway.connection() as connection:
        answer = connection.ask("POST", path, body)
        assert answer.status == 200, answer
        return answer


def whole_and_parts(records):
    [whole] = [record for record in records if "calls" in record]
    parts = [record for record in records if record is not whole]
    assert {part["part_of"] for part in parts} == {whole["request_id"]}
    assert all("calls" not in part and part["outcome"] == "ok" and part["caller"] == whole["caller"] for part in parts)
    return whole, parts


def test_a_technique_is_in_the_record_and_each_of_its_calls_has_one_with_its_own_tokens(gateway, log, emulator):
    answer = ask(gateway, "/v1/chat/completions", BODY | {"optillm_approach": "moa"})
    calls = int(answer.headers["x-technique-calls"])
    # The emulator says the same each time, so that no last call has to choose.
    whole, parts = whole_and_parts(log.records(calls + 1))
    assert calls > 1 and (whole["technique"], whole["calls"], whole["attempts"], whole["outcome"]) == ("moa", calls, 0, "ok")
    assert "total_tokens" not in whole and sum(part["total_tokens"] for part in parts) == answer.json["usage"]["total_tokens"]
    assert not any("technique" in part for part in parts)


def test_a_techniques_last_call_is_the_request_itself_and_has_its_record(gateway, log, emulator):
    answer = ask(gateway, "/v1/chat/completions", BODY | {"optillm_approach": "re2"})
    record = log.record()
    assert (record["technique"], record["calls"], record["attempts"], record["outcome"]) == ("re2", 1, 1, "ok")
    assert record["total_tokens"] == answer.json["usage"]["total_tokens"] and record["model"] == CLAUDE


def test_choices_have_a_record_each_and_the_whole_has_no_tokens(gateway, log, emulator):
    answer = ask(gateway, "/v1/chat/completions", BODY | {"n": 3})
    whole, parts = whole_and_parts(log.records(4))
    assert (whole["calls"], whole["attempts"], whole["outcome"]) == (3, 0, "ok") and "total_tokens" not in whole
    assert sum(part["total_tokens"] for part in parts) == answer.json["usage"]["total_tokens"]
    assert {(part["operation"], part["model"], part["finish_reason"]) for part in parts} == {("chat", CLAUDE, "stop")}


@pytest.mark.parametrize(("text", "is_flagged"), [("a kind word", False), ("BLOCKME", True)])
def test_a_moderation_has_a_record_without_tokens(gateway, log, emulator, text, is_flagged):
    answer = ask(gateway, "/v1/moderations", {"input": text})
    assert answer.json["results"][0]["flagged"] == is_flagged
    record = log.record()
    assert (record["operation"], record["outcome"], record["status"], record["attempts"]) == ("moderations", "ok", 200, 1)
    assert record["region"] == "us-east-1" and record["caller"] == "default" and "total_tokens" not in record, record


@pytest.fixture(scope="module")
def failing_over(start, emulators):
    def patch(config):
        impatient(config)
        FAILOVER(config)

    return start({region: emulator.endpoint for region, emulator in emulators.items()}, sample="failover", patch=patch)


def test_a_record_has_the_place_that_answered_and_all_attempts(failing_over, regions):
    FAILOVER.forget()
    ask(failing_over, "/v1/chat/completions", BODY)
    record = FAILOVER.record()
    assert (record["attempts"], record["region"], record["model"]) == (1, EAST, CLAUDE) and "target" not in record
    regions[EAST].faults("error=ThrottlingException")
    answer = ask(failing_over, "/v1/chat/completions", BODY)
    record = FAILOVER.record()
    assert (record["outcome"], record["attempts"], record["region"], record["model"]) == ("ok", 2, WEST, CLAUDE)
    assert record["bedrock_request_id"] == answer.headers["x-request-id"] and "error" not in record
    assert record["total_tokens"] == answer.json["usage"]["total_tokens"]


def test_a_record_has_the_name_of_the_target_that_was_called_last(failing_over, regions):
    FAILOVER.forget()
    regions[WEST].faults("error=ThrottlingException")
    # The third is in the first region, for another model.
    regions[EAST].faults("throttle=1")
    answer = ask(failing_over, "/v1/chat/completions", BODY)
    record = FAILOVER.record()
    assert (record["outcome"], record["attempts"], record["target"], record["region"]) == ("ok", 3, "last-resort", EAST)
    assert record["model"] == answer.headers["x-bedrock-model"] != CLAUDE


@pytest.mark.bedrock_refuses
def test_where_all_places_fail_the_record_has_the_last_ones_error(failing_over, regions):
    FAILOVER.forget()
    for emulator in regions.values():
        emulator.faults("error=ThrottlingException")
    with failing_over.connection() as connection:
        assert connection.chat(BODY).status == 429
    record = FAILOVER.record()
    assert (record["outcome"], record["status"], record["error"]) == ("error", 429, "rate_limit_exceeded")
    assert record["attempts"] >= 3 and record["target"] == "last-resort" and "total_tokens" not in record


def test_an_attempt_that_fails_while_another_is_under_way_is_no_error_of_the_record(start, emulators, regions):
    def patch(config):
        hedging(config)
        HEDGED(config)

    gateway = start({region: emulator.endpoint for region, emulator in emulators.items()}, sample="hedging", patch=patch)
    HEDGED.forget()
    regions[EAST].faults("slow=500,error=ThrottlingException")
    regions[WEST].faults("slow=500")
    begun = time.monotonic()
    for stream in (False, True):
        ask(gateway, "/v1/chat/completions", BODY | {"stream": stream})
        record = HEDGED.record()
        assert (record["outcome"], record["region"], record["attempts"]) == ("ok", WEST, 2), record
        assert record["total_tokens"] > 0 and "error" not in record
    assert time.monotonic() - begun > 1
