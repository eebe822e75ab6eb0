"""The Envoys that are compared: each is envoy/envoy.yaml but for what its name says."""

import copy
import os
from dataclasses import dataclass, field
from pathlib import Path

import envoy_config
import native
import ports
import processes
from settings import ROOT, Endpoint

from . import machine

KEY = "sk-bench"
MODULE = ROOT / "target/wasm/bedrock_filter.wasm"
FLOOR = ROOT / "target/wasm/bench_floor.wasm"
LET_IN = {"x-bedrock-let-in": "1"}
SIGV4 = {"AWS_ACCESS_KEY_ID": "AKIDBENCHMARKS000000", "AWS_SECRET_ACCESS_KEY": "benchmarks/secret/0123456789"}


@dataclass(frozen=True)
class Variant:
    """`module` is None for Envoy without a filter; `sign` is `sigv4`, `token`, `key` or `envoy`."""

    name: str
    module: Path | None = None
    sign: str = "sigv4"
    # What the module of the floor does: `hooks`, `bodies`, `calls` or `code`.
    floor: str | None = None
    # Whether Envoy writes the sample's access log.
    logs: bool = True


@dataclass
class Envoy:
    variant: Variant
    process: processes.Process
    port: int
    # That every request carries, besides the key.
    headers: dict = field(default_factory=dict)

    @property
    def pid(self):
        return self.process.child.pid

    @property
    def translates(self):
        """Whether clients speak OpenAI's API to it; else they send the same body to Bedrock's path."""
        return self.variant.module is not None and not self.variant.floor


def start(stack, variant, upstream, change=None, workers=1, cores=(machine.ENVOY_CORE,)):
    """Starts one on cores of its own; it ends with `stack`. `change` is what its configuration has besides."""
    port = ports.hold()
    path = processes.RUN / f"bench-{variant.name}.yaml"
    config = configuration(variant, port, upstream)
    if change:
        change(config)
    envoy_config.write(path, config)
    environment = {"API_KEY": KEY, "AWS_REGION": "us-east-1", "BEDROCK_ENDPOINT": upstream.url, "PATH": os.environ["PATH"]}
    environment |= {"AWS_BEARER_TOKEN_BEDROCK": "bedrock-api-key-benchmarks"} if variant.sign == "key" else SIGV4
    command = [ROOT / "target/venv/bin/envoy", "-c", path, "-l", "warn", "--use-dynamic-base-id", "--concurrency", workers]
    process = processes.Process(f"bench-{variant.name}", machine.on_cores(cores, command), environment)
    stack.enter_context(process)
    process.wait_for("GET /health", lambda: processes.healthy(port))
    envoy = Envoy(variant, process, port)
    if not envoy.translates:
        # The gateway role lets requests in by this header, and routes by it: without a filter, too, they go to Bedrock's.
        envoy.headers = dict(LET_IN)
    return envoy


def configuration(variant, port, upstream):
    template = "sign-envoy.yaml" if variant.sign == "envoy" else "envoy.yaml"
    template = envoy_config.read(ROOT / "envoy" / template)
    config = envoy_config.effective(template, port=port, runtime=upstream, control=upstream)
    if variant.module is None:
        without_wasm(config)
    if not variant.logs:
        [listener] = config["static_resources"]["listeners"]
        listener["filter_chains"][0]["filters"][0]["typed_config"].pop("access_log")
    for plugin in envoy_config.wasm_plugins(config):
        if variant.module.suffix == ".wasm":
            plugin["vm_config"]["code"]["local"]["filename"] = str(variant.module)
        if variant.floor:
            plugin["configuration"] = {"@type": envoy_config.STRING, "value": variant.floor}
        elif variant.sign == "token":
            plugin["configuration"] = copy.deepcopy(plugin["configuration"])
            plugin["configuration"]["value"]["credentials"]["sign"] = "token"
    if variant.module and variant.module.suffix == ".so":
        config = native.bootstrap(config, variant.module)
    return config


def without_wasm(node):
    """Takes the filter out, wherever it is, and leaves everything else."""
    if isinstance(node, dict):
        if filters := node.get("http_filters"):
            node["http_filters"] = [one for one in filters if one["typed_config"]["@type"] != envoy_config.WASM]
        node = list(node.values())
    for child in node if isinstance(node, list) else ():
        without_wasm(child)


def start_upstream(stack, cores=(machine.LOAD_CORE,)):
    program = ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "release/bench-upstream"
    command = machine.on_cores(cores, [program, 0])
    process = stack.enter_context(processes.Process("bench-upstream", command, {}))
    return Endpoint.parse(processes.emulator_url(process))
