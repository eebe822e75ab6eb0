"""opencode, through `@ai-sdk/openai-compatible`."""

import pytest


@pytest.fixture
def opencode(install):
    opencode = install("opencode", "opencode", "node_modules/opencode-linux-*/bin")
    opencode.write("opencode.json", "json")
    return opencode


def test_it_answers(opencode):
    assert 'You said: "Say hello."' in opencode.shell()


def test_it_writes_a_file_and_goes_on(opencode, emulator):
    path = opencode.folder / "new.txt"
    # It puts what is said into quotes, and a quote in it would end there.
    said = opencode.shell(f"write filePath={path} content=made-by-an-agent")
    assert path.read_text().startswith("made-by-an-agent")
    assert "The tool said: " in said
