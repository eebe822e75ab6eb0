"""Hedging on the first token, by the sample and Envoy's own means: two emulators are two regions."""

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import openai
import pytest

import envoy_config
from gateway import route
from settings import ROOT, Endpoint
from test_failover import CLAUDE, EAST, WEST, came_from, cluster, signed_for

# The sample has two seconds.
PATIENCE = 0.3


def hedging(config):
    """A patch: no test waits for two seconds, none finds an endpoint ejected by another's slowness, and the log tells what is
    left of the request's headers in the end."""
    route(config)["route"]["retry_policy"]["per_try_timeout"] = f"{PATIENCE}s"
    found = cluster(config)
    found.pop("outlier_detection")
    found["circuit_breakers"]["thresholds"][0]["retry_budget"] = {"min_retry_concurrency": 100}
    [listener] = config["static_resources"]["listeners"]
    [manager] = listener["filter_chains"][0]["filters"]
    line = "left %REQ(X-MARK)%: %REQ(:METHOD)% %REQ(:PATH)% %REQ(:AUTHORITY)% %REQ(CONTENT-LENGTH)% %REQ(AUTHORIZATION)% %REQ(X-AMZ-DATE)%\n"
    log = "type.googleapis.com/envoy.extensions.access_loggers.stream.v3.StdoutAccessLog"
    manager["typed_config"]["access_log"] = [
        {"name": "stdout", "typed_config": {"@type": log, "log_format": {"text_format_source": {"inline_string": line}}}}
    ]


def patient(config):
    """A patch: the same without hedging."""
    hedging(config)
    route(config)["route"].pop("hedge_policy")
    route(config)["route"]["retry_policy"].pop("per_try_timeout")


@pytest.fixture(scope="module")
def start_hedging(start, emulators):
    endpoints = {region: emulator.endpoint for region, emulator in emulators.items()}

    def started(patch=hedging, upstream=endpoints, **how):
        return start(upstream, sample="hedging", patch=patch, **how)

    return started


@pytest.fixture(scope="module")
def gateway(start_hedging):
    return start_hedging()


@pytest.fixture(scope="module")
def client(gateway):
    with gateway.openai() as client:
        yield client


def ask(client, stream=False, text="hello", headers=()):
    """The response and its text."""
    raw = client.chat.completions.with_raw_response.create(
        model="gpt-4o",
        messages=[{"role": "user", "content": text}],
        stream=stream,
        extra_headers=dict(headers),
    )
    answer = raw.parse()
    if not stream:
        return raw, answer.choices[0].message.content
    chunks = list(answer)
    assert chunks[-1].choices[0].finish_reason == "stop"
    return raw, "".join(chunk.choices[0].delta.content or "" for chunk in chunks)


def seen(emulator, count=1):
    """The emulator's requests, once there are so many: one that is called off is noted when that is seen."""
    deadline = time.monotonic() + 5
    while len(emulator.requests()) < count and time.monotonic() < deadline:
        time.sleep(0.02)
    found = emulator.requests()
    assert len(found) == count
    return found


def test_the_sample_waits_two_seconds_and_asks_two_regions():
    config = envoy_config.read(ROOT / "envoy/hedging.yaml")
    policy = route(config)["route"]["retry_policy"]
    assert (policy["per_try_timeout"], policy["num_retries"]) == ("2s", 1)
    assert envoy_config.regions(config) == [EAST, WEST]


@pytest.mark.parametrize("stream", [False, True])
def test_a_fast_answer_is_never_hedged(client, regions, stream):
    for _ in range(5):
        raw, text = ask(client, stream)
        assert text == "You said: hello" and came_from(raw) == (EAST, CLAUDE, "1")
    time.sleep(PATIENCE * 1.5)
    assert regions[WEST].requests() == []


def test_a_stream_that_has_begun_is_not_hedged_however_long_it_runs(client, regions):
    regions[EAST].faults("pace=60")
    begun = time.monotonic()
    raw, _ = ask(client, True)
    assert time.monotonic() - begun > PATIENCE
    assert came_from(raw) == (EAST, CLAUDE, "1") and regions[WEST].requests() == []


@pytest.mark.parametrize(("stream", "fault"), [(False, "slow=3000"), (True, "slow=3000"), (True, "nofirst")])
def test_the_second_region_answers_when_the_first_is_silent(gateway, client, regions, stream, fault):
    regions[EAST].faults(fault)
    beta = {"anthropic-beta": "context-1m-2025-08-07", "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
    mark = f"{stream}-{fault}"
    begun = time.monotonic()
    raw, text = ask(client, stream, headers=beta | {"x-mark": mark})
    assert PATIENCE <= time.monotonic() - begun < 2
    assert text == "You said: hello" and came_from(raw) == (WEST, CLAUDE, "2")
    [first], [second] = seen(regions[EAST]), seen(regions[WEST])
    # Each was right where it went: a wrong signature is refused at once, whatever fault there is.
    assert (signed_for(first), signed_for(second)) == (EAST, WEST)
    assert first["fault"] == fault and second["status"] == 200
    hosts = [request["headers"]["host"] for request in (first, second)]
    assert hosts == [f"bedrock-runtime.{region}.amazonaws.com" for region in (EAST, WEST)]
    if fault != "nofirst":
        assert first["outcome"] == "the caller left"
    # Both are made of what the client sent, and not the second of the first.
    assert first["body"] == second["body"]
    assert first["body"]["additionalModelRequestFields"] == {"anthropic_beta": ["context-1m-2025-08-07"]}
    assert {request["headers"]["traceparent"] for request in (first, second)} == {beta["traceparent"]}
    assert first["headers"].keys() == second["headers"].keys()
    # What is left in the end is the client's: nothing that was signed, nor its key, which the gateway role takes away.
    assert is_clients(gateway, left_of(gateway, mark))


NOVA = "us.amazon.nova-pro-v1:0"


def message(gateway, model, stream):
    """A message by Anthropic's SDK, whose text and region these are."""
    asked = {"model": model, "max_tokens": 100, "messages": [{"role": "user", "content": "hello"}]}
    with gateway.anthropic() as client:
        if not stream:
            raw = client.messages.with_raw_response.create(**asked)
            return raw.parse().content[0].text, raw.headers["x-bedrock-region"]
        with client.messages.stream(**asked) as events:
            return events.get_final_text(), events.response.headers["x-bedrock-region"]


@pytest.mark.parametrize("model", ["gpt-4o", NOVA], ids=["native", "converse"])
@pytest.mark.parametrize(("stream", "fault"), [(False, "slow=3000"), (True, "slow=3000"), (True, "nofirst")])
def test_messages_are_hedged_too(gateway, regions, model, stream, fault):
    regions[EAST].faults(fault)
    assert message(gateway, model, stream) == ("You said: hello", WEST)
    [first], [second] = seen(regions[EAST]), seen(regions[WEST])
    assert (signed_for(first), signed_for(second)) == (EAST, WEST)
    assert first["body"] == second["body"] and second["status"] == 200


@pytest.mark.parametrize("model", ["gpt-4o", NOVA], ids=["native", "converse"])
@pytest.mark.parametrize(
    ("stream", "fault"),
    [(False, "error=ThrottlingException"), (False, "garbage"), (True, "exception=0:throttlingException"), (True, "badcrc=0")],
)
def test_a_failure_of_the_first_does_not_end_the_second_message(gateway, regions, model, stream, fault):
    regions[EAST].faults(f"slow=500,{fault}")
    regions[WEST].faults("slow=500")
    assert message(gateway, model, stream) == ("You said: hello", WEST)


def left_of(gateway, mark):
    """What is left of the request's headers, once it has ended."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        for line in gateway.log.splitlines():
            if line.startswith(f"left {mark}: "):
                return line.removeprefix(f"left {mark}: ")
        time.sleep(0.05)
    raise AssertionError("it has not ended, or its headers are not the client's")


def is_clients(gateway, left):
    return left.startswith(f"POST /v1/chat/completions 127.0.0.1:{gateway.port} ") and left.endswith(" - -")


@pytest.mark.parametrize("stream", [False, True])
def test_the_first_region_may_still_win_after_the_second_was_asked(gateway, client, regions, stream):
    regions[EAST].faults("slow=600")
    regions[WEST].faults("slow=3000")
    mark = f"{stream}-first-wins"
    raw, text = ask(client, stream, headers={"x-mark": mark})
    assert text == "You said: hello" and came_from(raw) == (EAST, CLAUDE, "2")
    [first], [second] = seen(regions[EAST]), seen(regions[WEST])
    assert (signed_for(first), first["status"]) == (EAST, 200)
    assert (signed_for(second), second["outcome"]) == (WEST, "the caller left")
    assert is_clients(gateway, left_of(gateway, mark))


WHOLE = ["error=ThrottlingException", "error=ServiceUnavailableException", "garbage", "nooutput"]
FAILURES = [(False, fault) for fault in WHOLE]
FAILURES += [(True, fault) for fault in [*WHOLE, "exception=0:throttlingException", "cut=0", "badcrc=0"]]


@pytest.mark.parametrize(("stream", "fault"), FAILURES)
def test_a_failure_of_the_first_does_not_end_the_second(client, regions, stream, fault):
    regions[EAST].faults(f"slow=500,{fault}")
    regions[WEST].faults("slow=500")
    raw, text = ask(client, stream)
    assert text == "You said: hello" and came_from(raw) == (WEST, CLAUDE, "2")


@pytest.mark.parametrize(("stream", "fault"), FAILURES)
def test_a_failure_of_the_second_does_not_end_the_first(client, regions, stream, fault):
    regions[EAST].faults("slow=900")
    regions[WEST].faults(fault)
    raw, text = ask(client, stream)
    assert text == "You said: hello" and came_from(raw) == (EAST, CLAUDE, "2")


def test_a_failure_before_the_time_is_over_moves_on_as_ever(client, regions):
    regions[EAST].faults("error=ThrottlingException")
    raw, _ = ask(client)
    assert came_from(raw) == (WEST, CLAUDE, "2")


@pytest.mark.parametrize(
    ("stream", "fault"),
    [(False, "error=ThrottlingException"), (True, "error=ThrottlingException"), (True, "exception=0:throttlingException")],
)
def test_when_both_regions_fail_the_client_is_told(client, regions, stream, fault):
    for emulator in regions.values():
        emulator.faults(f"slow=500,{fault}")
    with pytest.raises(openai.RateLimitError) as caught:
        ask(client, stream)
    assert caught.value.code == "rate_limit_exceeded"
    assert [len(emulator.requests()) for emulator in regions.values()] == [1, 1]


@pytest.mark.bedrock_refuses
@pytest.mark.parametrize("stream", [False, True])
def test_a_bad_request_is_told_while_the_other_is_under_way(client, regions, stream):
    regions[EAST].faults("slow=500,error=ValidationException,message=Too%20bad")
    regions[WEST].faults("slow=3000")
    with pytest.raises(openai.BadRequestError) as caught:
        ask(client, stream)
    assert "Too bad" in caught.value.message


def test_two_silent_regions_are_not_waited_for_without_end(start_hedging, regions):
    def hasty(config):
        hedging(config)
        route(config)["route"]["idle_timeout"] = "0.9s"

    for emulator in regions.values():
        emulator.faults("slow=9000")
    with start_hedging(hasty).openai() as client, pytest.raises(openai.InternalServerError) as caught:
        ask(client)
    assert caught.value.status_code == 504


class LateListener:
    """In front of an emulator: connections are taken only when they are let in. Until then the kernel keeps them waiting."""

    def __init__(self, target):
        self.target = target
        self.server = socket.create_server(("127.0.0.1", 0), backlog=0)
        address = self.server.getsockname()
        self.endpoint = Endpoint.parse(f"http://127.0.0.1:{address[1]}")
        # They take the places that the kernel has for connections nobody has taken yet.
        self.waiting = [socket.socket() for _ in range(2)]
        for waiting in self.waiting:
            waiting.setblocking(False)
            waiting.connect_ex(address)
        self.open = threading.Event()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        self.open.wait()
        for waiting in self.waiting:
            waiting.close()
        while True:
            try:
                near, _ = self.server.accept()
            except OSError:
                return
            far = socket.create_connection((self.target.host, self.target.port))
            for pair in ((near, far), (far, near)):
                threading.Thread(target=self.pump, args=pair, daemon=True).start()

    @staticmethod
    def pump(here, there):
        try:
            while piece := here.recv(65_536):
                there.sendall(piece)
            there.shutdown(socket.SHUT_WR)
        except OSError:
            pass


@pytest.mark.parametrize(
    ("stream", "fault"),
    [(False, "slow=500,error=ThrottlingException"), (True, "slow=500,error=ThrottlingException"), (True, "slow=500,nofirst")],
)
def test_an_attempt_that_waits_for_its_connection_is_not_sent_with_anothers_headers(start_hedging, regions, stream, fault):
    """Envoy reads the headers, which all attempts share, when the connection is there; meanwhile the first attempt's answer
    has come, and it would have put back what the client sent."""
    late = LateListener(regions[WEST].endpoint)
    gateway = start_hedging(upstream={EAST: regions[EAST].endpoint, WEST: late.endpoint})
    regions[EAST].faults(fault)
    try:
        with gateway.openai() as client, ThreadPoolExecutor(1) as pool:
            answer = pool.submit(ask, client, stream)
            # The second is asked at 0.3 s, the first has answered at 0.5 s.
            time.sleep(0.8)
            assert regions[WEST].requests() == []
            late.open.set()
            raw, text = answer.result()
    finally:
        late.open.set()
        late.server.close()
    assert text == "You said: hello" and came_from(raw) == (WEST, CLAUDE, "2")
    [second] = seen(regions[WEST])
    assert signed_for(second) == WEST and second["path"].startswith("/model/") and second["status"] == 200


def test_many_hedged_requests_at_once_stay_apart(start_hedging, regions):
    """Every one is hedged, on two workers; each region gets each request once, with its own headers, and no answer is
    another's."""
    regions[EAST].faults("slow=700")
    regions[WEST].faults("slow=100")
    count = 60
    betas = ["context-1m-2025-08-07", "effort-2025-11-24", "interleaved-thinking-2025-05-14", "tool-examples-2025-10-29"]

    def beta(number):
        return betas[number % len(betas)]

    with start_hedging(workers=2).openai() as client, ThreadPoolExecutor(20) as pool:

        def one(number):
            return ask(client, number % 2 == 0, f"number {number}", {"anthropic-beta": beta(number)})

        answers = list(pool.map(one, range(count)))
    for number, (raw, text) in enumerate(answers):
        assert text == f"You said: number {number}" and came_from(raw) == (WEST, CLAUDE, "2")
    for region in (EAST, WEST):
        requests = seen(regions[region], count)
        assert {signed_for(request) for request in requests} == {region}
        told = [
            (
                request["body"]["messages"][0]["content"][0]["text"],
                request["body"]["additionalModelRequestFields"]["anthropic_beta"],
            )
            for request in requests
        ]
        assert sorted(told) == sorted((f"number {number}", [beta(number)]) for number in range(count))


def test_a_client_that_leaves_ends_both_attempts(gateway, regions):
    for emulator in regions.values():
        emulator.faults("slow=3000")
    with gateway.openai(timeout=PATIENCE * 2) as client, pytest.raises(openai.APITimeoutError):
        ask(client)
    for emulator in regions.values():
        [request] = seen(emulator)
        assert request["outcome"] == "the caller left"


def times(client, emulator, count, slow):
    """How long each request took; every twentieth is slow in the first region."""
    taken = []
    for number in range(count):
        if number % 20 == 10:
            emulator.faults(f"slow={slow};times=1;key=slow-{number}-{time.monotonic_ns()}")
        begun = time.monotonic()
        ask(client)
        taken.append(time.monotonic() - begun)
    return sorted(taken)


def test_slow_answers_become_rare_and_the_usual_ones_stay_as_they_are(start_hedging, client, regions):
    """One in twenty is slow in the first region: the 99th percentile is no longer theirs."""
    count, slow = 100, 900
    with start_hedging(patient).openai() as waiting:
        without = times(waiting, regions[EAST], count, slow)
    assert regions[WEST].requests() == []
    hedged = times(client, regions[EAST], count, slow)
    asked = len(regions[WEST].requests())
    middle, tail = count // 2, count * 99 // 100
    assert without[tail] >= slow / 1000 and PATIENCE <= hedged[tail] < slow / 1000 - 0.2
    assert hedged[middle] < PATIENCE / 2
    # And only they cost something.
    assert asked == count / 20
