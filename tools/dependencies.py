#!/usr/bin/env python3
"""Holds what we depend on to the lists of licences, sources and versions in our deny.toml files: `cargo deny` without its
advisories, for which it needs a database from GitHub."""

import collections
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Each folder with a lock of its own, by the list that `make deny` holds it to: the nearest.
LISTS = {"deny.toml": (".", "modules/native"), "services/ratelimit/deny.toml": ("services/ratelimit",), "fuzz/deny.toml": ("fuzz",)}
CRATES_IO = "registry+https://github.com/rust-lang/crates.io-index"


def main():
    locks = {folder: packages_of(folder) for folders in LISTS.values() for folder in folders}
    faults = {fault for name, folders in LISTS.items() for fault in against(name, [locks[folder] for folder in folders])}
    for fault in sorted(faults):
        print(f"error: {fault}", file=sys.stderr)
    if faults:
        sys.exit(1)
    count = len({package["id"] for packages in locks.values() for package in packages})
    print(f"dependencies: {count} packages in {len(locks)} locks, as {' and '.join(LISTS)} have it")


def packages_of(folder):
    command = ["cargo", "metadata", "--locked", "--format-version", "1", "--manifest-path", ROOT / folder / "Cargo.toml"]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["packages"]


def against(name, locks):
    """What a list does not allow of the packages of these locks."""
    rules = (ROOT / name).read_text()
    licences = set(re.findall(r'"(.+?)"', re.search(r"^allow = \[(.*?)\]", rules, re.M | re.S)[1]))
    for packages in locks:
        yield from faults_in(packages, licences)
    if 'multiple-versions = "allow"' in rules:
        return
    several = set(re.findall(r'\{ crate = "(.+?)" \}', rules))
    # What is there twice is so in one lock.
    found = [twice(packages) for packages in locks]
    for lock in found:
        yield from (f"{crate}: in versions {', '.join(those)}" for crate, those in lock.items() if crate not in several)
    yield from (f"{name}: {crate} is there once by now" for crate in several.difference(*found))


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
