"""The storm of `make test-storm`, a small one: limits hold for many at once, and records agree with Bedrock's own account."""

import re
from contextlib import ExitStack

import pytest

import storm
from storm_judge import of_limits, of_records


def test_in_a_storm_nobody_is_above_its_limit_or_refused_below_it_and_the_records_are_exact(world):
    del world
    with ExitStack() as stack:
        problems, figures = storm.storm(stack, callers=20, teams=4, seconds=8, pause=0.4, scale=1)
    assert not problems, "\n".join([*problems[:20], str(figures)])
    # It was a storm: some were let in and some refused, of either kind, and some answers were estimated.
    assert figures["let in"] > 50, figures
    assert figures["refused for a limit of requests"] and figures["refused for a limit of tokens"], figures
    assert figures["records whose tokens are told"] and figures["records whose tokens are a guess"], figures


def request(**others):
    usual = {"caller": "a", "team": "t", "kind": "chat", "trouble": "", "estimate": 300, "began": 1, "ended": 2, "status": 200}
    return storm.Request(**usual | others)


def refused(limit, **others):
    error = {"type": limit, "message": f"Rate limit reached for 'a' on {limit} per min"}
    return request(status=429, error=error, **others)


def record(**others):
    return {"caller": "a", "team": "t", "outcome": "ok", "bedrock_request_id": "one", "total_tokens": 9} | others


LOST = {"outcome": "error", "total_tokens": 0}
ANSWER = {"id": "one", "inputTokens": 4, "outputTokens": 5, "cacheReadInputTokens": 0, "cacheWriteInputTokens": 0,
          "outputSent": 5, "told": True}  # fmt: skip
RECORDS = {
    "what was told": (record(), None),
    "a guess where nobody was told any more": (record(outcome="client_gone", estimated=True, total_tokens=7), None),
    "nothing": (record(**LOST), "0 tokens, and Bedrock says 9"),
    "too much": (record(total_tokens=10), "10 tokens, and Bedrock says 9"),
    "another's": (record(bedrock_request_id="two"), "9 tokens, and Bedrock says 0"),
    "a guess all the same": (record(outcome="ok", estimated=True), "told, and a guess"),
    "no answer": (record(**LOST, bedrock_request_id=None), "have no record"),
}


@pytest.mark.parametrize("kind", RECORDS)
def test_a_record_that_is_not_what_bedrock_says_is_found(kind):
    line, problem = RECORDS[kind]
    problems, _ = of_records([request()], [line], [ANSWER])
    assert bool(problems) == bool(problem) and (not problem or re.search(problem, problems[0])), problems


LATER = {"began": 9, "ended": 10}
LIMITS = {
    # What may be asked of requests and tokens, what was asked, and what is wrong with it.
    "as much as is allowed": (1, 9, [request(id="one")], None),
    "a request too many": (1, 900, [request(id="one"), request(id="two")], "2 requests, and 1 are allowed"),
    "a token too many": (1, 8, [request(id="one")], "9 tokens, and 8 are allowed"),
    "refused with none left": (1, 900, [request(id="one"), refused("requests", **LATER)], None),
    "refused with one left": (2, 900, [request(id="one"), refused("requests", **LATER)], "below its limit"),
    "refused while all is reserved": (9, 500, [request(id="one"), refused("tokens")], None),
    "refused when what was reserved is given back": (9, 500, [request(id="one"), refused("tokens", **LATER)], "below its limit"),
    "refused for more than all with some used": (9, 200, [request(id="one"), refused("tokens", **LATER)], None),
}


@pytest.mark.parametrize("case", LIMITS)
def test_who_is_above_its_limit_or_refused_below_it_is_found(case):
    requests, tokens, asked, problem = LIMITS[case]
    limited = {"error": "rate_limit_exceeded", "outcome": "refused", "total_tokens": 0}
    lines = [record(bedrock_request_id=one.id) | (limited if one.is_limited else {}) for one in asked]
    own, shared = {"a": storm.Limit(requests, tokens)}, {"t": storm.Limit(100, 10_000)}
    problems, _ = of_limits(asked, lines, own, shared)
    assert bool(problems) == bool(problem) and (not problem or problem in problems[0]), problems
