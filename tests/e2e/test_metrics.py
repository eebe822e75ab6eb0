"""What Envoy counts of requests, whichever way they end, as Prometheus reads it."""

import re
import time

import pytest

import envoy_config
import observe
import ports
import wire
from admin import Admin
from gateway import nowhere
from settings import ROOT

SAID = [{"role": "user", "content": "hello"}]
BODY = {"model": "gpt-4o", "messages": SAID}
SONNET = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
KEYS = [
    {"name": "web", "key": "web", "team": "shop"},
    {"name": 'odd "; name=\\', "key": "odd"},
    {"name": "narrow", "key": "narrow", "models": ["nova-lite"]},
]
ADMIN = Admin()
PATIENCE = 20


@pytest.fixture(scope="module")
def gateway(start):
    return start(changes={"api_keys": KEYS, "teams": [{"name": "shop"}]}, patch=ADMIN, workers=2)


read = Admin.series


class Counted:
    """What was counted since: sums over all labels that are not asked for."""

    def __init__(self, admin):
        self.admin, self.before = admin, read(admin)

    def now(self, name, **labels):
        wanted = set(labels.items())
        after = read(self.admin)
        return sum(value - self.before.get(key, 0) for key, value in after.items() if key[0] == name and wanted <= key[1])

    def settled(self, name, value, **labels):
        """The same, once it is so: a request is counted when it is over, which its client may see a little earlier."""
        until = time.monotonic() + PATIENCE
        while (found := self.now(name, **labels)) != value and time.monotonic() < until:
            time.sleep(0.05)
        assert found == value, (name, labels, found)

    def series(self):
        return {key for key in read(self.admin) if key not in self.before}


@pytest.fixture
def counted(gateway):
    time.sleep(0.2)
    return Counted(ADMIN)


def test_an_answer_counts_with_its_tokens_under_its_callers_team_and_model(gateway, counted):
    whose = {"caller": "web", "team": "shop", "model": SONNET, "region": "us-east-1"}
    with gateway.connection("web") as connection:
        usages = [connection.chat(BODY).json["usage"] for _ in range(3)]
    counted.settled("bedrock_requests", 3, **whose, status="200", outcome="ok")
    counted.settled("bedrock_requests", 3)
    for kind, member in (("input", "prompt_tokens"), ("output", "completion_tokens")):
        counted.settled("bedrock_tokens", sum(usage[member] for usage in usages), **whose, type=kind)
    shared = {name: whose[name] for name in ("team", "model", "region")}
    counted.settled("bedrock_duration_count", 3, **shared)
    for nothing in ("bedrock_refused", "bedrock_errors", "bedrock_retries", "bedrock_fallbacks"):
        assert counted.now(nothing) == 0


def test_a_stream_counts_its_tokens_though_nobody_asked_for_them_and_the_time_to_its_first(gateway, counted):
    with gateway.connection("web") as connection:
        whole = connection.chat(BODY).json["usage"]
        connection.chat(BODY | {"stream": True}, {"x-emulator": "slow=150"})
    counted.settled("bedrock_requests", 2, outcome="ok")
    counted.settled("bedrock_tokens", 2 * whole["completion_tokens"], type="output")
    counted.settled("bedrock_time_to_first_token_count", 1, team="shop", model=SONNET)
    assert counted.now("bedrock_time_to_first_token_bucket", le="100") == 0
    assert 130 < counted.now("bedrock_time_to_first_token_sum") < 5000


@pytest.mark.parametrize(
    ("key", "body", "status", "code"),
    [
        ("nobody", BODY, 401, "invalid_api_key"),
        ("narrow", BODY, 403, "model_not_allowed"),
        ("web", {"model": "no such model", "messages": SAID}, 404, "model_not_found"),
        ("web", BODY | {"messages": 5}, 400, "invalid_request_error"),
    ],
)
def test_a_refusal_counts_by_its_code(gateway, counted, key, body, status, code):
    with gateway.connection(key) as connection:
        assert connection.chat(body).status == status
    caller = "-" if key == "nobody" else key
    counted.settled("bedrock_refused", 1, caller=caller, code=code)
    counted.settled("bedrock_requests", 1, caller=caller, status=str(status), outcome="refused")
    assert counted.now("bedrock_errors") == counted.now("bedrock_tokens") == 0


@pytest.mark.bedrock_refuses
@pytest.mark.parametrize(
    ("fault", "stream", "status", "outcome", "code"),
    [
        ("error=ThrottlingException", False, 429, "error", "rate_limit_exceeded"),
        ("error=UnrecognizedClientException", True, 502, "error", "upstream_auth_error"),
        ("cut=4", True, 200, "cut", "stream_cut"),
    ],
)
def test_a_failure_counts_by_its_code_beside_its_model(gateway, counted, fault, stream, status, outcome, code):
    with gateway.connection("web") as connection:
        connection.chat(BODY | {"stream": stream}, {"x-emulator": fault})
    counted.settled("bedrock_errors", 1, caller="web", model=SONNET, region="us-east-1", code=code)
    counted.settled("bedrock_requests", 1, caller="web", status=str(status), outcome=outcome)
    assert counted.now("bedrock_refused") == 0


def test_a_gateway_without_a_way_to_bedrock_counts_envoys_word_for_it(start):
    admin = Admin()
    gateway = start(nowhere(), patch=admin)
    counted = Counted(admin)
    with gateway.connection() as connection:
        assert connection.chat(BODY).status == 503
    counted.settled("bedrock_requests", 1, status="503", outcome="error")
    counted.settled("bedrock_errors", 1)


@pytest.mark.bedrock_refuses
def test_a_model_that_a_client_makes_up_makes_no_series(gateway, counted):
    with gateway.connection("web") as connection:
        for number in range(40):
            for model in (f"us.anthropic.claude-invented-{number}-v1:0", f"invented {number}"):
                connection.chat(BODY | {"model": model})
    counted.settled("bedrock_requests", 80, caller="web")
    models = {dict(labels).get("model") for _, labels in counted.series()}
    assert not any("invented" in (model or "") for model in models)
    assert counted.now("bedrock_requests", model="other") + counted.now("bedrock_requests", model="-") == 80
    assert len([name for name, _ in counted.series() if "duration" not in name]) <= 4


def test_a_callers_name_ends_nowhere_early(gateway, counted):
    with gateway.connection("odd") as connection:
        assert connection.chat(BODY).status == 200
    counted.settled("bedrock_requests", 1, caller="odd %22%3B name%3D%5C", team="-", model=SONNET, outcome="ok")


def test_clients_that_leave_are_counted_and_leave_nothing_open(gateway, counted):
    connections = [gateway.connection("web") for _ in range(8)]
    for connection in connections:
        response = connection.begin("POST", "/v1/chat/completions", BODY | {"stream": True}, {"x-emulator": "pace=50,stall=3"})
        assert response.status == 200
    counted.settled("bedrock_open_requests", 8, caller="web", team="shop")
    for connection in connections:
        connection.http.close()
        response.close()
    counted.settled("bedrock_open_requests", 0, caller="web")
    counted.settled("bedrock_requests", 8, caller="web", outcome="client_gone")
    assert sum(value for (name, _), value in read(ADMIN).items() if name == "bedrock_open_requests") == 0


def test_attempts_after_the_first_and_another_region_are_counted(start, regions):
    admin = Admin()
    gateway = start(regions_endpoints(regions), sample="failover", patch=admin)
    counted = Counted(admin)
    regions["us-east-1"].faults("error=ThrottlingException")
    with gateway.connection() as connection:
        answer = connection.chat(BODY)
        assert answer.status == 200 and answer.headers["x-bedrock-region"] == "us-west-2"
    counted.settled("bedrock_requests", 1, region="us-west-2", outcome="ok")
    counted.settled("bedrock_fallbacks", 1, region="us-west-2")
    assert counted.now("bedrock_retries") >= 1 and counted.now("bedrock_errors") == 0
    regions["us-east-1"].faults()
    with gateway.connection() as connection:
        assert connection.chat(BODY).headers["x-bedrock-region"] == "us-east-1"
    counted.settled("bedrock_requests", 1, region="us-east-1", outcome="ok")
    assert counted.now("bedrock_fallbacks") == 1


def regions_endpoints(regions):
    return {region: emulator.endpoint for region, emulator in regions.items()}


def test_how_much_of_limits_is_used_is_told_of_who_has_asked(start):
    admin = Admin()
    limits = {"requests_per_minute": 50, "cost_per_day": 0.01, "parallel": 4}
    keys = [
        {"name": "spender", "key": "spender", "team": "shop", "limits": limits},
        {"name": "idle", "key": "idle", "limits": {"cost_per_day": 1}},
    ]
    team = {"name": "shop", "limits": {"cost_per_month": 4.5}}
    prices = [{"pattern": "*", "input": 0.5, "output": 1500}]
    gateway = start(changes={"api_keys": keys, "teams": [team], "prices": prices}, patch=admin, workers=2)
    with gateway.connection("spender") as connection:
        usage = connection.chat(BODY).json["usage"]
    cost = round(usage["prompt_tokens"] * 0.5 + usage["completion_tokens"] * 1500)
    own, teams = {"caller": "spender", "team": "-"}, {"caller": "-", "team": "shop"}
    expected = {
        ("cost_per_day", "spender"): cost * 100 // 10_000,
        ("cost_per_month", "-"): cost * 100 // 4_500_000,
        ("parallel", "spender"): 0,
    }

    def told():
        series = read(admin).items()
        found = [(dict(labels), value) for (name, labels), value in series if name == "bedrock_limit_used_percent"]
        assert all(labels.items() >= own.items() or labels.items() >= teams.items() for labels, _ in found), found
        return {(labels["limit"], labels["caller"]): value for labels, value in found}

    # It is told every ten seconds, and a request's minute may be over by then.
    until = time.monotonic() + 3 * PATIENCE
    while not (found := told()).items() >= expected.items() and time.monotonic() < until:
        time.sleep(0.2)
    assert found.pop(("requests_per_minute", "spender")) in (0, 2)
    assert found == expected and expected["cost_per_day", "spender"] > 0


def test_beyond_their_number_series_count_for_others(start):
    admin = Admin()
    keys = [{"name": f"caller-{number}", "key": f"key-{number}"} for number in range(30)]
    gateway = start(changes={"api_keys": keys, "metrics": {"series": 20}}, patch=admin)
    counted = Counted(admin)
    for number in range(30):
        with gateway.connection(f"key-{number}") as connection:
            assert connection.chat(BODY).status == 200
    counted.settled("bedrock_requests", 30)
    assert counted.now("bedrock_requests", caller="other", team="other", model="other", region="other") >= 20
    named = {dict(labels).get("caller") for _, labels in counted.series()}
    assert len(named) <= 20 and len([key for key in counted.series() if "duration" not in key[0]]) <= 20 + 9


def test_nothing_is_counted_where_that_is_said(start):
    admin = Admin()
    gateway = start(changes={"metrics": {"series": 0}}, patch=admin)
    with gateway.connection() as connection:
        assert connection.chat(BODY).status == 200
    time.sleep(0.3)
    assert read(admin) == {}


def test_discovery_tells_when_it_last_found_something(start, running_emulator):
    admin = Admin()
    start(control=running_emulator.endpoint, patch=admin)
    until = time.monotonic() + PATIENCE
    found = {}
    while "bedrock_discovery_found" not in found and time.monotonic() < until:
        found = {name: value for (name, _), value in read(admin).items()}
        time.sleep(0.05)
    assert abs(found["bedrock_discovery_found"] - time.time()) < PATIENCE
    assert found["bedrock_discovery_failures"] == 0
    admin = Admin()
    start(control=nowhere(), patch=admin)
    until = time.monotonic() + PATIENCE
    while not found.get("bedrock_discovery_failures") and time.monotonic() < until:
        found = {name: value for (name, _), value in read(admin).items()}
        time.sleep(0.05)
    assert found["bedrock_discovery_failures"] >= 1
    assert abs(found["bedrock_discovery_failed"] - time.time()) < PATIENCE and "bedrock_discovery_found" not in found


def test_each_sample_takes_the_same_labels_out_of_names():
    wanted = envoy_config.read(ROOT / "envoy/envoy.yaml")["stats_config"]
    for path in sorted((ROOT / "envoy").glob("*.yaml")):
        assert envoy_config.read(path)["stats_config"] == wanted, path
    [block] = re.findall(r"```yaml\n(stats_config:.*?)```", (ROOT / "docs/metrics.md").read_text(), re.DOTALL)
    assert f"\n{block}" in (ROOT / "envoy/envoy.yaml").read_text()


def test_the_listener_for_prometheus_gives_metrics_and_nothing_else(start):
    port = ports.hold()

    def opened(config):
        config |= observe.with_metrics(config, port)

    gateway = start(patch=opened)
    with gateway.connection() as connection:
        assert connection.chat(BODY).status == 200
    with wire.Connection(port, None) as connection:
        answer = connection.ask("GET", "/stats/prometheus")
        assert answer.status == 200 and b"\nbedrock_requests{" in answer.body
        for method, path in [
            ("POST", "/stats/prometheus"),
            ("POST", "/quitquitquit"),
            ("GET", "/config_dump"),
            ("GET", "/stats/prometheus/../../config_dump"),
            ("GET", "/"),
        ]:
            assert connection.ask(method, path).status == 404, path


def test_envoys_own_metrics_that_alerts_ask_for_by_a_pattern_are_there(start):
    admin = Admin()
    start(sample="policy", plugin={}, patch=admin)
    names = set(re.findall(r"^# TYPE (\S+)", admin.ask("GET", "/stats/prometheus").decode(), re.MULTILINE))
    rules = envoy_config.read(ROOT / "envoy/observability/alerts.yml")["groups"]
    patterns = {found for group in rules for rule in group["rules"] for found in re.findall(r'__name__=~"([^"]+)"', rule["expr"])}
    assert len(patterns) == 2
    for pattern in patterns:
        assert any(re.fullmatch(pattern, name) for name in names), pattern
