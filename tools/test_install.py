"""No package of the system's is installed that nobody has allowed."""

import os
import pty
import subprocess

import prepare
import pytest
from settings import ROOT

INSTALL = ROOT / "tools/install"


@pytest.fixture
def machine(tmp_path):
    """An apt-get that notes what it is asked for, and the environment in which that is the one."""
    program = tmp_path / "apt-get"
    program.write_text(f'#!/bin/sh\necho "$@" >>{tmp_path}/asked\n')
    program.chmod(0o755)
    (tmp_path / "sudo").write_text('#!/bin/sh\nexec "$@"\n')
    (tmp_path / "sudo").chmod(0o755)
    return tmp_path, {"PATH": f"{tmp_path}:/usr/bin:/bin", "TMPDIR": str(tmp_path)}


def asked(place):
    path = place / "asked"
    return path.read_text() if path.exists() else ""


def test_without_a_terminal_it_says_the_line_and_stops(machine):
    place, environment = machine
    done = subprocess.run([INSTALL, "gcc", "libc6-dev"], env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 3
    assert "apt-get install --no-install-recommends gcc libc6-dev\n" in done.stderr and "YES=1" in done.stderr
    assert asked(place) == ""


def test_it_installs_without_a_question_where_that_is_allowed(machine):
    place, environment = machine
    done = subprocess.run(
        [INSTALL, "gcc"], env=environment | {"YES": "1"}, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    assert (done.returncode, done.stdout) == (0, "installing (apt): gcc\n")
    assert asked(place) == "-qq -y install --no-install-recommends gcc\n"


@pytest.mark.parametrize(("answer", "status"), [("y", 0), ("", 3), ("n", 3)])
def test_at_a_terminal_it_asks(machine, answer, status):
    place, environment = machine
    child, terminal = pty.fork()
    if child == 0:
        os.execve(INSTALL, [str(INSTALL), "gcc"], environment)
    said = b""
    while b"[y/N]" not in said:
        said += os.read(terminal, 1000)
    os.write(terminal, f"{answer}\n".encode())
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == status
    os.close(terminal)
    assert b"apt-get install --no-install-recommends gcc?" in said
    assert bool(asked(place)) == (status == 0)


@pytest.fixture
def clone(monkeypatch, tmp_path):
    """A clone in which nothing is installed or built."""
    for name, place in (("ROOT", tmp_path), ("TARGET", tmp_path / "target"), ("VENV", tmp_path / "venv")):
        monkeypatch.setattr(prepare, name, place)
    monkeypatch.setattr(prepare, "TOOLCHAIN", tmp_path / "bedrock_filter.toolchain")
    return tmp_path


def written(path, text=""):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_what_is_done_first_is_said_with_how_long_it_takes(clone):
    todo = list(prepare.steps(["gcc"], ["wasm", "emulator"]))
    assert len(todo) == 4 and todo[0][0].endswith("apt: gcc") and all(seconds > 0 for _, seconds in todo)
    assert ["native module" in text for text, _ in prepare.steps([], ["native"])] == [False, True]
    written(prepare.TOOLCHAIN, "way: rustup\n")
    assert len(list(prepare.steps([], ["wasm"]))) == 1
    written(prepare.VENV)
    written(clone / "target/release/bedrock-emulator")
    assert list(prepare.steps([], ["wasm", "emulator"])) == []


MADE = {
    "wasm": ("bedrock_filter.toolchain", "target/wasm-build-debian/wasm32-wasip1/wasm/bedrock_filter.d"),
    "native": ("target/native/libbedrock_filter.so", "target/native-build/release/libbedrock_filter_native.d"),
    "emulator": ("target/release/bedrock-emulator", "target/release/bedrock-emulator.d"),
    "ratelimit": ("target/ratelimit/release/bedrock-ratelimit", "target/ratelimit/release/bedrock-ratelimit.d"),
}


@pytest.mark.parametrize("part", MADE)
def test_what_is_built_anew_is_said_and_nothing_where_its_sources_are_as_they_were(clone, part):
    made, sources = (clone / name for name in MADE[part])
    lib, other = written(clone / "src/lib.rs"), written(clone / "a folder/other.rs")
    written(prepare.VENV)
    written(sources, f"{sources.with_suffix('')}: {lib} {str(other).replace(' ', chr(92) + ' ')}\n")
    written(made, "way: debian\n")

    def said():
        return [text for text, seconds in prepare.steps([], [part]) if seconds > 0]

    # As old as what was made, and older.
    for path in (lib, other):
        os.utime(path, (0, made.stat().st_mtime))
    assert said() == []
    for path in (lib, other):
        os.utime(path, (0, made.stat().st_mtime + 1))
        [text] = said()
        assert text.endswith("anew, for its sources have changed, by cargo")
        os.utime(path, (0, 0))
    assert said() == []
    other.unlink()
    assert len(said()) == 1


def test_packages_that_are_there_are_not_asked_for(monkeypatch):
    monkeypatch.setattr(prepare.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(prepare.subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 0, stdout="\n"))
    assert prepare.packages(["wasm"]) == []
    monkeypatch.setattr(prepare.shutil, "which", lambda name: None)
    monkeypatch.setattr(prepare.subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 1, stdout="binaryen\n"))
    assert prepare.packages(["wasm"]) == ["gcc", "libc6-dev", "python3", "python3-venv", "binaryen"]
    assert prepare.packages(["native"]) == ["gcc", "libc6-dev", "python3", "python3-venv"]


@pytest.mark.parametrize("target", ["run", "demo", "observe"])
@pytest.mark.parametrize(("filter_", "is_native"), [("native", True), ("", False)])
def test_what_runs_with_the_native_module_builds_that_and_not_the_wasm(target, filter_, is_native):
    command = ["make", "--dry-run", target, f"FILTER={filter_}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    lines = done.stdout.splitlines()
    assert any(line.startswith("cargo build") and "modules/native/Cargo.toml" in line for line in lines) is is_native
    assert ("tools/build-wasm" in lines) is not is_native
    assert any(line.startswith(f"python3 tools/prepare.py {'native' if is_native else 'wasm'}") for line in lines)
