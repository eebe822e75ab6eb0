"""The chart and the manifests as objects, and what their schemas say of them."""

import copy
import functools
import gzip
import json
import os
import subprocess
from pathlib import Path

import kubernetes_validate
import yaml

from settings import ROOT

TOOLS = ROOT / "target/kubernetes"
CHART = ROOT / "charts/bedrock-filter"
DEPLOY = ROOT / "deploy"
VALUES = sorted(path.stem for path in (CHART / "ci").glob("*.yaml"))
KUSTOMIZATIONS = sorted(str(path.parent.relative_to(DEPLOY)) for path in DEPLOY.rglob("kustomization.yaml"))
VERSIONS = ("1.33", "1.34", "1.35", "1.36", "1.37")
MONITORING = "monitoring.coreos.com"
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


def problems(*found):
    """What is wrong with objects; an unknown field is. Kubernetes' own are held to their schemas in each version, others to
    their definitions, with the defaults and the rules (CEL) in them."""
    said = []
    for one, told in zip(found, refused(found)):
        if not is_custom(one):
            told = filter(None, [problem_in(one, version) for version in VERSIONS])
        said += [f"{one['kind']}: {problem}" for problem in told]
    return said


def problem_in(found, version):
    try:
        kubernetes_validate.validate(found, version, strict=True)
    except (kubernetes_validate.ValidationError, kubernetes_validate.SchemaNotFoundError) as error:
        return f"{version}: {error}"
    return None


@functools.cache
def definitions():
    return json.loads(gzip.decompress(CRDS.read_bytes()))["items"]


def is_custom(found):
    group = found["apiVersion"].rpartition("/")[0]
    return group in {MONITORING, *(one["spec"]["group"] for one in definitions())}


def refused(found):
    """What an API server says of each object, by its own code (admission/): of those that have a definition."""
    custom = [one for one in found if is_custom(one)]
    given = json.dumps({"definitions": definitions(), "objects": custom})
    done = subprocess.run([TOOLS / "admission"], check=True, input=given, capture_output=True, text=True)
    said = iter(json.loads(done.stdout))
    return [next(said) if is_custom(one) else [] for one in found]
