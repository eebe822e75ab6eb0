"""What the chart has for Prometheus Operator and Grafana: off until asked for, and the same as in envoy/observability."""

import json
import re
import urllib.request

import pytest
import yaml

import envoy_config
import kube
import manifests
import proxies
from conftest import POD
from settings import ROOT
from test_run import answered, until

MONITORED = "envoy-monitoring"
KINDS = {"PodMonitor", "ServiceMonitor", "PrometheusRule"}
MONITORS = {"PodMonitor": "podMetricsEndpoints", "ServiceMonitor": "endpoints"}
LABELS = ["caller", "team", "model", "region", "status", "outcome", "code", "type", "limit", "account"]


@pytest.fixture(scope="module")
def found():
    return kube.template(MONITORED)


def alerts():
    return yaml.safe_load((manifests.OBSERVABILITY / "alerts.yml").read_text())["groups"]


@pytest.mark.parametrize("values", [name for name in kube.VALUES if name != MONITORED])
def test_it_is_off_until_it_is_asked_for(values):
    made = kube.template(values)
    assert not KINDS & {one["kind"] for one in made}
    assert not [one for one in made if one["metadata"]["name"] in ("bedrock-dashboard", "bedrock-metrics")]


def test_the_charts_own_copies_are_those_of_envoy_observability():
    """`make manifests` writes them anew."""
    for copy, original in manifests.COPIES.items():
        assert copy.read_bytes() == original.read_bytes(), copy


def test_the_dashboard_is_whole_and_where_grafana_looks_for_it(found):
    dashboard = kube.one(found, "ConfigMap", "bedrock-dashboard")
    assert dashboard["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert dashboard["metadata"]["annotations"] == {"grafana_folder": "Bedrock"}
    original = json.loads((manifests.OBSERVABILITY / "dashboard.json").read_text())
    assert {name: json.loads(text) for name, text in dashboard["data"].items()} == {"bedrock.json": original}


def test_the_alerts_are_the_same_down_to_their_expressions():
    made = kube.template(MONITORED, "--set", "monitoring.alerts.runbook=")
    assert kube.one(made, "PrometheusRule")["spec"] == {"groups": alerts()}


def test_the_alerts_lead_to_the_runbook_where_it_can_be_read(found):
    rules = [rule for group in kube.one(found, "PrometheusRule")["spec"]["groups"] for rule in group["rules"]]
    page = "https://git.example.com/bedrock-filter/docs/runbook.md"
    expected = {f"{page}#{rule['alert'].lower()}" for group in alerts() for rule in group["rules"]}
    assert {rule["annotations"]["runbook_url"] for rule in rules} == expected


@pytest.mark.parametrize("kind", MONITORS)
def test_prometheus_finds_the_port_and_the_path_and_calls_the_gateway_as_the_alerts_do(kind, found):
    monitor = kube.one(found, kind)
    assert monitor["metadata"]["labels"]["release"] == "prometheus"
    [endpoint] = monitor["spec"][MONITORS[kind]]
    template = kube.one(found, "Deployment")["spec"]["template"]
    ports = {port["name"]: port["containerPort"] for port in template["spec"]["containers"][0]["ports"]}
    assert (ports[endpoint["port"]], endpoint["path"]) == (9902, "/stats/prometheus")
    [job] = set(re.findall(r'job="(\w+)"', json.dumps(alerts()).replace('\\"', '"')))
    assert {"action": "replace", "targetLabel": "job", "replacement": job} in endpoint["relabelings"]
    if kind == "PodMonitor":
        labels = template["metadata"]["labels"]
    else:
        # Not the one that clients call: that may be a load balancer.
        service = kube.one(found, "Service", "bedrock-metrics")
        assert service["spec"]["selector"].items() <= template["metadata"]["labels"].items()
        assert service["spec"]["clusterIP"] == "None" and endpoint["port"] in str(service["spec"]["ports"])
        labels = service["metadata"]["labels"]
    assert monitor["spec"]["selector"]["matchLabels"].items() <= labels.items()


@pytest.mark.parametrize("mode", ["istio-gateway", "envoy-gateway"])
@pytest.mark.parametrize("monitor", ["podMonitor", "serviceMonitor"])
def test_a_monitor_is_refused_where_the_pods_are_not_the_charts(mode, monitor):
    with pytest.raises(kube.Failed, match=f"at '/monitoring/{monitor}/enabled': value must be false"):
        kube.template(mode, "--set", f"monitoring.{monitor}.enabled=true")


def test_dashboard_and_alerts_are_to_be_had_in_every_mode():
    options = "monitoring.dashboard.enabled=true,monitoring.alerts.enabled=true"
    for values in ("istio-gateway", "envoy-gateway"):
        made = kube.template(values, "--set", options)
        assert kube.one(made, "PrometheusRule") and kube.one(made, "ConfigMap", "bedrock-dashboard")


def test_each_mode_makes_labels_of_what_stands_in_the_names_of_statistics():
    sample = yaml.load((ROOT / "envoy/envoy.yaml").read_text(), envoy_config.Texts)["stats_config"]
    assert [tag["tag_name"] for tag in sample["stats_tags"]] == LABELS
    own = kube.one(kube.template("envoy"), "ConfigMap", "bedrock")["data"]["envoy.yaml"]
    assert yaml.load(own, envoy_config.Texts)["stats_config"] == sample
    patches = kube.one(kube.template("envoy-gateway"), "EnvoyProxy")["spec"]["bootstrap"]["jsonPatches"]
    told = {}
    for patch in patches:
        told.setdefault(patch["path"], []).append(patch["value"])
    assert told["/stats_config/stats_tags/-"] == sample["stats_tags"]
    assert told["/stats_config/histogram_bucket_settings"] == [sample["histogram_bucket_settings"]]
    deployment = yaml.safe_load(kube.one(kube.template("istio-gateway"), "ConfigMap", "bedrock")["data"]["deployment"])
    proxy = yaml.safe_load(deployment["spec"]["template"]["metadata"]["annotations"]["proxy.istio.io/config"])
    assert proxy["extraStatTags"] == [f"bedrock_{label}" for label in LABELS]


def test_what_prometheus_is_told_has_the_labels_that_dashboard_and_alerts_ask_for(world):
    with proxies.plain(kube.template("envoy"), world) as proxy:
        proxy.start(POD)
        until(200, lambda: answered(proxy).status)
        url = f"http://127.0.0.1:{proxy.ports[9902]}/stats/prometheus"
        with urllib.request.urlopen(url, timeout=10) as answer:
            lines = answer.read().decode().splitlines()
    [requests] = [line for line in lines if line.startswith("bedrock_requests{") and 'outcome="ok"' in line]
    assert 'caller="web"' in requests and 'region="us-east-1"' in requests and 'model="' in requests
    steps = [line for line in lines if line.startswith("bedrock_duration_bucket{")]
    assert steps and any('le="250"' in line for line in steps)
