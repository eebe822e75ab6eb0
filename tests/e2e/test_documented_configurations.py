"""Every configuration that a page shows is one that Envoy and the filter take. What is none of theirs is named here, with what tries it."""

import hashlib
import json
import re

import pytest
import yaml

import envoy_config
import ports
from gateway import KEY, nowhere, route
from settings import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FIELDS = set(json.loads((ROOT / "docs/configuration.schema.json").read_text())["properties"])
BODY = {"model": "us.amazon.nova-lite-v1:0", "messages": [{"role": "user", "content": "hello"}]}
# Blocks that are no plugin's, by how they begin: a test of this file, or where else they are held to what runs.
OTHERS = {
    "admin:": "test_what_pages_show_of_a_bootstrap_runs",
    "stats_flush_interval:": "test_what_pages_show_of_a_bootstrap_runs",
    "vm_config:": "test_what_pages_show_of_a_bootstrap_runs",
    "http_filters:": "test_the_filter_for_tokens_stands_in_front_of_this_one",
    "route:": "test_a_route_by_header_leads_to_the_models_cluster",
    "access_log:": "test_the_access_log_has_a_record_for_each_request",
    "- endpoint:": "envoy/failover.yaml, test_failover.py",
    "- name: bedrock": "tools/native.py, make test-native",
    "stats_config:": "envoy/envoy.yaml, test_metrics.py",
    "tracing:": "envoy/opentelemetry.yaml, test_opentelemetry.py",
    "typed_config:": "envoy/opentelemetry.yaml, test_opentelemetry.py",
    "# yaml-language-server:": "src/config/schema/",
    "# Values for gateway-helm.": "tests/control_planes/",
    "metadata:": "tests/control_planes/",
    "annotations:": "tests/control_planes/",
    "model_list:": "LiteLLM's proxy, tests/recipes/",
    "name: gateway": "Continue, tests/recipes/",
    "monitoring:": "tests/kubernetes/test_documented.py",
    "# A patch for deploy/kubernetes:": "tests/kubernetes/test_documented.py",
}


def blocks():
    for page in PAGES:
        text = page.read_text()
        for found in FENCE.finditer(text):
            yield f"{page.name}:{text[: found.start()].count(chr(10)) + 1}", found[1]


def is_plugins(text):
    members = set(re.findall(r"^(\w+):", text, re.MULTILINE))
    return bool(members) and members <= FIELDS


def block(beginning):
    """What the one block that begins so says."""
    [found] = [text for _, text in blocks() if text.startswith(beginning)]
    return yaml.load(found, envoy_config.Texts)


def whole(fragment):
    """A configuration that has the fragment, and what it names or needs elsewhere."""
    callers = fragment.get("api_keys", []) + fragment.get("identities", [])
    known = {team["name"] for team in fragment.get("teams", [])}
    teams = [{"name": name} for name in dict.fromkeys(caller.get("team") for caller in callers) if name and name not in known]
    plugin = {"credentials": {"access_key_id": "AKIDEMULATOR", "secret_access_key": "emulator-secret"}, "region": "us-east-1"}
    plugin |= fragment
    plugin["api_keys"] = [*fragment.get("api_keys", []), {"name": "tests", "key": KEY}]
    plugin["teams"] = fragment.get("teams", []) + teams
    if "cost_per_" in json.dumps(fragment):
        plugin.setdefault("prices", [{"pattern": "*", "input": 1, "output": 1}])
    return plugin


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in blocks() if is_plugins(text)])
def test_a_plugins_configuration_on_a_page_runs(start, text):
    plugin = whole(yaml.load(text.replace("sha256: …", f"sha256: {hashlib.sha256(b'of whoever').hexdigest()}"), envoy_config.Texts))
    variables = {"WEB_KEY": "web-key-of-the-tests", "EXTERNAL_ID": "id", "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/example"}
    variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://169.254.170.23/v1/credentials"
    variables["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/v2/credentials/0"
    gateway = start(nowhere(), plugin=plugin, environment=variables)
    with gateway.connection() as connection:
        assert connection.ask("GET", "/v1/models").status == 200


def test_the_other_blocks_are_known():
    others = {text.splitlines()[0] for _, text in blocks() if not is_plugins(text)}
    assert {beginning for beginning in OTHERS if any(line.startswith(beginning) for line in others)} == set(OTHERS)
    unknown = [line for line in others if not line.startswith(tuple(OTHERS))]
    assert not unknown, "each is run by a test here, or named in OTHERS"


def test_what_pages_show_of_a_bootstrap_runs(start):
    shown = block("vm_config:")["vm_config"]["environment_variables"]

    def patch(config):
        config |= block("admin:") | block("stats_flush_interval:")
        config["admin"]["address"]["socket_address"]["port_value"] = ports.hold()
        config["static_resources"]["clusters"].append(cluster("otlp"))
        for plugin in envoy_config.wasm_plugins(config):
            variables = plugin["vm_config"]["environment_variables"]
            names = dict.fromkeys(variables["host_env_keys"] + shown["host_env_keys"])
            plugin["vm_config"]["environment_variables"] = shown | {
                "host_env_keys": [name for name in names if name not in shown["key_values"]]
            }

    keys = [{"name": "web", "key": "${WEB_KEY}"}]
    gateway = start(nowhere(), changes={"api_keys": keys}, environment={"WEB_KEY": KEY}, patch=patch)
    with gateway.connection() as connection:
        assert connection.ask("GET", "/v1/models").status == 200


def cluster(name):
    endpoint = nowhere()
    address = {"socket_address": {"address": endpoint.host, "port_value": endpoint.port}}
    return {
        "name": name,
        "type": "STATIC",
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}]},
    }


def manager(config):
    [listener] = config["static_resources"]["listeners"]
    return listener["filter_chains"][0]["filters"][0]["typed_config"]


def test_the_filter_for_tokens_stands_in_front_of_this_one(start, emulator):
    def patch(config):
        before, rest = block("http_filters:")["http_filters"]
        assert rest == {"name": "bedrock"}
        manager(config)["http_filters"].insert(0, before)
        config["static_resources"]["clusters"].append(cluster("login"))

    with start(patch=patch).connection() as connection:
        assert connection.chat(BODY).status == 200


def test_a_route_by_header_leads_to_the_models_cluster(start, emulator):
    def patch(config):
        route(config)["route"] = block("route:")["route"]

    with start(changes={"cluster": "bedrock"}, patch=patch).connection() as connection:
        assert connection.chat(BODY).status == 200


def test_the_access_log_has_a_record_for_each_request(start, emulator):
    def patch(config):
        manager(config)["access_log"] = block("access_log:")["access_log"]

    gateway = start(patch=patch)
    with gateway.connection() as connection:
        assert connection.chat(BODY).status == 200
    gateway.process.wait_for("the record", lambda: '"usage":{' in gateway.log)
