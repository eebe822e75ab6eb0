"""A port that is held is its server's alone."""

import socket
import subprocess
import sys

import pytest

import ports


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
