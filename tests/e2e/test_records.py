"""Every request has one record, whichever way it ends."""

import pytest

from records import Records

SAID = [{"role": "user", "content": "hello"}]
BODY = {"model": "gpt-4o", "messages": SAID}
LOG = Records()


@pytest.fixture(scope="module")
def gateway(start):
    return start(patch=LOG)


@pytest.fixture
def log(gateway):
    LOG.forget()
    return LOG


def test_an_answer_has_a_record_and_spans_have_its_model_in_their_name(gateway, log, emulator):
    with gateway.connection() as connection:
        answer = connection.chat(BODY)
    [line] = log.lines()
    record = line["usage"]
    assert (line["caller"], line["span"]) == ("default", "chat gpt-4o")
    assert (record["status"], record["outcome"], record["attempts"]) == (answer.status, "ok", 1)
    assert record["request_id"] == line["id"] and record["bedrock_request_id"] == answer.headers["x-request-id"]


def test_a_refused_request_has_a_record(gateway, log):
    with gateway.connection(key="wrong") as connection:
        assert connection.chat(BODY).status == 401
    record = log.record()
    assert (record["outcome"], record["error"], record["status"]) == ("refused", "invalid_api_key", 401)
    assert "caller" not in record
