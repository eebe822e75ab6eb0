"""What the chart says of values that are wrong."""

import json
import re

import pytest
import yaml

import kube


@pytest.mark.parametrize("values", kube.VALUES)
def test_helm_finds_nothing_to_say(values):
    kube.run("helm", "lint", "--strict", "--quiet", kube.CHART, "--values", kube.CHART / f"ci/{values}.yaml")


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("guards.hepBytes=1", "at '/guards': additional properties 'hepBytes' not allowed"),
        ("mdoe=istio", "additional properties 'mdoe' not allowed"),
        ("mode=nginx", "at '/mode': value must be one of 'envoy', 'istio', 'envoy-gateway'"),
        ("autoscaling.minReplicas=two", "at '/autoscaling/minReplicas': got string, want integer"),
        ("module.image=registry.example.com/bedrock-filter:latest", "at '/module/image'"),
        ("module.image=registry.example.com/bedrock-filter", "at '/module/image'"),
        ("envoy.image=envoyproxy/envoy:latest", "at '/envoy/image'"),
        ("secrets[0]=Not_A_Name", "at '/secrets/0'"),
    ],
)
def test_a_value_that_is_misspelt_or_wrong_is_named(setting, said):
    with pytest.raises(kube.Failed) as failed:
        kube.template("envoy", "--set", setting)
    assert said in str(failed.value)


def test_a_module_without_its_image_is_asked_for():
    with pytest.raises(kube.Failed, match="module.image: the image that has the module as /plugin.wasm"):
        kube.run("helm", "template", "bedrock", kube.CHART)


def test_a_sidecar_without_its_pods_is_asked_for():
    with pytest.raises(kube.Failed, match="istio.workloadLabels: the pods whose sidecar gets the filter"):
        kube.template("istio-sidecar", "--set", "istio.workloadLabels=null")


def test_the_schema_knows_every_value_and_no_other():
    schema = json.loads((kube.CHART / "values.schema.json").read_text())
    values = yaml.safe_load((kube.CHART / "values.yaml").read_text())
    assert list(differences(schema, values)) == []


def differences(schema, value, path=""):
    """Where an object of the values and its schema have other members, or the schema would take any."""
    if schema.get("type") != "object" or path in ("/config", "/global"):
        return
    if schema.get("additionalProperties") is not False:
        # A map of texts, or of quantities.
        if not isinstance(schema.get("additionalProperties"), dict):
            yield f"{path}: takes anything"
        return
    known = schema["properties"].keys() - {"global"}
    if known != value.keys():
        yield f"{path}: {known ^ value.keys()}"
    for name in known & value.keys():
        yield from differences(schema["properties"][name], value[name], f"{path}/{name}")


@pytest.mark.parametrize("values", kube.VALUES)
def test_the_notes_end_in_a_line_to_try(values):
    name = ("install", "bedrock", kube.CHART, "--namespace", "bedrock", "--dry-run=client")
    notes = kube.run("helm", *name, "--values", kube.CHART / f"ci/{values}.yaml").partition("NOTES:\n")[2]
    last = notes.strip().splitlines()[-1].strip()
    assert re.fullmatch(r'curl( --insecure)? https?://\S+/v1/models -H "Authorization: Bearer \$KEY"', last), notes


def test_the_chart_has_no_hooks_and_no_definitions():
    text = "".join(path.read_text() for path in (kube.CHART / "templates").rglob("*") if path.is_file())
    assert "helm.sh/hook" not in text and "CustomResourceDefinition" not in text
    assert not (kube.CHART / "crds").exists()


@pytest.mark.parametrize("values", kube.VALUES)
def test_an_upgrade_by_digest_changes_the_modules_volume_and_nothing_else(values):
    old, new = ("registry.example.com/bedrock-filter@sha256:" + letter * 64 for letter in "ab")
    before, after = (json.dumps(kube.template(values, "--set", f"module.image={image}")) for image in (old, new))
    # In a sidecar's pods it is their own that say which.
    assert before.count(old) == (values != "istio-sidecar")
    assert before.replace(old, new) == after
