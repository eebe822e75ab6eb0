"""Limits that gateways share: the sample with a rate limit service, `small` or those that LIMITERS names (limiters.py)."""

import asyncio
import json
import time

import pytest

import ports
from admin import Admin
from limiters import LIMITERS, Asker, calm, chosen
from raw import PATIENCE, Http1

MODEL = "us.amazon.nova-lite-v1:0"
CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
SAID = [{"role": "user", "content": "count these words, please"}]
CHAT = {"model": "gpt-4o", "messages": SAID}
NATIVE = {"messages": [{"role": "user", "content": [{"text": "count these words, please"}]}]}
OWN = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 100, "messages": SAID}
# Path and body of each kind of request that Bedrock is paid for, whole and as a stream.
PAID = {
    "chat": ("/v1/chat/completions", CHAT),
    "stream": ("/v1/chat/completions", CHAT | {"stream": True}),
    "stream with usage": ("/v1/chat/completions", CHAT | {"stream": True, "stream_options": {"include_usage": True}}),
    "completion": ("/v1/completions", {"model": "gpt-4o", "prompt": "count these words"}),
    "response": ("/v1/responses", {"model": "gpt-4o", "input": "count these words", "store": False}),
    "message": ("/v1/messages", {"model": CLAUDE, "max_tokens": 100, "messages": SAID}),
    "message stream": ("/v1/messages", {"model": MODEL, "max_tokens": 100, "messages": SAID, "stream": True}),
    "embedding": ("/v1/embeddings", {"model": "text-embedding-3-small", "input": "count these words"}),
    "list of embeddings": ("/v1/embeddings", {"model": "text-embedding-3-small", "input": ["one text", "another text"]}),
    "choices": ("/v1/chat/completions", CHAT | {"n": 3}),
    "technique": ("/v1/chat/completions", CHAT | {"model": "self_consistency-gpt-4o"}),
    "native": (f"/model/{MODEL}/converse", NATIVE),
    "native stream": (f"/model/{MODEL}/converse-stream", NATIVE),
    "native messages": (f"/model/{CLAUDE}/invoke", OWN),
    "native stream of messages": (f"/model/{CLAUDE}/invoke-with-response-stream", OWN),
}
MONTH = 1_000_000
LIMITS = {
    "callers": {
        "*": {"requests_per_minute": 10_000, "tokens_per_minute": MONTH},
        "few requests": {"requests_per_minute": 3},
        "few tokens": {"tokens_per_minute": 20},
        "shared": {"requests_per_minute": 4},
    },
    "teams": {"*": {"tokens_per_month": MONTH}, "small team": {"tokens_per_month": 20}},
}
# A caller, and a team of its own, for each kind of request: what it was charged is what its team has left.
CALLERS = [*PAID, "left", "cut", "failed", "few requests", "few tokens", "shared", "other", "nobody's"]
TEAMS = {"one of a small team": "small team", "another of it": "small team"}


def key(name):
    return f"a-key-of-the-tests-of-limits-{name}"


def settings():
    callers = {name: name for name in CALLERS} | TEAMS
    keys = [{"name": name, "key": key(name), "team": team} for name, team in callers.items()]
    del keys[CALLERS.index("nobody's")]["team"]
    return {
        "api_keys": keys,
        "teams": [{"name": name} for name in dict.fromkeys(callers.values())],
        "techniques": {"cluster": "gateway"},
        "forward_headers": ["x-emulator"],
    }


@pytest.fixture(scope="module", params=chosen())
def limiter(request, world):
    del world
    limiter = LIMITERS[request.param](LIMITS, ports.hold())
    yield limiter
    limiter.end()


@pytest.fixture(scope="module")
def asker(limiter):
    return Asker(limiter.port)


class Sample:
    """A patch of the sample: the service is elsewhere, and what it is like is not asked of Envoy by others."""

    def __init__(self, limiter, fails_open=False):
        self.limiter, self.fails_open, self.admin = limiter, fails_open, Admin()

    def __call__(self, config):
        self.admin(config)
        [cluster] = [found for found in config["static_resources"]["clusters"] if found["name"] == "ratelimit"]
        [locality] = cluster["load_assignment"]["endpoints"]
        locality["lb_endpoints"][0]["endpoint"]["address"]["socket_address"]["port_value"] = self.limiter.port
        [listener] = config["static_resources"]["listeners"]
        filters = listener["filter_chains"][0]["filters"][0]["typed_config"]["http_filters"]
        [found] = [found for found in filters if found["name"] == "envoy.filters.http.ratelimit"]
        # A busy machine is no service that is away.
        found["typed_config"]["timeout"] = "10s"
        if self.fails_open:
            del found["typed_config"]["status_on_error"]
            found["typed_config"]["failure_mode_deny"] = False


@pytest.fixture(scope="module")
def sample(limiter):
    return Sample(limiter)


@pytest.fixture(scope="module")
def gateway(start, sample):
    return start(sample="limits", changes=settings(), patch=sample, workers=2)


def ask(gateway, name, path="/v1/chat/completions", body=CHAT, headers=()):
    with gateway.connection(key=key(name)) as connection:
        return connection.ask("POST", path.replace(":", "%3A"), body, headers)


def account(emulator):
    """What the answers cost since `forget`, by the emulator's own account: tokens of all."""
    names = ("inputTokens", "outputTokens", "cacheReadInputTokens", "cacheWriteInputTokens")
    return [sum(entry[name] for name in names) for entry in json.loads(emulator.call("GET", "/_emulator/account"))]


def charged(asker, team, expected=None):
    """What a team was charged this month: once it is what is expected, or once it is anything."""
    end = time.monotonic() + PATIENCE
    while True:
        found = MONTH - asker.left("team", team, "tokens_per_month")
        if (found == expected if expected is not None else found) or time.monotonic() > end:
            return found
        time.sleep(0.05)


@pytest.mark.parametrize("kind", PAID)
def test_what_bedrock_counts_is_what_the_team_is_charged(gateway, asker, emulator, kind):
    emulator.call("DELETE", "/_emulator/account")
    answer = ask(gateway, kind, *PAID[kind])
    assert answer.status == 200, answer
    counted = account(emulator)
    assert len(counted) >= {"list of embeddings": 2, "choices": 3, "technique": 2}.get(kind, 1), counted
    assert sum(counted) > 0
    assert charged(asker, kind, sum(counted)) == sum(counted)


def test_a_stream_that_its_client_leaves_is_charged(gateway, asker):
    async def leave():
        async with Http1(gateway.port, key("left")) as client:
            await client.send("/v1/chat/completions", CHAT | {"stream": True}, {"x-emulator": "stall=4"})
            async with asyncio.timeout(PATIENCE):
                await client.reader.readuntil(b"said:")

    asyncio.run(leave())
    # What nobody told is guessed, by the size of the request and of what came.
    assert 0 < charged(asker, "left") < 100


def test_a_stream_that_bedrock_cuts_is_charged(gateway, asker):
    answer = ask(gateway, "cut", body=CHAT | {"stream": True}, headers={"x-emulator": "cut=4"})
    assert b"[DONE]" not in answer.body
    assert 0 < charged(asker, "cut") < 100


def test_what_bedrock_refuses_is_not_charged(gateway, asker):
    answer = ask(gateway, "failed", headers={"x-emulator": "error=ValidationException"})
    assert answer.status == 400
    assert ask(gateway, "failed", body=CHAT | {"temperature": "warm"}).status == 400
    # What comes later comes later: the other is charged by then.
    ask(gateway, "other")
    assert charged(asker, "other") > 0
    assert asker.left("team", "failed", "tokens_per_month") == MONTH


def refused(answer):
    error = answer.error
    assert answer.status == 429, answer
    assert error["code"] == "rate_limit_exceeded", error
    assert 1 <= int(answer.headers["retry-after"]) <= 2_592_000, answer.headers
    return error["type"]


def test_so_many_requests_are_let_in_as_are_allowed(gateway, limiter, emulator):
    calm()
    answers = [ask(gateway, "few requests") for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 200], answers
    emulator.forget()
    assert refused(ask(gateway, "few requests")) == "requests"
    assert emulator.requests() == []
    assert ask(gateway, "other").status == 200


def test_whoever_has_used_its_tokens_is_refused_and_the_others_are_not(gateway, asker):
    calm()
    assert ask(gateway, "few tokens").status == 200
    assert charged(asker, "few tokens") > 20 or ask(gateway, "few tokens").status == 200
    end = time.monotonic() + PATIENCE
    while (answer := ask(gateway, "few tokens")).status == 200:
        assert time.monotonic() < end
        time.sleep(0.1)
    assert refused(answer) == "tokens"
    assert ask(gateway, "other").status == 200


def test_a_team_has_one_budget_for_all_of_its_callers(gateway):
    end = time.monotonic() + PATIENCE
    while (answer := ask(gateway, "one of a small team")).status == 200:
        assert time.monotonic() < end
        time.sleep(0.1)
    assert refused(answer) == "tokens"
    assert refused(ask(gateway, "another of it")) == "tokens"


def test_who_has_no_team_has_no_limit_of_a_team(gateway, asker):
    assert ask(gateway, "nobody's").status == 200
    assert asker.left("team", "", "tokens_per_month") in (0, MONTH)


def test_two_gateways_share_a_budget(gateway, start, limiter):
    other = start(sample="limits", changes=settings(), patch=Sample(limiter))
    calm()
    answers = [ask(place, "shared").status for place in (gateway, other, gateway, other, gateway, other)]
    assert answers == [200, 200, 200, 200, 429, 429]


def test_where_the_service_is_away_nobody_is_let_in_until_it_is_back(gateway, start, sample, limiter, emulator):
    open_sample = Sample(limiter, fails_open=True)
    fails_open = start(sample="limits", changes=settings(), patch=open_sample)
    assert ask(fails_open, "other").status == 200
    limiter.stop()
    try:
        emulator.forget()
        answer = ask(gateway, "other")
        assert (answer.status, answer.error["code"]) == (503, "limits_unavailable")
        assert emulator.requests() == []
        # What asks nothing of Bedrock needs no limit.
        with gateway.connection(key=key("other")) as connection:
            assert connection.ask("GET", "/v1/models").status == 200
        assert sample.admin.settled("cluster.bedrock.ratelimit.error", bool) >= 1
        # The other choice: everybody is let in, and Envoy counts them.
        assert ask(fails_open, "other").status == 200
        assert open_sample.admin.settled("cluster.bedrock.ratelimit.failure_mode_allowed", bool) >= 1
    finally:
        limiter.start()
    end = time.monotonic() + PATIENCE
    while ask(gateway, "other").status != 200:
        assert time.monotonic() < end
        time.sleep(0.1)
