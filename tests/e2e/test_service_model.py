"""The validator that every Converse body of these tests goes through."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import service_model

GOOD = {
    "messages": [
        {
            "role": "user",
            "content": [{"text": "hi"}, {"image": {"format": "png", "source": {"bytes": "iVBORw0KGgo="}}}],
        }
    ],
    "system": [{"text": "Be brief."}],
    "additionalModelRequestFields": {"anything": [None, {"goes": 1.5}]},
    "requestMetadata": {"team": "a"},
}


def test_a_good_body_has_no_problems():
    assert service_model.problems(GOOD) == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"mesages": []}, "mesages"),
        ({"messages": "hi"}, "Invalid type for parameter messages"),
        ({"messages": None}, "Converse.messages: null"),
        ({"messages": [{"role": "tool", "content": [{"text": "hi"}]}]}, "none of"),
        ({"messages": [{"role": "user", "content": [{"text": "a", "image": {}}]}]}, "content"),
        (
            {"messages": [{"role": "user", "content": [{"image": {"format": "png", "source": {"bytes": "é"}}}]}]},
            "base64",
        ),
        ({"inferenceConfig": {"temperature": 1.5}}, "1.5 is more than 1"),
        ({"inferenceConfig": {"maxTokens": 0}}, "inferenceConfig.maxTokens"),
        ({"requestMetadata": {"a": "ü"}}, "does not match"),
        ({"toolConfig": {"tools": [{"toolSpec": {"name": "a b", "inputSchema": {"json": {}}}}]}}, "does not match"),
        ({"toolConfig": {"tools": []}}, "toolConfig.tools"),
    ],
)
def test_a_wrong_body_is_found_out(wrong, said):
    assert said in "\n".join(service_model.problems(GOOD | wrong))


def test_the_script_checks_bodies_and_records(tmp_path):
    files = {
        "body.json": GOOD,
        "record.json": {"operation": "ConverseStream", "modelId": "amazon.nova-lite-v1:0", "body": GOOD},
        "other.json": {
            "operation": "InvokeModel",
            "modelId": "amazon.titan-embed-text-v2:0",
            "body": {"inputText": "a"},
        },
        "golden.json": {"model": "amazon.nova-lite-v1:0", "request": {"stream": True}, "converse": GOOD},
        "refused.json": {"model": "amazon.nova-lite-v1:0", "request": {}, "error": {"status": 400}},
    }
    wrong = {
        "wrong.json": {"modelId": "amazon.nova-lite-v1:0", "body": {"messages": 5}},
        # The path's words for the operations, as the native tests write them.
        "plain.json": {"operation": "converse", "body": {"messages": 5}},
        "stream.json": {"operation": "converse-stream", "body": {"messages": 5}},
        "unknown.json": {"operation": "Speak", "body": GOOD},
    }
    for name, content in (files | wrong).items():
        (tmp_path / name).write_text(json.dumps(content))
    script = [sys.executable, str(Path(service_model.__file__))]
    good = [str(tmp_path / name) for name in files]
    assert subprocess.run([*script, *good], capture_output=True).returncode == 0
    for name in wrong:
        failed = subprocess.run([*script, str(tmp_path / name)], capture_output=True, text=True)
        assert failed.returncode == 1 and f"{name}: " in failed.stdout
