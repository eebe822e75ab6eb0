"""`make run` and `make demo`: Envoy with the filter, in front of the Bedrock emulator or of Bedrock itself."""

import argparse
import json
import os
import shlex
import signal
import sys
import time
from contextlib import ExitStack

import demo
import envoy_config
import processes
from settings import ROOT, Endpoint, Problem, Settings


class Interrupted(BaseException):
    """Ctrl-C, or its likes: the way to end a run."""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--demo", action="store_true", help="send three requests, print the answers, stop")
    arguments = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    try:
        with ExitStack() as stack:
            return serve(stack, Settings.read(), arguments.demo)
    except Problem as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 1
    except Interrupted:
        return 130 if arguments.demo else 0


def interrupt(*_):
    # The second one would cut the cleaning up short.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    raise Interrupted


def serve(stack, settings, only_demo):
    running = []
    if settings.runtime is None:
        emulator = stack.enter_context(processes.start_emulator(settings.environment))
        running.append(emulator)
        runtime = Endpoint.parse(processes.emulator_url(emulator))
    else:
        runtime = settings.runtime
    control = settings.control or runtime
    config = write_config(settings, runtime, control)
    environment = settings.environment | {"BEDROCK_ENDPOINT": runtime.url, "BEDROCK_CONTROL_ENDPOINT": control.url}
    running.append(stack.enter_context(processes.start_envoy(config, settings.port, environment)))
    if only_demo:
        print(f"http://127.0.0.1:{settings.port}/v1 in front of {runtime.url}")
        return 0 if demo.run(settings.port, settings.api_key) else 1
    introduce(settings, runtime)
    while True:
        for process in running:
            process.check()
        time.sleep(0.5)


def write_config(settings, runtime, control):
    template = envoy_config.read(ROOT / "envoy/envoy.yaml")
    plugin = envoy_config.read(settings.filter_config) if settings.filter_config else None
    ca_file = os.environ.get("AWS_CA_BUNDLE") or envoy_config.CA_FILE
    if (runtime.tls or control.tls) and not os.path.exists(ca_file):
        raise Problem(f"{ca_file} is missing: install ca-certificates, or name yours in AWS_CA_BUNDLE")
    config = envoy_config.effective(
        template, port=settings.port, runtime=runtime, control=control, plugin=plugin, ca_file=ca_file
    )
    path = processes.RUN / "envoy.yaml"
    envoy_config.write(path, config)
    return path


def introduce(settings, runtime):
    url = f"http://127.0.0.1:{settings.port}/v1"
    body = {"model": demo.CHAT_MODEL, "messages": [{"role": "user", "content": "Say hello."}]}
    curl = ["curl", f"{url}/chat/completions", "-H", f"Authorization: Bearer {settings.api_key}"]
    curl += ["-H", "Content-Type: application/json", "-d", json.dumps(body)]
    print(f"OpenAI API   {url}")
    print(f"API key      {settings.api_key}")
    print(f"in front of  {runtime.url}")
    print(f"logs         {processes.RUN.relative_to(ROOT)}/*.log")
    print(f"\n{shlex.join(curl)}\n\nCtrl-C stops it.", flush=True)


if __name__ == "__main__":
    sys.exit(main())
