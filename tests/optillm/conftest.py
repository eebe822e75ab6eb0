"""The real OptiLLM, fenced, behind the gateway, and a Bedrock that answers by a script."""

import os
import secrets
import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "tests/e2e")]

import envoy_config  # noqa: E402  (tools/)
import optillm_fenced  # noqa: E402
import processes  # noqa: E402
from gateway import Gateway  # noqa: E402  (tests/e2e/)
from scripted import Scripted  # noqa: E402


@pytest.fixture(scope="session")
def running_bedrock():
    bedrock = Scripted()
    yield bedrock
    bedrock.stop()


@pytest.fixture
def bedrock(running_bedrock):
    running_bedrock.forget(lambda call: "an answer")
    return running_bedrock


@pytest.fixture(scope="session")
def gateway(running_bedrock):
    processes.RUN = ROOT / f"target/run/optillm-{os.getpid()}"
    processes.RUN.mkdir(parents=True)
    sample = envoy_config.read(ROOT / "envoy/optillm.yaml")
    for pipe in optillm_fenced.pipes(sample):
        pipe["path"] = f"{processes.RUN.relative_to(ROOT)}/{Path(pipe['path']).name}"
    # What reads addresses, to see that it reaches none. Both places share what is changed here.
    plugin = next(envoy_config.wasm_plugins(sample))
    plugin["configuration"]["value"]["techniques"]["upstream"]["names"].append("readurls")
    key = secrets.token_urlsafe(24)
    gateway = Gateway.start(running_bedrock.endpoint, sample=sample, environment={optillm_fenced.KEY_VARIABLE: key})
    with gateway.process, optillm_fenced.start(sample, key) as process:
        yield gateway
        process.check()
    shutil.rmtree(processes.RUN, ignore_errors=True)


@pytest.fixture(scope="session")
def client(gateway):
    with gateway.openai(timeout=120) as client:
        yield client
