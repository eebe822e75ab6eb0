"""`make check`, and the schema of the configuration: both say of each configuration in the documents and samples that it is one."""

import json
import re
import subprocess

import jsonschema
import pytest

import check
import places
import run
from processes import REFUSED, Refused
from settings import ROOT, Problem

KEY = "a-long-key-of-a-client"
GOOD = f"""\
# Mine.
credentials: {{bearer_token: t}}
api_keys:
- name: web
  key: {KEY}
models:
- name: a.b
  model: us.amazon.nova-lite-v1:0
"""
SCHEMA = jsonschema.Draft7Validator(json.loads((ROOT / "docs/configuration.schema.json").read_text()))
# Members of these have names of one's own.
NAMED_FREELY = {"request_metadata", "labels", "profile", "models", "tunables"}


def bootstrap(configuration, role="gateway", more=""):
    """A place of the filter in Envoy's YAML."""
    return f"""\
filters:
- typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm
    config:
      root_id: {role}
      vm_config: {{vm_id: v{more}}}
      configuration:
        "@type": type.googleapis.com/google.protobuf.Struct
        value:
{indented(configuration, 10)}"""


def indented(text, by):
    return "".join(" " * by + line for line in text.splitlines(keepends=True))


@pytest.fixture
def said(tmp_path, capsys, monkeypatch):
    """What is said of a text, line by line without the file's name, and the exit status."""
    for name in ("SECRET", "PLACE"):
        monkeypatch.delenv(name, raising=False)

    def checked(text):
        path = tmp_path / "mine.yaml"
        path.write_text(text)
        status = check.main([path])
        out, err = capsys.readouterr()
        return status, (out + err).replace(f"{path}:", "").replace(f"{path}", "").splitlines()

    return checked


@pytest.mark.parametrize(
    ("change", "line", "path"),
    [
        (("region: us-east-1", "regoin: us-east-1"), 9, "regoin"),
        (("region: us-east-1", "limits: {tools: many}"), 9, "limits.tools"),
        (("key: ", "kye: "), 5, "api_keys[0].kye"),
        (("model: us.", "model: us "), 8, "models[0].model"),
        (("  model: us.amazon.nova-lite-v1:0", "  targets:\n  - model: a.b\n    region: x_y"), 10, "models[0].targets[0].region"),
        (("  model: us.amazon.nova-lite-v1:0", ""), 7, "models[0]"),
        (("{bearer_token: t}", "{}"), 2, "credentials"),
        (("region: us-east-1", "region: us-east-1\nregion: us-west-2"), 10, "region"),
    ],
)
def test_what_is_wrong_is_said_with_its_line_path_and_reason(said, change, line, path):
    status, lines = said((GOOD + "region: us-east-1\n").replace(*change))
    assert status == 1 and len(lines) == 1, lines
    assert re.match(rf"{line}: {re.escape(path)}: \S", lines[0]), lines
    assert KEY not in lines[0]


def test_a_good_one_is_said_to_be_good_with_what_is_hardly_meant(said):
    assert said(GOOD) == (0, [" 1 configuration, as the filter takes them"])
    status, lines = said(GOOD.replace(KEY, "short"))
    assert status == 0 and lines[1].startswith("5: warning: api_keys[0].key: is shorter than 16 characters")


def test_a_configuration_is_found_in_envoys_own_wherever_that_is(said):
    wrong = GOOD.replace("name: a.b", "nmae: a.b")
    status, lines = said(bootstrap(wrong, "upstream"))
    assert status == 1 and lines[0].startswith("16: models[0].nmae: unknown")
    manifest = "kind: ConfigMap\ndata:\n  envoy.yaml: |\n" + indented(bootstrap(wrong), 4)
    status, lines = said("kind: Other\n---\n" + manifest)
    assert status == 1 and lines[0].startswith("21: models[0].nmae: unknown")
    struct = bootstrap(GOOD)
    as_text = struct.replace("google.protobuf.Struct", "google.protobuf.StringValue").replace("value:\n", "value: |\n")
    assert said(as_text)[0] == 0
    status, lines = said(as_text.replace("name: a.b", "nmae: a.b"))
    assert status == 1 and lines[0].startswith("16: models[0].nmae: unknown")


def test_each_place_is_judged_by_its_role(said):
    status, lines = said(bootstrap(GOOD, "fetch"))
    assert (status, lines) == (1, ["11: images: missing, and root_id is 'fetch'"])
    assert "root_id: must be" in said(bootstrap(GOOD, "gatewya"))[1][0]
    other = bootstrap(GOOD) + bootstrap(GOOD + "region: us-west-2\n", "upstream").removeprefix("filters:\n")
    status, lines = said(other)
    assert status == 0 and lines[1] == "27: warning: upstream: not the configuration of the role gateway in line 11"


def test_a_number_is_what_envoy_makes_of_it(said):
    # In a Struct a number with decimals is a text.
    priced = GOOD + "prices: [{pattern: a.b, input: 0.3}]\n"
    assert said(priced)[0] == said(bootstrap(priced))[0] == 0
    fraction = GOOD + "limits: {tools: 1.5}\n"
    assert said(fraction)[1] == ["9: limits.tools: expected a whole number within its range"]
    assert said(bootstrap(fraction))[1] == ["18: limits.tools: expected a whole number, not a string"]


def test_variables_that_are_not_set_are_named_and_something_is_taken_for_them(said, monkeypatch):
    secret = GOOD.replace(KEY, "${SECRET}") + "region: ${PLACE:-us-east-1}\n"
    assert said(secret)[1][0] == " not set here, so anything was taken for them: SECRET"
    status, lines = said(secret.replace("${PLACE:-us-east-1}", "${PLACE}"))
    assert status == 1 and lines[0].endswith("(PLACE: not set here; set what belongs there)")
    # Envoy lets through what it is told to.
    assert "variable SECRET is not set" in said(bootstrap(secret))[1][0]
    assert said(bootstrap(secret, more=", environment_variables: {host_env_keys: [SECRET]}"))[0] == 0
    monkeypatch.setenv("SECRET", "x")
    assert "shorter than 16" in said(secret)[1][1]


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        ("a: [1\nb: 2\n", "2: not YAML: "),
        ("static_resources: {}\n", " there is no configuration"),
        ("", " there is no configuration"),
    ],
)
def test_what_has_no_configuration_is_said_to_have_none(said, text, begins):
    status, lines = said(text)
    assert status == 1 and len(lines) == 1 and lines[0].startswith(begins), lines


# As Envoy 1.40 logged it, with the .wasm and with the native module.
WASM_LOG = """\
[2026-11-30 00:13:50.190][18479][error][wasm] [source/extensions/common/wasm/context.cc:1157] wasm log upstream bedrock: \
bedrock filter: configuration: models[0].nmae: unknown; known here are name, model
[2026-11-30 00:13:50.190][18479][error][wasm] [source/extensions/common/wasm/wasm.cc:104] Wasm VM failed Failed to configure base Wasm plugin
"""
NATIVE_LOG = """\
[2026-11-30 18:55:39.952][318][error][dynamic_modules] [:] upstream: bedrock filter: configuration: models[0].nmae: unknown; known here are name, model
[2026-11-30 18:55:39.952][318][critical][main] [source/server/server.cc:449] error `Failed to create filter config: Failed to initialize dynamic module`
"""


@pytest.mark.parametrize("log", [WASM_LOG, NATIVE_LOG])
def test_a_start_that_the_filter_refuses_ends_with_the_line_of_the_file(tmp_path, log):
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD.replace("name: a.b", "nmae: a.b"))
    refused = Refused(REFUSED.findall(log + log.replace("upstream", "gateway")))
    assert str(refused) == "configuration: models[0].nmae: unknown; known here are name, model"
    settings = run.Settings.read({"FILTER_CONFIG": str(path)})
    assert run.placed(refused, settings) == [f"{path}:7: models[0].nmae: unknown; known here are name, model"]
    # The role that refuses has no configuration in the file.
    path.write_text(bootstrap(GOOD))
    other = Refused([("fetch", "models[0]", "unknown")])
    assert run.placed(other, settings) == [str(other)]


def of_files():
    """The configurations in the samples and manifests."""
    files = subprocess.run(["git", "ls-files", "envoy/*.yaml", "deploy/*.yaml"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in files.stdout.splitlines():
        try:
            found = places.read(ROOT / name)
        except Problem:
            continue
        for number, written in enumerate(found):
            # Files that are nothing else stand alone; those of another program's are told by what they have.
            if written.role is not None or "api_keys" in written.value():
                yield pytest.param(ROOT / name, written.value(), id=f"{name}-{number}")


def of_documents():
    """The configurations in the documents: blocks of YAML that have no member but those of a configuration."""
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        for number, block in enumerate(re.findall(r"```yaml\n(.*?)```", page.read_text(), re.DOTALL)):
            try:
                root = places.yaml.compose(block, places.Texts)
            except places.yaml.YAMLError:
                continue
            names = places.members(root).keys()
            if names and names <= SCHEMA.schema["properties"].keys():
                yield pytest.param(places.value(root, False), id=f"{page.name}-{number}")


FILES, DOCUMENTS = list(of_files()), list(of_documents())


def test_the_samples_and_documents_have_configurations():
    assert len(FILES) > 20 and len(DOCUMENTS) > 20


@pytest.mark.parametrize("configuration", [*(pytest.param(f.values[1], id=f.id) for f in FILES), *DOCUMENTS])
def test_every_configuration_of_ours_is_one_by_the_schema(configuration):
    # The documents show parts: what every configuration must have is not in them.
    wrong = [error for error in SCHEMA.iter_errors(configuration) if error.path or error.validator != "required"]
    assert not wrong, wrong[0].message


def test_every_sample_and_manifest_is_one_by_the_filter(capsys):
    paths = sorted({str(sample.values[0]) for sample in FILES})
    assert check.main(paths) == 0, capsys.readouterr().err


def test_the_schema_refuses_what_the_filter_does_not_know():
    page = (ROOT / "docs/configuration.md").read_text()
    whole = re.search(r"documentation\.rs loads this block.*?```yaml\n(.*?)```", page, re.DOTALL)[1]
    whole = places.value(places.yaml.compose(whole, places.Texts), False)
    SCHEMA.validate(whole)
    objects = list(inner_objects(whole))
    assert len(objects) > 60
    for inner in objects:
        inner["unknwon"] = {"a": 1}
        assert not SCHEMA.is_valid(whole), inner
        del inner["unknwon"]
    SCHEMA.validate(whole)


def inner_objects(value, name=None):
    if isinstance(value, dict):
        if name not in NAMED_FREELY:
            yield value
        for member, inner in value.items():
            yield from inner_objects(inner, member)
    for inner in value if isinstance(value, list) else ():
        yield from inner_objects(inner)


@pytest.mark.parametrize(
    "wrong",
    [
        {"limits": {"tools": "many"}},
        {"limits": {"tools": -1}},
        {"api_keys": None},
        {"api_keys": [{"key": "x"}]},
        {"unsupported_parameters": "drop"},
        {"models": [{"name": "a", "targets": [{"model": "a.b", "targets": []}]}]},
        {"discover": {"clusetr": "x"}},
        {"prices": [{"pattern": "a.b", "input": "much"}]},
    ],
)
def test_the_schema_refuses_what_is_of_another_kind(wrong):
    assert not SCHEMA.is_valid(wrong)
