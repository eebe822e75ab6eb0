"""Writes deploy/ anew from the chart: what it makes of the values in ci/, without what only Helm needs.

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
    "istio/waypoint": "istio-waypoint",
    "istio/sidecar": "istio-sidecar",
    "envoy-gateway/listeners-v2": "envoy-gateway",
}
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
            if directory == "kubernetes" and name in ("configmap.yaml", "policy.yaml"):
                made |= {f"{directory}/{path}": data for path, data in plain_files(name, text)}
            else:
                made[f"{directory}/{name}"] = text
    return made


def plain_files(name, text):
    """The files in a ConfigMap, for Kustomize to make one of them."""
    for key in yaml.safe_load(text)["data"]:
        # Not as YAML reads it, which has no comments at the end: as it stands.
        block = re.search(rf"^  {re.escape(key)}: \|\n((?:    .*\n|\n)+)", text, re.MULTILINE)[1]
        yield (f"policy/{key}" if name == "policy.yaml" else key), textwrap.dedent(block)


def main():
    helm, *directory = sys.argv[1:]
    target = Path(directory[0]) if directory else ROOT / "deploy"
    for path, text in manifests(helm).items():
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        (target / path).write_text(text)


if __name__ == "__main__":
    main()
