"""Clients as their registries give them, told by docs/clients.md alone, in front of a gateway with the README's configuration."""

import os
import shutil
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "tests/e2e")]

import pages  # noqa: E402  (tests/e2e/)
import processes  # noqa: E402  (tools/)
from emulator import Emulator  # noqa: E402
from gateway import KEY, Gateway  # noqa: E402

# Seconds for a client's run, or until a server of one is up: the slowest take half a minute of a core to start.
PATIENCE = 400
# What every recipe of a program asks.
PROMPT = '"Say hello."'


@pytest.fixture(scope="session")
def running_emulator(request):
    processes.RUN = ROOT / f"target/run/recipes-{os.getpid()}"
    emulator = Emulator.start("emulator", ["--any-length"])
    with emulator.process:
        yield emulator
    if not request.session.testsfailed:
        shutil.rmtree(processes.RUN)


@pytest.fixture(scope="session")
def gateway(running_emulator):
    gateway = Gateway.start(running_emulator.endpoint, plugin=pages.configuration(), environment={"WEB_KEY": KEY})
    with gateway.process:
        yield gateway


@pytest.fixture
def emulator(running_emulator, gateway):
    """With nothing seen yet; at the end it has refused nothing, and Envoy has not failed."""
    running_emulator.faults()
    running_emulator.forget()
    yield running_emulator
    running_emulator.faults()
    gateway.process.check()
    assert not (unsound := running_emulator.unsound(may_refuse=False)), "\n".join(unsound)


@dataclass(frozen=True)
class Client:
    """One that `make test-clients` has installed, and a folder for it to work in, which is its home too."""

    recipe: pages.Recipe
    programs: Path
    folder: Path

    def write(self, name, language):
        """The recipe's file of that language."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.recipe.code(language))

    @property
    def environment(self):
        path = f"{self.programs}:{os.environ['PATH']}"
        return {"PATH": path, "HOME": str(self.folder), "TERM": "dumb", "NO_COLOR": "1"}

    def run(self, program, *arguments, **variables):
        """What the program says."""
        ran = subprocess.run(
            [shutil.which(program, path=self.environment["PATH"]), *arguments],
            cwd=self.folder,
            env=self.environment | variables,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            stdin=subprocess.DEVNULL,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    def shell(self, prompt=None):
        """The recipe's commands, with another prompt than its own if one is given."""
        return self.run("sh", "-euc", self.recipe.code("sh") if prompt is None else self.with_prompt(prompt))

    def with_prompt(self, prompt):
        code = self.recipe.code("sh")
        assert code.count(PROMPT) == 1, code
        # In single quotes the shell takes everything as it is.
        return code.replace(PROMPT, "'" + prompt.replace("'", "'\\''") + "'")

    def python(self, more="", **variables):
        """The recipe's code, and more behind it, in the client's own environment."""
        return self.run(str(self.programs / "python"), "-c", self.recipe.code("python") + more, **variables)

    @contextmanager
    def serve(self, name, change, health, **variables):
        """The recipe's server, its last command, while it runs: what `change` has first is replaced by what it has second."""
        code = self.recipe.code("sh").rstrip("\n")
        assert code.count(change[0]) == 1, code
        *before, command = code.replace(*change).split("\n")
        code = "\n".join([f"cd {self.folder}", *before, f"exec {command}"])
        process = processes.Process(name, ["sh", "-euc", code], self.environment | variables)
        with process:
            deadline = time.monotonic() + PATIENCE
            while not is_up(health):
                process.check()
                assert time.monotonic() < deadline, process.tail()
                time.sleep(1)
            yield process


def is_up(url):
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status == 200
    except OSError:
        return False


@pytest.fixture
def install(gateway, emulator, tmp_path):
    """A client by its folder in target/clients, its heading on the page, and where its programs are, if npm has not linked them:
    what npm links to can need a script, which is not run."""

    def installed(name, heading, programs=None):
        folder = ROOT / "target/clients" / name
        places = sorted(folder.glob(programs)) if programs else [folder / "bin", folder / "node_modules/.bin"]
        place = next(place for place in places if place.is_dir())
        return Client(pages.Recipe.read(heading, gateway.url, KEY), place, tmp_path)

    return installed
