"""The runner of the end-to-end tests."""

import e2e
import pytest

# Fails when the file is not there yet, and makes it.
FLAKY = """
from pathlib import Path

def test_is_flaky():
    seen = Path(__file__).with_name("seen")
    was_there = seen.exists()
    seen.touch()
    assert was_there
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(e2e, "CACHE", tmp_path / "cache")
    folder = tmp_path / "tests"
    folder.mkdir()
    (folder / "pytest.ini").write_text("[pytest]\n")
    return folder


def test_a_test_that_fails_beside_others_and_not_alone_is_named_and_no_failure(folder, capfd):
    (folder / "test_one.py").write_text(FLAKY)
    assert e2e.main(str(folder)) == 0
    assert "failed beside other checks and not alone:\n  " + f"{folder}/test_one.py::test_is_flaky" in capfd.readouterr().out


def test_a_test_that_fails_alone_too_has_failed(folder):
    (folder / "test_one.py").write_text("def test_fails():\n    assert False\n")
    assert e2e.main(str(folder)) == e2e.FAILED


def test_many_failures_are_no_accident(folder, capfd):
    (folder / "test_one.py").write_text("import pytest\n@pytest.mark.parametrize('n', range(9))\ndef test_fails(n):\n    assert False\n")
    assert e2e.main(str(folder)) == e2e.FAILED
    assert "once more" not in capfd.readouterr().out
