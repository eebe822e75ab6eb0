"""Runs OptiLLM where there is no network: what comes at one socket of the file system goes to it, what it asks goes to the other.

    unshare --user --map-root-user --net … python tools/fence.py THEIRS OURS
"""

import asyncio
import fcntl
import os
import socket
import struct
import subprocess
import sys

HOST, PORT, GATEWAY = "127.0.0.1", 8000, 8080
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1
STARTING = 60  # seconds


def raise_loopback():
    """A new network namespace has one, which is down."""
    with socket.socket() as any_socket:
        name, flags = struct.unpack("16sH", fcntl.ioctl(any_socket, SIOCGIFFLAGS, struct.pack("16sH", b"lo", 0)))
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sH", name, flags | IFF_UP))


async def pump(reader, writer):
    try:
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()
        writer.write_eof()
    except OSError:
        writer.close()


def relay(connect):
    async def client(reader, writer):
        try:
            other_reader, other_writer = await connect()
        except OSError:
            writer.close()
            return
        await asyncio.gather(pump(reader, other_writer), pump(other_reader, writer))
        writer.close()
        other_writer.close()

    return client


async def listening(process):
    """Waits until it takes connections."""
    for _ in range(STARTING * 10):
        if process.poll() is not None:
            sys.exit(f"optillm stopped with status {process.returncode}")
        try:
            _, writer = await asyncio.open_connection(HOST, PORT)
            return writer.close()
        except OSError:
            await asyncio.sleep(0.1)
    sys.exit(f"optillm does not listen after {STARTING} s")


async def main(theirs, ours):
    raise_loopback()
    back = relay(lambda: asyncio.open_unix_connection(ours))
    await asyncio.start_server(back, HOST, GATEWAY)
    command = [os.path.join(os.path.dirname(sys.executable), "optillm"), "--host", HOST, "--port", str(PORT)]
    process = subprocess.Popen([*command, "--base-url", f"http://{HOST}:{GATEWAY}/v1", "--approach", "none"])
    await listening(process)
    if os.path.exists(theirs):
        os.unlink(theirs)
    server = await asyncio.start_unix_server(relay(lambda: asyncio.open_connection(HOST, PORT)), theirs)
    async with server:
        while process.poll() is None:
            await asyncio.sleep(0.5)
    sys.exit(f"optillm stopped with status {process.returncode}")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
