"""What `make release` puts together: whole, in keeping with itself, and the same twice."""

import hashlib
import io
import json
import os
import re
import subprocess
import sys
import tarfile

import pytest
import release
import yaml
from conftest import MODULE, ROOT
from layouts import Layout
from registry import skopeo
from settings import Problem

HELM = ROOT / "target/kubernetes/helm"
NAME = "bedrock-filter-" + re.search(r'^version = "(.+)"$', (ROOT / "Cargo.toml").read_text(), re.MULTILINE)[1]
KINDS = ["wasm", "oci.tar", "tgz", "cdx.json", "intoto.json", "image-digest", *(["schema.json"] if release.SCHEMA.exists() else [])]


def made(directory, **environment):
    command = [sys.executable, ROOT / "tools/release.py", MODULE, HELM, directory]
    subprocess.run(command, check=True, cwd=ROOT, env=os.environ | {"DIRTY": "1"} | environment, stdout=subprocess.DEVNULL)
    return directory


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    return made(tmp_path_factory.mktemp("made") / "release")


def test_everything_is_there_by_its_version_and_its_digest_is_right(released):
    assert {path.name for path in released.iterdir()} == {"SHA256SUMS", *(f"{NAME}.{kind}" for kind in KINDS)}
    done = subprocess.run(["sha256sum", "--strict", "--check", "SHA256SUMS"], cwd=released, capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.count(": OK") == len(KINDS), done.stdout + done.stderr


def test_made_twice_it_is_the_same(released, tmp_path):
    again = made(tmp_path / "elsewhere", TZ="Asia/Tokyo", LANG="C")
    assert (again / "SHA256SUMS").read_text() == (released / "SHA256SUMS").read_text()


def test_image_module_and_provenance_name_one_another(released, tmp_path):
    digest = (released / f"{NAME}.image-digest").read_text().strip()
    module = released / f"{NAME}.wasm"
    assert module.read_bytes() == MODULE.read_bytes()
    with tarfile.open(released / f"{NAME}.oci.tar") as archive:
        archive.extractall(tmp_path, filter="data")
    [named] = Layout(tmp_path).index["manifests"]
    assert named["digest"] == digest
    version = NAME.removeprefix("bedrock-filter-")
    read = json.loads(skopeo("inspect", f"oci-archive:{released}/{NAME}.oci.tar:{version}"))
    assert read["Digest"] == digest
    statement = json.loads((released / f"{NAME}.intoto.json").read_text())
    subjects = {subject["name"]: subject["digest"]["sha256"] for subject in statement["subject"]}
    assert subjects.pop(f"bedrock-filter:{version}") == digest.removeprefix("sha256:")
    assert set(subjects) == {f"{NAME}.{kind}" for kind in KINDS} - {f"{NAME}.intoto.json", f"{NAME}.image-digest"}
    for name, sha256 in subjects.items():
        assert hashlib.sha256((released / name).read_bytes()).hexdigest() == sha256
    bill = json.loads((released / f"{NAME}.cdx.json").read_text())
    assert bill["metadata"]["component"]["hashes"][0]["content"] == subjects[module.name]


def test_helm_takes_the_chart_for_what_the_directory_is(released):
    shown = [
        subprocess.run(
            [HELM, "template", "x", chart, "--values", ROOT / "charts/bedrock-filter/ci/envoy.yaml"],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for chart in (released / f"{NAME}.tgz", release.CHART)
    ]
    assert shown[0] == shown[1]
    with tarfile.open(fileobj=io.BytesIO((released / f"{NAME}.tgz").read_bytes())) as archive:
        chart = yaml.safe_load(archive.extractfile("bedrock-filter/Chart.yaml"))
        assert all(entry.mtime == 0 and entry.uname == "" for entry in archive)
    assert f"bedrock-filter-{chart['version']}" == NAME


def test_a_tree_with_changes_is_refused(monkeypatch):
    monkeypatch.setattr(release.provenance, "git", lambda *_: "M Makefile")
    with pytest.raises(Problem, match="M Makefile"):
        release.refuse_changes()
    monkeypatch.setattr(release.provenance, "git", lambda *_: None)
    with pytest.raises(Problem, match="no clone of git"):
        release.refuse_changes()
    monkeypatch.setattr(release.provenance, "git", lambda *_: "")
    release.refuse_changes()


def test_a_chart_of_another_version_is_refused():
    release.refuse_other_version(NAME.removeprefix("bedrock-filter-"))
    with pytest.raises(Problem, match="Cargo.toml has version 9.9.9"):
        release.refuse_other_version("9.9.9")
