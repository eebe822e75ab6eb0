"""Somebody's own Envoy, to which `tools/add-to-envoy` has added the filter."""

import os
import subprocess

import openai
import pytest

import ports
import processes
import wire
from add_to_envoy import bootstraps
from gateway import KEY
from settings import ROOT, Settings


def with_filter(text, kind="yaml", *options):
    """Written by the program, which has Envoy check it; where the text is."""
    path = processes.RUN / f"mine-{ports.hold()}.{kind}"
    path.write_text(text)
    command = [ROOT / "tools/add-to-envoy", path, "--write", *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert path.read_text() != text
    return path


@pytest.fixture(scope="module")
def mine(running_emulator):
    """The port of an Envoy that serves the gateway beside its own routes."""
    port = ports.hold()
    text = bootstraps.BLOCK.replace("port_value: 10000", f"port_value: {port}")
    # It is started, which says more than a check.
    path = with_filter(text, "yaml", "--no-check", "--endpoint", running_emulator.endpoint.url)
    variables = {"PATH": os.environ["PATH"]} | Settings.read({"API_KEY": KEY}).environment
    command = [ROOT / "target/venv/bin/envoy", "-c", path, "-l", "warn", "--concurrency", 1, "--use-dynamic-base-id"]
    with processes.Process("mine", command, variables) as process:
        process.wait_for("GET /health", lambda: processes.healthy(port))
        yield port
        process.check()


def test_a_chat_is_answered_beside_ones_own_routes(mine):
    with openai.OpenAI(base_url=f"http://127.0.0.1:{mine}/v1", api_key=KEY, max_retries=0) as client:
        messages = [{"role": "user", "content": "hello"}]
        assert client.chat.completions.create(model="gpt-4o", messages=messages).choices[0].message.content == "You said: hello"
        stream = client.chat.completions.create(model="nova-lite", messages=messages, stream=True)
        assert "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices) == "You said: hello"
        # The gateway asks itself for each of them.
        vectors = client.embeddings.create(model="text-embedding-3-small", input=["one", "two"]).data
        assert len(vectors) == 2
    with wire.Connection(mine, None) as connection:
        answer = connection.ask("GET", "/anything")
        assert (answer.status, answer.body) == (200, b"mine")
        assert connection.ask("GET", "/v1beta").body == b"mine"


def test_the_key_is_asked_for_on_the_gateways_paths_alone(mine):
    with wire.Connection(mine, None) as connection:
        answer = connection.ask("GET", "/v1/models")
        assert (answer.status, answer.json["error"]["code"]) == (401, "invalid_api_key")
        assert connection.ask("GET", "/v2/models").status == 200


def test_envoys_own_errors_change_on_the_gateways_paths_alone(mine):
    with wire.Connection(mine, KEY) as connection:
        answer = connection.ask("GET", "/broken")
        assert answer.status == 503 and b"upstream connect error" in answer.body
    # Envoy takes no upgrade that it has not been told of.
    upgrade = {"connection": "upgrade", "upgrade": "websocket"}
    with wire.Connection(mine, KEY) as connection:
        answer = connection.ask("GET", "/v1/models", headers=upgrade)
        assert (answer.status, answer.json["error"]["code"]) == (403, "request_refused")
    with wire.Connection(mine, KEY) as connection:
        answer = connection.ask("GET", "/anything", headers=upgrade)
        assert answer.status == 403 and b"error" not in answer.body


SHAPES = {"clusters first": "yaml", "typed struct": "yaml", "camel": "json"}


@pytest.mark.parametrize(("name", "kind"), SHAPES.items())
def test_envoy_takes_bootstraps_of_all_shapes(world, name, kind):
    processes.RUN.mkdir(parents=True, exist_ok=True)
    with_filter(bootstraps.ALL[name], kind)


def test_what_envoy_does_not_take_is_said_and_not_written(world):
    path = processes.RUN / "refused.yaml"
    wrong = processes.RUN / "wrong-bedrock.yaml"
    path.write_text(bootstraps.BLOCK)
    wrong.write_text("region: us-east-1\nregoin: us-east-1\napi_keys: [{name: a, key: '${WEB_KEY}'}]\n")
    command = [ROOT / "tools/add-to-envoy", path, "--write", "--config", wrong]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1 and "regoin" in done.stderr, done.stderr
    assert path.read_text() == bootstraps.BLOCK
