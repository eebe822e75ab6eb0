"""Puts together what is released: the module, its image, the chart, the configuration's schema, the bill of materials and the
provenance, by their version, with a list of digests. The same commit, with the same tools, gives the same bytes.

Usage: release.py MODULE HELM [DIRECTORY]    DIRTY=1 lets the tree have changes
"""

import gzip
import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import image
import provenance
import sbom
from settings import ROOT, Problem

CHART = ROOT / "charts/bedrock-filter"
SCHEMA = ROOT / "docs/configuration.schema.json"
SUMS = "SHA256SUMS"


def refuse_changes():
    """A release is of a commit, so that whoever has it can build it again."""
    changes = provenance.git("status", "--porcelain")
    if changes is None:
        raise Problem(
            "this is no clone of git, so nobody could tell of which commit it is a release; DIRTY=1 makes it all the same"
        )
    if changes:
        raise Problem(f"there are changes that no commit has; DIRTY=1 makes a release all the same:\n{changes}")


def refuse_other_version(version):
    """The chart's own version is another matter, but it is released with the filter that it installs."""
    text = (CHART / "Chart.yaml").read_text()
    for field in ("version", "appVersion"):
        found = re.search(rf"^{field}: (\S+)$", text, re.MULTILINE)[1]
        if found != version:
            raise Problem(f"Cargo.toml has version {version}, {field} of {CHART.relative_to(ROOT)}/Chart.yaml is {found}")


def packed(entries):
    """A tar of names and bytes, with nobody's name and no time."""
    with io.BytesIO() as out:
        with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
            for name, data in sorted(entries.items()):
                entry = tarfile.TarInfo(name)
                entry.size, entry.mode = len(data), 0o644
                tar.addfile(entry, io.BytesIO(data))
        return out.getvalue()


def files(directory):
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def chart(helm):
    """As `helm package` has it, which checks it too and writes the time into the archive."""
    with tempfile.TemporaryDirectory() as place:
        command = [helm, "package", CHART, "--destination", place]
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
        if done.returncode:
            raise Problem(f"helm package: {done.stderr.strip()}")
        [path] = Path(place).iterdir()
        with tarfile.open(path) as archive:
            entries = {entry.name: archive.extractfile(entry).read() for entry in archive if entry.isfile()}
    with io.BytesIO() as out:
        with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=out, mtime=0) as archive:
            archive.write(packed(entries))
        return out.getvalue()


def made(module, toolchain, metadata, helm):
    """Every file of the release, by its name."""
    package = sbom.root(metadata)
    name = f"{package['name']}-{package['version']}"
    with tempfile.TemporaryDirectory() as place:
        digest = image.make(module, toolchain, metadata, Path(place) / "image")
        there = files(Path(place) / "image")
    oci = {path.removeprefix("oci/"): data for path, data in there.items() if path.startswith("oci/")}
    found = {f"{name}.wasm": module, f"{name}.oci.tar": packed(oci), f"{name}.tgz": chart(helm)}
    if SCHEMA.exists():
        found[f"{name}.schema.json"] = SCHEMA.read_bytes()
    found[f"{name}.cdx.json"] = there["sbom.cdx.json"]
    subjects = {file: image.sha256(data) for file, data in found.items()}
    subjects[f"{package['name']}:{package['version']}"] = digest.removeprefix("sha256:")
    found[f"{name}.intoto.json"] = image.text(provenance.statement(subjects, toolchain, "release"))
    found[f"{name}.image-digest"] = f"{digest}\n".encode()
    sums = "".join(f"{image.sha256(data)}  {file}\n" for file, data in sorted(found.items()))
    return found | {SUMS: sums.encode()}


def main():
    path, helm, *directory = map(Path, sys.argv[1:])
    if not os.environ.get("DIRTY"):
        refuse_changes()
    metadata = sbom.metadata()
    version = sbom.root(metadata)["version"]
    refuse_other_version(version)
    target = directory[0] if directory else ROOT / f"target/release-{version}"
    found = made(path.read_bytes(), path.with_suffix(".toolchain").read_text(), metadata, helm)
    # Moved into place whole.
    new = target.with_name(target.name + ".new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    for name, data in found.items():
        (new / name).write_bytes(data)
    shutil.rmtree(target, ignore_errors=True)
    os.replace(new, target)
    print(f"release {version}, in {target}")
    print(found[SUMS].decode(), end="")


if __name__ == "__main__":
    try:
        main()
    except Problem as problem:
        sys.exit(f"error: {problem}")
