"""Ports for servers that have to be told theirs before they start."""

import socket

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
