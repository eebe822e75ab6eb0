"""`tools/verify-aws`, against the emulator: and by it the filter's table of families against the emulator's own."""

import http.client
import json

import pytest

import processes
from settings import EMULATOR_KEYS, ROOT
from verify_aws import __main__ as command
from verify_aws import bedrock, probes, report, table

NOVA, SONNET = "amazon.nova-lite-v1:0", "anthropic.claude-sonnet-4-5-20250929-v1:0"
# Where the emulator, which is as strict as the strictest report, takes less than the table says.
DIFFERENT = {}


@pytest.fixture(scope="module")
def emulator():
    process = processes.Process("verify-emulator", [ROOT / "target/release/bedrock-emulator", "--port", 0, "--quiet"], {})
    with process:
        yield processes.emulator_url(process)


@pytest.fixture(autouse=True)
def keys(monkeypatch):
    for name, value in EMULATOR_KEYS.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_SESSION_TOKEN", "AWS_BEARER_TOKEN_BEDROCK", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(bedrock.Bedrock, "__init__", quick(bedrock.Bedrock.__init__))


def quick(init):
    return lambda self, *given, **named: init(self, *given, **named, wait=0.01)


def run(emulator, tmp_path, *arguments):
    """The lines found, by model and fact."""
    file = tmp_path / "found.json"
    command.main(["--yes", "--endpoint", emulator, "--region", "us-east-1", "--json", str(file), *arguments])
    return {(line["model"], line["fact"]): line for line in json.loads(file.read_text())}


def call(emulator, method, path, body=""):
    host, port = emulator.removeprefix("http://").split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=60)
    connection.request(method, path, body)
    answer = connection.getresponse().read()
    connection.close()
    return answer


def verdict(line):
    return report.Line(**line).verdict


def test_the_table_of_families_says_what_the_emulator_was_told_by_others(emulator, tmp_path, capsys):
    found = run(emulator, tmp_path)
    capsys.readouterr()
    assert {model for model, _ in found} == set(command.MODELS)
    refuted = {place: line["words"] for place, line in found.items() if verdict(line) == report.REFUTED}
    assert refuted.keys() == DIFFERENT.keys(), json.dumps([*map(str, refuted.items())], indent=1)
    for model in command.MODELS:
        assert found[model, report.QUESTION]["taken"], found[model, report.QUESTION]


def test_a_fact_that_the_service_refutes_is_said_with_who_says_otherwise(emulator, tmp_path, capsys, monkeypatch):
    row = table.find(NOVA)
    for capability, value in [("stop", False), ("structured_output", True)]:
        monkeypatch.setitem(row["takes"], capability, value)
        monkeypatch.setitem(row["sources"], capability, [f"assumed: {capability}"])
    only = ["stop", "temperature", "structured_output"]
    status = command.main(["--yes", "--endpoint", emulator, "--models", NOVA, "--only", *only])
    lines = capsys.readouterr().out.splitlines()
    for verdict, capability in [("more", "stop"), ("REFUTED", "structured_output")]:
        [at] = [at for at, line in enumerate(lines) if line.split()[:2] == [verdict, capability]]
        assert f"against  assumed: {capability}" in lines[at + 1]
    assert status == 2
    assert any(line.split()[:3] == ["confirmed", "temperature", "taken"] for line in lines)


def test_nothing_is_sent_before_somebody_agrees(emulator, monkeypatch, capsys):
    sent = []
    monkeypatch.setattr(bedrock.Bedrock, "ask", lambda *given: sent.append(given))
    for answer, on_terminal in [("", True), ("no", True), ("y", False)]:
        monkeypatch.setattr("builtins.input", lambda _, answer=answer: answer)
        monkeypatch.setattr("sys.stdin", type("Terminal", (), {"isatty": lambda self, on=on_terminal: on})())
        assert command.main(["--endpoint", emulator, "--models", NOVA]) == 1
    assert sent == [] and "about $" in capsys.readouterr().out


def test_without_credentials_nothing_is_asked(monkeypatch, capsys):
    monkeypatch.setattr(command, "can_sign", lambda: False)
    assert command.main(["--yes", "--models", NOVA]) == 1
    assert "No credentials" in capsys.readouterr().out


def test_what_the_account_may_not_call_is_skipped(emulator, tmp_path, capsys):
    found = run(emulator, tmp_path, "--models", "no.such-1", NOVA, "--only", "temperature")
    assert "skipped" in capsys.readouterr().out
    assert [fact for model, fact in found if model == "no.such-1"] == [report.QUESTION]
    assert verdict(found["no.such-1", report.QUESTION]) == report.UNKNOWN
    assert verdict(found[NOVA, "temperature"]) == report.CONFIRMED
    call(emulator, "POST", "/_emulator/faults", "error=AccessDeniedException")
    try:
        found = run(emulator, tmp_path, "--models", NOVA)
    finally:
        call(emulator, "POST", "/_emulator/faults")
    assert [line["taken"] for line in found.values()] == [None]


def test_a_model_is_called_by_the_profile_that_it_has(emulator):
    asked = bedrock.Bedrock("eu-west-1", emulator)
    # The signature is for that region, which the emulator does not serve: its own words say so.
    assert asked.callable_id(SONNET, probes.Probe("q", None, probes.question()))[0] == SONNET
    asked = bedrock.Bedrock("us-east-1", emulator)
    assert asked.callable_id(SONNET, probes.Probe("q", None, probes.question()))[0] == f"global.{SONNET}"


def test_a_moment_that_was_wrong_is_tried_again(emulator, tmp_path):
    call(emulator, "POST", "/_emulator/faults", "throttle=2")
    try:
        found = run(emulator, tmp_path, "--models", NOVA, "--only", "temperature")
    finally:
        call(emulator, "POST", "/_emulator/faults")
    assert verdict(found[NOVA, "temperature"]) == report.CONFIRMED


def test_each_capability_of_the_table_has_a_probe_or_is_here():
    """What one request cannot tell."""
    without = {"single_call", "messages", "bound_thoughts", "thoughts_in_text", "calls_in_text"}
    probed = {probe.capability for model in command.MODELS for probe in probes.of(table.row(model))}
    takes = set(table.rows()[0]["takes"])
    assert takes - probed - without == set()
    # The reverse: no probe is about what the table does not know, but those on which others rest.
    assert probed - takes == {report.QUESTION, "documents", "images"}
    unused = {probe.name for probe in probes.PROBES if not any(probe.expected(row["takes"]) is not None for row in table.rows())}
    assert unused == set()


def test_the_cost_that_is_told_counts_what_each_answer_may_be():
    short, long = probes.Probe("a", None, probes.question()), probes.Probe("b", None, probes.question(inferenceConfig={"maxTokens": 1000}))
    assert command.cost([short, long]) == pytest.approx((160 * 25e-6, (160 + 16 + 1000) * 25e-6))
