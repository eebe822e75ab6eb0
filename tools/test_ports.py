"""A port that is held is its server's alone."""

import socket
import subprocess
import sys

import pytest

import ports
import run
from settings import Problem, Settings


def test_a_port_that_is_held_is_given_to_nobody_else():
    held = {ports.hold() for _ in range(100)}
    assert len(held) == 100
    other = "import ports, sys; print(*(ports.hold() for _ in range(500)))"
    given = subprocess.run([sys.executable, "-c", other], cwd=ports.__file__.rpartition("/")[0], capture_output=True, text=True)
    given = {int(port) for port in given.stdout.split()}
    assert len(given) == 500 and not given & held
    with socket.socket() as stranger, pytest.raises(OSError, match="Address already in use"):
        stranger.bind(("127.0.0.1", held.pop()))


def test_nobody_listens_on_a_held_port_until_its_server_does_and_again_once_it_is_gone():
    port = ports.hold()
    for _ in range(2):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))
        with socket.create_server(("127.0.0.1", port)):
            socket.create_connection(("127.0.0.1", port)).close()
            with pytest.raises(OSError, match="Address already in use"):
                socket.create_server(("127.0.0.1", port))


def test_no_outgoing_connection_gets_a_held_port():
    held = {ports.hold() for _ in range(200)}
    with socket.create_server(("127.0.0.1", 0), backlog=200) as server:
        callers = [socket.create_connection(server.getsockname()) for _ in range(200)]
        assert not held & {caller.getsockname()[1] for caller in callers}
        for caller in callers:
            caller.close()


CHOOSE = "import processes, run, settings, sys; print(run.with_port(settings.Settings.read({})).port, processes.RUN.name, flush=True); sys.stdin.read()"


def test_two_runs_at_once_have_ports_and_directories_of_their_own():
    command = [sys.executable, "-c", CHOOSE]
    directory = ports.__file__.rpartition("/")[0]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    runs = [subprocess.Popen(command, cwd=directory, **pipes) for _ in range(3)]
    said = [process.stdout.readline() for process in runs]
    # Where another port than the usual one is chosen, that is said first.
    said = [process.stdout.readline() if "taken" in line else line for line, process in zip(said, runs, strict=True)]
    for process in runs:
        process.communicate("")
    found = [line.split() for line in said]
    assert len({port for port, _ in found}) == 3
    assert all(port == name for port, name in found)


def test_a_port_that_was_asked_for_is_that_or_none(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Problem, match=f"port {port}: Address already in use; PORT=… chooses another"):
            run.with_port(Settings.read({"PORT": str(port)}))


def test_a_port_is_claimed_before_its_server_listens():
    port = ports.hold()
    ports.claim(port)
    with pytest.raises(OSError, match="Address already in use"):
        ports.claim(port)
