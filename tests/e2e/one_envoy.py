"""One Envoy for many gateways: each is a listener and clusters that come and go by files (LDS, CDS), and has VMs of its own.

An Envoy has to compile the module, which costs 3 s of CPU; one more `vm_id` in it runs the same code, and costs 0.05. What a
`vm_id` has for itself are VMs, environment and shared data. What it shares with others is the process: its memory, its
statistics, its log, its number of workers. A test about those takes an Envoy of its own.
"""

import itertools
import json
import re
import time

import envoy_config
import processes
from admin import Admin
from settings import Problem

TYPE = "type.googleapis.com/envoy.config."
KINDS = {
    "cds": ("cluster_manager.cds", TYPE + "cluster.v3.Cluster"),
    "lds": ("listener_manager.lds", TYPE + "listener.v3.Listener"),
}
LOGGERS = "type.googleapis.com/envoy.extensions.access_loggers."
STDOUT, FILE = LOGGERS + "stream.v3.StdoutAccessLog", LOGGERS + "file.v3.FileAccessLog"
# What a bootstrap may have besides the sample's to be run beside others.
RESOURCES = {"listeners", "clusters"}
# Where a line of Envoy's log begins; what is logged may have several lines.
LOGGED = re.compile(r"^(?=\[\d{4}-\d\d-\d\d )", re.MULTILINE)
NUMBERS = itertools.count(1)
# A gateway that leaves is gone at once.
LEAVING = ["--drain-time-s", 1, "--drain-strategy", "immediate"]
# What reads the environment of the process.
OF_THE_PROCESS = ("aws_request_signing", "envoy.http.injected_credentials", "%ENVIRONMENT(")


def is_for_many(config, sample):
    """Whether a bootstrap asks nothing of its process that `sample` does not."""
    text = json.dumps(config)
    return (
        {name: value for name, value in config.items() if name != "static_resources"}
        == {name: value for name, value in sample.items() if name != "static_resources"}
        and set(config["static_resources"]) <= RESOURCES
        and not any(name in text for name in OF_THE_PROCESS)
    )


class Part:
    """What of a bootstrap goes into an Envoy with others: nothing in it has another's name."""

    def __init__(self, name, config, environment):
        # The same text twice is two from here on.
        resources = json.loads(json.dumps(config["static_resources"]))
        self.name = name
        # Where lines go that Envoy would write to its standard output.
        self.output = processes.RUN / f"{name}.output"
        self.clusters = {cluster["name"] for cluster in resources["clusters"]}
        for plugin in envoy_config.wasm_plugins(resources):
            self.take(plugin, environment)
        resources = self.named(resources)
        self.resources = {"cds": resources["clusters"], "lds": resources["listeners"]}
        for kind in self.resources.values():
            for resource in kind:
                resource["name"] = self.own(resource["name"])

    def own(self, name):
        return f"{self.name}.{name}"

    def take(self, plugin, environment):
        """The plugin in VMs that only this part has, and with the variables that its process would have."""
        vm = plugin["vm_config"]
        vm["vm_id"] = self.own(vm.get("vm_id", ""))
        variables = vm.setdefault("environment_variables", {})
        asked = variables.pop("host_env_keys", [])
        given = variables.setdefault("key_values", {})
        given |= {name: environment[name] for name in asked if name in environment}
        if written := plugin.get("configuration"):
            is_text = isinstance(value := written["value"], str)
            value = self.named(self.of_plugin(json.loads(value) if is_text else value))
            written["value"] = json.dumps(value) if is_text else value

    def of_plugin(self, settings):
        if isinstance(discover := settings.get("discover"), dict):
            # The filter's default is a name as well.
            discover.setdefault("cluster", "bedrock-control")
        return settings

    def named(self, node, key=None):
        """`node`, which names this part's clusters as they are called here."""
        if isinstance(node, dict):
            if key == "dns_cache_config":
                node = node | {"name": self.own(node["name"])}
            if node.get("@type") == STDOUT:
                node = node | {"@type": FILE, "path": str(self.output)}
            return {name: self.named(value, name) for name, value in node.items()}
        if isinstance(node, list):
            return [self.named(value, key) for value in node]
        if key in ("cluster", "cluster_name", "http_cluster") and node in self.clusters:
            return self.own(node)
        if key == "path" and node == "/dev/stdout":
            return str(self.output)
        return node

    def log(self, text):
        """What an Envoy of its own would have logged."""
        mark = self.own("")
        of_the_filter = [found.replace(mark, "").rstrip("\n") for found in LOGGED.split(text) if f" {mark}" in found]
        lines = self.output.read_text(errors="replace") if self.output.exists() else ""
        return "\n".join([*of_the_filter, lines])


class OneEnvoy:
    """An Envoy whose gateways come and go, but for the first: V8 keeps the module's code for as long as one has it."""

    def __init__(self, start):
        """`start` starts the first, with a patch and Envoy's arguments."""
        self.parts = {}
        self.versions = dict.fromkeys(KINDS, 0)
        self.admin = Admin()
        name = f"many-{next(NUMBERS)}"
        self.files = {kind: processes.RUN / f"{name}.{kind}.json" for kind in KINDS}
        for kind in KINDS:
            self.write(kind)
        self.process = start(patch=self.patch, arguments=LEAVING).process

    def patch(self, config):
        self.admin(config)
        config["node"] = {"id": "tests", "cluster": "tests"}
        config["dynamic_resources"] = {
            f"{kind}_config": {"resource_api_version": "V3", "path_config_source": {"path": str(path)}}
            for kind, path in self.files.items()
        }

    def add(self, part):
        """Runs a part, or says why Envoy does not take it."""
        self.parts[part.name] = part
        try:
            for kind in ("cds", "lds"):
                self.update(kind)
        except BaseException:
            self.remove([part])
            raise

    def remove(self, parts):
        """Ends parts, with whatever of theirs is under way."""
        for part in parts:
            del self.parts[part.name]
        for kind in ("lds", "cds"):
            self.update(kind)
        self.admin.settled("listener_manager.total_listeners_draining")

    def update(self, kind):
        begun = self.process.log.stat().st_size
        before = self.rejected(kind)
        self.versions[kind] += 1
        self.write(kind)
        name, _ = KINDS[kind]
        deadline = time.monotonic() + processes.STARTING
        while self.version(name) != str(self.versions[kind]):
            self.process.check()
            if self.rejected(kind) > before:
                text = self.process.log.read_bytes()[begun:].decode(errors="replace")
                raise Problem(f"{self.process.name} does not take it; its log ends with:\n{text}")
            if time.monotonic() > deadline:
                raise Problem(f"{self.process.name} did not take a change in {processes.STARTING} s{self.process.tail()}")
            time.sleep(0.005)

    def write(self, kind):
        version, type_url = str(self.versions[kind]), KINDS[kind][1]
        resources = [{"@type": type_url} | resource for part in self.parts.values() for resource in part.resources[kind]]
        path = self.files[kind]
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_suffix(".new")
        new.write_text(json.dumps({"version_info": version, "type_url": type_url, "resources": resources}))
        # Envoy looks for a file that is moved there.
        new.rename(path)

    def version(self, name):
        found = json.loads(self.admin.ask("GET", f"/stats?format=json&type=TextReadouts&filter=^{name}.version_text$"))
        return next((one["value"] for one in found["stats"] if "value" in one), None)

    def rejected(self, kind):
        name, _ = KINDS[kind]
        return self.admin.stats(f"^{name}.update_rejected$").get(f"{name}.update_rejected", 0)
