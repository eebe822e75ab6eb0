"""Envoy with the filter, by the sample configuration or by what a test makes of it."""

import copy
import itertools
import os
from dataclasses import dataclass

import anthropic
import openai

import envoy_config
import native
import ports
import processes
import wire
from one_envoy import OneEnvoy, Part, is_for_many
from settings import ROOT, Endpoint, Settings

KEY = "sk-of-the-tests"
SAMPLE = envoy_config.read(ROOT / "envoy/envoy.yaml")
NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class Gateway:
    port: int
    process: processes.Process
    # Its part in an Envoy that it shares with others, and that Envoy.
    part: Part | None = None
    envoy: OneEnvoy | None = None

    @classmethod
    def start(
        cls,
        upstream,
        *,
        sample="envoy",
        changes=None,
        plugin=None,
        environment=None,
        patch=None,
        control=None,
        workers=1,
        log="warn",
        wasm_log="warning",
        arguments=(),
        one_envoy=None,
    ):
        """`upstream` is one endpoint, or one for each region of the sample. `changes` are made to the plugin's
        configuration in the sample, which is read from envoy/ or given, `plugin` replaces it; `patch` gets the whole bootstrap.
        Models are discovered only where `control` says at whom: else other tests would see those requests. `one_envoy`, where given,
        finds the Envoy for gateways that ask nothing of their process."""
        port = ports.hold()
        template = envoy_config.read(ROOT / f"envoy/{sample}.yaml") if isinstance(sample, str) else sample
        first = next(iter(upstream.values())) if isinstance(upstream, dict) else upstream
        config = envoy_config.effective(template, port=port, runtime=upstream, control=control or first, plugin=plugin)
        for found in envoy_config.wasm_plugins(config) if plugin is None else ():
            settings = found["configuration"]["value"]
            settings |= changes or {}
            if control is None:
                settings.pop("discover", None)
        if patch:
            patch(config)
        variables = {"PATH": os.environ["PATH"]} | Settings.read({"API_KEY": KEY}).environment
        variables |= {"BEDROCK_ENDPOINT": first.url} | (environment or {})
        if control:
            variables["BEDROCK_CONTROL_ENDPOINT"] = control.url
        if native.is_chosen():
            variables |= native.variables(config)
            config = native.bootstrap(config)
        name = f"envoy-{next(NUMBERS)}"
        path = processes.RUN / f"{name}.yaml"
        envoy_config.write(path, config)
        if one_envoy and not arguments and (log, wasm_log) == ("warn", "warning") and is_for_many(config, SAMPLE):
            return cls.beside_others(port, one_envoy(workers), Part(name, config, variables))
        command = [ROOT / "target/venv/bin/envoy", "-c", path, "-l", log, "--concurrency", workers]
        command += ["--component-log-level", f"wasm:{wasm_log},dynamic_modules:{wasm_log}"]
        # Access logs that a test reads are there at once.
        command += ["--file-flush-interval-msec", 50, *arguments]
        process = processes.Process(name, [*command, "--use-dynamic-base-id"], variables)
        try:
            processes.wait_for_envoy(process, port)
        except BaseException:
            process.__exit__()
            raise
        return cls(port, process)

    @classmethod
    def beside_others(cls, port, envoy, part):
        envoy.add(part)
        try:
            envoy.process.wait_for("GET /health", lambda: processes.healthy(port))
        except BaseException:
            envoy.remove([part])
            raise
        return cls(port, envoy.process, part, envoy)

    @property
    def pid(self):
        assert self.part is None, "the process is others' too: own=True gives one of its own"
        return self.process.child.pid

    @property
    def log(self):
        """What its Envoy logged: where it is others' too, the filter's lines that are about this gateway, and its access log."""
        text = self.process.log.read_text(errors="replace")
        return self.part.log(text) if self.part else text

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/v1"

    def options(self, key=KEY, **more):
        return {"base_url": self.url, "api_key": key, "max_retries": 0, "timeout": 20} | more

    def openai(self, key=KEY, **more):
        """The SDK, which here refuses answers that are not as its types say, and never tries again."""
        return openai.OpenAI(**self.options(key, **more), _strict_response_validation=True)

    def anthropic(self, key=KEY, **more):
        """Anthropic's SDK, as strict and as impatient."""
        options = self.options(key, **more) | {"base_url": f"http://127.0.0.1:{self.port}"}
        return anthropic.Anthropic(**options, _strict_response_validation=True)

    def connection(self, key=KEY):
        return wire.Connection(self.port, key)


def routes(config):
    """The sample's routes, to be changed."""
    [listener] = config["static_resources"]["listeners"]
    [manager] = listener["filter_chains"][0]["filters"]
    [host] = manager["typed_config"]["route_config"]["virtual_hosts"]
    return host["routes"]


def route(config):
    """The one of what goes on to Bedrock."""
    return routes(config)[-1]


def held_route(config):
    """The one of what the gateway role still holds."""
    held, _ = routes(config)
    return held


def buffers(config, size):
    """A patch: what Envoy holds of a body, or of a reply. (A request's first route says so, also where it gets another.)"""
    for found in routes(config):
        found["request_body_buffer_limit"] = size
    [listener] = config["static_resources"]["listeners"]
    for place in (listener, *config["static_resources"]["clusters"]):
        place["per_connection_buffer_limit_bytes"] = size


def http_options(config):
    """The HTTP options of the sample's cluster, to be changed."""
    [cluster] = [found for found in config["static_resources"]["clusters"] if found["name"] == "bedrock"]
    [options] = cluster["typed_extension_protocol_options"].values()
    return options


def over_http2(config):
    """A patch: HTTP/2 towards Bedrock."""
    http_options(config)["explicit_http_config"] = {"http2_protocol_options": {}}


def sample_plugin():
    """The plugin's configuration in the sample."""
    found = next(envoy_config.wasm_plugins(SAMPLE))
    return copy.deepcopy(found["configuration"]["value"])


def nowhere():
    """An endpoint where nobody listens."""
    return Endpoint.parse(f"http://127.0.0.1:{ports.hold()}")
