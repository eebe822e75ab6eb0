"""The chart's and the manifests' objects, the real Envoy with what they say, and the Bedrock emulator behind it."""

import os
import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "tests/e2e"), str(ROOT / "tests/kubernetes")]

import processes  # noqa: E402  (tools/)
from aws_endpoints import Endpoints  # noqa: E402
from emulator import Emulator  # noqa: E402
from proxies import KEY, World  # noqa: E402

# Seconds until an Envoy answers, each of which compiles the module: on a machine with other work to do a minute was too few.
processes.STARTING = 180
# The last that lacks what the filter needs, and one that was built without V8; `make test-envoys` gets them.
OLD_ENVOY = Path(os.environ.get("OLD_ENVOY", "none")).absolute()
BARE_ENVOY = Path(os.environ.get("BARE_ENVOY", "none")).absolute()
# What a pod's environment has, by its Secret and by EKS.
POD = {
    "WEB_KEY": KEY,
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials",
    "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/bedrock",
}


@pytest.fixture(scope="session", autouse=True)
def run_directory(request):
    processes.RUN = ROOT / f"target/run/kubernetes-{os.getpid()}"
    yield
    if not request.session.testsfailed:
        shutil.rmtree(processes.RUN, ignore_errors=True)


def emulators(region):
    emulator = Emulator.start(f"emulator-{region}", ("--any-length",), region)
    with emulator.process:
        yield emulator


@pytest.fixture(scope="session")
def emulator(run_directory):
    yield from emulators("us-east-1")


@pytest.fixture(scope="session")
def frankfurt(run_directory):
    yield from emulators("eu-central-1")


@pytest.fixture(scope="session")
def endpoints(emulator, frankfurt):
    """EKS Pod Identity's agent, and STS."""
    with Endpoints(emulator, frankfurt) as endpoints:
        endpoints.pod_token = "pod-token"
        yield endpoints


@pytest.fixture(scope="session")
def world(emulator, endpoints):
    return World(emulator.endpoint, endpoints.port)
