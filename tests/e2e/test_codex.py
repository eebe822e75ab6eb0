"""OpenAI's Codex, which speaks nothing but responses: it runs commands and goes on from what they gave."""

import json
import os
import re
import subprocess

import pages
from gateway import KEY
from settings import ROOT

CODEX = ROOT / "tests/clients/codex/node_modules/.bin/codex"
# Beside what docs/clients.md says: for all of it, and for the provider.
UNATTENDED = """
approval_policy = "never"
sandbox_mode = "danger-full-access"
"""
IMPATIENT = """
request_max_retries = 0
stream_max_retries = 0
"""
REASONS = """
model_reasoning_effort = "low"
model_reasoning_summary = "auto"
"""
# Of its tool for commands: what the emulator would make up it would not take.
SETTINGS = "max_output_tokens=1000 yield_time_ms=20000 shell=bash tty=false login=false workdir=."
THINKS = "us.anthropic.claude-3-7-sonnet-20250219-v1:0"


def run(gateway, folder, said, model="gpt-4o", more="", resume=False):
    """The events of one run."""
    home = folder / "home"
    home.mkdir(exist_ok=True)
    recipe = pages.Recipe.read("OpenAI Codex", gateway.url, KEY).code("toml")
    config, models = re.subn('^model = ".*"', f'model = "{model}"', recipe, flags=re.MULTILINE)
    assert models == 1
    (home / "config.toml").write_text(UNATTENDED + more + config + IMPATIENT)
    variables = {"PATH": os.environ["PATH"], "HOME": str(home), "CODEX_HOME": str(home), "GATEWAY_KEY": KEY}
    command = [CODEX, "exec", "--json", "--skip-git-repo-check", *(["resume", "--last"] if resume else []), said]
    ran = subprocess.run(
        command, cwd=folder, env=variables, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return [json.loads(line) for line in ran.stdout.splitlines() if line.startswith("{")]


def items(events, kind):
    done = [event["item"] for event in events if event["type"] == "item.completed"]
    return [item for item in done if item["type"] == kind]


def test_it_answers(gateway, tmp_path):
    events = run(gateway, tmp_path, "Hello there")
    [said] = items(events, "agent_message")
    assert said["text"].startswith("You said: ") and said["text"].endswith("Hello there")
    assert events[-1]["type"] == "turn.completed" and events[-1]["usage"]["output_tokens"] > 0


def test_it_runs_a_command_and_goes_on_from_what_it_gave(gateway, emulator, tmp_path):
    asked = f'exec_command cmd="echo from-the-shell" {SETTINGS}'
    events = run(gateway, tmp_path, asked, THINKS, REASONS)
    [ran] = items(events, "command_execution")
    assert ran["exit_code"] == 0 and "from-the-shell" in ran["aggregated_output"]
    assert items(events, "reasoning") and "from-the-shell" in items(events, "agent_message")[-1]["text"]
    first, second = emulator.requests()
    # The thought that it had goes back to the model, as it was signed.
    thought = second["body"]["messages"][1]["content"][0]["reasoningContent"]["reasoningText"]
    assert thought["signature"].startswith("emu-")
    tools = [tool["toolSpec"]["name"] for tool in first["body"]["toolConfig"]["tools"] if "toolSpec" in tool]
    assert "exec_command" in tools and any(name.startswith("multi_agent") for name in tools)


def test_it_applies_a_patch(gateway, tmp_path):
    patch = "apply_patch <<'EOF'\n*** Begin Patch\n*** Add File: new.txt\n+new\n*** End Patch\nEOF\n"
    events = run(gateway, tmp_path, f'exec_command cmd="{patch}" {SETTINGS}')
    assert (tmp_path / "new.txt").read_text() == "new\n"
    assert "new.txt" in items(events, "agent_message")[-1]["text"]


def test_it_goes_on_with_a_conversation(gateway, emulator, tmp_path):
    run(gateway, tmp_path, "Hello there", THINKS, REASONS)
    emulator.forget()
    events = run(gateway, tmp_path, "And again", THINKS, REASONS, resume=True)
    assert items(events, "agent_message")[-1]["text"] == "You said: And again"
    messages = emulator.body()["messages"]
    assert [message["role"] for message in messages] == ["user", "assistant", "user"]
    assert "reasoningContent" in messages[1]["content"][0]
