"""Every object is one that Kubernetes takes, down to its last field."""

import pytest

import kube
import manifests
from settings import ROOT


@pytest.mark.parametrize("values", kube.VALUES)
def test_every_object_of_the_chart_is_as_its_schema_and_rules_say(values):
    assert kube.problems(*kube.template(values)) == []


@pytest.mark.parametrize("directory", kube.KUSTOMIZATIONS)
def test_every_object_of_the_manifests_is_as_its_schema_and_rules_say(directory):
    assert kube.problems(*kube.kustomized(directory)) == []


@pytest.mark.parametrize(
    ("directory", "kind", "path"),
    [
        ("kubernetes", "Deployment", ["spec", "template", "spec"]),
        ("kubernetes", "HorizontalPodAutoscaler", ["spec"]),
        ("istio/gateway", "EnvoyFilter", ["spec"]),
        ("istio/gateway", "Gateway", ["spec"]),
        ("istio/sidecar", "VirtualService", ["spec"]),
        ("istio/closed", "Sidecar", ["spec"]),
        ("envoy-gateway/listeners-v2", "EnvoyProxy", ["spec", "provider", "kubernetes"]),
        ("envoy-gateway/listeners-v2", "ClientTrafficPolicy", ["spec"]),
    ],
)
def test_an_unknown_field_would_be_found(directory, kind, path):
    changed = kube.of_kind(kube.kustomized(directory), kind)[0]
    assert kube.problems(changed) == []
    place = changed
    for name in path:
        place = place[name]
    place["misspelt"] = 1
    assert "misspelt" in "".join(kube.problems(changed))


def test_the_manifests_are_what_the_chart_makes():
    """`make manifests` writes them anew."""
    made = manifests.manifests(kube.TOOLS / "helm")
    different = [path for path, text in made.items() if (ROOT / "deploy" / path).read_text() != text]
    assert different == []
    kept = {"kustomization.yaml", "closed.yaml", "Containerfile"}
    there = {str(path.relative_to(kube.DEPLOY)) for path in kube.DEPLOY.rglob("*") if path.is_file()}
    ours = {path for path in there if path.rpartition("/")[2] not in kept and not path.startswith(("aws/", "iam/"))}
    assert ours == made.keys()


def test_manifests_and_chart_are_the_same_objects():
    """But for what Helm adds, and for names that Kustomize gives ConfigMaps."""
    for directory, values in manifests.MADE.items():
        ours, theirs = (
            sorted((one["kind"], named(one)) for one in found) for found in (kube.kustomized(directory), kube.template(values))
        )
        assert ours == theirs, directory


def named(found):
    name = found["metadata"]["name"]
    return "bedrock" if found["kind"] == "ConfigMap" and name.startswith("bedrock-") and "policy" not in name else name


def test_the_pod_has_time_for_its_streams_and_more_than_its_drain_takes():
    pod = kube.one(kube.kustomized("kubernetes"), "Deployment")["spec"]["template"]["spec"]
    [envoy] = pod["containers"]
    variables = {found["name"]: found.get("value") for found in envoy["env"]}
    drain = int(variables["NOTICE_SECONDS"]) + int(variables["STREAM_SECONDS"])
    assert pod["terminationGracePeriodSeconds"] > drain >= 300
    assert envoy["lifecycle"]["preStop"]["exec"]["command"] == ["bash", "/etc/envoy/drain.sh"]


def test_a_change_of_envoys_configuration_takes_new_pods_and_one_of_the_policy_does_not():
    before = kube.template("envoy")
    envoy = kube.template("envoy", "--set", "guards.idleSeconds=301")
    policy = kube.template("envoy", "--set", "config.default_model=nova")
    template, same, other = (kube.one(found, "Deployment")["spec"]["template"] for found in (before, policy, envoy))
    assert template == same
    assert template != other
    assert kube.one(before, "ConfigMap", "bedrock-policy") != kube.one(policy, "ConfigMap", "bedrock-policy")


def test_secrets_are_only_named():
    for values in kube.VALUES:
        assert kube.of_kind(kube.template(values), "Secret") == []
