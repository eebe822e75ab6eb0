"""The image as `make image` makes it, and a registry that it goes through."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "tests/image")]

import processes  # noqa: E402  (tools/)
from registry import Registry  # noqa: E402

MODULE = ROOT / "target/wasm/bedrock_filter.wasm"


def made(directory, **environment):
    """By the program, as `make` starts it; the directory with its layout."""
    command = [sys.executable, ROOT / "tools/image.py", MODULE, directory]
    subprocess.run(command, check=True, cwd=ROOT, env=os.environ | environment, stdout=subprocess.DEVNULL)
    return directory


@pytest.fixture(scope="session")
def image(tmp_path_factory):
    return made(tmp_path_factory.mktemp("made") / "image")


@pytest.fixture(scope="session")
def module():
    return MODULE.read_bytes()


@pytest.fixture(scope="session")
def registry(request, tmp_path_factory):
    processes.RUN = ROOT / f"target/run/image-{os.getpid()}"
    with Registry.start(tmp_path_factory.mktemp("registry")) as registry:
        yield registry
    if not request.session.testsfailed:
        shutil.rmtree(processes.RUN, ignore_errors=True)
