"""Ports for servers that have to be told theirs before they start."""

import socket
import sys

# Sockets that hold a port until this process ends.
HELD = []


def hold():
    """A port of 127.0.0.1 that nobody else is given from now on, in this process or another.

    A socket stays bound to it and does not listen: until a server does, connections are refused. The server has to set
    SO_REUSEADDR, as Envoy does, and the standard listeners of Python, Node and Tokio.
    """
    holder = socket.socket()
    # Without the option, so that the kernel gives a port that no other socket is bound to.
    holder.bind(("127.0.0.1", 0))
    # With it, so that one more socket may be bound there.
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    HELD.append(holder)
    return holder.getsockname()[1]


def claim(port):
    """Claims a port of 127.0.0.1 for a server that this process starts; an OSError where somebody has it.

    Envoy would share it with another Envoy, and the kernel deal out the connections.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
    # Until the server listens: a unix socket's name without a file, which Linux has once per network, as it has ports.
    if sys.platform == "linux":
        holder = socket.socket(socket.AF_UNIX)
        holder.bind(f"\0bedrock-filter-port-{port}")
        HELD.append(holder)


def claim_first(candidates):
    """The first of them that nobody has; an OSError where each is taken."""
    for port in candidates[:-1]:
        try:
            claim(port)
        except OSError:
            continue
        return port
    claim(candidates[-1])
    return candidates[-1]
