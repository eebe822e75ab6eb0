"""Anthropic's Claude Code, by the address of the gateway alone: Claude natively, and another model by Converse."""

import os
import re
import subprocess

import pytest

import pages
from gateway import KEY
from settings import ROOT

# The program itself: what npm links to needs a script that is not run.
[CLAUDE_CODE] = ROOT.glob("tests/clients/claude-code/node_modules/@anthropic-ai/claude-code-*/claude*")
CLAUDE = "claude-sonnet-4-5"
NOVA = "us.amazon.nova-pro-v1:0"


def run(gateway, folder, said, model, *more):
    home = folder / "home"
    home.mkdir(exist_ok=True)
    variables = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "ANTHROPIC_SMALL_FAST_MODEL": model,
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_AUTOUPDATER": "1",
    }
    # As docs/clients.md says.
    recipe = pages.Recipe.read("Claude Code", gateway.url, KEY).code("sh")
    [exported] = re.findall("^export (ANTHROPIC_BASE_URL=.*)", recipe, re.MULTILINE)
    variables |= dict(word.split("=", 1) for word in exported.split())
    command = [CLAUDE_CODE, "--model", model, *more, "-p", said]
    ran = subprocess.run(
        command, cwd=folder, env=variables, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.mark.parametrize(("model", "operation"), [(CLAUDE, "invoke-with-response-stream"), (NOVA, "converse-stream")])
def test_it_answers(gateway, emulator, tmp_path, model, operation):
    # Of its tools it speaks itself, and the emulator would call them.
    assert "You said: " in run(gateway, tmp_path, "Hello there", model, "--tools", "")
    assert {request["path"].rsplit("/", 1)[1] for request in emulator.requests()} == {operation}


@pytest.mark.parametrize("model", [CLAUDE, NOVA])
def test_it_runs_a_command_and_goes_on_from_what_it_gave(gateway, emulator, tmp_path, model):
    asked = 'Bash command="echo from-the-$((40+2))" description=x timeout=10000 run_in_background=false'
    said = run(gateway, tmp_path, asked, model, "--allowedTools", "Bash", "--tools", "Bash")
    assert "from-the-42" in said
    first, *_, last = emulator.requests()
    assert len(first["body"]["messages"]) < len(last["body"]["messages"])
