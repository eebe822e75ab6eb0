"""What `tools/add-to-envoy` makes of bootstraps, as texts; Envoy takes them in tests/e2e/test_own_envoy.py."""

import copy
import json
import re
import subprocess

import pytest
import yaml

import envoy_config
import native
from add_to_envoy import add, bootstraps, check, hosts, pieces, places
from add_to_envoy.source import Source
from settings import ROOT, Endpoint, Problem


def added(text, listener=None, manager=None, host=None, **more):
    """The text with all pieces, and what is said about them."""
    source = Source(text)
    found = places.chosen(source.root, listener, manager)
    options = {"module": "/etc/envoy/bedrock_filter.wasm", "region": "eu-central-1", "paths": ["/v1"]} | more
    wanted = pieces.Wanted(**options, itself=add.itself(found, host))
    wanted.first = add.first(source, found)
    notes = add.everything(source, found, wanted, host)
    return source.result(), "\n".join(notes)


def without_ours(node):
    """What is left of a bootstrap without the pieces, and without lists and mappings that were made for them."""
    if isinstance(node, list):
        return [without_ours(child) for child in node if not is_ours(child)]
    if not isinstance(node, dict):
        return node
    left = {key: without_ours(child) for key, child in node.items() if not key.startswith("histogram_bucket")}
    return {key: child for key, child in left.items() if child not in ([], {}, {"mappers": []})}


def is_ours(node):
    said = json.dumps(node)
    if not isinstance(node, dict):
        return False
    return (
        str(node.get("name", "")).startswith("bedrock")
        or said.startswith('{"filter": {"ext')
        or "(bedrock_" in str(node.get("regex"))
    )


def plugins(text):
    return {found["root_id"]: found for found in envoy_config.wasm_plugins(camel_less(yaml.safe_load(text)))}


def camel_less(data):
    return json.loads(json.dumps(data).replace("typedConfig", "typed_config"))


def gone(before, after):
    """What of each line is no longer there in its order: a line may have got more at its end, and `[]` become a list."""
    place, missing = 0, []
    for line in before.split("\n"):
        # What is in brackets may be added to in the middle.
        for part in re.split(r"\[\]|(?<=[\[{,}\]])", line):
            found = after.find(part, place)
            missing += [part] if found < 0 else []
            place = max(place, found + len(part))
    return missing


def first_hosts(text):
    """Of each cluster, the first host."""
    clusters = yaml.safe_load(text)["static_resources"]["clusters"]
    found = {cluster["name"]: next(envoy_config.hosts(cluster), None) for cluster in clusters}
    return {name: host["endpoint"]["address"]["socket_address"] for name, host in found.items() if host}


@pytest.mark.parametrize("text", bootstraps.ALL.values(), ids=bootstraps.ALL)
def test_both_roles_come_in_and_nothing_of_ones_own_changes(text):
    options = {"listener": "intern"} if text == bootstraps.SEVERAL else {}
    result, _ = added(text, **options)
    found = plugins(result)
    assert set(found) == {"gateway", "upstream"}
    assert found["gateway"]["configuration"] == found["upstream"]["configuration"]
    assert found["gateway"]["vm_config"]["code"]["local"]["filename"] == "/etc/envoy/bedrock_filter.wasm"
    assert without_ours(yaml.safe_load(result)) == without_ours(yaml.safe_load(text))
    assert not gone(text, result)
    assert "-OF-" not in result
    # Again there is nothing to add.
    assert added(result, **options)[0] == result


@pytest.mark.parametrize("text", [bootstraps.BLOCK, bootstraps.BLOCK.replace("\n", "\r\n")], ids=["lf", "crlf"])
def test_every_line_of_ones_own_stays_as_it_is_with_its_comments(text):
    result, _ = added(text)
    lines = iter(result.split("\n"))
    assert all(line in lines for line in text.split("\n"))
    assert (
        result.index("bedrock-v1\n")
        < result.index("# All the rest.")
        < result.index("- name: bedrock\n")
        < result.index("# Last, always.")
    )
    assert text.index("# a trap") < result.index("# The end.") and result.rstrip().endswith("# The end.")


def test_what_both_roles_share_is_written_once_where_it_stands_first():
    result, _ = added(bootstraps.BLOCK)
    assert result.index("configuration: &bedrock-configuration") < result.index("configuration: *bedrock-configuration")
    listeners, clusters = bootstraps.BLOCK.split("  listeners:\n")[1].split("  clusters:\n")
    result, _ = added(f"static_resources:\n  clusters:\n{clusters}  listeners:\n{listeners}")
    assert result.index("root_id: upstream") < result.index("root_id: gateway")
    assert result.count("&bedrock-vm") == result.count("*bedrock-vm") == 1
    assert "&bedrock" not in added(bootstraps.JSON)[0]
    json.loads(added(bootstraps.JSON)[0])


def test_limits_and_timeouts_are_the_samples():
    result, _ = added(bootstraps.BLOCK)
    [manager] = envoy_config.managers(yaml.safe_load(result))
    held, onward, *_ = manager["route_config"]["virtual_hosts"][0]["routes"]
    [sample] = envoy_config.managers(pieces.SAMPLE)
    for mine, theirs in zip((held, onward), sample["route_config"]["virtual_hosts"][0]["routes"], strict=True):
        assert mine["request_body_buffer_limit"] == theirs["request_body_buffer_limit"]
        assert {**mine["route"], **theirs["route"]} == mine["route"]
    clusters = {cluster["name"]: cluster for cluster in yaml.safe_load(result)["static_resources"]["clusters"]}
    assert clusters["bedrock"]["circuit_breakers"] == pieces.sample_cluster("bedrock")["circuit_breakers"]
    assert clusters["bedrock"]["transport_socket"]["typed_config"]["sni"] == "bedrock-runtime.eu-central-1.amazonaws.com"
    [itself] = envoy_config.hosts(clusters["bedrock-gateway"])
    assert itself["endpoint"]["address"]["socket_address"] == {"address": "127.0.0.1", "port_value": 10000}
    # On others' routes it does nothing.
    assert manager["http_filters"][0]["disabled"] is True


def test_ones_own_configuration_goes_in_with_its_variables_and_clusters():
    configuration = {"region": "us-east-1", "api_keys": [{"name": "n", "key": "${WEB_KEY}"}], "drop": ["n", "1e3", "0s"],
                     "fan_out": {"cluster": "again"}, "discover": {}}  # fmt: skip
    result, _ = added(bootstraps.BLOCK, configuration=copy.deepcopy(configuration))
    for plugin in plugins(result).values():
        assert plugin["configuration"]["value"] == configuration
        assert plugin["vm_config"]["environment_variables"]["host_env_keys"] == ["WEB_KEY"]
    # Envoy's reader takes `n` for false and `1e3` for a number.
    assert 'name: "n"' in result and '"1e3"' in result
    names = [cluster["name"] for cluster in yaml.safe_load(result)["static_resources"]["clusters"]]
    assert names == ["nowhere", "bedrock", "again", "bedrock-control"]


def test_bedrocks_own_paths_and_azures_are_no_prefixes_of_openais():
    result, _ = added(bootstraps.BLOCK, paths=["/v1", "/model", "/openai"])
    assert plugins(result)["gateway"]["configuration"]["value"]["prefixes"] == ["/v1"]
    [manager] = envoy_config.managers(yaml.safe_load(result))
    paths = [route["match"].get("path_separated_prefix") for route in manager["route_config"]["virtual_hosts"][0]["routes"]]
    assert paths[:6] == ["/v1", "/v1", "/model", "/model", "/openai", "/openai"]
    result, _ = added(bootstraps.BLOCK, paths=["/model"])
    assert "prefixes" not in plugins(result)["gateway"]["configuration"]["value"]


def test_clusters_lead_to_the_hosts_that_the_configuration_signs_for(monkeypatch):
    monkeypatch.setenv("VPC", "https://vpce-1.example.com:8443")
    monkeypatch.delenv("CONTROL", raising=False)
    configuration = {"endpoint": "${VPC}", "discover": {"endpoint": "${CONTROL:-https://control.example.com}"}}
    found = first_hosts(added(bootstraps.BLOCK, configuration=configuration)[0])
    assert found["bedrock"] == {"address": "vpce-1.example.com", "port_value": 8443}
    assert found["bedrock-control"] == {"address": "control.example.com", "port_value": 443}
    for region, more, suffix in [
        ("cn-north-1", {}, ".cn-north-1.amazonaws.com.cn"),
        ("us-gov-west-1", {"fips": True}, "-fips.us-gov-west-1.amazonaws.com"),
        ("eu-west-1", {"dual_stack": True}, ".eu-west-1.api.aws"),
    ]:
        found = first_hosts(added(bootstraps.BLOCK, region=region, configuration={"discover": True} | more)[0])
        assert found["bedrock"]["address"] == f"bedrock-runtime{suffix}"
        assert found["bedrock-control"]["address"] == f"bedrock{suffix}"
    with pytest.raises(Problem, match="endpoint is .{CONTROL}: set CONTROL here too, or say --endpoint"):
        added(bootstraps.BLOCK, configuration={"endpoint": "${CONTROL}"})


def test_an_endpoint_other_than_what_is_signed_for_is_refused():
    endpoint = Endpoint.parse("http://127.0.0.1:9100")
    for configuration in ({}, {"endpoint": "https://vpce-1.example.com"}):
        with pytest.raises(Problem, match="write `endpoint: http://127.0.0.1:9100` into it"):
            added(bootstraps.BLOCK, configuration=configuration, endpoint=endpoint)
    for configuration in (None, {"endpoint": endpoint.url}, {"endpoint": "${NOT_SET_HERE}"}, {"endpoint": "${A:-https://b}"}):
        result, _ = added(bootstraps.BLOCK, configuration=configuration, endpoint=endpoint)
        assert first_hosts(result)["bedrock"] == {"address": "127.0.0.1", "port_value": 9100}


@pytest.mark.parametrize("configuration", [{"region": "eu-west-1"}, {}, {"region": "${SET}"}, {"region": "${NOT_SET:-eu-west-1}"}])
def test_the_region_is_the_one_that_requests_are_signed_for(configuration, monkeypatch):
    monkeypatch.setenv("SET", "eu-west-1")
    monkeypatch.setenv("AWS_REGION", "ap-south-1")
    monkeypatch.delenv("NOT_SET", raising=False)
    signed_for = "eu-west-1" if configuration else "us-east-1"
    assert hosts.region(None, configuration) == hosts.region(signed_for, configuration) == signed_for


def test_another_region_than_is_signed_for_is_refused_unless_a_variable_has_it(monkeypatch, tmp_path):
    monkeypatch.delenv("NOT_SET", raising=False)
    monkeypatch.setenv("AWS_REGION", "ap-south-1")
    for configuration in ({"region": "eu-west-1"}, {}):
        with pytest.raises(Problem, match="--region is us-west-2, .* signed for .*: write `region: us-west-2` into it"):
            hosts.region("us-west-2", configuration)
    for written in ("${NOT_SET}", "${NOT_SET:-eu-west-1}", "${AWS_REGION}"):
        assert hosts.region("us-west-2", {"region": written}) == "us-west-2"
    with pytest.raises(Problem, match="region is .{NOT_SET}: set NOT_SET here too, or say --region"):
        hosts.region(None, {"region": "${NOT_SET}"})
    # Without a configuration there is nothing that it could differ from.
    assert (hosts.region("us-west-2", None), hosts.region(None, None)) == ("us-west-2", "ap-south-1")
    mine, configuration = tmp_path / "mine.yaml", tmp_path / "bedrock.yaml"
    mine.write_text(bootstraps.BLOCK)
    configuration.write_text("region: eu-west-1\n")
    command = [ROOT / "tools/add-to-envoy", mine, "--no-check", "--write", "--config", configuration, "--region", "us-west-2"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and done.stderr.startswith("error: --region is us-west-2") and mine.read_text() == bootstraps.BLOCK


def test_partitions_have_the_suffixes_that_the_filter_has():
    source = (ROOT / "src/aws/endpoint.rs").read_text()
    rows = re.findall(r'prefix: "(.*?)",\s+dns_suffix: "(.*?)",\s+dual_stack_suffix: "(.*?)"', source)
    assert len(rows) == 8 and all(hosts.suffixes(f"{prefix}x-1") == tuple(found) for prefix, *found in rows)


def test_where_there_are_several_it_says_which_and_takes_the_one_that_is_named():
    with pytest.raises(
        Problem, match="(?s)--listener NAME.*1: listener web, stat_prefix outside\n  2: listener intern, stat_prefix inside"
    ):
        added(bootstraps.SEVERAL)
    with pytest.raises(Problem, match="no HTTP connection manager is as --listener nobody says"):
        added(bootstraps.SEVERAL, listener="nobody")
    first, second = added(bootstraps.SEVERAL, manager="1")[0], added(bootstraps.SEVERAL, manager="inside")[0]
    assert first.index("root_id: gateway") < first.index("name: intern") and second.index("root_id: gateway") > second.index(
        "name: intern"
    )
    # The second listener uses the cluster that is there.
    both = added(first, manager="2")[0]
    assert both.count("root_id: gateway") == 2 and both.count("root_id: upstream") == 1


def test_routes_that_are_delivered_are_said_and_not_written():
    result, notes = added(bootstraps.DELIVERED)
    assert set(plugins(result)) == {"gateway", "upstream"} and "path_separated_prefix" not in result
    assert "(rds)" in notes and "path_separated_prefix: /v1" in notes


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("static_resources: {}", "no HTTP connection manager"),
        ("{}", "no HTTP connection manager"),
        ("dynamic_resources: {lds_config: {ads: {}}}", "come from elsewhere .*--snippets"),
        ("[1]", "no bootstrap"),
        ("", "no bootstrap"),
        ("a: [", "this is no YAML"),
        ("a: 1\n---\na: 2", "several documents"),
        (bootstraps.BLOCK.replace("envoy.filters.http.router\n", "x\n").replace(bootstraps.ROUTER, "x/y"), "no router"),
        (bootstraps.BLOCK.replace('prefix: "/"', "path: /v1/models"), "route of its own for /v1/models"),
        (bootstraps.BLOCK.replace("name: nowhere ", "name: bedrock "), "a cluster 'bedrock' without the filter; --cluster"),
        (bootstraps.BLOCK.replace('["*"]', '["a"]').replace("              routes:", "              matcher: {}\n              routes:"), "has a matcher"),
        (
            bootstraps.SEVERAL.replace("- filters:", "- &chain\n      filters:", 1).replace("  - name: intern", "  - name: third\n    filter_chains: [*chain]\n  - name: intern"),
            "written once, as &chain, and used again",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said(text, said):
    with pytest.raises(Problem, match=said):
        added(text, manager="1" if "intern" in text else None)


def test_a_filter_that_is_an_alias_stays_one_and_a_list_that_is_one_is_not_added_to():
    router = f'{{name: envoy.filters.http.router, typed_config: {{"@type": {bootstraps.ROUTER}}}}}'
    [head, item] = bootstraps.SEVERAL.rsplit("http_filters:\n", 1)
    alias = f"          - &router {router}\n".join(head.split(item)) + "http_filters:\n          - *router\n"
    result, _ = added(alias, manager="inside")
    [_, manager] = envoy_config.managers(yaml.safe_load(result))
    assert [one["name"] for one in manager["http_filters"]] == ["bedrock", "envoy.filters.http.router"]
    assert result.count("- *router\n") == 1 and without_ours(yaml.safe_load(result)) == without_ours(yaml.safe_load(alias))
    lists = head.replace("http_filters:", "http_filters: &filters") + "http_filters: *filters\n"
    for place in ("inside", "outside"):
        with pytest.raises(Problem, match=r"as &filters, and used again, as \*filters"):
            added(lists, manager=place)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('["*"]', "[api.example.com]"),
        ("              routes:", "              require_tls: ALL\n              routes:"),
        ("    - filters:", "    - filter_chain_match: {server_names: [a]}\n      filters:"),
        ("    filter_chains:", "    default_filter_chain: {filters: []}\n    filter_chains:\n    - {filter_chain_match: {source_type: EXTERNAL}, filters: []}"),
        ("    filter_chains:", "    listener_filters: [{name: envoy.filters.listener.proxy_protocol}]\n    filter_chains:"),
        ("    - filters:", "    - transport_socket: {name: tls}\n      filters:"),
    ],
    ids=["one domain", "require_tls", "filter_chain_match", "another chain's filter_chain_match", "PROXY protocol", "TLS"],
)  # fmt: skip
def test_where_it_cannot_reach_itself_in_plain_http_the_gateway_does_not_ask_itself(before, after):
    assert "fan_out" in added(bootstraps.BLOCK)[0]
    result, notes = added(bootstraps.BLOCK.replace(before, after))
    assert "fan_out" in notes and "fan_out" not in result and "bedrock-gateway" not in result


def test_what_is_not_set_here_is_stood_for_where_it_has_no_default(monkeypatch):
    monkeypatch.setenv("SET", "here")
    configuration = {"region": "${MY_REGION}", "endpoint": "${ENDPOINT:-https://a}", "api_keys": [{"name": "${SET}", "key": "${KEY}"}]}
    wanted = pieces.Wanted("m", "eu-west-1", ["/v1"], configuration)
    assert check.stand_ins(wanted) == {"MY_REGION": "eu-west-1", "KEY": check.STAND_IN}


def test_a_check_needs_no_credentials_of_awss_here(monkeypatch):
    names = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_BEARER_TOKEN_BEDROCK"]
    for name in [*names, "API_KEY"]:
        monkeypatch.delenv(name, raising=False)
    usual = pieces.Wanted("m", "eu-west-1", ["/v1"])
    assert set(check.stand_ins(usual)) == {"API_KEY", *names}
    fetched = {"credentials": {"bearer_token": "${TOKEN:-}", "instance": {"cluster": "imds"}}}
    assert check.stand_ins(pieces.Wanted("m", "eu-west-1", ["/v1"], fetched)) == {}
    # Half of a pair is a mistake, which is said.
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    assert set(check.stand_ins(usual)) == {"API_KEY"}


def test_routes_whose_paths_cannot_be_compared_are_named():
    for kind, written in (("safe_regex", "{regex: /v1/.*}"), ("path_match_policy", "{name: x}")):
        _, notes = added(bootstraps.BLOCK.replace('prefix: "/broken"', f"{kind}: {written}"))
        assert f"route number 1 of virtual host 'local_service' chooses paths by {kind}" in notes


def test_a_filter_of_somebody_elses_with_the_same_root_is_not_ours():
    config = '{root_id: gateway, vm_config: {vm_id: "%s", code: {local: {filename: "%s"}}}}'
    typed = f'{{"@type": {envoy_config.WASM}, config: {config}}}'
    other = f"- name: other\n            typed_config: {typed}\n          - name: envoy.filters.http.router"
    for vm_id, file, is_ours in [
        ("auth", "/bedrock/auth.wasm", False),
        ("bedrock", "/x.wasm", True),
        ("", "/a/bedrock_filter.wasm", True),
    ]:
        text = bootstraps.BLOCK.replace("- name: envoy.filters.http.router", other % (vm_id, file))
        result, notes = added(text)
        assert ("the gateway role is there already, by a root_id of ours" in notes) is is_ours
        assert result.count("root_id: gateway") == (1 if is_ours else 2)


def test_the_samples_have_it_already():
    text = (ROOT / "envoy/envoy.yaml").read_text()
    result, notes = added(text)
    assert result == text and "there already" in notes


def modules(node):
    """The filters that are the native module."""
    if isinstance(node, dict) and node.get("@type") == native.FILTER:
        yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from modules(child)


def by_name(module):
    """Of a library that Envoy looks for."""
    module["dynamic_module_config"] |= {"name": "bedrock_filter"}
    del module["dynamic_module_config"]["module"]


def wrapped(module):
    """As a message whose type is not known when it is written."""
    value = {name: module.pop(name) for name in list(module) if name != "@type"}
    module |= {"@type": envoy_config.TYPE + "xds.type.v3.TypedStruct", "type_url": native.FILTER, "value": value}


@pytest.mark.parametrize("write", [lambda module: None, by_name, wrapped], ids=["a file", "a name", "wrapped"])
def test_the_native_module_is_there_already_too(write):
    data = native.bootstrap(pieces.SAMPLE)
    [gateway, upstream] = modules(data)
    write(gateway)
    write(upstream)
    text = yaml.safe_dump(data)
    result, notes = added(text)
    assert result == text
    assert notes.count("role is there already, as the native module, by a filter_name of ours") == 2


def test_somebody_elses_native_module_is_not_ours():
    text = yaml.safe_dump(native.bootstrap(pieces.SAMPLE)).replace("libbedrock_filter.so", "libauth.so")
    text = text.replace("name: bedrock\n", "name: other\n")
    result, notes = added(text)
    assert "as the native module" not in notes and set(plugins(result)) == {"gateway", "upstream"}


@pytest.mark.parametrize(("role", "said"), [("gateway", "openai: the gateway"), ("upstream", "cluster bedrock: the upstream")])
def test_one_role_as_the_native_module_does_not_get_the_other_as_the_wasm(role, said):
    data = native.bootstrap(pieces.SAMPLE)
    [other] = [module for module in modules(data) if module["filter_name"] != role]
    other["dynamic_module_config"] = {"name": "auth"}
    with pytest.raises(Problem, match=f"{said} role is there as the native module.* and the other is not"):
        added(yaml.safe_dump(data))


def test_the_program_shows_a_diff_and_writes_only_where_it_is_told_to(tmp_path):
    path, other = tmp_path / "mine.yaml", tmp_path / "other.yaml"
    path.write_text(bootstraps.BLOCK)
    # Others are not to read it, nor what is made of it.
    path.chmod(0o600)
    other.touch(0o644)

    def run(*options):
        command = [ROOT / "tools/add-to-envoy", path, "--no-check", *options]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done

    shown = run()
    assert "+          - name: bedrock\n" in shown.stdout and "\n-" not in shown.stdout.replace("\n---", "")
    assert path.read_text() == bootstraps.BLOCK and "/v1 of virtual host 'local_service'" in shown.stderr
    run("--output", other)
    assert path.read_text() == bootstraps.BLOCK and "root_id: upstream" in other.read_text()
    assert other.stat().st_mode & 0o777 == 0o600
    run("--write")
    assert path.read_text() == other.read_text()
    assert [found.name for found in tmp_path.iterdir() if found not in (path, other)] == []
    assert path.stat().st_mode & 0o777 == 0o600
    assert "nothing is to be added" in run("--write").stderr
    link = tmp_path / "link.yaml"
    link.symlink_to(path)
    path.write_text(bootstraps.BLOCK)
    path.chmod(0o640)
    command = [ROOT / "tools/add-to-envoy", link, "--no-check", "--write"]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    assert link.is_symlink() and "root_id: upstream" in path.read_text() and path.stat().st_mode & 0o777 == 0o640
    pieces_alone = run("--snippets").stdout
    assert "Into http_filters" in pieces_alone and yaml.safe_load(pieces_alone.split("# Into routes")[0])[0]["name"] == "bedrock"
