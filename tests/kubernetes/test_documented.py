"""What docs/kubernetes.md shows of values and manifests is taken, and does what is said."""

import os
import re

import yaml

import kube
from settings import ROOT

BLOCKS = re.findall(r"^```yaml\n(.*?)^```$", (ROOT / "docs/kubernetes.md").read_text(), re.MULTILINE | re.DOTALL)


def test_the_values_for_monitoring_make_its_objects(tmp_path):
    [block] = [block for block in BLOCKS if block.startswith("monitoring:")]
    values = tmp_path / "values.yaml"
    values.write_text(block)
    made = kube.template("envoy", "--values", values)
    assert {"PodMonitor", "PrometheusRule"} <= {one["kind"] for one in made}
    assert [one for one in kube.of_kind(made, "ConfigMap") if "grafana_folder" in one["metadata"].get("annotations", {})]


def test_the_patch_for_an_init_container_puts_it_in_the_place_of_the_image(tmp_path):
    [block] = [block for block in BLOCKS if "initContainers:" in block]
    base = os.path.relpath(kube.DEPLOY / "kubernetes", tmp_path.resolve())
    (tmp_path / "kustomization.yaml").write_text(yaml.dump({"resources": [base], "patches": [{"patch": block}]}))
    made = kube.objects(kube.run("kubectl", "kustomize", tmp_path))
    pod = kube.one(made, "Deployment")["spec"]["template"]["spec"]
    [volume] = [volume for volume in pod["volumes"] if volume["name"] == "module"]
    assert volume == {"name": "module", "emptyDir": {"sizeLimit": "16Mi"}}
    assert "module" in [one["name"] for one in pod["initContainers"]]
    [envoy] = [one for one in pod["containers"] if one["name"] == "envoy"]
    assert "module" in [mount["name"] for mount in envoy["volumeMounts"]]
