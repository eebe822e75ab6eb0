"""Envoy Gateway by itself: it takes objects from a file, and starts our Envoy, which it gives what it made of them."""

import os
import re

import yaml

import answers
import processes
from conftest import HERE

# Of `pod`.
ENVOY = "/usr/local/bin/envoy"
# The Envoy that it would fetch.
VERSION = "1.39.0"
CLASS = {
    "apiVersion": "gateway.networking.k8s.io/v1",
    "kind": "GatewayClass",
    "metadata": {"name": "eg"},
    "spec": {"controllerName": "gateway.envoyproxy.io/gatewayclass-controller"},
}


class EnvoyGateway:
    def __init__(self, directory, objects, flags=()):
        self.directory = directory
        self.objects = directory / "objects"
        self.objects.mkdir()
        self.give(objects)
        binary = directory / f"data/envoy-versions/{VERSION}/bin"
        binary.mkdir(parents=True)
        (binary / "envoy").symlink_to(ENVOY)
        homes = {name + "Home": str(directory / name) for name in ("config", "data", "state")}
        config = {
            "apiVersion": "gateway.envoyproxy.io/v1alpha1",
            "kind": "EnvoyGateway",
            "gateway": {"controllerName": CLASS["spec"]["controllerName"]},
            "provider": {
                "type": "Custom",
                "custom": {
                    "resource": {"type": "File", "file": {"paths": [str(self.objects)]}},
                    "infrastructure": {"type": "Host", "host": homes | {"runtimeDir": str(directory / "runtime")}},
                },
            },
            "logging": {"level": {"default": "info"}},
            "extensionApis": {"enableEnvoyPatchPolicy": True, "enableBackend": True},
            "runtimeFlags": {"enabled": list(flags)},
        }
        self.config = directory / "envoy-gateway.yaml"
        self.config.write_text(yaml.dump(config))

    def __enter__(self):
        program = HERE / "envoy-gateway"
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.directory)} | answers.VARIABLES
        certificates = [program, "certgen", "--local", "--config-home", self.directory / "config"]
        with processes.Process("envoy-gateway-certgen", certificates, environment) as made:
            assert made.child.wait(60) == 0, made.tail()
        name = f"envoy-gateway-{self.directory.name}"
        self.process = processes.Process(name, [program, "server", "--config-path", self.config], environment)
        return self

    def __exit__(self, *_):
        self.process.__exit__()

    def give(self, objects):
        """The objects are these from now on."""
        placed = [one | {"metadata": {"namespace": "bedrock"} | one["metadata"]} for one in objects]
        (self.objects / "objects.yaml").write_text(yaml.dump_all([CLASS, *placed]))

    def conditions(self, kind):
        """What it says last of objects of a kind, which it only logs: whether each holds, and why."""
        log = self.process.log.read_text(errors="replace")
        found = re.findall(rf"Got new status for {kind}\n(.*?)\n\t\{{", log, re.DOTALL)
        last = conditions(yaml.safe_load(found[-1])) if found else ()
        return {one["type"]: (one["status"], one["reason"]) for one in last}


def conditions(status):
    """Those of an object and of its parts, wherever they are."""
    if isinstance(status, dict):
        for name, value in status.items():
            yield from value if name == "conditions" else conditions(value)
    for value in status if isinstance(status, list) else ():
        yield from conditions(value)
