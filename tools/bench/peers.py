"""Other gateways, in front of the same upstream as a Bedrock that is signed for. Nothing of theirs goes anywhere else."""

import os
from dataclasses import dataclass

import envoy_config
import ports
import processes
from settings import ROOT

from . import bodies, load, machine, measure
from .envoys import KEY, SIGV4
from .result import Figure

FOLDER = ROOT / "target/peers"
MODEL = "amazon.nova-bench-r1024"


@dataclass(frozen=True)
class Named:
    name: str


@dataclass
class Peer:
    """What of an Envoy the load needs to know."""

    variant: Named
    process: processes.Process
    port: int
    headers: dict
    translates: bool = True

    @property
    def pid(self):
        return self.process.child.pid


def start(stack, upstream):
    return [start_litellm(stack, upstream), start_portkey(stack, upstream)]


def start_litellm(stack, upstream):
    port = ports.hold()
    config = processes.RUN / "bench-litellm.yaml"
    parameters = {
        "model": f"bedrock/converse/{MODEL}",
        "aws_access_key_id": SIGV4["AWS_ACCESS_KEY_ID"],
        "aws_secret_access_key": SIGV4["AWS_SECRET_ACCESS_KEY"],
        "aws_region_name": "us-east-1",
        "aws_bedrock_runtime_endpoint": upstream.url,
    }
    envoy_config.write(
        config,
        {
            "model_list": [{"model_name": MODEL, "litellm_params": parameters}],
            "litellm_settings": {"telemetry": False},
            "general_settings": {"master_key": KEY},
        },
    )
    program = FOLDER / "litellm/bin/litellm"
    options = ["--config", config, "--host", "127.0.0.1", "--port", port, "--num_workers", 1, "--telemetry", "False"]
    # Prices from its package instead of the network, and no log line per request.
    quiet = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR", "LITELLM_TELEMETRY": "False"}
    return started(stack, "litellm", [program, *options], quiet, port, {})


def start_portkey(stack, upstream):
    port = ports.hold()
    program = FOLDER / "portkey/node_modules/@portkey-ai/gateway/build/start-server.js"
    headers = {
        "x-portkey-provider": "bedrock",
        "x-portkey-aws-access-key-id": SIGV4["AWS_ACCESS_KEY_ID"],
        "x-portkey-aws-secret-access-key": SIGV4["AWS_SECRET_ACCESS_KEY"],
        "x-portkey-aws-region": "us-east-1",
        "x-portkey-custom-host": upstream.url,
    }
    command = ["node", program, f"--port={port}", "--headless"]
    return started(stack, "portkey", command, {"NODE_ENV": "production"}, port, headers)


def started(stack, name, command, environment, port, headers):
    """Ready once it has answered a chat."""
    environment |= {"PATH": os.environ["PATH"], "HOME": str(FOLDER)}
    process = processes.Process(f"bench-{name}", machine.on_core(machine.ENVOY_CORE, command), environment)
    stack.enter_context(process)
    peer = Peer(Named(name), process, port, headers)
    body = bodies.write("chat-1024", bodies.chat(MODEL, 1024))
    process.wait_for("a chat", lambda: load.answers(peer, MODEL, body))
    return peer


def idle(run, row):
    """Memory right after the first answer."""
    figures = []
    for target in run.envoys:
        megabytes = machine.resident(target.pid) / bodies.MEGABYTE
        figures.append(Figure(row.name, target.variant.name, row.what, "MB", [megabytes] * 3))
    return figures, {}


def saturation(measured):
    """The same row as without peers, and how much more the filter serves than LiteLLM."""

    def run(run, row):
        figures, details = measured(run, row)
        rates = details["requests_per_second"]
        ratios = [ours / theirs for ours, theirs in zip(rates["filter"], rates["litellm"])]
        what = "requests per second, filter ÷ LiteLLM"
        figures.append(Figure(row.name, "filter", what, "×", measure.spread(ratios), 60, at_least=True))
        return figures, details

    return run
