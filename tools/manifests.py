"""Writes deploy/ anew from the chart: what it makes of the values in ci/, without what only Helm needs. Before that it
writes the chart's own copies of alerts and dashboard, for a chart reads no file that is not in it.

Usage: manifests.py HELM [DIRECTORY]
"""

import re
import subprocess
import sys
import textwrap
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
CHART = ROOT / "charts/bedrock-filter"
# Directory in deploy/: the chart's values for it.
MADE = {
    "kubernetes": "envoy",
    "istio/gateway": "istio-gateway",
    "istio/egress": "istio-egress",
    "istio/sidecar": "istio-sidecar",
    "envoy-gateway/listeners-v2": "envoy-gateway",
}
MAPS = ("configmap.yaml", "policy.yaml")
# What the image of deploy/image/Containerfile has: the files of its ConfigMaps alone.
IMAGE = ("image", "envoy-image")
OBSERVABILITY = ROOT / "envoy/observability"
COPIES = {CHART / "files" / name: OBSERVABILITY / name for name in ("alerts.yml", "dashboard.json")}
HELMS = re.compile(r"^ *(app\.kubernetes\.io/(managed-by|instance|version)|helm\.sh/chart|checksum/envoy|# Source): .*\n", re.MULTILINE)
# Kustomize makes new pods where Envoy's own configuration changes: it gives the ConfigMap another name.
NEW_PODS = re.compile(r"^ *annotations:\n *# Envoy's own configuration takes new pods\.\n", re.MULTILINE)


def rendered(helm, values):
    """What Helm makes of a file of ci/, by the template's name; parts of one stay together."""
    command = [helm, "template", "bedrock", CHART, "--namespace", "bedrock", "--values", CHART / f"ci/{values}.yaml"]
    text = subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True).stdout
    files = {}
    for part in re.split(r"^---\n", text, flags=re.MULTILINE):
        if source := re.search(r"^# Source: \S+/(\S+)$", part, re.MULTILINE):
            files.setdefault(source[1], []).append(NEW_PODS.sub("", HELMS.sub("", part)).strip() + "\n")
    return {name: "---\n".join(parts) for name, parts in files.items()}


def manifests(helm):
    """The text of every file that is made, by its path in deploy/."""
    made = {}
    for directory, values in MADE.items():
        for name, text in rendered(helm, values).items():
            if directory == "kubernetes" and name in MAPS:
                made |= plain_files(directory, name, text)
            else:
                made[f"{directory}/{name}"] = text
    directory, values = IMAGE
    for name, text in rendered(helm, values).items():
        made |= plain_files(directory, name, text) if name in MAPS else {}
    return made


def plain_files(directory, name, text):
    """The files in a ConfigMap: for Kustomize to make one of them, or as they are."""
    files = {}
    for key in yaml.safe_load(text)["data"]:
        # Not as YAML reads it, which has no comments at the end: as it stands.
        block = re.search(rf"^  {re.escape(key)}: \|\n((?:    .*\n|\n)+)", text, re.MULTILINE)[1]
        files[f"{directory}/policy/{key}" if name == "policy.yaml" else f"{directory}/{key}"] = textwrap.dedent(block)
    return files


def main():
    helm, *directory = sys.argv[1:]
    for copy, original in COPIES.items():
        copy.parent.mkdir(exist_ok=True)
        copy.write_bytes(original.read_bytes())
    target = Path(directory[0]) if directory else ROOT / "deploy"
    for path, text in manifests(helm).items():
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        (target / path).write_text(text)


if __name__ == "__main__":
    main()
