"""Others on the same Envoy: what one listener lets in is nothing to another, whether they share a VM or not."""

import copy

import pytest

import envoy_config
import ports
from gateway import KEY
from wire import Connection

BODY = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hello"}]}
PORTS = {}


def neighbour(config, name):
    """A second listener, whose filter may be changed."""
    listeners = config["static_resources"]["listeners"]
    other = copy.deepcopy(listeners[0])
    other["name"] = name
    PORTS[name] = ports.hold()
    other["address"]["socket_address"]["port_value"] = PORTS[name]
    listeners.append(other)
    return other


def with_other_keys(config, name):
    for plugin in envoy_config.wasm_plugins(neighbour(config, name)):
        settings = plugin["configuration"]["value"]
        settings["api_keys"] = [{"name": "neighbour", "key": "key-of-the-neighbour", "models": ["nova-lite"]}]
        if name == "another VM":
            plugin["vm_config"]["vm_id"] = "of the neighbour"


def in_the_same_vm(config):
    with_other_keys(config, "the same VM")


def in_another_vm(config):
    with_other_keys(config, "another VM")


@pytest.mark.parametrize(("name", "patch"), [("the same VM", in_the_same_vm), ("another VM", in_another_vm)])
def test_a_key_is_good_where_it_is_configured_and_nowhere_else(start, emulator, name, patch):
    gateway = start(patch=patch)
    keys = {gateway.port: KEY, PORTS[name]: "key-of-the-neighbour"}
    for port in keys:
        for owner, key in keys.items():
            with Connection(port, key) as connection:
                answer = connection.chat(BODY | {"model": "nova-lite"})
                assert answer.status == (200 if port == owner else 401), answer
    with Connection(PORTS[name], "key-of-the-neighbour") as connection:
        assert connection.chat(BODY).status == 403
    names = [request["body"]["requestMetadata"]["api_key"] for request in emulator.requests()]
    assert names == ["default", "neighbour"]


def without_the_gateway_role(config):
    manager = neighbour(config, "no filter")["filter_chains"][0]["filters"][0]["typed_config"]
    manager["http_filters"] = [found for found in manager["http_filters"] if found["name"] != "bedrock"]


def test_a_listener_without_the_gateway_role_lets_nobody_through(start, emulator):
    """Who calls is told by filter state, which no header makes."""
    start(patch=without_the_gateway_role)
    forged = {"wasm.bedrock": "x", "x-bedrock-caller": "default", "x-bedrock-cluster": "bedrock"}
    with Connection(PORTS["no filter"], KEY) as connection:
        answer = connection.chat(BODY, forged)
    assert (answer.status, answer.error["code"]) == (500, "gateway_error")
    assert not emulator.requests()
