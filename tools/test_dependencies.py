"""What our dependencies are held to."""

import subprocess
from pathlib import Path

import pytest

import dependencies
from settings import ROOT


def folders():
    """Those that have a lock of cargo's."""
    listed = subprocess.run(["git", "ls-files", "*Cargo.lock"], cwd=ROOT, capture_output=True, text=True, check=True)
    return sorted(str(Path(path).parent) for path in listed.stdout.split())


def test_every_lock_is_held_to_the_nearest_list():
    held = {folder: name for name, those in dependencies.LISTS.items() for folder in those}
    assert sorted(held) == folders()
    for folder, name in held.items():
        nearest = next(above for above in ((ROOT / folder).resolve(), *(ROOT / folder).resolve().parents) if (above / "deny.toml").exists())
        assert ROOT / name == nearest / "deny.toml"


def test_make_deny_goes_through_every_lock():
    said = subprocess.run(["make", "--dry-run", "deny"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60).stdout
    for folder in folders():
        assert ("--workspace check" if folder == "." else f"--manifest-path {folder}/Cargo.toml check") in said


def package(name, version="1.0.0", licence="MIT", source=dependencies.CRATES_IO):
    return {"name": name, "version": version, "license": licence, "source": source}


@pytest.mark.parametrize(
    ("packages", "faults"),
    [
        ([package("a"), package("b", licence="(GPL-3.0 OR MIT) AND Unicode-3.0"), package("c", licence="GPL-3.0/Apache-2.0")], []),
        ([package("a", licence="GPL-3.0"), package("b", licence=None)], ["a: its licence is GPL-3.0", "b: its licence is not said"]),
        ([package("a", licence="MIT AND GPL-3.0")], ["a: its licence is MIT AND GPL-3.0"]),
        ([package("a", source="git+https://a")], ["a: from git+https://a"]),
        ([package("a"), package("a", "2.0.0")], ["a: in versions 1.0.0, 2.0.0"]),
    ],
)
def test_what_a_list_does_not_allow_is_named(packages, faults):
    # `syn` may be there twice, so it has to be.
    both = [package("syn"), package("syn", "2.0.0")]
    assert list(dependencies.against("deny.toml", [packages + both])) == faults
    assert list(dependencies.against("deny.toml", [packages])) == [*faults, "deny.toml: syn is there once by now"]
