"""Limits of keys and teams, as each proxy counts them: what passes, what is charged whichever way a request ends, what a client is told."""

import asyncio
import json
import time

import anthropic
import openai
import pytest

from raw import PATIENCE, Http1, Http2, all_at_once
from scripted import Scripted
from test_policy import Policy

CHAT = "/v1/chat/completions"
MESSAGES = "/v1/messages"
NOVA = "us.amazon.nova-pro-v1:0"
CONVERSE = f"/model/{NOVA.replace(':', '%3A')}/converse"
LITE = {"model": NOVA, "messages": [{"role": "user", "content": "hello"}]}
BODY = LITE | {"max_tokens": 400}
SAID = {"messages": [{"role": "user", "content": [{"text": "hello"}]}], "inferenceConfig": {"maxTokens": 400}}
WIDE = 100_000

LIMITS = {
    "requests": {"requests_per_minute": 5},
    "tokens": {"tokens_per_minute": 1000},
    "input": {"input_tokens_per_minute": 40},
    "small": {"tokens_per_minute": 50},
    "native": {"requests_per_minute": 9, "tokens_per_minute": 500},
    "messages": {"requests_per_minute": 1, "tokens_per_minute": WIDE, "output_tokens_per_minute": WIDE},
    "wide": {"tokens_per_minute": WIDE},
    "streams": {"tokens_per_minute": WIDE, "parallel": 1},
    "parallel": {"parallel": 2},
    "refused": {"tokens_per_minute": 500, "requests_per_minute": 3},
    "day": {"tokens_per_day": 450},
    "forged": {"requests_per_minute": 1},
    "bedrock": {"requests_per_minute": 9},
    "none": None,
    "prompts": {"tokens_per_minute": WIDE},
    "choices": {"tokens_per_minute": WIDE},
    "reader": {"parallel": 1},
    "pieces": {"tokens_per_minute": 2000},
    "absurd": {"tokens_per_minute": WIDE},
}
TEAM = {"name": "search", "limits": {"requests_per_minute": 4}}


def key_of(name):
    return f"{name}-key-of-the-limits"


def key(name, limits=None, **more):
    return {"name": name, "key": key_of(name)} | ({"limits": limits} if limits else {}) | more


KEYS = [key(name, limits) for name, limits in LIMITS.items()]
KEYS += [key("searcher", {"requests_per_minute": 3}, team="search"), key("other", team="search")]


@pytest.fixture(scope="module")
def gateway(start):
    return start(workers=4, changes={"api_keys": KEYS, "teams": [TEAM]})


def at_once(gateway, name, count, body=BODY, path=CHAT, headers=()):
    """So many requests, each on a connection of its own, and so on any worker."""

    async def ask():
        async with Http1(gateway.port, key_of(name)) as connection:
            return await connection.ask(path, body, headers)

    return asyncio.run(all_at_once(count, [ask] * count))


def ask(gateway, name, body=BODY, path=CHAT, headers=()):
    [outcome] = at_once(gateway, name, 1, body, path, headers)
    # A request is charged right behind the last byte of its answer.
    time.sleep(0.2)
    return outcome


def statuses(outcomes):
    return sorted(outcome.status for outcome in outcomes)


def estimate(body, output=400):
    """What the page says that is reserved for a body of text."""
    text = json.dumps(body)
    return (len(text) - text.count('"')) // 4 + output


def left(outcome, kind="tokens"):
    return int(outcome.headers[f"x-ratelimit-remaining-{kind}"])


def used(gateway, name, limit=WIDE):
    """What the caller has used, besides this question and what it costs: told by a request that is let in and refused by Bedrock."""
    outcome = ask(gateway, name, BODY | {"temperature": 99})
    assert outcome.status == 400, outcome
    return limit - left(outcome) - estimate(BODY | {"temperature": 99})


def until(good, ask):
    end = time.monotonic() + PATIENCE
    while not good(found := ask()):
        assert time.monotonic() < end, found
        time.sleep(0.05)
    return found


def test_of_requests_that_come_at_once_as_many_pass_as_may_whichever_worker_they_come_to(gateway):
    outcomes = at_once(gateway, "requests", 12, LITE)
    assert statuses(outcomes) == [200] * 5 + [429] * 7
    assert sorted(left(outcome, "requests") for outcome in outcomes if outcome.status == 200) == [0, 1, 2, 3, 4]
    for outcome in outcomes:
        assert outcome.headers["x-ratelimit-limit-requests"] == "5"
        assert "x-ratelimit-limit-tokens" not in outcome.headers
    refused = next(outcome for outcome in outcomes if outcome.status == 429)
    assert (refused.error["type"], refused.error["code"]) == ("requests", "rate_limit_exceeded")
    assert "'requests' on requests per min (RPM): Limit 5, Used 5, Requested 1." in refused.error["message"]
    assert 50 <= int(refused.headers["retry-after"]) <= 60 and "x-should-retry" not in refused.headers
    assert refused.headers["x-ratelimit-reset-requests"] in ("1m0s", *(f"{second}s" for second in range(50, 60)))


def test_of_tokens_estimates_are_reserved_and_what_is_not_used_is_given_back(gateway):
    outcomes = at_once(gateway, "tokens", 6, BODY, headers={"x-emulator": "slow=1500"})
    assert statuses(outcomes) == [200] * 2 + [429] * 4
    refused = next(outcome for outcome in outcomes if outcome.status == 429)
    assert (refused.error["type"], refused.error["code"]) == ("tokens", "rate_limit_exceeded")
    asked = estimate(BODY)
    assert f"Limit 1000, Used {2 * asked}, Requested {asked}." in refused.error["message"]
    spent = sum(outcome.json["usage"]["total_tokens"] for outcome in outcomes if outcome.status == 200)
    until(lambda found: found == spent, lambda: used(gateway, "tokens", 1000))


def test_the_sdks_know_what_they_are_told(gateway):
    with gateway.openai(key=key_of("small")) as client:
        client.chat.completions.create(**BODY)
        with pytest.raises(openai.RateLimitError) as caught:
            for _ in range(9):
                client.chat.completions.create(**BODY)
    assert (caught.value.type, caught.value.code) == ("tokens", "rate_limit_exceeded")
    with gateway.anthropic(key=key_of("messages")) as client:
        raw = client.messages.with_raw_response.create(**BODY)
        assert raw.headers["anthropic-ratelimit-requests-limit"] == "1"
        assert raw.headers["anthropic-ratelimit-requests-remaining"] == "0"
        assert raw.headers["anthropic-ratelimit-tokens-limit"] == str(WIDE)
        assert raw.headers["anthropic-ratelimit-output-tokens-remaining"] == str(WIDE - 400)
        assert raw.headers["anthropic-ratelimit-requests-reset"].endswith("Z")
        assert raw.headers["x-ratelimit-remaining-requests"] == "0"
        with pytest.raises(anthropic.RateLimitError) as caught:
            client.messages.create(**BODY)
    assert caught.value.body["error"]["type"] == "rate_limit_error"
    assert "on requests per min (RPM)" in caught.value.body["error"]["message"]
    assert int(caught.value.response.headers["retry-after"]) > 50
    assert caught.value.response.headers["anthropic-ratelimit-requests-remaining"] == "0"


def test_a_request_that_asks_for_more_than_all_passes_where_nothing_is_used(gateway):
    outcome = ask(gateway, "input", LITE | {"messages": [{"role": "user", "content": "four " * 100}]})
    assert outcome.status == 200 and left(outcome) == 0
    refused = ask(gateway, "input", LITE)
    assert (refused.status, refused.error["type"]) == (429, "tokens")
    assert "on input tokens per min:" in refused.error["message"]


@pytest.mark.bedrock_refuses
def test_native_routes_are_charged_and_refused_in_awss_words(gateway):
    # Of what is no JSON nobody could say what it asks for.
    assert ask(gateway, "native", b"{", CONVERSE).status == 400
    first = ask(gateway, "native", SAID, CONVERSE)
    assert first.status == 200 and left(first) == 500 - estimate(SAID)
    spent = first.json["usage"]["totalTokens"]
    body = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 50, "messages": BODY["messages"]}
    claude = "/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/invoke"
    second = ask(gateway, "native", body, claude)
    assert second.status == 200 and left(second) == 500 - spent - estimate(body, 50)
    spent += sum(second.json["usage"][name] for name in ("input_tokens", "output_tokens"))
    streamed = ask(gateway, "native", SAID, CONVERSE + "-stream")
    assert streamed.status == 200 and left(streamed) == 500 - spent - estimate(SAID)
    large = SAID | {"inferenceConfig": {"maxTokens": 490}}
    refused = ask(gateway, "native", large, CONVERSE)
    assert refused.status == 429 and refused.headers["x-amzn-errortype"] == "ThrottlingException"
    assert "on tokens per min (TPM)" in refused.json["message"]
    assert int(refused.headers["retry-after"]) > 0 and refused.headers["x-ratelimit-limit-tokens"] == "500"


def test_streams_are_charged_whole_left_and_cut_and_free_their_slot(gateway):
    body = BODY | {"messages": [{"role": "user", "content": "long:200"}], "max_tokens": 4000}
    whole = ask(gateway, "wide", body).json["usage"]["total_tokens"]
    assert ask(gateway, "streams", body | {"stream": True}).is_whole
    until(lambda found: found == whole, lambda: used(gateway, "streams"))

    async def leave():
        async with Http1(gateway.port, key_of("streams")) as connection:
            await connection.send(CHAT, body | {"stream": True}, {"x-emulator": "pace=20"})
            await connection.reader.readuntil(b'"content":"')

    asyncio.run(leave())
    # Its slot is free once Envoy knows, and what has come of it is charged.
    first = until(lambda outcome: outcome.status != 429, lambda: ask(gateway, "streams", BODY | {"temperature": 99}))
    assert first.status == 400
    gone = used(gateway, "streams")
    assert whole < gone < 2 * whole + 100, (whole, gone)
    cut = ask(gateway, "streams", body | {"stream": True}, headers={"x-emulator": "cut=50"})
    assert cut.status == 200 and "error" in cut.events[-1]
    charged = used(gateway, "streams") - gone
    assert 0 < charged < whole + 100, (whole, charged)


def test_a_request_that_is_refused_for_another_reason_takes_no_tokens(gateway):
    for body, status in [(b"{", 400), (BODY | {"temperature": 99}, 400)]:
        assert ask(gateway, "refused", body).status == status
    outcome = ask(gateway, "refused", BODY)
    assert outcome.status == 200 and left(outcome) == 500 - estimate(BODY)
    refused = ask(gateway, "refused", BODY)
    assert (refused.status, refused.error["type"]) == (429, "requests")


def test_a_day_is_not_waited_for(gateway):
    assert ask(gateway, "day").status == 200
    refused = until(lambda outcome: outcome.status == 429, lambda: ask(gateway, "day"))
    assert "on tokens per day (TPD)" in refused.error["message"] and refused.error["type"] == "tokens"
    if int(refused.headers["retry-after"]) > 60:
        assert refused.headers["x-should-retry"] == "false"
    # What is counted by the day is not told by the minute.
    assert not any(name.startswith("x-ratelimit") for name in refused.headers)


def test_a_keys_limits_and_its_teams_both_hold(gateway):
    assert statuses(at_once(gateway, "searcher", 4, LITE)) == [200] * 3 + [429]
    first, second = ask(gateway, "other", LITE), ask(gateway, "other", LITE)
    assert (first.status, left(first, "requests")) == (200, 0)
    assert second.status == 429 and "team 'search'" in second.error["message"]


def test_requests_at_once_are_limited_and_those_that_are_over_make_room(gateway):
    async def run():
        async with Http1(gateway.port, key_of("parallel")) as first, Http1(gateway.port, key_of("parallel")) as second:
            for connection in (first, second):
                await connection.send(CHAT, LITE | {"stream": True}, {"x-emulator": "stall=3"})
                await connection.head()
            async with Http1(gateway.port, key_of("parallel")) as third:
                refused = await third.ask(CHAT, LITE)
            # The first leaves.
            first.writer.transport.abort()
            async with asyncio.timeout(PATIENCE):
                while True:
                    async with Http1(gateway.port, key_of("parallel")) as third:
                        if (await third.ask(CHAT, LITE)).status == 200:
                            return refused
                    await asyncio.sleep(0.05)

    refused = asyncio.run(run())
    assert (refused.status, refused.error["type"]) == (429, "requests")
    assert "on requests at once: Limit 2, Used 2" in refused.error["message"]
    assert refused.headers["retry-after"] == "1"
    assert statuses(at_once(gateway, "parallel", 1, LITE)) == [200]


def test_an_answer_that_its_client_does_not_read_is_one_of_its_requests_at_once(gateway):
    large = LITE | {"messages": [{"role": "user", "content": "word " * 60_000}]}

    async def run():
        async with asyncio.timeout(PATIENCE), Http2(gateway.port, key_of("reader")) as slow:
            number = await slow.begin(CHAT, large)
            # The answer is larger than what a connection takes of which nothing is read.
            slow.reads.clear()
            await asyncio.sleep(2)
            async with Http1(gateway.port, key_of("reader")) as second:
                refused = await second.ask(CHAT, LITE)
            slow.leave(number)
            slow.reads.set()
            return refused

    assert asyncio.run(run()).status == 429
    until(lambda outcome: outcome.status == 200, lambda: ask(gateway, "reader", LITE))


def test_all_texts_of_a_list_and_all_choices_are_reserved(gateway):
    body = {"model": NOVA, "prompt": ["hello"] * 5, "max_tokens": 100}
    outcome = ask(gateway, "prompts", body, "/v1/completions")
    assert outcome.status == 200 and left(outcome) == WIDE - estimate(body, 500)
    body = BODY | {"n": 3}
    outcome = ask(gateway, "choices", body)
    assert outcome.status == 200 and left(outcome) == WIDE - 3 * estimate(body)


def test_who_leaves_while_parts_of_its_request_are_under_way_is_given_nothing_back(gateway):
    body = BODY | {"n": 2}

    async def leave():
        async with Http1(gateway.port, key_of("pieces")) as connection:
            await connection.send(CHAT, body, {"x-emulator": "slow=4000"})
            await asyncio.sleep(0.5)

    for _ in range(2):
        asyncio.run(leave())
    until(lambda outcome: outcome.status == 429, lambda: ask(gateway, "pieces", body | {"temperature": 99}))


def test_no_header_of_a_clients_makes_its_request_one_of_the_gateways_own(gateway):
    for value in ("1", "", "0" * 32):
        ask(gateway, "forged", LITE, headers={"x-bedrock-technique-call": value})
    assert ask(gateway, "forged", LITE, headers={"x-bedrock-technique-call": "1"}).status == 429


def test_a_429_of_bedrocks_is_none_of_these(gateway):
    outcome = ask(gateway, "bedrock", LITE, headers={"x-emulator": "throttle=9;retry-after=3;key=limits"})
    assert outcome.status == 429 and left(outcome, "requests") == 8
    assert outcome.error["type"] == "rate_limit_error"
    quota = ask(gateway, "bedrock", LITE, headers={"x-emulator": "error=ServiceQuotaExceededException"})
    assert (quota.status, quota.error["type"]) == (429, "insufficient_quota")


def test_who_has_no_limits_is_told_of_none(gateway):
    outcome = ask(gateway, "none")
    assert outcome.status == 200 and not any("ratelimit" in name for name in outcome.headers)


@pytest.fixture(scope="module")
def bedrock():
    bedrock = Scripted()
    yield bedrock
    bedrock.stop()


def test_all_calls_of_a_request_are_charged_and_it_is_one_request(start, bedrock):
    limits = {"tokens_per_minute": WIDE, "requests_per_minute": 9, "parallel": 1}
    changes = {"api_keys": [key("all", limits)], "techniques": {"cluster": "gateway", "max_calls": 12, "timeout": 30}}
    gateway = start(bedrock.endpoint, changes=changes, workers=2)
    bedrock.forget(lambda call: "an answer")
    charged, asked = 0, 0

    def check(body):
        nonlocal charged, asked
        before = len(bedrock.calls)
        # The slot of the one before is free once its record is written.
        outcome = until(lambda outcome: outcome.status != 429, lambda: ask(gateway, "all", body))
        assert outcome.status == 200, outcome
        asked += 1
        calls = len(bedrock.calls) - before
        charged += 15 * calls
        assert left(outcome, "requests") == 9 - asked
        return calls

    # Drafts that agree need no fourth call.
    assert check(LITE | {"model": "moa-gpt-4o"}) == 3
    assert check(LITE | {"n": 4}) == 4
    assert check(LITE | {"model": "bon-gpt-4o", "stream": True}) > 1
    last = LITE | {"max_tokens": 400}
    outcome = until(lambda outcome: outcome.status != 429, lambda: ask(gateway, "all", last))
    assert left(outcome) == WIDE - charged - estimate(last)


@pytest.mark.parametrize("body", [BODY, BODY | {"stream": True}], ids=["whole", "stream"])
def test_token_counts_that_no_answer_can_have_do_not_lock_the_caller_out(gateway, body):
    for tokens in (2**64 - 1, 10**9):
        assert ask(gateway, "absurd", body, headers={"x-emulator": f"usage={tokens}"}).status == 200
    assert 0 < used(gateway, "absurd") < 2_000


def test_counts_outlive_a_new_configuration_and_a_changed_limit_holds_at_once(start):
    policy = Policy()
    own = key("changed", {"requests_per_minute": 2})
    gateway = start(sample="policy", patch=policy, workers=2)
    policy.change(api_keys=[own])
    lite = LITE | {"model": "nova-lite"}
    until(lambda outcome: outcome.status == 200, lambda: ask(gateway, "changed", lite))
    assert statuses(at_once(gateway, "changed", 2, lite)) == [200, 429]
    policy.change(api_keys=[key("changed", {"requests_per_minute": 4, "parallel": 3})])
    raised = until(lambda outcome: outcome.status == 200, lambda: ask(gateway, "changed", lite))
    assert raised.headers["x-ratelimit-limit-requests"] == "4" and left(raised, "requests") == 1
    policy.change(api_keys=[own])
    until(lambda outcome: outcome.headers.get("x-ratelimit-limit-requests") == "2", lambda: ask(gateway, "changed", lite))
    assert ask(gateway, "changed", lite).status == 429


def with_local_limit(config):
    """A patch: Envoy's own limiter behind the gateway role."""
    [listener] = config["static_resources"]["listeners"]
    [manager] = listener["filter_chains"][0]["filters"]
    filters = manager["typed_config"]["http_filters"]
    bucket = {"max_tokens": 1, "tokens_per_fill": 1, "fill_interval": "3600s"}
    percent = {"default_value": {"numerator": 100}}
    limiter = {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit",
        "stat_prefix": "local",
        "token_bucket": bucket,
        "filter_enabled": percent,
        "filter_enforced": percent,
        "enable_x_ratelimit_headers": "DRAFT_VERSION_03",
    }
    filters.insert(1, {"name": "local_ratelimit", "typed_config": limiter})


@pytest.mark.parametrize("is_mapped", [True, False])
def test_a_limit_of_envoys_own_is_told_in_the_same_words(start, is_mapped):
    def patch(config):
        with_local_limit(config)
        if not is_mapped:
            [listener] = config["static_resources"]["listeners"]
            del listener["filter_chains"][0]["filters"][0]["typed_config"]["local_reply_config"]

    gateway = start(changes={"api_keys": [key("none")]}, patch=patch)
    assert ask(gateway, "none").status == 200
    refused = ask(gateway, "none")
    assert (refused.status, refused.error["type"], refused.error["code"]) == (429, "requests", "rate_limit_exceeded")
    assert refused.headers["x-ratelimit-limit-requests"] == "1" and refused.headers["x-ratelimit-remaining-requests"] == "0"
    assert int(refused.headers["retry-after"]) >= 1
    with gateway.openai(key=key_of("none")) as client, pytest.raises(openai.RateLimitError) as caught:
        client.chat.completions.create(**BODY)
    assert caught.value.code == "rate_limit_exceeded"
    anthropics = ask(gateway, "none", BODY, MESSAGES)
    assert (anthropics.status, anthropics.json["error"]["type"]) == (429, "rate_limit_error")
    assert "Rate limit reached" in anthropics.json["error"]["message"] and anthropics.headers["retry-after"]
    native = ask(gateway, "none", SAID, CONVERSE)
    assert (native.status, native.headers["x-amzn-errortype"]) == (429, "ThrottlingException")
    assert "Rate limit reached" in native.json["message"] and native.headers["retry-after"]
