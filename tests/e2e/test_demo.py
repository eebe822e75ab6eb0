"""What `make demo` does once all is built."""

import re
import socket
import subprocess
import sys
from types import SimpleNamespace

import ports
import pytest
import run
from gateway import KEY
from settings import ROOT


def demo(monkeypatch, **variables):
    for name, value in ({"PORT": str(ports.hold())} | variables).items():
        monkeypatch.setenv(name, value)
    command = [sys.executable, ROOT / "tools/run.py", "--demo"]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_the_demo_answers_four_requests_and_stops(monkeypatch):
    done = demo(monkeypatch)
    assert done.returncode == 0, done.stdout + done.stderr
    for part in ["You said: What is Amazon Bedrock", "You said: Count from one to five.", "1024 numbers", "(moa: "]:
        assert part in done.stdout


def test_the_demo_fails_where_bedrock_does_not_answer(monkeypatch):
    done = demo(monkeypatch, AWS_ENDPOINT_URL_BEDROCK_RUNTIME=f"http://127.0.0.1:{ports.hold()}")
    assert done.returncode == 1
    assert done.stdout.count("failed: ") == 4


def test_a_control_plane_that_does_not_answer_hinders_no_demo(monkeypatch):
    done = demo(monkeypatch, AWS_ENDPOINT_URL_BEDROCK=f"http://127.0.0.1:{ports.hold()}")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_port_that_is_taken_is_said_and_not_shared(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = demo(monkeypatch, PORT=str(taken.getsockname()[1]))
    assert done.returncode == 1
    assert "Address already in use; PORT=… chooses another" in done.stderr


@pytest.mark.parametrize("begin", ["curl ", sys.executable])
def test_what_make_run_prints_to_try_answers_as_it_is_pasted(gateway, emulator, capsys, begin):
    run.introduce(SimpleNamespace(port=gateway.port, api_key=KEY, has_page=False), emulator.endpoint)
    [line] = [line for line in capsys.readouterr().out.splitlines() if line.startswith(begin)]
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=60)
    assert "You said: Say hello." in done.stdout, done.stderr


def test_a_key_with_quotes_in_it_can_be_pasted_too(capsys):
    key = """it's "mine" $HOME \\"""
    run.introduce(SimpleNamespace(port=1, api_key=key, has_page=False), SimpleNamespace(url=""))
    [line] = [line for line in capsys.readouterr().out.splitlines() if line.startswith(sys.executable)]
    shown = line.replace("from openai import OpenAI; print(", "OpenAI = lambda **given: print(given); (")
    done = subprocess.run(["sh", "-c", shown], capture_output=True, text=True, timeout=60)
    assert re.search("'api_key': (.*)}", done.stdout)[1] == repr(key)
