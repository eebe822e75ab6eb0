"""The chart and the manifests as objects, and what their schemas say of them."""

import copy
import functools
import gzip
import json
import os
import subprocess
from pathlib import Path

import jsonschema
import kubernetes_validate
import yaml

from settings import ROOT

TOOLS = ROOT / "target/kubernetes"
CHART = ROOT / "charts/bedrock-filter"
DEPLOY = ROOT / "deploy"
VALUES = sorted(path.stem for path in (CHART / "ci").glob("*.yaml"))
KUSTOMIZATIONS = sorted(str(path.parent.relative_to(DEPLOY)) for path in DEPLOY.rglob("kustomization.yaml"))
VERSIONS = ("1.33", "1.34", "1.35", "1.36", "1.37")
CRDS = Path(__file__).parent / "crds/kubernetes-crds.min.json.gz"
# Helm and kubectl keep what they keep out of the user's.
ENVIRONMENT = {"PATH": os.environ["PATH"], "HOME": str(TOOLS), "KUBECONFIG": "/dev/null"}


class Failed(Exception):
    """What a tool said when it failed."""


def run(tool, *arguments):
    command = [str(TOOLS / tool), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, cwd=ROOT)
    if done.returncode:
        raise Failed(done.stdout + done.stderr)
    return done.stdout


def objects(text):
    return [found for found in yaml.safe_load_all(text) if found]


@functools.cache
def template(values, *options):
    """What the chart makes of a file of ci/."""
    name = ("bedrock", CHART, "--namespace", "bedrock")
    return tuple(objects(run("helm", "template", *name, "--values", CHART / f"ci/{values}.yaml", *options)))


@functools.cache
def kustomized(directory):
    return tuple(objects(run("kubectl", "kustomize", DEPLOY / directory)))


def of_kind(found, kind, name=None):
    """The objects of a kind, as a test may change them."""
    return [
        copy.deepcopy(one) for one in found if one["kind"] == kind and name in (None, one["metadata"]["name"])
    ]


def one(found, kind, name=None):
    [only] = of_kind(found, kind, name)
    return only


def problems(found):
    """What is wrong with an object, by its schema in each version; an unknown field is."""
    group, _, version = found["apiVersion"].rpartition("/")
    definition = definitions().get((group, found["kind"], version))
    if definition:
        return [f"{error.json_path}: {error.message}" for error in definition.iter_errors(found)]
    return [problem for version in VERSIONS if (problem := problem_in(found, version))]


def problem_in(found, version):
    try:
        kubernetes_validate.validate(found, version, strict=True)
    except (kubernetes_validate.ValidationError, kubernetes_validate.SchemaNotFoundError) as error:
        return f"{version}: {error}"
    return None


@functools.cache
def definitions():
    """A validator for each custom resource, by group, kind and version."""
    made = {}
    for definition in json.loads(gzip.decompress(CRDS.read_bytes()))["items"]:
        spec = definition["spec"]
        for version in spec["versions"]:
            schema = copy.deepcopy(version["schema"]["openAPIV3Schema"])
            close(schema)
            # Kubernetes' own part of any object.
            schema["properties"] |= {"metadata": METADATA, "apiVersion": {"type": "string"}, "kind": {"type": "string"}}
            made[spec["group"], spec["names"]["kind"], version["name"]] = jsonschema.Draft7Validator(schema)
    return made


TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}
METADATA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name"],
    "properties": {"name": {"type": "string"}, "namespace": {"type": "string"}, "labels": TEXTS, "annotations": TEXTS},
}


def close(schema):
    """Kubernetes drops fields that a structural schema does not know, or refuses them where it is strict: here they are wrong."""
    if not isinstance(schema, dict):
        return
    if "properties" in schema and not schema.get("x-kubernetes-preserve-unknown-fields"):
        schema.setdefault("additionalProperties", False)
    if schema.get("x-kubernetes-int-or-string"):
        schema["type"] = ["integer", "string"]
    for inner in [*schema.get("properties", {}).values(), schema.get("items"), schema.get("additionalProperties")]:
        close(inner)
