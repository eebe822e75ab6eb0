"""The manifests through Envoy Gateway itself: what it makes of them, our Envoy takes by its xDS, and answers."""

import base64
import http.client
import json
import ssl
from pathlib import Path

import pytest

import answers
import kube
from conftest import CERTIFICATE
from envoy_gateway import EnvoyGateway

V2 = ("XDSNameSchemeV2",)
# Each has a status.
POLICIES = ("EnvoyPatchPolicy", "BackendTLSPolicy", "ClientTrafficPolicy", "BackendTrafficPolicy")


@pytest.fixture
def begin(tmp_path):
    return lambda found, flags=(): EnvoyGateway(tmp_path, found, flags)


@pytest.mark.parametrize("names, flags", [("v1", ()), ("v2", V2)])
def test_its_envoy_answers(begin, names, flags):
    with begin(kube.kustomized(f"envoy-gateway/listeners-{names}"), flags) as gateway:
        gateway.process.wait_for("port 80", lambda: answers.listens(80))
        answers.right(80)
        for kind in (*POLICIES, "HTTPRoute", "Backend"):
            found = gateway.conditions(kind)
            assert found and {status for status, _ in found.values()} == {"True"}, (kind, found)
        assert gateway.conditions("EnvoyPatchPolicy").keys() == {"Accepted", "Programmed"}


def test_a_key_that_is_new_is_let_in(begin):
    new = "sk-that-is-new-in-here"
    with begin(kube.template("envoy-gateway"), V2) as gateway:
        gateway.process.wait_for("port 80", lambda: answers.listens(80))
        answers.until(200, lambda: answers.ask(80).status)
        assert answers.ask(80, new).status == 401
        value = f"config.api_keys[0].name=new,config.api_keys[0].key={new}"
        gateway.give(kube.template("envoy-gateway", "--set", value))
        answers.until(200, lambda: answers.ask(80, new).status)
        answers.until(401, lambda: answers.ask(80).status)


def test_the_chain_of_a_listener_with_tls_is_found(begin):
    texts = [Path(name).read_bytes() for name in CERTIFICATE]
    data = {name: base64.b64encode(text).decode() for name, text in zip(("tls.crt", "tls.key"), texts, strict=True)}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "bedrock-tls"}, "type": "kubernetes.io/tls"}
    found = kube.template("envoy-gateway", "--set", "service.port=443,envoyGateway.tlsSecret=bedrock-tls")

    def status():
        connection = http.client.HTTPSConnection("127.0.0.1", 443, context=ssl._create_unverified_context(), timeout=20)
        headers = {"authorization": f"Bearer {answers.KEY}", "content-type": "application/json"}
        connection.request("POST", "/v1/chat/completions", json.dumps(answers.BODY), headers)
        return connection.getresponse().status

    with begin((*found, secret | {"data": data}), V2) as gateway:
        gateway.process.wait_for("port 443", lambda: answers.listens(443))
        answers.until(200, status)


@pytest.mark.parametrize("names, flags", [("v1", V2), ("v2", ())])
def test_patches_by_the_other_names_are_told_by_their_status(begin, names, flags):
    with begin(kube.kustomized(f"envoy-gateway/listeners-{names}"), flags) as gateway:
        gateway.process.wait_for("a status", lambda: gateway.conditions("EnvoyPatchPolicy"))
        assert gateway.conditions("EnvoyPatchPolicy")["Programmed"] == ("False", "ResourceNotFound")
