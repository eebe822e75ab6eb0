"""The plugin's configuration as Envoy hands it over; wrong ones never serve."""

import pytest

from gateway import Gateway, sample_plugin
from settings import Problem

BODY = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hello"}]}


def test_a_configuration_may_be_json(start, emulator):
    plugin = sample_plugin() | {"api_keys": [{"name": "json", "key": "another"}]}
    # The emulator counts requests, those for its lists too.
    del plugin["discover"]
    with start(plugin=plugin).openai("another") as client:
        client.chat.completions.create(**BODY)
    assert emulator.body()["requestMetadata"] == {"api_key": "json"}


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"regoin": "us-east-1"}, "regoin"),
        ({"api_keys": [{"name": "a", "sha256": "s3cret"}]}, "api_keys[0].sha256"),
        ({"limits": {"tools": "many"}}, "limits.tools"),
    ],
)
def test_a_wrong_field_is_named_and_envoy_does_not_start(running_emulator, changes, path):
    with pytest.raises(Problem) as caught:
        Gateway.start(running_emulator.endpoint, changes=changes)
    [line] = str(caught.value).splitlines()
    assert line.startswith(f"configuration: {path}: ") and "s3cret" not in line
