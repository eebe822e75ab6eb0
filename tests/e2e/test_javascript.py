"""OpenAI's SDK for JavaScript and Vercel's AI SDK: the files of tests/clients, each run by Node."""

import os
import re
import subprocess

import pytest

from gateway import KEY
from settings import ROOT

CLIENTS = ROOT / "tests/clients"
FILES = sorted(file.name for file in CLIENTS.glob("*.test.js"))


@pytest.mark.parametrize("file", FILES)
def test_the_clients_of_javascript_are_served(gateway, file):
    variables = {"PATH": os.environ["PATH"], "GATEWAY_URL": gateway.url, "GATEWAY_KEY": KEY}
    command = ["node", "--test", "--test-reporter=tap", file]
    run = subprocess.run(command, cwd=CLIENTS, env=variables, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stdout + run.stderr
    # A file without tests would count as one that passes.
    assert int(re.search(r"^# pass (\d+)$", run.stdout, re.MULTILINE)[1]) > 1


def test_there_are_such_files():
    assert len(FILES) > 3
