"""`make run` and `make demo`: Envoy with the filter, in front of the Bedrock emulator or of Bedrock itself."""

import argparse
import dataclasses
import json
import os
import secrets
import shlex
import signal
import sys
import time
from contextlib import ExitStack

import chat_page
import demo
import envoy_config
import native
import optillm_fenced
import places
import ports
import processes
from settings import ROOT, Endpoint, Problem, Settings


# Of the hosts of Bedrock in the commercial partition and in GovCloud.
AWS_SUFFIX = ".amazonaws.com"
# Where it listens if nobody says where: at the first that is free.
USUAL_PORTS = range(8080, 8100)
# Of sockets in the samples.
SOCKETS = "target/run"


class Interrupted(BaseException):
    """Ctrl-C, or its likes: the way to end a run."""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--demo", action="store_true", help="send four requests, print the answers, stop")
    arguments = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    try:
        with ExitStack() as stack:
            settings = with_port(Settings.read())
            return serve(stack, settings, arguments.demo)
    except processes.Refused as refused:
        print("", *placed(refused, settings), sep="\n", file=sys.stderr)
        return 1
    except Problem as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 1
    except Interrupted:
        return 130 if arguments.demo else 0


def placed(refused, settings):
    """What the filter does not take, with the file and the line that it is in."""
    path = settings.filter_config or settings.envoy_config
    try:
        found = places.read(path)
    except Problem:
        # Its configuration is in other files, which Envoy watches.
        return [str(refused)]
    told = [
        f"{path}:{written.line(where)}: {where}{': ' if where else ''}{reason}"
        for role, where, reason in refused.said
        for written in found
        if written.role in (None, role)
    ]
    return list(dict.fromkeys(told)) or [str(refused)]


def interrupt(*_):
    # The second one would cut the cleaning up short.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    raise Interrupted


def with_port(settings):
    """The settings with a port that is this run's alone, and a directory for what it writes."""
    try:
        port = ports.claim_first([settings.port] if settings.port else USUAL_PORTS)
    except OSError as error:
        which = settings.port or f"{USUAL_PORTS[0]} to {USUAL_PORTS[-1]}"
        raise Problem(f"port {which}: {error.strerror}; PORT=… chooses another") from error
    if not settings.port and port != USUAL_PORTS[0]:
        print(f"port {USUAL_PORTS[0]} is taken: this is at {port}; PORT=… chooses another")
    processes.RUN = processes.RUN / str(port)
    return dataclasses.replace(settings, port=port)


def serve(stack, settings, only_demo):
    running, runtime = start(stack, settings, envoy_config.read(settings.envoy_config), only_demo)
    if only_demo:
        print(f"http://127.0.0.1:{settings.port}/v1 in front of {runtime.url}")
        return 0 if demo.run(settings.port, settings.api_key) else 1
    introduce(settings, runtime)
    stay(running)


def start(stack, settings, template, only_demo=False):
    """Envoy, and what it needs behind it: the processes, and where the gateway sends to."""
    if settings.has_page:
        chat_page.add(template, envoy_config.read(settings.filter_config) if settings.filter_config else None)
    envoy_config.move_sockets(template, SOCKETS, processes.RUN.relative_to(ROOT))
    regions = envoy_config.regions(template)
    running = []
    if settings.runtime is None:
        running, endpoints = start_emulators(stack, settings, regions)
        runtime = next(iter(endpoints.values()))
        destination = endpoints if regions else runtime
    else:
        runtime = settings.runtime
        # A configuration with regions of its own knows AWS's hosts.
        destination = None if regions and runtime.host.endswith(AWS_SUFFIX) else runtime
    control = settings.control or runtime
    config = write_config(settings, template, destination, control, only_demo)
    environment = settings.environment | {"BEDROCK_ENDPOINT": runtime.url, "BEDROCK_CONTROL_ENDPOINT": control.url}
    has_optillm = optillm_fenced.pipes(template) is not None
    if has_optillm:
        environment[optillm_fenced.KEY_VARIABLE] = secrets.token_urlsafe(24)
        optillm_fenced.remove_sockets(template)
        stack.callback(optillm_fenced.remove_sockets, template)
    if envoy_config.has_cluster(template, processes.RATELIMIT):
        running.append(stack.enter_context(processes.start_ratelimit()))
    running.append(stack.enter_context(processes.start_envoy(config, settings.port, environment)))
    if has_optillm:
        running.append(stack.enter_context(optillm_fenced.start(template, environment[optillm_fenced.KEY_VARIABLE])))
    return running, runtime


def stay(running):
    """Until Ctrl-C, or until one of the processes ends."""
    while True:
        for process in running:
            process.check()
        time.sleep(0.5)


def start_emulators(stack, settings, regions):
    """One for each region that the configuration names, else one."""
    emulators = {}
    for region in regions or [settings.environment["AWS_REGION"]]:
        environment = settings.environment | {"AWS_REGION": region}
        name = f"emulator-{region}" if regions else "emulator"
        emulators[region] = stack.enter_context(processes.start_emulator(environment, name))
    urls = {region: Endpoint.parse(processes.emulator_url(emulator)) for region, emulator in emulators.items()}
    return list(emulators.values()), urls


def write_config(settings, template, runtime, control, only_demo):
    plugin = envoy_config.read(settings.filter_config) if settings.filter_config else None
    ca_file = os.environ.get("AWS_CA_BUNDLE") or envoy_config.CA_FILE
    needs_ca = runtime is None or getattr(runtime, "tls", False) or control.tls
    if needs_ca and not os.path.exists(ca_file):
        raise Problem(f"{ca_file} is missing: install ca-certificates, or name yours in AWS_CA_BUNDLE")
    config = envoy_config.effective(
        template, port=settings.port, runtime=runtime, control=control, plugin=plugin, ca_file=ca_file
    )
    if only_demo and plugin is None:
        # The sample has no techniques, which are off unless somebody wants them.
        for found in envoy_config.wasm_plugins(config):
            found["configuration"]["value"].setdefault("techniques", {"cluster": "gateway"})
    if native.is_chosen():
        config = native.bootstrap(config)
    path = processes.RUN / "envoy.yaml"
    envoy_config.write(path, config)
    return path


def introduce(settings, runtime):
    url = f"http://127.0.0.1:{settings.port}/v1"
    messages = [{"role": "user", "content": "Say hello."}]
    body = {"model": demo.CHAT_MODEL, "messages": messages}
    curl = ["curl", f"{url}/chat/completions", "-H", f"Authorization: Bearer {settings.api_key}"]
    curl += ["-H", "Content-Type: application/json", "-d", json.dumps(body)]
    client = f"OpenAI(base_url={json.dumps(url)}, api_key={json.dumps(settings.api_key)})"
    create = f"chat.completions.create(model={json.dumps(demo.CHAT_MODEL)}, messages={json.dumps(messages)})"
    sdk = f"from openai import OpenAI; print({client}.{create}.choices[0].message.content)"
    print(f"OpenAI API   {url}")
    print(f"API key      {settings.api_key}")
    print(f"in front of  {runtime.url}")
    if settings.has_page:
        print(f"chat page    http://127.0.0.1:{settings.port}{chat_page.PATH}")
    print(f"logs         {processes.RUN.relative_to(ROOT)}/*.log")
    print(f"\n{shlex.join(curl)}\n\n{shlex.join([sys.executable, '-c', sdk])}\n\nCtrl-C stops it.", flush=True)


if __name__ == "__main__":
    sys.exit(main())
