"""Limits in money: reserved at the dearest price that a request may come to, charged by what each kind of tokens costs
of the model that answered."""

import asyncio
import re
import time

import openai
import pytest

from raw import Http1
from scripted import Scripted
from test_failover import impatient
from test_limits import BODY, CHAT, CONVERSE, LITE, MESSAGES, NOVA, SAID, ask, at_once, estimate, key, statuses, until
from test_policy import Policy

CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
TITAN = "amazon.titan-embed-text-v2:0"
OSS = "openai.gpt-oss-120b-1:0"
# Of the currency for a million tokens: whole millionths for one.
PRICES = [
    {"pattern": "amazon.nova-*", "input": 1000, "output": 4000, "cache_read": 100, "cache_write": 1250},
    {"pattern": "anthropic.claude-*", "input": 3000, "output": 15000, "cache_read": 300, "cache_write": 3750},
    {"pattern": "amazon.titan-*", "input": 20},
    {"pattern": "openai.*", "input": 200, "output": 800},
]
DAY = 10.0
NAMES = ["chat", "once", "reserved", "streams", "native", "list", "cache", "open", "unpriced", "sdk", "deployment", "huge", "less"]
OF_TEAM = ["team-one", "team-two"]
TEAM = {"name": "spenders", "limits": {"cost_per_month": DAY}}
# Dearer than all that is left once anything is used.
HUGE = BODY | {"max_tokens": 100_000_000}


def limited(name):
    limits = {"once": 0.001, "reserved": 5.0, "cache": 50.0}
    return key(name, {"cost_per_day": limits.get(name, DAY)})


CHANGES = {
    "api_keys": [*map(limited, NAMES), *[key(name, team="spenders") for name in OF_TEAM], key("free")],
    "teams": [TEAM],
    "prices": PRICES,
    "models": [{"name": "gpt-4o", "model": CLAUDE}, {"name": "open", "model": OSS, "backend": "openai"}],
    "default_model": CLAUDE,
}


@pytest.fixture(scope="module")
def gateway(start):
    return start(workers=2, changes=CHANGES)


def spent(gateway, name):
    """What the caller has spent, in millionths: told by a refusal, which costs nothing."""
    refused = ask(gateway, name, HUGE)
    if refused.status == 200:
        raise AssertionError(f"nothing was spent by {name}")
    [used] = re.findall(r"Used (\d+\.\d+),", refused.error["message"])
    return round(float(used) * 1e6)


def cost(usage, prices=PRICES[0]):
    """What the tokens of an answer cost, by the page."""
    cached = usage.get("prompt_tokens_details") or {}
    read, written = cached.get("cached_tokens", 0), cached.get("cache_write_tokens", 0)
    whole = usage["prompt_tokens"] - read - written
    output = usage.get("completion_tokens", 0)
    kinds = [(whole, "input"), (read, "cache_read"), (written, "cache_write"), (output, "output")]
    return sum(tokens * prices[kind] for tokens, kind in kinds if tokens)


def settles(gateway, name, amount):
    until(lambda found: found == amount, lambda: spent(gateway, name))


def test_an_answer_is_charged_at_its_models_prices_on_each_route(gateway):
    chat = ask(gateway, "chat", BODY)
    assert chat.status == 200
    settles(gateway, "chat", total := cost(chat.json["usage"]))
    dearer = ask(gateway, "chat", BODY | {"model": "gpt-4o"})
    settles(gateway, "chat", total := total + cost(dearer.json["usage"], PRICES[1]))
    message = ask(gateway, "chat", BODY, MESSAGES).json["usage"]
    total += message["input_tokens"] * 1000 + message["output_tokens"] * 4000
    settles(gateway, "chat", total)
    response = ask(gateway, "chat", {"model": "gpt-4o", "input": "hello", "max_output_tokens": 50}, "/v1/responses")
    asked = response.json["usage"]
    total += asked["input_tokens"] * 3000 + asked["output_tokens"] * 15000
    settles(gateway, "chat", total)
    # What costs nothing, and needs no price.
    counted = ask(gateway, "chat", BODY | {"model": "gpt-4o"}, f"{MESSAGES}/count_tokens")
    assert counted.status == 200
    assert spent(gateway, "chat") == total


def test_estimates_are_reserved_so_that_of_those_that_come_at_once_not_all_pass(gateway):
    outcomes = at_once(gateway, "reserved", 6, BODY, headers={"x-emulator": "slow=1500"})
    asked = (estimate(BODY) - 400) * 1250 + 400 * 4000
    assert statuses(outcomes) == [200] * 3 + [429] * 3
    refused = next(outcome for outcome in outcomes if outcome.status == 429)
    assert (refused.error["type"], refused.error["code"]) == ("cost", "rate_limit_exceeded")
    assert f"on cost per day: Limit 5.00, Used {3 * asked / 1e6:.6f}".rstrip("0") in refused.error["message"]
    settles(gateway, "reserved", sum(cost(outcome.json["usage"]) for outcome in outcomes if outcome.status == 200))


def test_who_is_over_is_told_to_come_again_when_the_day_is_over(gateway):
    # More than all of the limit passes where nothing is used.
    assert ask(gateway, "once").status == 200
    refused = until(lambda outcome: outcome.status == 429, lambda: ask(gateway, "once"))
    assert "Budget used up for 'once' on cost per day: Limit 0.001" in refused.error["message"]
    left = 86_400 - time.time() % 86_400
    assert left - 5 < int(refused.headers["retry-after"]) <= left + 5
    assert left < 60 or refused.headers["x-should-retry"] == "false"
    # OpenAI's headers have no word for money.
    assert not any("ratelimit" in name for name in refused.headers)
    native = ask(gateway, "once", SAID, CONVERSE)
    assert (native.status, native.headers["x-amzn-errortype"]) == (429, "ThrottlingException")
    anthropics = ask(gateway, "once", BODY, MESSAGES)
    assert (anthropics.status, anthropics.json["error"]["type"]) == (429, "rate_limit_error")


def test_who_asks_for_more_than_is_left_hears_so_and_asks_for_less(gateway):
    ask(gateway, "less")
    refused = until(lambda outcome: outcome.status == 429, lambda: ask(gateway, "less", HUGE))
    assert "Too little left of the budget" in refused.error["message"] and "max_tokens" in refused.error["message"]
    assert ask(gateway, "less").status == 200


def test_the_sdk_knows_what_it_is_told(gateway):
    with gateway.openai(key=limited("sdk")["key"]) as client:
        client.chat.completions.create(**BODY)
        time.sleep(0.2)
        with pytest.raises(openai.RateLimitError) as caught:
            client.chat.completions.create(**HUGE)
    assert (caught.value.type, caught.value.code) == ("cost", "rate_limit_exceeded")


def test_streams_are_charged_whole_left_and_cut(gateway):
    body = BODY | {"messages": [{"role": "user", "content": "long:200"}], "max_tokens": 1000}
    whole = cost(ask(gateway, "free", body).json["usage"])
    assert ask(gateway, "streams", body | {"stream": True}).is_whole
    settles(gateway, "streams", whole)

    async def leave():
        async with Http1(gateway.port, limited("streams")["key"]) as connection:
            await connection.send(CHAT, body | {"stream": True}, {"x-emulator": "pace=20"})
            await connection.reader.readuntil(b'"content":"')

    asyncio.run(leave())
    gone = until(lambda found: whole < found < 2 * whole, lambda: spent(gateway, "streams"))
    cut = ask(gateway, "streams", body | {"stream": True}, headers={"x-emulator": "cut=50"})
    assert cut.status == 200 and "error" in cut.events[-1]
    assert gone < spent(gateway, "streams") < gone + whole + 100_000


def test_native_routes_are_charged(gateway):
    first = ask(gateway, "native", SAID, CONVERSE).json["usage"]
    settles(gateway, "native", total := first["inputTokens"] * 1000 + first["outputTokens"] * 4000)
    # A limit that goes to the model as it is counts in what is reserved.
    hidden = SAID | {"additionalModelRequestFields": {"inferenceConfig": {"max_new_tokens": 3_000}}}
    refused = ask(gateway, "native", hidden, CONVERSE)
    assert refused.status == 429 and "Requested 12.0" in refused.json["message"]
    streamed = ask(gateway, "native", SAID, f"{CONVERSE}-stream")
    assert streamed.status == 200
    settles(gateway, "native", total := 2 * total)
    body = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 50, "messages": BODY["messages"]}
    invoked = ask(gateway, "native", body, f"/model/{CLAUDE.replace(':', '%3A')}/invoke").json["usage"]
    settles(gateway, "native", total + invoked["input_tokens"] * 3000 + invoked["output_tokens"] * 15000)


def test_pieces_of_a_list_and_choices_are_charged_each_once(gateway):
    body = {"model": TITAN, "input": ["one", "two", "three"], "encoding_format": "float"}
    usage = ask(gateway, "list", body, "/v1/embeddings").json["usage"]
    settles(gateway, "list", total := usage["prompt_tokens"] * 20)
    usage = ask(gateway, "list", BODY | {"n": 3}).json["usage"]
    # What a choice reads is told once for all of them, and paid by each.
    single = ask(gateway, "free").json["usage"]["prompt_tokens"]
    settles(gateway, "list", total + 3 * single * 1000 + usage["completion_tokens"] * 4000)


def test_a_limit_of_the_requests_own_beyond_all_numbers_makes_nothing_free(gateway):
    body = LITE | {"n": 3, "max_completion_tokens": 400, "max_tokens": 2**63 - 1}
    usage = ask(gateway, "huge", body).json["usage"]
    single = ask(gateway, "free").json["usage"]["prompt_tokens"]
    settles(gateway, "huge", 3 * single * 1000 + usage["completion_tokens"] * 4000)


def test_what_is_read_from_the_cache_and_written_to_it_has_its_own_price(gateway):
    said = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "charged by the cache " * 200}]
    asked = {"model": "gpt-4o", "messages": said, "max_tokens": 50, "cache_control": {"type": "ephemeral"}}
    usages = [ask(gateway, "cache", asked).json["usage"] for _ in range(2)]
    first, second = (usage["prompt_tokens_details"] for usage in usages)
    assert first["cache_write_tokens"] > 0 and second["cached_tokens"] > 0
    settles(gateway, "cache", sum(cost(usage, PRICES[1]) for usage in usages))


def test_a_backend_that_speaks_openais_api_is_charged(gateway):
    usages = [ask(gateway, "open", BODY | {"model": "open"}).json["usage"]]
    assert ask(gateway, "open", BODY | {"model": "open", "stream": True}).is_whole
    settles(gateway, "open", 2 * (usages[0]["prompt_tokens"] * 200 + usages[0]["completion_tokens"] * 800))


def test_a_model_without_a_price_is_refused_whoever_names_it_and_not_listed(gateway):
    mistral = "mistral.mistral-large-2407-v1:0"
    for path, body in [
        (CHAT, BODY | {"model": mistral}),
        ("/v1/responses", {"model": mistral, "input": "hello"}),
        ("/v1/embeddings", {"model": "cohere.embed-english-v3", "input": "hello"}),
        (f"/openai/deployments/{mistral}/chat/completions", BODY),
    ]:
        refused = ask(gateway, "unpriced", body, path)
        assert (refused.status, refused.error["code"]) == (403, "model_without_price"), path
        assert refused.error["param"] == "model"
        assert ask(gateway, "free", body, path).status != 403
    assert ask(gateway, "unpriced", BODY | {"model": mistral}, MESSAGES).json["error"]["type"] == "permission_error"
    native = ask(gateway, "unpriced", SAID, f"/model/{mistral.replace(':', '%3A')}/converse")
    assert (native.status, native.headers["x-amzn-errortype"]) == (403, "AccessDeniedException")
    with gateway.connection(key=limited("unpriced")["key"]) as connection:
        assert connection.ask("GET", f"/v1/models/{mistral}").status == 404
        assert connection.ask("GET", "/v1/models/gpt-4o").status == 200
    # Nothing of it was taken.
    assert ask(gateway, "unpriced", HUGE | {"temperature": 99}).status == 400


def test_the_model_of_a_deployments_path_is_charged_and_a_teams_money_is_its_callers_together(gateway):
    path = "/openai/deployments/gpt-4o/chat/completions"
    usage = ask(gateway, "deployment", {"messages": BODY["messages"]}, path).json["usage"]
    settles(gateway, "deployment", cost(usage, PRICES[1]))
    usages = [ask(gateway, name).json["usage"] for name in OF_TEAM]
    settles(gateway, "team-one", sum(map(cost, usages)))
    refused = ask(gateway, "team-two", HUGE)
    assert "team 'spenders' on cost per month: Limit 10.00" in refused.error["message"]


@pytest.fixture(scope="module")
def bedrock():
    bedrock = Scripted()
    yield bedrock
    bedrock.stop()


def test_each_call_of_a_technique_is_charged_at_the_price_of_its_own_model(start, bedrock):
    changes = CHANGES | {
        "api_keys": [key("technique", {"cost_per_day": 10 * DAY})],
        "techniques": {"cluster": "gateway", "max_calls": 12, "timeout": 30},
    }
    gateway = start(bedrock.endpoint, changes=changes, workers=2)
    bedrock.forget(lambda call: "an answer")
    total = 0
    rates = {CLAUDE: 10 * 3000 + 5 * 15000, NOVA: 10 * 1000 + 5 * 4000}
    moa = {"optillm_approach": "moa", "moa_models": [NOVA]}
    best_of = LITE | {"model": "bon-gpt-4o", "stream": True}
    for body in (LITE | {"model": "moa-gpt-4o"}, best_of, BODY | {"model": "gpt-4o"} | moa):
        before = len(bedrock.calls)
        assert ask(gateway, "technique", body).status == 200
        calls = bedrock.calls[before:]
        assert len(calls) > 1
        total += sum(rates[call.model.replace("%3A", ":")] for call in calls)
        settles(gateway, "technique", total)
    unpriced = moa | {"moa_models": ["mistral.mistral-large-2407-v1:0"]}
    refused = ask(gateway, "technique", BODY | {"model": "gpt-4o"} | unpriced)
    assert (refused.status, refused.error["code"], refused.error["param"]) == (403, "model_without_price", "moa_models")
    assert spent(gateway, "technique") == total


def test_the_model_that_answered_is_charged_and_the_dearest_that_might_is_reserved(start, emulators):
    endpoints = {region: emulator.endpoint for region, emulator in emulators.items()}
    changes = {"api_keys": [key("failover", {"cost_per_day": DAY})], "prices": PRICES}
    gateway = start(endpoints, sample="failover", patch=impatient, changes=changes)
    for emulator in emulators.values():
        emulator.forget()
    emulators["us-west-2"].faults("error=ThrottlingException")
    emulators["us-east-1"].faults("throttle=1")
    answer = ask(gateway, "failover", BODY | {"model": "gpt-4o"})
    for emulator in emulators.values():
        emulator.faults()
    assert (answer.status, answer.headers["x-bedrock-model"]) == (200, NOVA)
    settles(gateway, "failover", cost(answer.json["usage"]))
    refused = ask(gateway, "failover", HUGE | {"model": "gpt-4o", "max_tokens": 1_000_000})
    assert "Requested 15000." in refused.error["message"], "the dearest output of its targets"


def test_a_callers_own_inference_profile_costs_what_its_model_costs(start, emulator):
    profile = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/ownnova00001"
    emulator.change(add_profiles=[{"id": "ownnova00001", "name": "own nova", "model": "amazon.nova-pro-v1:0"}])
    own = key("profile", {"cost_per_day": DAY}, profile={"us.amazon.nova-pro*": profile})
    gateway = start(changes=CHANGES | {"api_keys": [own]})
    answer = ask(gateway, "profile")
    assert answer.status == 200
    [request] = emulator.requests()
    assert "ownnova00001" in request["path"]
    settles(gateway, "profile", cost(answer.json["usage"]))
    emulator.change()


def test_what_was_spent_outlives_a_new_configuration(start):
    policy = Policy()
    nova = {"pattern": "amazon.nova-*", "input": 1000, "output": 4000}
    rest = {"pattern": "*", "input": 3000, "output": 15000}
    gateway = start(sample="policy", patch=policy, workers=2)

    def change(limit, *prices):
        policy.change(api_keys=[key("kept", {"cost_per_day": limit})], prices=[*prices])

    def known(limit):
        return lambda found: found is not None and f"Limit {limit}," in found.error["message"]

    body = BODY | {"model": "nova-lite"}
    change(DAY, nova, rest)
    usage = until(lambda outcome: outcome.status == 200, lambda: ask(gateway, "kept", body)).json["usage"]
    total = cost(usage)
    settles(gateway, "kept", total)
    # Another limit and another price hold from now on, for what is asked from now on.
    change(DAY / 2, nova | {"output": 8000}, rest)
    until(known("5.00"), lambda: ask(gateway, "kept", HUGE))
    assert spent(gateway, "kept") == total
    usage = ask(gateway, "kept", body).json["usage"]
    settles(gateway, "kept", total + usage["prompt_tokens"] * 1000 + usage["completion_tokens"] * 8000)
