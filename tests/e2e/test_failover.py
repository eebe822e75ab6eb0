"""Failover between regions and models, by the sample and Envoy's own means: two emulators are two regions."""

import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import openai
import pytest

from gateway import route

CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
NOVA = "us.amazon.nova-pro-v1:0"
SAID = [{"role": "user", "content": "hello"}]
EAST, WEST = "us-east-1", "us-west-2"
COUNTERS = itertools.count()


def impatient(config):
    """A patch: no test waits twenty seconds for a first token, and none finds an endpoint ejected by another's failures."""
    route(config)["route"]["retry_policy"]["per_try_timeout"] = "0.4s"
    cluster(config).pop("outlier_detection")


def cluster(config):
    [found] = [found for found in config["static_resources"]["clusters"] if found["name"] == "bedrock"]
    return found


@pytest.fixture(scope="module")
def start_failover(start, emulators):
    endpoints = {region: emulator.endpoint for region, emulator in emulators.items()}

    def started(patch=impatient, **how):
        return start(endpoints, sample="failover", patch=patch, **how)

    return started


@pytest.fixture(scope="module")
def client(start_failover):
    with start_failover().openai() as client:
        yield client


def ask(client, stream=False, **more):
    """The response and its text."""
    raw = client.chat.completions.with_raw_response.create(
        model="gpt-4o", messages=SAID, stream=stream, **({"extra_headers": {}} | more)
    )
    answer = raw.parse()
    if not stream:
        assert answer.model == "gpt-4o"
        return raw, answer.choices[0].message.content
    chunks = list(answer)
    assert {chunk.model for chunk in chunks} == {"gpt-4o"} and chunks[-1].choices[0].finish_reason == "stop"
    return raw, "".join(chunk.choices[0].delta.content or "" for chunk in chunks)


def signed_for(request):
    return request["headers"]["authorization"].split("/")[2]


def came_from(raw):
    return raw.headers["x-bedrock-region"], raw.headers["x-bedrock-model"], raw.headers["x-envoy-attempt-count"]


BEFORE_THE_FIRST_EVENT = [
    "error=ThrottlingException",
    "error=ModelNotReadyException",
    "error=ModelErrorException",
    "error=ModelTimeoutException",
    "error=InternalServerException",
    "error=ServiceUnavailableException",
    "error=AccessDeniedException",
    "reset=-1",
    "slow=2000",
]
OF_STREAMS = [
    "exception=0:throttlingException",
    "exception=0:modelStreamErrorException",
    "errorframe=0",
    "cut=0",
    "reset=0",
    "badcrc=0",
    "nofirst",
    "empty",
    "garbage",
]
CASES = [(False, fault) for fault in BEFORE_THE_FIRST_EVENT]
CASES += [(True, fault) for fault in BEFORE_THE_FIRST_EVENT + OF_STREAMS]


@pytest.mark.parametrize("stream", [False, True])
def test_the_first_target_answers_while_it_can(client, regions, stream):
    raw, text = ask(client, stream)
    assert text == "You said: hello" and came_from(raw) == (EAST, CLAUDE, "1")
    assert regions[WEST].requests() == []


@pytest.mark.parametrize(("stream", "fault"), CASES)
def test_a_failure_before_the_first_event_moves_to_the_next_region(client, regions, stream, fault):
    regions[EAST].faults(fault)
    raw, text = ask(client, stream)
    assert text == "You said: hello" and came_from(raw) == (WEST, CLAUDE, "2")
    [request] = regions[WEST].requests()
    assert signed_for(request) == WEST and request["status"] == 200
    assert all(signed_for(request) == EAST for request in regions[EAST].requests())


@pytest.mark.parametrize(("stream", "fault"), [(False, "error=ThrottlingException"), (True, "exception=0:throttlingException")])
def test_a_response_moves_to_the_next_region_too(client, regions, stream, fault):
    regions[EAST].faults(fault)
    raw = client.responses.with_raw_response.create(model="gpt-4o", input="hello", stream=stream)
    answer = [*raw.parse()][-1].response if stream else raw.parse()
    assert answer.output_text == "You said: hello" and came_from(raw) == (WEST, CLAUDE, "2")


def test_a_region_that_is_down_is_passed_over(start_failover, regions, world):
    gone = world.start_emulator()
    endpoints = {EAST: gone.endpoint, WEST: regions[WEST].endpoint}
    gone.process.__exit__()
    world.emulators.remove(gone)
    gateway = world.start_gateway(endpoints, sample="failover", patch=impatient)
    with gateway.openai() as client:
        raw, _ = ask(client)
    assert came_from(raw) == (WEST, CLAUDE, "2")


@pytest.mark.parametrize("stream", [False, True])
def test_the_last_resort_is_another_family_and_gets_a_request_of_its_own(client, regions, stream):
    regions[WEST].faults("error=ThrottlingException")
    regions[EAST].faults("throttle=1")
    schema = {"type": "object", "properties": {"a": {"$ref": "#/$defs/A"}}, "$defs": {"A": {"type": "string"}}}
    tool = {"type": "function", "function": {"name": "look up", "parameters": schema}}
    raw, text = ask(client, stream, temperature=0.5, top_p=0.5, tools=[tool], extra_body={"top_k": 5})
    assert text == "You said: hello" and came_from(raw) == (EAST, NOVA, "3")
    claude, nova = (request["body"] for request in regions[EAST].requests())
    assert claude["additionalModelRequestFields"] == {"top_k": 5}
    assert nova["additionalModelRequestFields"] == {"inferenceConfig": {"topK": 5}}
    assert "topP" not in claude["inferenceConfig"] and nova["inferenceConfig"]["topP"] == 0.5
    schemas = [body["toolConfig"]["tools"][0]["toolSpec"]["inputSchema"]["json"] for body in (claude, nova)]
    assert schemas == [schema, {"type": "object", "properties": {"a": {"type": "string"}}}]
    # What was ignored is told of the target that answered.
    assert raw.headers.get("x-ignored-parameters") is None


@pytest.mark.bedrock_refuses
@pytest.mark.parametrize("stream", [False, True])
def test_a_bad_request_moves_nowhere(client, regions, stream):
    regions[EAST].faults("error=ValidationException")
    with pytest.raises(openai.BadRequestError):
        ask(client, stream)
    assert len(regions[EAST].requests()) == 1 and regions[WEST].requests() == []


@pytest.mark.parametrize("fault", ["exception=2:throttlingException", "cut=3", "reset=3", "badcrc=3"])
def test_a_stream_that_has_begun_moves_nowhere(client, regions, fault):
    regions[EAST].faults(fault)
    # A reset breaks the connection off; the others end in an error event.
    with pytest.raises((openai.APIError, httpx.HTTPError)):
        ask(client, True)
    assert len(regions[EAST].requests()) == 1 and regions[WEST].requests() == []


@pytest.mark.parametrize("stream", [False, True])
def test_when_no_target_answers_the_last_error_is_told(client, regions, stream):
    for emulator in regions.values():
        emulator.faults("error=ThrottlingException")
    with pytest.raises(openai.RateLimitError) as caught:
        ask(client, stream)
    assert caught.value.response.headers["x-envoy-attempt-count"] == "3"
    assert caught.value.response.headers["x-bedrock-model"] == NOVA
    assert [len(emulator.requests()) for emulator in regions.values()] == [2, 1]


def test_a_model_without_a_last_resort_is_tried_there_as_itself(client, regions):
    for emulator in regions.values():
        emulator.faults("throttle=1")
    made = client.embeddings.with_raw_response.create(model="text-embedding-3-small", input="a")
    assert came_from(made) == (EAST, "amazon.titan-embed-text-v2:0", "3")


def test_a_long_stream_is_not_cut_by_the_limit_to_the_first_token(client, regions):
    regions[EAST].faults("pace=60")
    begun = time.monotonic()
    raw, text = ask(client, True)
    assert came_from(raw) == (EAST, CLAUDE, "1") and text == "You said: hello"
    # The limit is 0.4 s.
    assert time.monotonic() - begun > 0.4


def test_an_endpoint_that_keeps_failing_is_left_alone(start_failover, regions):
    def quick(config):
        route(config)["route"]["retry_policy"]["per_try_timeout"] = "1s"
        cluster(config)["outlier_detection"] |= {"interval": "0.1s", "base_ejection_time": "30s"}

    regions[EAST].faults("error=ServiceUnavailableException")
    with start_failover(quick).openai() as client:
        counts = [ask(client)[0].headers["x-envoy-attempt-count"] for _ in range(10)]
    assert counts[0] == "2" and counts[-1] == "1"
    assert len(regions[EAST].requests()) == 5


def test_a_storm_of_failures_makes_no_storm_of_retries(start_failover, regions):
    """With everything failing, retries stay within the budget: three at a time, or a fifth of what is under way."""
    for emulator in regions.values():
        emulator.faults("slow=20,error=ServiceUnavailableException")
    callers, each = 20, 10
    with start_failover().openai() as client, ThreadPoolExecutor(callers) as pool:
        barrier = threading.Barrier(callers)

        def storm(_):
            barrier.wait()
            statuses = []
            for _ in range(each):
                with pytest.raises(openai.APIStatusError) as caught:
                    ask(client)
                statuses.append(caught.value.status_code)
            return statuses

        statuses = [status for statuses in pool.map(storm, range(callers)) for status in statuses]
    assert set(statuses) <= {503}
    sent = sum(len(emulator.requests()) for emulator in regions.values())
    # Two retries for each would be 600.
    assert callers * each <= sent < callers * each * 1.6, sent


def test_an_endpoint_where_no_target_stands_gets_nothing(start_failover, regions):
    model = {"name": "gpt-4o", "targets": [{"model": CLAUDE, "region": WEST}]}
    with start_failover(changes={"models": [model], "default_model": CLAUDE}).openai() as client:
        with pytest.raises(openai.InternalServerError) as caught:
            ask(client)
    assert caught.value.code == "no_target"
    assert regions[EAST].requests() == []
