#!/usr/bin/env python3
"""Holds what we depend on to deny.toml's lists of licences, sources and versions: `cargo deny` without its advisories, for
which it needs a database from GitHub."""

import collections
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
CRATES_IO = "registry+https://github.com/rust-lang/crates.io-index"


def main():
    rules = (ROOT / "deny.toml").read_text()
    licences = re.findall(r'"(.+?)"', re.search(r"^allow = \[(.*?)\]", rules, re.M | re.S)[1])
    several = set(re.findall(r'\{ crate = "(.+?)" \}', rules))
    packages, natives, fuzzers = of("Cargo.toml"), of("modules/native/Cargo.toml"), of("fuzz/Cargo.toml")
    # What the fuzzers bring is in no product: libFuzzer has LLVM's older licence.
    faults = [*faults_in(packages + natives, set(licences)), *faults_in(fuzzers, {*licences, "NCSA"})]
    # What is there twice is so in one lock.
    locks = [twice(packages), twice(natives)]
    faults += [f"{name}: in versions {', '.join(those)}" for lock in locks for name, those in lock.items() if name not in several]
    faults += [f"deny.toml: {name} is there once by now" for name in several.difference(*locks)]
    for fault in sorted(set(faults)):
        print(f"error: {fault}", file=sys.stderr)
    if faults:
        sys.exit(1)
    print(f"dependencies: {len({package['id'] for package in packages + natives + fuzzers})} packages, as deny.toml has it")


def of(manifest):
    command = ["cargo", "metadata", "--locked", "--format-version", "1", "--manifest-path", ROOT / manifest]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["packages"]


def twice(packages):
    """The versions of each package that is there in several."""
    versions = collections.defaultdict(set)
    for package in packages:
        versions[package["name"]].add(package["version"])
    return {name: sorted(those) for name, those in versions.items() if len(those) > 1}


def faults_in(packages, licences):
    for package in packages:
        if package["source"] is None:
            continue
        if package["source"] != CRATES_IO:
            yield f"{package['name']}: from {package['source']}"
        if not allowed(package["license"] or "", licences):
            yield f"{package['name']}: its licence is {package['license'] or 'not said'}"


def allowed(expression, licences):
    """An SPDX expression without nesting: alternatives of what all have to be allowed."""
    if nested := re.fullmatch(r"\((.*)\) AND (.*)", expression):
        return all(allowed(part, licences) for part in nested.groups())
    alternatives = re.split(r" OR |/", expression)
    return any(all(part.strip() in licences for part in each.split(" AND ")) for each in alternatives)


if __name__ == "__main__":
    main()
