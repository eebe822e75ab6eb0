"""The bill of materials (SBOM, CycloneDX 1.6) of the module, by what Cargo says of it: the crates that may be linked into
it, at the versions and with the checksums of Cargo.lock, and Rust's standard library."""

import json
import re
import subprocess
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).parents[1]
TARGET = "wasm32-wasip1"
PACKAGE = re.compile(r'^name = "(.+)"\nversion = "(.+)"\n(?:source = ".+"\n)?(?:checksum = "(.+)"\n)?', re.MULTILINE)


def metadata():
    command = ["cargo", "metadata", "--quiet", "--locked", "--format-version", "1", "--filter-platform", TARGET]
    return json.loads(subprocess.run(command, check=True, capture_output=True, cwd=ROOT).stdout)


def root(metadata):
    [found] = [package for package in metadata["packages"] if package["id"] == metadata["resolve"]["root"]]
    return found


def linked(metadata):
    """Id of each crate that may be in the module: the ids that it takes in turn. Macros and build scripts are not."""
    macros = {package["id"] for package in metadata["packages"] if is_macro(package)}
    nodes = {node["id"]: node["deps"] for node in metadata["resolve"]["nodes"]}
    found, todo = {}, [metadata["resolve"]["root"]]
    while todo:
        crate = todo.pop()
        if crate not in found:
            found[crate] = {found["pkg"] for found in nodes[crate] if is_normal(found) and found["pkg"] not in macros}
            todo += found[crate]
    return found


def is_macro(package):
    return any("proc-macro" in target["kind"] for target in package["targets"])


def is_normal(dependency):
    return any(kind["kind"] is None for kind in dependency["dep_kinds"])


def checksums():
    """Name and version of each package in Cargo.lock: its checksum, which ours have none of."""
    text = (ROOT / "Cargo.lock").read_text()
    return {(found[1], found[2]): found[3] for found in PACKAGE.finditer(text)}


def url(package):
    return f"pkg:cargo/{package['name']}@{quote(package['version'])}"


def component(package, checksum):
    # Cargo's older way of writing "or".
    licence = package["license"].replace("/", " OR ")
    made = {"type": "library", "bom-ref": url(package), "name": package["name"], "version": package["version"]}
    if checksum:
        made["hashes"] = [{"alg": "SHA-256", "content": checksum}]
    return made | {"licenses": [{"expression": licence}], "purl": url(package)}


def standard_library(toolchain):
    version = re.search(r"^release: (\S+)$", toolchain, re.MULTILINE)[1]
    name = f"pkg:generic/rust-std@{version}"
    return {
        "type": "library",
        "bom-ref": name,
        "name": "rust-std",
        "version": version,
        "description": f"Rust's standard library for {TARGET}, with crates of its own and wasi-libc",
        "licenses": [{"expression": "MIT OR Apache-2.0"}],
        "purl": name,
    }


def sbom(metadata, toolchain, digest):
    """Of the module with this SHA-256. It has no serial number and no date: the same for the same module."""
    crates = linked(metadata)
    packages = {package["id"]: package for package in metadata["packages"] if package["id"] in crates}
    sums = checksums()
    module = component(root(metadata), digest)
    parts = [component(package, sums[package["name"], package["version"]]) for package in packages.values()]
    parts = [part for part in parts if part["bom-ref"] != module["bom-ref"]] + [standard_library(toolchain)]
    takes = {url(packages[crate]): sorted(url(packages[other]) for other in others) for crate, others in crates.items()}
    takes[module["bom-ref"]].append(parts[-1]["bom-ref"])
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": module},
        "components": sorted(parts, key=lambda part: part["bom-ref"]),
        "dependencies": [{"ref": ref, "dependsOn": others} for ref, others in sorted(takes.items())],
    }
