"""What the launcher makes of variables and of envoy.yaml."""

import json
import socket
from types import SimpleNamespace

import pytest
import yaml

import chat_page
import envoy_config
import optillm_fenced
import settings
from settings import Endpoint, Problem, Settings

TEMPLATE = yaml.safe_load("""
static_resources:
  listeners:
  - address: {socket_address: {address: 127.0.0.1, port_value: 8080}}
    filter_chains: [{filters: [{typed_config: {http_filters: [{typed_config: &plugin {
      "@type": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm,
      config: {root_id: gateway, configuration: {value: "{}"}, vm_config: {
        environment_variables: {host_env_keys: [API_KEY], key_values: {FIXED: "1"}}}}}}]}}]}]
  clusters:
  - name: bedrock
    type: STRICT_DNS
    load_assignment: {endpoints: [{lb_endpoints: [{
      endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: 9100}}},
      metadata: {filter_metadata: {aws: {region: us-east-1}}}}]}]}
    typed_extension_protocol_options: {http: {http_filters: [{typed_config: *plugin}]}}
  - {name: other, type: STATIC}
""")
LOCAL = Endpoint.parse("http://127.0.0.1:9000")
AWS = Endpoint.parse("https://bedrock-runtime.us-east-1.amazonaws.com")


def effective(runtime=LOCAL, **more):
    config = envoy_config.effective(TEMPLATE, port=18080, runtime=runtime, control=runtime, **more)
    return config, config["static_resources"]["clusters"][0]


def test_the_listener_moves_and_the_template_stays():
    before = json.dumps(TEMPLATE)
    config, _ = effective()
    assert config["static_resources"]["listeners"][0]["address"]["socket_address"]["port_value"] == 18080
    assert json.dumps(TEMPLATE) == before


def test_a_host_moves_and_keeps_its_metadata():
    config, cluster = effective()
    host = cluster["load_assignment"]["endpoints"][0]["lb_endpoints"][0]
    assert host["endpoint"]["address"]["socket_address"] == {"address": "127.0.0.1", "port_value": 9000}
    assert host["metadata"]["filter_metadata"]["aws"]["region"] == "us-east-1"
    assert "transport_socket" not in cluster
    assert config["static_resources"]["clusters"][1] == TEMPLATE["static_resources"]["clusters"][1]


def test_what_is_written_is_for_nobody_else_to_read(tmp_path):
    path = tmp_path / "run" / "envoy.yaml"
    envoy_config.write(path, TEMPLATE)
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    envoy_config.write(path, {"other": 1})
    assert path.stat().st_mode & 0o777 == 0o600
    assert yaml.safe_load(path.read_text()) == {"other": 1}


def test_tls_checks_the_name_of_the_host():
    context = effective(AWS, ca_file="/ca.crt")[1]["transport_socket"]["typed_config"]
    assert context["sni"] == AWS.host and context["auto_sni_san_validation"] is True
    assert context["common_tls_context"]["validation_context"]["trusted_ca"]["filename"] == "/ca.crt"


def test_a_configuration_goes_to_both_plugins_with_its_variables():
    config, _ = effective(plugin={"a": "${API_KEY}", "b": "${FIXED:-x} ${NEW:-y}"})
    plugins = list(envoy_config.wasm_plugins(config))
    assert len(plugins) == 2
    for plugin in plugins:
        assert json.loads(plugin["configuration"]["value"])["a"] == "${API_KEY}"
        assert plugin["vm_config"]["environment_variables"]["host_env_keys"] == ["API_KEY", "NEW"]


@pytest.mark.parametrize("written", ['2027-01-31T00:00:00Z', '"2027-01-31T00:00:00Z"'])
def test_a_point_in_time_is_a_text_with_quotes_and_without(tmp_path, written):
    path = tmp_path / "mine.yaml"
    path.write_text(f"api_keys: [{{name: web, revoked: false, expires_at: {written}}}]")
    [key] = envoy_config.read(path)["api_keys"]
    assert key == {"name": "web", "revoked": False, "expires_at": "2027-01-31T00:00:00Z"}
    config, _ = effective(plugin=envoy_config.read(path))
    envoy_config.write(tmp_path / "envoy.yaml", config)
    [*plugins] = envoy_config.wasm_plugins(envoy_config.read(tmp_path / "envoy.yaml"))
    for found in plugins:
        assert json.loads(found["configuration"]["value"])["api_keys"] == [key]


@pytest.mark.parametrize(
    ("url", "host", "port", "back"),
    [
        ("http://localhost:80/", "localhost", 80, "http://localhost"),
        ("https://a.example", "a.example", 443, "https://a.example"),
        ("https://a.example:8443", "a.example", 8443, "https://a.example:8443"),
        ("http://[::1]:9100", "::1", 9100, "http://[::1]:9100"),
    ],
)
def test_an_endpoint_is_a_scheme_a_host_and_a_port(url, host, port, back):
    endpoint = Endpoint.parse(url)
    assert (endpoint.host, endpoint.port, endpoint.url) == (host, port, back)


@pytest.mark.parametrize("url", ["", "localhost:80", "ftp://a", "http://", "http://a:b", "http://a/path", "http://k@a"])
def test_anything_else_is_no_endpoint(url):
    with pytest.raises(Problem):
        Endpoint.parse(url)


def test_without_variables_the_emulator_serves_with_its_own_keys():
    read = Settings.read({"AWS_ACCESS_KEY_ID": "only half a pair", "AWS_SESSION_TOKEN": "", "PORT": ""})
    assert (read.port, read.api_key, read.runtime, read.control) == (None, "bedrock", None, None)
    assert {name: read.environment[name] for name in settings.EMULATOR_KEYS} == settings.EMULATOR_KEYS
    assert "AWS_SESSION_TOKEN" not in read.environment


def test_an_endpoint_of_your_own_serves_models_and_lists():
    read = Settings.read({"AWS_ENDPOINT_URL_BEDROCK_RUNTIME": LOCAL.url})
    assert (read.runtime, read.control) == (LOCAL, LOCAL)


def test_what_cannot_be_is_said():
    for variables in [{"PORT": "x"}, {"PORT": "0"}, {"BEDROCK": "azure"}]:
        with pytest.raises(Problem):
            Settings.read(variables)


def test_aws_without_credentials_is_said(monkeypatch):
    session = SimpleNamespace(get_credentials=lambda: None)
    monkeypatch.setattr("botocore.session.get_session", lambda: session)
    with pytest.raises(Problem, match="AWS_BEARER_TOKEN_BEDROCK"):
        settings.with_aws_credentials({})
    assert settings.with_aws_credentials({"AWS_BEARER_TOKEN_BEDROCK": "t"}) == {"AWS_BEARER_TOKEN_BEDROCK": "t"}


def test_each_region_of_a_configuration_gets_its_own_endpoint():
    template = json.loads(json.dumps(TEMPLATE))
    [host] = template["static_resources"]["clusters"][0]["load_assignment"]["endpoints"][0]["lb_endpoints"]
    host["metadata"]["filter_metadata"] = {"bedrock": {"region": "eu-west-1"}}
    template["static_resources"]["clusters"][0]["transport_socket"] = {"name": "tls"}
    assert envoy_config.regions(template) == ["eu-west-1"] and envoy_config.regions(TEMPLATE) == []
    config = envoy_config.effective(template, port=1, runtime={"eu-west-1": LOCAL}, control=LOCAL)
    cluster = config["static_resources"]["clusters"][0]
    [moved] = envoy_config.hosts(cluster)
    assert moved["endpoint"]["address"]["socket_address"] == {"address": "127.0.0.1", "port_value": 9000}
    assert "transport_socket" not in cluster
    left = envoy_config.effective(template, port=1, runtime=None, control=LOCAL)
    assert left["static_resources"]["clusters"] == template["static_resources"]["clusters"]


def test_the_control_plane_has_an_endpoint_of_its_own():
    control = Endpoint.parse("https://bedrock.us-east-1.amazonaws.com")
    template = envoy_config.read(settings.ROOT / "envoy/envoy.yaml")
    config = envoy_config.effective(template, port=1, runtime=LOCAL, control=control, ca_file="/ca.crt")
    found = {cluster["name"]: cluster for cluster in config["static_resources"]["clusters"]}
    [host] = envoy_config.hosts(found["bedrock-control"])
    assert host["endpoint"]["address"]["socket_address"] == {"address": control.host, "port_value": 443}
    assert found["bedrock-control"]["transport_socket"]["typed_config"]["sni"] == control.host
    assert "transport_socket" not in found["bedrock"]
    # The filter is asked for nothing by whom it asks.
    assert "typed_extension_protocol_options" not in found["bedrock-control"]


def test_the_control_plane_is_the_runtimes_unless_it_is_named(monkeypatch):
    other = "http://127.0.0.1:9001"
    read = Settings.read({settings.CONTROL_URL: other, settings.RUNTIME_URL: LOCAL.url})
    assert (read.runtime, read.control.url) == (LOCAL, other)
    assert Settings.read({settings.CONTROL_URL: other}).runtime is None
    for name in ["AWS_ENDPOINT_URL", settings.CONTROL_URL, settings.RUNTIME_URL, "AWS_USE_FIPS_ENDPOINT"]:
        monkeypatch.delenv(name, raising=False)
    hosts = [endpoint.url for endpoint in settings.aws_endpoints("eu-central-1")]
    assert hosts == [f"https://{name}.eu-central-1.amazonaws.com" for name in ["bedrock-runtime", "bedrock"]]


def test_a_socket_that_an_earlier_run_left_is_taken_away(tmp_path, monkeypatch):
    monkeypatch.setattr(optillm_fenced, "ROOT", tmp_path)
    monkeypatch.chdir(tmp_path)
    template = envoy_config.read(settings.ROOT / "envoy/optillm.yaml")
    paths = [tmp_path / pipe["path"] for pipe in optillm_fenced.pipes(template)]
    paths[0].parent.mkdir(parents=True)
    for path in paths:
        with socket.socket(socket.AF_UNIX) as left:
            left.bind(str(path.relative_to(tmp_path)))
            left.listen()
            assert optillm_fenced.listens(path)
        assert path.exists() and not optillm_fenced.listens(path)
    optillm_fenced.remove_sockets(template)
    optillm_fenced.remove_sockets(template)
    assert not any(path.exists() for path in paths)
    optillm_fenced.remove_sockets(TEMPLATE)


def test_a_runs_sockets_are_in_its_own_directory():
    template = envoy_config.read(settings.ROOT / "envoy/optillm.yaml")
    before = [pipe["path"] for pipe in optillm_fenced.pipes(template)]
    envoy_config.move_sockets(template, "target/run", "target/run/8081")
    assert [pipe["path"] for pipe in optillm_fenced.pipes(template)] == [path.replace("run/", "run/8081/") for path in before]
    others = {"pipe": {"path": "/run/envoy/other.sock"}}
    envoy_config.move_sockets(others, "target/run", "target/run/8081")
    assert others == {"pipe": {"path": "/run/envoy/other.sock"}}


def test_the_chat_page_leaves_what_the_gateway_says_of_errors():
    before = envoy_config.read(settings.ROOT / "envoy/envoy.yaml")
    config = json.loads(json.dumps(before))
    chat_page.add(config)
    [old], [new] = (list(envoy_config.managers(config)) for config in (before, config))
    assert new["route_config"]["virtual_hosts"][0]["routes"][3:] == old["route_config"]["virtual_hosts"][0]["routes"]
    for mine, theirs in zip(new["local_reply_config"]["mappers"], old["local_reply_config"]["mappers"], strict=True):
        assert mine == theirs | {"filter": {"and_filter": {"filters": [chat_page.NOT_DIRECT, theirs["filter"]]}}}


def test_the_chat_page_takes_mappers_of_any_filter():
    config = envoy_config.read(settings.ROOT / "envoy/envoy.yaml")
    [manager] = envoy_config.managers(config)
    status = {"status_code_filter": {"comparison": {"op": "GE", "value": {"default_value": 500, "runtime_key": "none"}}}}
    manager["local_reply_config"]["mappers"] = [{"filter": status, "status_code": 599}]
    chat_page.add(config)
    [mapper] = manager["local_reply_config"]["mappers"]
    assert mapper == {"filter": {"and_filter": {"filters": [chat_page.NOT_DIRECT, status]}}, "status_code": 599}


def test_the_chat_page_refuses_prefixes_at_which_it_does_not_ask():
    sample = envoy_config.read(settings.ROOT / "envoy/envoy.yaml")
    for prefixes in (["/v1", "/x"], ["/x", "/v1"], None):
        chat_page.add(json.loads(json.dumps(sample)), {"prefixes": prefixes} if prefixes else {})
    with pytest.raises(Problem, match=r"asks at /v1, which is not among the prefixes of the configuration \(/x, /y\)"):
        chat_page.add(sample, {"prefixes": ["/x", "/y"]})
    [*plugins] = envoy_config.wasm_plugins(sample)
    envoy_config.configure(plugins[0], {"prefixes": ["/x"]})
    with pytest.raises(Problem, match="UI=1"):
        chat_page.add(sample)
    script = (chat_page.DIRECTORY / "chat.js").read_text()
    assert f'"{chat_page.PREFIX}/chat/completions"' in script and f'"{chat_page.PREFIX}/models' in script
