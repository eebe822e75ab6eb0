"""What lies beside the image: the bill of materials of the module, and its provenance."""

import json
import subprocess

import sbom
import panics
import provenance
import pytest
import wasm_module
from conftest import ROOT
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from google.protobuf import json_format
from in_toto_attestation.predicates.provenance.v1 import provenance_pb2
from in_toto_attestation.v1.statement import Statement
from layouts import Layout


# What it brings itself; a crate of the same name among ours is for tools.
OF_THE_STANDARD_LIBRARY = {"hashbrown"}


@pytest.fixture(scope="module")
def listed(image):
    return json.loads((image / "sbom.cdx.json").read_text())


@pytest.fixture(scope="module")
def statement(image):
    return json.loads((image / "provenance.intoto.json").read_text())


def test_the_sbom_is_as_cyclonedx_has_it(listed):
    validator = JsonStrictValidator(SchemaVersion.V1_6)
    assert validator.validate_str(json.dumps(listed)) is None
    assert validator.validate_str(json.dumps(listed | {"components": [{"name": "nameless"}]})) is not None


def crates_in_the_module():
    """By the names of its functions, before what makes it small."""
    names = {}
    for kind, content, _ in wasm_module.sections(panics.MODULE.read_bytes()):
        if kind == wasm_module.CUSTOM and wasm_module.Bytes(content).text() == "name":
            names = wasm_module.function_names(content)
    return {panics.owner(name).split("::")[0] for name in names.values()}


def test_every_crate_that_has_code_in_the_module_is_on_the_sbom(listed):
    packages = sbom.metadata()["packages"]
    # Cargo's packages have dashes where the code has underscores, and names of their own for what they build.
    built = [(target, package["name"]) for package in packages for target in package["targets"]]
    libraries = {target["name"].replace("-", "_"): name for target, name in built if "lib" in str(target["kind"])}
    there = {libraries[crate] for crate in crates_in_the_module() - OF_THE_STANDARD_LIBRARY if crate in libraries}
    assert {"serde_json", "aws-sigv4", "quick-xml", "url"} <= there
    assert there <= {part["name"] for part in [*listed["components"], listed["metadata"]["component"]]}


def test_the_sbom_has_nothing_that_only_builds_or_tests(listed):
    names = {part["name"] for part in listed["components"]}
    assert not names & {"serde_derive", "syn", "divan", "bench-load", "bedrock-emulator"}
    assert "rust-std" in names


def test_each_crate_of_the_sbom_has_its_licence_and_the_checksum_of_the_lock(listed):
    lock = (ROOT / "Cargo.lock").read_text()
    for part in listed["components"]:
        assert part["licenses"][0]["expression"], part
        ours = part["name"] in ("rust-std", "proxy-wasm-dispatch")
        for digest in [found["content"] for found in part["hashes"]] if not ours else ():
            here = f'name = "{part["name"]}"\nversion = "{part["version"]}"\n'
            assert f'checksum = "{digest}"' in lock.partition(here)[2].partition("[[package]]")[0], part


def test_everything_on_the_sbom_is_taken_by_something(listed):
    refs = {part["bom-ref"] for part in listed["components"]}
    taken = {other for found in listed["dependencies"] for other in found["dependsOn"]}
    assert taken == refs


def test_the_statement_is_as_in_toto_and_slsa_have_it(statement):
    parsed = Statement.copy_from_pb(json_format.ParseDict(statement, Statement([], "", {}).pb))
    parsed.validate()
    predicate = json_format.ParseDict(statement["predicate"], provenance_pb2.Provenance())
    assert predicate.build_definition.build_type and predicate.run_details.builder.id
    # Each is said by what it is, by where it is, or both.
    assert all(found.uri or found.digest for found in predicate.build_definition.resolved_dependencies)


def test_the_statement_is_of_this_module_and_this_image(statement, image, module, listed):
    digests = {found["name"]: f"sha256:{found['digest']['sha256']}" for found in statement["subject"]}
    [layer] = Layout(image / "oci").manifest["layers"]
    assert digests["bedrock-filter:0.1.0"] == (image / "digest").read_text().strip()
    assert digests["plugin.wasm"] == "sha256:" + listed["metadata"]["component"]["hashes"][0]["content"]
    assert layer["size"] < len(module)


def test_the_statement_names_commit_lock_and_compiler(statement):
    found = {one["name"]: one for one in statement["predicate"]["buildDefinition"]["resolvedDependencies"]}
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert found["source"]["digest"] == {"gitCommit": head.strip()}
    assert found["Cargo.lock"] == provenance.file("Cargo.lock")
    noted = (ROOT / "target/wasm/bedrock_filter.toolchain").read_text()
    assert f"release: {found['rustc']['uri'].partition('@')[2]}\n" in noted


@pytest.mark.parametrize(("status", "said"), [(" M src/lib.rs", {"changed": True}), ("", None)])
def test_what_was_not_committed_is_said(status, said, monkeypatch):
    answers = {"rev-parse": "a" * 40, "status": status}
    monkeypatch.setattr(provenance, "git", lambda command, *_: answers[command])
    [source] = provenance.source()
    assert source.get("annotations") == said


def test_without_git_no_source_is_named(monkeypatch):
    monkeypatch.setattr(provenance, "git", lambda *_: None)
    assert provenance.source() == []
