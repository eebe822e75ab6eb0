"""What is added: as envoy/envoy.yaml has it, for an Envoy that has other things to do as well."""

import copy
import re
from dataclasses import dataclass, field

import envoy_config
from add_to_envoy import hosts
from add_to_envoy.render import ALIAS, ANCHOR
from settings import ROOT, Endpoint

SAMPLE = envoy_config.read(ROOT / "envoy/envoy.yaml")
NAME = "bedrock"
# What the names of our routes begin with: Envoy's own errors there get OpenAI's shape, elsewhere they stay.
ROUTES = "bedrock"
ON = {"@type": envoy_config.TYPE + "envoy.config.route.v3.FilterConfig", "config": {}}
CONTROL = "bedrock-control"
# Where the filter has Bedrock's own API and Azure's paths, whatever the prefixes of OpenAI's endpoints are.
OTHER_APIS = ("/model", "/openai")
# Members that are the same in both places, and what they are called.
SHARED = {"vm_config": "bedrock-vm", "configuration": "bedrock-configuration"}


@dataclass
class Wanted:
    """What somebody wants: where the module will be, its configuration, the paths that are the gateway's."""

    module: str
    region: str
    paths: list
    configuration: dict | None = None
    endpoint: Endpoint | None = None
    cluster: str = NAME
    ca_file: str = envoy_config.CA_FILE
    # Where this listener is reached from this Envoy; None where that cannot be said.
    itself: tuple | None = None
    # The role whose filter stands first in the text and is named there; None where each has all of it.
    first: str | None = None
    plugin: dict = field(init=False)

    def __post_init__(self):
        self.plugin = copy.deepcopy(self.configuration) if self.configuration is not None else usual(self)


def usual(wanted):
    """A configuration to begin with: credentials and a key of Envoy's environment."""
    found = {"region": wanted.region}
    if wanted.endpoint:
        found["endpoint"] = wanted.endpoint.url
    found["credentials"] = {
        "access_key_id": "${AWS_ACCESS_KEY_ID:-}",
        "secret_access_key": "${AWS_SECRET_ACCESS_KEY:-}",
        "session_token": "${AWS_SESSION_TOKEN:-}",
        "bearer_token": "${AWS_BEARER_TOKEN_BEDROCK:-}",
    }
    found["api_keys"] = [{"name": "default", "key": "${API_KEY}"}]
    [sample] = [found["configuration"]["value"] for found in [next(envoy_config.wasm_plugins(SAMPLE))]]
    found["models"] = copy.deepcopy(sample["models"])
    found["default_model"] = sample["models"][0]["model"]
    if prefixes := [path for path in wanted.paths if path not in OTHER_APIS]:
        found["prefixes"] = prefixes
    if wanted.itself:
        found["fan_out"] = {"cluster": "bedrock-gateway"}
    return found


def sample_manager():
    [manager] = envoy_config.managers(SAMPLE)
    return copy.deepcopy(manager)


def sample_cluster(name):
    [found] = [cluster for cluster in SAMPLE["static_resources"]["clusters"] if cluster["name"] == name]
    return copy.deepcopy(found)


def filter_config(wanted, role):
    """A role's filter. Where both are added to YAML, the one that stands first is named and the other repeats it."""
    [found] = [plugin for plugin in envoy_config.wasm_plugins(SAMPLE) if plugin["root_id"] == role]
    config = copy.deepcopy(found)
    config["vm_config"]["code"]["local"]["filename"] = wanted.module
    config["vm_config"]["environment_variables"]["host_env_keys"] = []
    envoy_config.configure(config, wanted.plugin)
    if not config["vm_config"]["environment_variables"]["host_env_keys"]:
        del config["vm_config"]["environment_variables"]
    config["configuration"] = {"@type": envoy_config.TYPE + "google.protobuf.Struct", "value": wanted.plugin}
    for member, name in SHARED.items() if wanted.first else ():
        is_first = wanted.first == role
        config[member] = {ANCHOR: name} | config[member] if is_first else ALIAS + name
    return {"@type": envoy_config.WASM, "config": config}


def gateway_filter(wanted):
    """Off, but for the routes that want it."""
    return {"name": NAME, "disabled": True, "typed_config": filter_config(wanted, "gateway")}


def routes(wanted):
    """For each path two, as in the sample, where what the filter still holds has a time limit of its own."""
    held, onward = sample_manager()["route_config"]["virtual_hosts"][0]["routes"]
    found = []
    for path in wanted.paths:
        for sample, kind in ((held, "held"), (onward, "")):
            name = "-".join(filter(None, [ROUTES, *re.findall(r"\w+", path), kind]))
            match = {"path_separated_prefix": path} | {key: value for key, value in sample["match"].items() if key != "prefix"}
            route = {"name": name, "match": match} | {key: value for key, value in sample.items() if key not in ("match", "route")}
            route["route"] = sample["route"] | {"cluster": wanted.cluster, "max_stream_duration": {"max_stream_duration": "0s"}}
            route["typed_per_filter_config"] = {NAME: ON}
            found.append(route)
    return found


def mappers():
    """Envoy's own errors on our routes in OpenAI's shape."""
    found = sample_manager()["local_reply_config"]["mappers"]
    for mapper in found:
        config = mapper["filter"]["extension_filter"]["typed_config"]
        config["expression"] = f"xds.route_name.startsWith('{ROUTES}') && ({config['expression']})"
    return found


def clusters(wanted):
    """Bedrock's, and those that the configuration names for itself, by their names."""
    bedrock = sample_cluster("bedrock") | {"name": wanted.cluster}
    bedrock["load_assignment"]["cluster_name"] = wanted.cluster
    envoy_config.send_to(bedrock, hosts.runtime(wanted), wanted.ca_file)
    [options] = bedrock["typed_extension_protocol_options"].values()
    options["http_filters"][0] = {"name": NAME, "typed_config": filter_config(wanted, "upstream")}
    yield in_order(bedrock)
    for name in named(wanted, "fan_out", "techniques") if wanted.itself else ():
        cluster = sample_cluster("gateway") | {"name": name}
        cluster["load_assignment"]["cluster_name"] = name
        envoy_config.send_to(cluster, Endpoint(False, *wanted.itself), None)
        cluster.pop("dns_lookup_family", None)
        yield in_order(cluster)
    for name in named(wanted, "discover"):
        cluster = sample_cluster(CONTROL) | {"name": name}
        cluster["load_assignment"]["cluster_name"] = name
        envoy_config.send_to(cluster, hosts.control(wanted), wanted.ca_file)
        yield in_order(cluster)


def named(wanted, *members):
    """Clusters that these members of the configuration name."""
    # `discover: true` is an empty object.
    written = [{} if wanted.plugin.get(member) is True else wanted.plugin.get(member) for member in members]
    return list(dict.fromkeys(found.get("cluster", CONTROL) for found in written if isinstance(found, dict)))


def in_order(cluster):
    """What is long comes last."""
    last = ("load_assignment", "transport_socket", "typed_extension_protocol_options")
    return {key: cluster[key] for key in [*(key for key in cluster if key not in last), *(key for key in last if key in cluster)]}


def stats_tags():
    return copy.deepcopy(SAMPLE["stats_config"]["stats_tags"])


def histograms():
    return copy.deepcopy(SAMPLE["stats_config"]["histogram_bucket_settings"])
