"""aider, which edits by what the answer's text says."""

import urllib.parse

import pytest

ANSWER = """
new.txt
```
<<<<<<< SEARCH
=======
made by an agent
>>>>>>> REPLACE
```
"""


@pytest.fixture
def aider(install):
    return install("aider", "aider")


def test_it_answers(aider):
    assert "You said: Say hello." in aider.shell()


def test_it_writes_a_file(aider, emulator):
    emulator.faults(f"answer={urllib.parse.quote(ANSWER)}")
    aider.shell("Make new.txt.")
    assert (aider.folder / "new.txt").read_text() == "made by an agent\n"
