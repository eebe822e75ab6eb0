"""Turns envoy/envoy.yaml into the configuration of one run: only what differs is touched."""

import contextlib
import copy
import json
import os
import re
from pathlib import Path

import yaml

from settings import Problem

TYPE = "type.googleapis.com/"
WASM = TYPE + "envoy.extensions.filters.http.wasm.v3.Wasm"
MANAGER = TYPE + "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
TLS = TYPE + "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext"
STRING = TYPE + "google.protobuf.StringValue"
CA_FILE = "/etc/ssl/certs/ca-certificates.crt"
VARIABLE = re.compile(r"\$\{(\w+)")


def effective(template, *, port, runtime, control, plugin=None, ca_file=CA_FILE):
    """The bootstrap to run: `template`, listening on `port`, its clusters sending to `runtime` and `control`.

    `runtime` is one endpoint for all, or one for each region that endpoints name in their metadata; None leaves them.
    `plugin`, where given, replaces the filter's configuration in both places.
    """
    config = copy.deepcopy(template)
    resources = config["static_resources"]
    resources["listeners"][0]["address"]["socket_address"]["port_value"] = port
    for cluster in resources["clusters"]:
        if cluster["name"] == "gateway":
            for host in hosts(cluster):
                host["endpoint"]["address"]["socket_address"]["port_value"] = port
        endpoint = {"bedrock": runtime, "bedrock-control": control}.get(cluster["name"])
        if isinstance(endpoint, dict):
            send_by_region(cluster, endpoint)
        elif endpoint:
            send_to(cluster, endpoint, ca_file)
    if plugin is not None:
        for found in wasm_plugins(config):
            configure(found, plugin)
    return config


def move_sockets(node, before, directory):
    """Has unix sockets in the directory `before` stand in another: each run has its own."""
    if isinstance(node, dict):
        pipe = node.get("pipe")
        if isinstance(pipe, dict) and Path(pipe.get("path", "")).parent == Path(before):
            pipe["path"] = f"{directory}/{Path(pipe['path']).name}"
        node = list(node.values())
    for child in node if isinstance(node, list) else ():
        move_sockets(child, before, directory)


def has_cluster(template, name):
    return any(cluster["name"] == name for cluster in template["static_resources"]["clusters"])


def hosts(cluster):
    for locality in cluster.get("load_assignment", {}).get("endpoints", ()):
        yield from locality["lb_endpoints"]


def region(host):
    """The region that a host's metadata names for the filter; None where it names none."""
    return host.get("metadata", {}).get("filter_metadata", {}).get("bedrock", {}).get("region")


def regions(template):
    """The regions that hosts name, in their order, each once."""
    clusters = template["static_resources"]["clusters"]
    found = [region(host) for cluster in clusters for host in hosts(cluster)]
    return list(dict.fromkeys(name for name in found if name))


def send_by_region(cluster, endpoints):
    """Every host becomes the endpoint of its region, without TLS."""
    cluster["type"] = "STATIC"
    cluster.pop("transport_socket", None)
    for host in hosts(cluster):
        move(host, endpoints[region(host)])


def move(host, endpoint):
    host["endpoint"]["address"]["socket_address"].update(address=endpoint.host, port_value=endpoint.port)
    if "hostname" in host["endpoint"]:
        host["endpoint"]["hostname"] = endpoint.host


def send_to(cluster, endpoint, ca_file):
    """Every host of the cluster becomes `endpoint`; metadata, priorities and filters stay."""
    # AWS answers with other addresses all the time; those of connections in use stay in use.
    cluster["type"] = "STATIC" if endpoint.is_address else "LOGICAL_DNS"
    cluster["dns_lookup_family"] = "V4_PREFERRED"
    for host in hosts(cluster):
        move(host, endpoint)
    cluster.pop("transport_socket", None)
    if endpoint.tls:
        cluster["transport_socket"] = tls(endpoint, ca_file)


def tls(endpoint, ca_file):
    """TLS that ends nowhere but at `endpoint`: its name, or its address, has to be in the certificate."""
    validation = {"trusted_ca": {"filename": ca_file}}
    context = {"@type": TLS, "common_tls_context": {"validation_context": validation}}
    if endpoint.is_address:
        validation["match_typed_subject_alt_names"] = [
            {"san_type": "IP_ADDRESS", "matcher": {"exact": endpoint.host}}
        ]
    else:
        context |= {"sni": endpoint.host, "auto_sni_san_validation": True}
    return {"name": "envoy.transport_sockets.tls", "typed_config": context}


def wasm_plugins(node):
    """Every plugin configuration, wherever it is."""
    if isinstance(node, dict):
        if node.get("@type") == WASM:
            yield node["config"]
        node = list(node.values())
    for child in node if isinstance(node, list) else ():
        yield from wasm_plugins(child)


def managers(node):
    """Every HTTP connection manager, wherever it is."""
    if isinstance(node, dict):
        if node.get("@type") == MANAGER:
            yield node
        node = list(node.values())
    for child in node if isinstance(node, list) else ():
        yield from managers(child)


def configure(plugin, configuration):
    """Sets the plugin's configuration and lets it read the variables that are named in there."""
    text = json.dumps(configuration)
    plugin["configuration"] = {"@type": STRING, "value": text}
    environment = plugin["vm_config"].setdefault("environment_variables", {})
    keys = environment.setdefault("host_env_keys", [])
    known = {*keys, *environment.get("key_values", {})}
    keys += [name for name in dict.fromkeys(VARIABLE.findall(text)) if name not in known]


def read(path):
    """A YAML file, or JSON, which is YAML."""
    with problems_of(path):
        return yaml.load(path.read_text(), Texts)


@contextlib.contextmanager
def problems_of(path):
    """Says of a file that cannot be read, or is no YAML, where and why."""
    try:
        yield
    except OSError as error:
        raise Problem(f"{path}: {error.strerror}") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise Problem(f"{path}:{mark.line + 1}: not YAML: {error.problem or error.context}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise Problem(f"{path}: not YAML: {error}") from error


class Texts(yaml.SafeLoader):
    """Reads points in time as the texts that they are, as Envoy does; JSON has nothing else for them."""

    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:timestamp"]
        for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def write(path, config):
    """For nobody else to read: whoever writes a secret into the configuration has it in there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # A mode holds for files that are made, not for those that are there.
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        yaml.dump(config, file, Dumper=Plain, sort_keys=False)


class Plain(yaml.SafeDumper):
    """Writes what occurs twice twice, so that the file can be read from top to bottom."""

    def ignore_aliases(self, _):
        return True
