"""What a gateway has for itself in an Envoy with others."""

import pytest

import gateway
from one_envoy import Part


def test_a_gateways_log_has_all_lines_of_what_it_logged_and_nothing_of_others():
    # No gateway of a worker has such a number, and so none has written a log of that name.
    part = Part("envoy-70000", {"static_resources": {"clusters": [], "listeners": []}}, {})
    begin = "[2026-11-30 00:13:50.190][18479][warning][wasm] [source/extensions/common/wasm/context.cc:1157] wasm log"
    text = f"{begin} gateway envoy-70000.bedrock: one\nsecret\n{begin} gateway envoy-80000.bedrock: other\nothers\n{begin} upstream envoy-70000.bedrock: two\n"
    assert part.log(text) == f"{begin} gateway bedrock: one\nsecret\n{begin} upstream bedrock: two\n"


def test_a_gateway_with_arguments_of_its_own_is_not_put_beside_others(monkeypatch, tmp_path):
    class Started(Exception):
        """An Envoy of its own would be started."""

    def process(_name, command, _environment):
        assert "--cpuset-threads" in command
        raise Started

    monkeypatch.setattr(gateway.processes, "RUN", tmp_path)
    monkeypatch.setattr(gateway.processes, "Process", process)
    for one_envoy in (None, lambda _: pytest.fail("it was put beside others")):
        with pytest.raises(Started):
            gateway.Gateway.start(gateway.nowhere(), arguments=["--cpuset-threads"], one_envoy=one_envoy)


def test_a_gateway_of_its_own_is_none_that_others_share(world, monkeypatch):
    started = []

    class Fake:
        part = "a part"

    monkeypatch.setattr(gateway.Gateway, "start", lambda *_, **how: started.append(how["one_envoy"]) or Fake())
    monkeypatch.setattr(world, "gateways", {})
    monkeypatch.setattr(world, "patches", [])
    shared, own = world.start_gateway("upstream"), world.start_gateway("upstream", own=True)
    assert shared is not own and started[1] is None
    assert world.start_gateway("upstream") is shared and world.start_gateway("upstream", own=True) is own
