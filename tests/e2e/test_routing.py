"""Weighted and sticky routing, by the sample and Envoy's own means: two emulators are two regions."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from gateway import route
from test_failover import CLAUDE, EAST, WEST, cluster

NEW = "us.anthropic.claude-opus-4-6-v1"
SAID = [{"role": "user", "content": "hello"}]


def calm(config):
    """A patch: no test finds an endpoint ejected by another's failures, and retries are not held back."""
    found = cluster(config)
    found.pop("outlier_detection")
    found["circuit_breakers"]["thresholds"][0]["retry_budget"] = {"min_retry_concurrency": 100}


def by_name(config):
    """A patch: endpoints are found by DNS, as AWS's are; two of them then have the same name and address."""
    calm(config)
    cluster(config)["type"] = "STRICT_DNS"
    for locality in cluster(config)["load_assignment"]["endpoints"]:
        for host in locality["lb_endpoints"]:
            host["endpoint"]["address"]["socket_address"]["address"] = "localhost"


@pytest.fixture(scope="module")
def start_routing(start, emulators):
    endpoints = {region: emulator.endpoint for region, emulator in emulators.items()}

    def started(patch=calm, **how):
        return start(endpoints, sample="routing", patch=patch, workers=2, **how)

    return started


@pytest.fixture(scope="module", params=[calm, by_name], ids=["addresses", "names"])
def client(request, start_routing):
    with start_routing(request.param).openai() as client:
        yield client


def ask(client, conversation=None, model="gpt-4o"):
    """Where the answer came from."""
    headers = {"x-conversation-id": conversation} if conversation else {}
    raw = client.chat.completions.with_raw_response.create(model=model, messages=SAID, extra_headers=headers)
    return raw.headers["x-bedrock-region"], raw.headers["x-bedrock-model"]


def ask_all(client, conversations, **more):
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda conversation: ask(client, conversation, **more), conversations))


def conversations(count):
    return [f"conversation-{number}" for number in range(count)]


def test_a_conversation_stays_where_it_began(client, regions):
    first = ask_all(client, conversations(40))
    assert len(set(first)) == 3
    for _ in range(4):
        assert ask_all(client, conversations(40)) == first


def test_conversations_are_divided_by_weight(client, regions):
    count = 600
    seen = Counter(ask_all(client, conversations(count)))
    # Four standard deviations: what is seen is a sample.
    for place, share in {(EAST, CLAUDE): 0.45, (WEST, CLAUDE): 0.45, (EAST, NEW): 0.1}.items():
        assert abs(seen[place] - count * share) < 4 * (count * share * (1 - share)) ** 0.5, seen
    assert sum(seen.values()) == count


def test_requests_without_a_conversation_are_divided_too(client, regions):
    seen = Counter(ask_all(client, [None] * 300))
    assert seen[EAST, CLAUDE] > 90 and seen[WEST, CLAUDE] > 90 and 8 < seen[EAST, NEW] < 60, seen


def test_a_model_without_a_new_one_is_itself_everywhere(client, regions):
    seen = Counter(ask_all(client, conversations(40), model="us.amazon.nova-pro-v1:0"))
    assert {model for _, model in seen} == {"us.amazon.nova-pro-v1:0"} and {region for region, _ in seen} == {EAST, WEST}


def test_a_prompt_cache_stays_warm(start_routing, regions):
    """The second turn finds what the first has written, wherever that was; without the header it is a matter of luck."""
    with start_routing(changes={"automatic_caching": True}).openai() as client:
        for number in range(8):
            header = {"x-conversation-id": f"long-{number}"}
            said = [{"role": "system", "content": f"Be brief, {number}. " * 2000}, *SAID]
            answers = [
                client.chat.completions.create(model="gpt-4o", messages=said, extra_headers=header) for _ in range(2)
            ]
            cached = [answer.usage.prompt_tokens_details.cached_tokens for answer in answers]
            assert not cached[0] and cached[1] > 1000


def test_when_a_region_fails_its_conversations_move_together_and_come_back(client, regions):
    before = ask_all(client, conversations(40))
    regions[WEST].faults("error=ServiceUnavailableException")
    during = ask_all(client, conversations(40))
    # Those of other places stay; those of the region stay together with themselves, elsewhere.
    assert [now for now, was in zip(during, before, strict=True) if was[0] == EAST] == [was for was in before if was[0] == EAST]
    assert all(region == EAST for region, _ in during) and ask_all(client, conversations(40)) == during
    regions[WEST].faults()
    assert ask_all(client, conversations(40)) == before


def test_the_sample_hashes_a_header_that_never_reaches_bedrock(client, regions):
    ask(client, "secret-conversation")
    assert "secret-conversation" not in str([emulator.requests() for emulator in regions.values()])


def test_without_the_policy_a_conversation_goes_anywhere(start_routing, regions):
    def forgetful(config):
        calm(config)
        route(config)["route"].pop("hash_policy")

    with start_routing(forgetful).openai() as client:
        assert len({ask(client, "one") for _ in range(40)}) > 1
