"""Keys, teams and models in files that Envoy watches: they change without a restart, and streams go on."""

import copy
import itertools
import os
import time

import pytest

import envoy_config
import native
import processes
from admin import Admin
from gateway import KEY
from raw import PATIENCE
from settings import ROOT

BODY = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hello"}]}
ROLES = ("upstream", "gateway")
NUMBERS = itertools.count(1)


class Policy:
    """The files of the sample in a directory of a test's own, as a patch of the sample."""

    def __init__(self):
        self.admin = Admin()
        self.directory = processes.RUN / f"policy-{next(NUMBERS)}"
        self.directory.mkdir(parents=True)
        self.resources = {role: envoy_config.read(ROOT / f"envoy/policy/{role}.yaml") for role in ROLES}
        for plugin in envoy_config.wasm_plugins(list(self.resources.values())):
            # Other tests would see what is asked.
            plugin["configuration"]["value"].pop("discover")
        self.write(self.resources)

    def __call__(self, config):
        self.admin(config)
        self.move(config)

    def move(self, node):
        """Has the sample watch this directory."""
        if isinstance(node, dict):
            if source := node.get("path_config_source"):
                source["path"] = str(self.directory / os.path.basename(source["path"]))
                source["watched_directory"]["path"] = str(self.directory)
            node = list(node.values())
        for child in node if isinstance(node, list) else ():
            self.move(child)

    def write(self, resources, roles=ROLES):
        for role in roles:
            path = self.directory / f"{role}.new"
            envoy_config.write(path, native.as_chosen(resources[role]))
            path.rename(path.with_suffix(".yaml"))

    def change(self, roles=ROLES, **changes):
        resources = copy.deepcopy(self.resources)
        for plugin in envoy_config.wasm_plugins(list(resources.values())):
            plugin["configuration"]["value"] |= changes
        self.write(resources, roles)


@pytest.fixture
def policy():
    return Policy()


@pytest.fixture
def gateway(start, policy):
    return start(sample="policy", patch=policy, workers=2)


def status(gateway, key, **body):
    with gateway.connection(key=key) as connection:
        answer = connection.chat(BODY | body)
    return answer.status, None if answer.status == 200 else answer.error["code"]


def until(expected, ask):
    end = time.monotonic() + PATIENCE
    while (found := ask()) != expected:
        assert time.monotonic() < end, found
        time.sleep(0.05)


def test_a_new_key_is_let_in_and_one_that_is_revoked_is_not(gateway, policy):
    assert status(gateway, KEY) == (200, None)
    assert status(gateway, "a-key-that-is-new-here") == (401, "invalid_api_key")
    keys = [
        {"name": "default", "key": KEY, "revoked": True},
        {"name": "new", "key": "a-key-that-is-new-here", "team": "everybody", "models": ["nova-lite"]},
    ]
    with gateway.openai() as client:
        # What is under way goes on with the key that it began with.
        with client.chat.completions.create(**BODY, stream=True) as stream:
            chunks = [next(stream)]
            policy.change(api_keys=keys)
            until((401, "key_revoked"), lambda: status(gateway, KEY))
            chunks += stream
    assert chunks[-1].choices[0].finish_reason == "stop"
    until((200, None), lambda: status(gateway, "a-key-that-is-new-here", model="nova-lite"))
    assert status(gateway, "a-key-that-is-new-here") == (403, "model_not_allowed")


def test_rules_for_attempts_hold_before_both_places_know_of_them(gateway, policy):
    keys = [{"name": "new", "key": "a-key-that-is-new-here", "profiles": ["us"]}, {"name": "other", "key": KEY}]
    policy.change(api_keys=keys, roles=["gateway"])
    until((503, "gateway_busy"), lambda: status(gateway, "a-key-that-is-new-here", model="nova-lite"))
    # A key without rules is the gateway role's to judge.
    assert status(gateway, KEY) == (200, None)
    policy.change(api_keys=keys)
    until((200, None), lambda: status(gateway, "a-key-that-is-new-here", model="nova-lite"))


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"api_keys": []}, "api_keys"),
        ({"api_keys": [{"name": "a", "key": "a-key-of-a-team-that-is-none", "team": "nobody"}]}, "api_keys[0].team"),
        ({"regoin": "us-east-1"}, "regoin"),
    ],
)
def test_a_policy_that_is_refused_changes_nothing_and_is_counted(gateway, policy, world, changes, path):
    policy.change(**changes)
    for place in ("http_filter", "upstream_http_filter"):
        assert policy.admin.settled(f"extension_config_discovery.{place}.bedrock.update_rejected", bool), place
    assert status(gateway, KEY) == (200, None)
    assert path in "".join(world.new_lines(gateway.process.log))
    # And the next good one is taken.
    policy.change(api_keys=[{"name": "new", "key": "a-key-that-is-new-here"}])
    until((200, None), lambda: status(gateway, "a-key-that-is-new-here"))
    until((401, "invalid_api_key"), lambda: status(gateway, KEY))


def test_the_two_files_of_the_sample_say_the_same():
    plugins = [envoy_config.read(ROOT / f"envoy/policy/{role}.yaml")["resources"][0]["typed_config"]["config"] for role in ROLES]
    for plugin, role in zip(plugins, ROLES, strict=True):
        assert plugin.pop("root_id") == role
    assert plugins[0] == plugins[1]
