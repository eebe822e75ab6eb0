"""The code of the README and of docs/clients.md does what is said, with the README's configuration."""

import os
import subprocess
import sys

import pytest

import pages
from gateway import KEY
from settings import ROOT

# By what a block is run; blocks of other languages are configurations and drawings.
RUN = {"python": [sys.executable, "-c"], "js": ["node", "--input-type=module", "--eval"], "sh": ["sh", "-euc"]}


def recipes():
    for page in ["README.md", "docs/clients.md"]:
        for number, (otherwise, language, code) in enumerate(pages.blocks(page)):
            if language in RUN and not otherwise and "127.0.0.1:8080" in code:
                yield pytest.param(language, code, id=f"{page}-{number}-{language}")


@pytest.fixture(scope="module")
def configured(start):
    """A gateway with the configuration of the README."""
    return start(plugin=pages.configuration(), environment={"WEB_KEY": KEY})


@pytest.mark.parametrize(("language", "code"), list(recipes()))
def test_a_recipe_gives_an_answer(configured, language, code):
    code = pages.with_gateway(code, configured.url, KEY)
    folder = ROOT / "tests/clients" if language == "js" else ROOT
    variables = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}
    command = [*RUN[language], code]
    run = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stdout + run.stderr
    assert '"error"' not in run.stdout, run.stdout
    assert any(part in run.stdout for part in ["You said: ", '"object":"list"']), run.stdout


def test_there_are_such_recipes():
    languages = [recipe.values[0] for recipe in recipes()]
    assert {language: languages.count(language) for language in RUN} == {"python": 5, "js": 2, "sh": 2}
