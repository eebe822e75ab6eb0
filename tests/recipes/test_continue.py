"""Continue's command line, with the file that its extensions read."""

import pytest


@pytest.fixture
def continue_(install):
    continue_ = install("continue", "Continue")
    continue_.write("config.yaml", "yaml")
    return continue_


def test_it_answers(continue_):
    assert "You said: Say hello." in continue_.shell()


def test_it_writes_a_file_and_goes_on(continue_):
    path = continue_.folder / "new.txt"
    said = continue_.shell(f'Write filepath={path} content="made by an agent"')
    assert path.read_text() == "made by an agent"
    assert "The tool said: " in said
