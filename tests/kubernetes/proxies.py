"""Envoy's configuration out of the objects: as each control plane would make it of them, and as it runs here.

What is ours in it stays as it is. What differs from a cluster is where files are, which ports are taken, and that names of AWS's lead to
the emulator, without TLS.
"""

import copy
import itertools
import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import jsonpatch
import jsonpath
import yaml

import envoy_config
import kube
import ports
import processes
import wire
from settings import ROOT, Endpoint

MODULE = os.environ.get("WASM", str(ROOT / "target/wasm/bedrock_filter.wasm"))
MANAGER = envoy_config.TYPE + "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
ROUTER = {
    "name": "envoy.filters.http.router",
    "typed_config": {"@type": envoy_config.TYPE + "envoy.extensions.filters.http.router.v3.Router"},
}
ENVOY = Path(os.environ.get("ENVOY", ROOT / "target/venv/bin/envoy")).absolute()
KEY = "sk-of-a-team-in-the-cluster"
NUMBERS = itertools.count(1)


class Volume:
    """A ConfigMap or Secret as kubelet mounts it: files lead into a directory, and an update puts another in its place."""

    def __init__(self, files):
        # Short: a socket's path may have no more than 108 bytes.
        self.path = Path(tempfile.mkdtemp(prefix="bedrock-"))
        self.update(files)

    def update(self, files):
        data = self.path / f"..{next(NUMBERS)}"
        data.mkdir()
        for name, text in files.items():
            (data / name).write_text(text)
            if not (self.path / name).is_symlink():
                (self.path / name).symlink_to(f"..data/{name}")
        new = self.path / "..data_tmp"
        new.symlink_to(data.name)
        new.rename(self.path / "..data")

    def remove(self):
        shutil.rmtree(self.path, ignore_errors=True)


@dataclass
class World:
    """What is around Envoy: Bedrock, and whoever gives credentials."""

    bedrock: Endpoint
    credentials: int
    ca: str = "/etc/ssl/certs/ca-certificates.crt"


class Proxy:
    """One Envoy: its configuration, its volumes, its ports; started by `with`."""

    def __init__(self, config, world, volumes=(), listener="openai", arguments=()):
        self.config = copy.deepcopy(config)
        self.world = world
        self.arguments = list(arguments)
        self.envoy = ENVOY
        self.volumes = {mounted: Volume(files) for mounted, files in dict(volumes).items()}
        token = {"eks-pod-identity-token": "pod-token", "token": "web.identity.token"}
        self.volumes["/var/run/secrets/pods.eks.amazonaws.com/serviceaccount"] = Volume(token)
        self.volumes["/var/run/secrets/eks.amazonaws.com/serviceaccount"] = Volume(token)
        self.volumes["/tmp"] = Volume({})
        self.ports = {}
        self.listener = listener
        self.place()

    def place(self):
        """Puts the configuration, and what is in the volumes, onto this machine."""
        resources = self.config["static_resources"]
        for listener in resources["listeners"]:
            if address := listener["address"].get("socket_address"):
                self.ports[address["port_value"]] = address["port_value"] = self.port_for(address["port_value"])
                address["address"] = "127.0.0.1"
                if listener["name"] == self.listener:
                    self.port = address["port_value"]
        if "admin" in self.config:
            address = self.config["admin"]["address"]["socket_address"]
            address["port_value"] = self.port_for(address["port_value"])
        for cluster in resources["clusters"]:
            self.lead(cluster)
        for files in self.volumes.values():
            for path in files.path.glob("*.yaml"):
                text = self.moved(path.read_text())
                path.resolve().write_text(text)
        text = self.moved(yaml.dump(self.config, Dumper=envoy_config.Plain, sort_keys=False))
        self.path = processes.RUN / f"proxy-{next(NUMBERS)}.yaml"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(text)

    def port_for(self, port):
        if port not in self.ports:
            self.ports[port] = ports.hold()
        return self.ports[port]

    def lead(self, cluster):
        """Sends a cluster to what stands for its host here."""
        name = cluster["name"]
        for host in envoy_config.hosts(cluster):
            address = host["endpoint"]["address"].get("socket_address")
            if address and address["address"] == "127.0.0.1":
                address["port_value"] = self.port_for(address["port_value"])
                return
        if name in ("pod-identity", "sts"):
            envoy_config.send_to(cluster, Endpoint(False, "127.0.0.1", self.world.credentials), self.world.ca)
        elif "transport_socket" in cluster:
            envoy_config.send_to(cluster, self.world.bedrock, self.world.ca)

    def moved(self, text):
        """Files and directories of the pod are those of this machine."""
        paths = {mounted: str(volume.path) for mounted, volume in self.volumes.items()}
        paths["/opt/bedrock/plugin.wasm"] = MODULE
        known = "|".join(map(re.escape, sorted(paths, key=len, reverse=True)))
        return re.sub(rf"(?<= )({known})(?=[/\n}},])", lambda found: paths[found[1]], text)

    def update(self, mounted, files):
        """A new ConfigMap or Secret has come."""
        self.volumes[mounted].update({name: self.moved(text) for name, text in files.items()})

    def command(self):
        arguments = [part for part in self.arguments]
        if not arguments:
            arguments = ["--config-path", "/", "--concurrency", "1", "--log-level", "warning"]
        arguments[arguments.index("--config-path") + 1] = str(self.path)
        return [self.envoy, *arguments, "--use-dynamic-base-id"]

    def start(self, environment, ready=True):
        variables = {"PATH": os.environ["PATH"], **environment}
        self.process = processes.Process(f"proxy-{next(NUMBERS)}", self.command(), variables)
        try:
            if ready:
                self.process.wait_for("GET /health", lambda: processes.healthy(self.port))
        except BaseException:
            self.process.__exit__()
            raise
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if hasattr(self, "process"):
            self.process.__exit__()
        for volume in self.volumes.values():
            volume.remove()

    def connection(self, key=KEY):
        return wire.Connection(self.port, key)

    @property
    def log(self):
        return self.process.log.read_text(errors="replace")


def container(pod, name):
    [found] = [found for found in pod["containers"] if found["name"] == name]
    return found


def plain(found, world, **how):
    """The Envoy of deploy/kubernetes or of the chart in mode envoy, by its Deployment."""
    pod = kube.one(found, "Deployment")["spec"]["template"]["spec"]
    envoy = container(pod, "envoy")
    maps = {one["metadata"]["name"]: one["data"] for one in kube.of_kind(found, "ConfigMap")}
    maps |= {one["metadata"]["name"]: one["stringData"] for one in kube.of_kind(found, "Secret")}
    mounts = {mount["name"]: mount["mountPath"] for mount in envoy["volumeMounts"]}
    volumes = {}
    for volume in pod["volumes"]:
        name = volume.get("configMap", {}).get("name") or volume.get("secret", {}).get("secretName")
        if name:
            volumes[mounts[volume["name"]]] = maps[name]
    config = yaml.load(volumes["/etc/envoy"]["envoy.yaml"], envoy_config.Texts)
    arguments = [part.replace("$(POD_NAME)", "pod-1") for part in envoy["args"]]
    return Proxy(config, world, volumes, arguments=arguments, **how)


def istio(found, world):
    """A proxy as istiod makes it of ServiceEntry and Gateway, with the EnvoyFilters' patches."""
    filters = kube.of_kind(found, "EnvoyFilter")
    patches = [patch for one in filters for patch in one["spec"]["configPatches"]]
    [entry] = [one["spec"] for one in found if one["kind"] == "ServiceEntry"]
    [host], [port] = entry["hosts"], entry["ports"]
    cluster = f"outbound|{port['number']}||{host}"
    gateways = [one for one in kube.of_kind(found, "Gateway")]
    listens = gateways[0]["spec"]["listeners"][0]["port"] if gateways else port["number"]
    if listens == 15008:
        listens = port["number"]
    route = {"match": {"prefix": "/"}, "route": {"cluster": cluster, "timeout": "0s"}}
    config = bootstrap(listens, "main", route, [aws_cluster(cluster, host)])
    extensions = {}
    for patch in patches:
        istio_patch(config, extensions, patch, listens, (host, port["number"]))
    files = {f"{name}.yaml": yaml.dump({"resources": [resource]}) for name, resource in extensions.items()}
    discovered(config, "/etc/ecds")
    config["node"] = {"id": "pod-1", "cluster": "bedrock"}
    return Proxy(config, world, {"/etc/ecds": files}, listener="main")


def bootstrap(port, name, route, clusters):
    """A listener and its route, as a control plane makes them, with no guard of ours."""
    manager = {
        "@type": MANAGER,
        "stat_prefix": name,
        "route_config": {"name": name, "virtual_hosts": [{"name": name, "domains": ["*"], "routes": [route]}]},
        "http_filters": [copy.deepcopy(ROUTER)],
    }
    chain = {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
    address = {"socket_address": {"address": "0.0.0.0", "port_value": port}}
    listener = {"name": name, "address": address, "default_filter_chain": chain}
    # As Envoy Gateway's bootstrap has it, with tags of its own.
    stats = {"use_all_default_tags": True, "stats_tags": []}
    return {"stats_config": stats, "static_resources": {"listeners": [listener], "clusters": clusters}}


def aws_cluster(name, host):
    tls = {"@type": envoy_config.TLS, "sni": host}
    address = {"socket_address": {"address": host, "port_value": 443}}
    return {
        "name": name,
        "connect_timeout": "2s",
        "type": "LOGICAL_DNS",
        "transport_socket": {"name": "envoy.transport_sockets.tls", "typed_config": tls},
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}]},
    }


def istio_patch(config, extensions, patch, listens, entry):
    """One patch, as istiod applies it; one that would not fit fails."""
    kind, operation, value = patch["applyTo"], patch["patch"]["operation"], patch["patch"]["value"]
    match = patch.get("match", {})
    resources = config["static_resources"]
    listener = resources["listeners"][0]
    [manager] = listener["default_filter_chain"]["filters"]
    place = match.get("listener") or {}
    assert place.get("portNumber", listens) == listens, (place, listens)
    chain = place.get("filterChain", place).get("filter", {})
    assert chain.get("name", manager["name"]) == manager["name"]
    if kind == "EXTENSION_CONFIG":
        extensions[value["name"]] = {"@type": envoy_config.TYPE + "envoy.config.core.v3.TypedExtensionConfig", **value}
    elif kind == "HTTP_FILTER":
        filters = manager["typed_config"]["http_filters"]
        [at] = [at for at, found in enumerate(filters) if found["name"] == chain["subFilter"]["name"]]
        assert operation == "INSERT_BEFORE"
        filters.insert(at, value)
    elif kind == "NETWORK_FILTER":
        merge(manager, value)
    elif kind == "LISTENER" and operation == "ADD":
        resources["listeners"].append(value)
    elif kind == "LISTENER":
        merge(listener, value)
    elif kind == "CLUSTER" and operation == "ADD":
        resources["clusters"].append(value)
    elif kind == "CLUSTER":
        assert (match["cluster"]["service"], match["cluster"]["portNumber"]) == entry
        # An Any is not merged into: it takes the place of the other.
        merge(resources["clusters"][0], value, whole={"typed_extension_protocol_options"})
    elif kind == "BOOTSTRAP":
        merge(config, value)
    else:
        raise AssertionError(kind)


def merge(into, value, whole=()):
    """As protobuf merges: messages member by member, lists by adding."""
    for name, found in value.items():
        if isinstance(found, dict) and isinstance(into.get(name), dict) and name not in whole:
            merge(into[name], found, whole)
        elif isinstance(found, list) and isinstance(into.get(name), list):
            into[name] = into[name] + copy.deepcopy(found)
        else:
            into[name] = copy.deepcopy(found)


def discovered(node, directory):
    """Extensions come from files, as they would from istiod."""
    if isinstance(node, dict):
        if "config_discovery" in node:
            source = node["config_discovery"]["config_source"]
            assert source.pop("ads") == {} and source["resource_api_version"] == "V3"
            path = f"{directory}/{node['name']}.yaml"
            source["path_config_source"] = {"path": path, "watched_directory": {"path": directory}}
        node = list(node.values())
    for child in node if isinstance(node, list) else ():
        discovered(child, directory)


def envoy_gateway(found, world):
    """A proxy as Envoy Gateway makes it of its Gateway, with the patches of the EnvoyPatchPolicies; one that does not fit fails."""
    gateway, route = kube.one(found, "Gateway"), kube.one(found, "HTTPRoute")
    namespace, name = "bedrock", gateway["metadata"]["name"]
    [listener] = gateway["spec"]["listeners"]
    cluster = f"httproute/{namespace}/{route['metadata']['name']}/rule/0"
    host = kube.one(found, "Backend")["spec"]["endpoints"][0]["fqdn"]["hostname"]
    sent = {"match": {"prefix": "/"}, "route": {"cluster": cluster, "timeout": "0s"}}
    config = bootstrap(10080, "made", sent, [aws_cluster(cluster, host)])
    made = config["static_resources"]["listeners"][0]
    # As it does where there is a limit of connections, and where there is TLS.
    limit = {"@type": envoy_config.TYPE + "envoy.extensions.filters.network.connection_limit.v3.ConnectionLimit"}
    limit |= {"stat_prefix": "made", "max_connections": 10000}
    made["default_filter_chain"]["filters"].insert(0, {"name": "envoy.filters.network.connection_limit", "typed_config": limit})
    if listener["protocol"] == "HTTPS":
        made["filter_chains"] = [made.pop("default_filter_chain")]
    [limit] = [one["spec"]["connection"]["bufferLimit"] for one in found if one["kind"] == "ClientTrafficPolicy"]
    made["per_connection_buffer_limit_bytes"] = int(limit.removesuffix("Ki")) * 1024
    names = {f"{namespace}/{name}/{listener['name']}": made, f"tcp-{listener['port']}": made, cluster: config["static_resources"]["clusters"][0]}
    for policy in kube.of_kind(found, "EnvoyPatchPolicy"):
        assert policy["spec"]["targetRef"]["name"] == name
        for patch in policy["spec"]["jsonPatches"]:
            kind = patch["type"].rpartition(".")[2].lower() + "s"
            operation = patch["operation"]
            if operation["path"] == "":
                assert operation["value"]["name"] == patch["name"]
                config["static_resources"][kind].append(copy.deepcopy(operation["value"]))
            else:
                resource = names[patch["name"]]
                jsonpatch.apply_patch(resource, list(pointed(resource, operation)), in_place=True)
    for patch in kube.one(found, "EnvoyProxy")["spec"]["bootstrap"]["jsonPatches"]:
        jsonpatch.apply_patch(config, [patch], in_place=True)
    return Proxy(config, world, listener="made")


def pointed(resource, operation):
    """A patch for each place that its `jsonPath` finds."""
    if "jsonPath" not in operation:
        return [operation]
    places = [match.pointer() for match in jsonpath.finditer(operation["jsonPath"], resource)]
    assert places, operation["jsonPath"]
    return [operation | {"path": f"{place}/{operation['path']}"} for place in places]


def names_of_listeners(found):
    """How the patches call the listener of the Gateway."""
    policies = kube.of_kind(found, "EnvoyPatchPolicy")
    patches = [patch for one in policies for patch in one["spec"]["jsonPatches"] if patch["operation"]["path"]]
    return {patch["name"] for patch in patches if patch["type"].endswith("Listener")}
