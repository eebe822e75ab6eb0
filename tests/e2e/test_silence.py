"""While Bedrock is silent nothing can be sent to the client: the connections are kept by other means."""

import time
from pathlib import Path

import pytest
import yaml

from settings import ROOT

SAMPLES = sorted(path for path in (ROOT / "envoy").glob("*.yaml") if "name: openai" in path.read_text())
SAID = [{"role": "user", "content": "hello"}]
ESTABLISHED = "01"
# What the kernel waits for: the time to ask the other end whether it is there.
KEEPALIVE = "02"


def timers(port, local):
    """The timers of the connections that Envoy has accepted at this port (`local`), or made to it."""
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, here, there, state, _, timer, *_ = line.split()
        address = here if local else there
        if state == ESTABLISHED and int(address.rpartition(":")[2], 16) == port:
            yield timer.partition(":")[0]


def within_patience(is_so):
    end = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.1)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_the_samples_keep_silent_connections(sample):
    resources = yaml.safe_load(sample.read_text())["static_resources"]
    [listener] = [listener for listener in resources["listeners"] if listener["name"] == "openai"]
    assert listener["tcp_keepalive"]["keepalive_time"] < 350
    manager = listener["filter_chains"][0]["filters"][0]["typed_config"]
    assert manager["http2_protocol_options"]["connection_keepalive"] == {"interval": "60s", "timeout": "20s"}
    for cluster in resources["clusters"]:
        if cluster["name"].startswith("bedrock") and cluster["name"] != "bedrock-control":
            assert cluster["upstream_connection_options"]["tcp_keepalive"] == listener["tcp_keepalive"]


def test_both_connections_of_a_silent_stream_are_watched(gateway, running_emulator):
    stall = {"x-emulator": "stall=2"}
    with gateway.openai(max_retries=0) as client:
        stream = client.chat.completions.create(model="gpt-4o", messages=SAID, stream=True, extra_headers=stall)
        with stream:
            next(iter(stream))
            for port, local in [(gateway.port, True), (running_emulator.endpoint.port, False)]:
                within_patience(lambda port=port, local=local: KEEPALIVE in set(timers(port, local)))
