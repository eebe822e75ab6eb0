"""`make run UI=1` as somebody starts it, and a browser that opens its page."""

import os
import re
import shutil
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "tests/ui")]

import ports  # noqa: E402  (tools/)
import processes  # noqa: E402
from browser import Browser  # noqa: E402

KEY = "sk-of-the-page's-test"


@dataclass(frozen=True)
class Run:
    url: str
    emulator: str
    process: processes.Process

    def faults(self, directives=""):
        """What the emulator does from now on."""
        urllib.request.urlopen(f"{self.emulator}/_emulator/faults", directives.encode(), timeout=10).close()


@pytest.fixture(scope="session")
def run(request):
    port = ports.hold()
    processes.RUN = ROOT / f"target/run/ui-{os.getpid()}"
    variables = {"PATH": os.environ["PATH"], "PORT": str(port), "API_KEY": KEY, "UI": "1"}
    with processes.Process("run", [sys.executable, ROOT / "tools/run.py"], variables) as process:
        process.wait_for("starting", lambda: "Ctrl-C" in process.log.read_text())
        text = process.log.read_text()
        yield Run(re.search(r"chat page +(\S+)", text)[1], re.search(r"in front of +(\S+)", text)[1], process)
    if not request.session.testsfailed:
        shutil.rmtree(processes.RUN)
        shutil.rmtree(ROOT / f"target/run/{port}")


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    with Browser(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.fixture
def page(browser, run):
    """The page, opened anew by somebody who has been told the key; nothing may have gone wrong in it at the end."""
    run.faults()
    browser.open(run.url)
    browser.value("sessionStorage.clear()")
    browser.open(run.url)
    browser.problems.clear()
    yield browser
    assert browser.problems == []
    run.process.check()
