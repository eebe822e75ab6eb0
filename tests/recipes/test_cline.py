"""Cline's command line."""

import pytest


@pytest.fixture
def cline(install):
    cline = install("cline", "Cline")
    yield cline
    # It leaves a process behind, at a port that is the same for all.
    assert "true" in cline.run("cline", "hub", "stop")


def test_it_answers(cline):
    assert "You said: Say hello." in cline.shell()


def test_it_edits_a_file_and_goes_on(cline):
    path = cline.folder / "new.txt"
    path.write_text("made by hand\n")
    said = cline.shell(f'editor path={path} insert_line=1 new_text="made by an agent"')
    assert path.read_text() == "made by an agent\nmade by hand\n"
    assert "The tool said: " in said
