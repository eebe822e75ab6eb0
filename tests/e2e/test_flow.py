"""A client that reads more slowly than Bedrock speaks holds Bedrock back: nothing piles up, and nothing is lost."""

import asyncio
import json
import socket
import time

import pytest

from bench import machine
from faulty import FILLER, Faulty
from gateway import KEY, over_http2
from kinds import KINDS, replies
from raw import Http1, Http2

# A stream of about 150 MB.
PIECES = 15_000
MEGABYTE = 1 << 20
# Of that, what may be under way: what the route's limit lets Envoy hold, HTTP/2's window for a connection, and what the
# kernel holds.
UNDER_WAY = (40 + 24 + 16) * MEGABYTE
# A VM works on what Envoy reads at a time.
WORK = 16 * MEGABYTE


@pytest.fixture(scope="module")
def bedrock(running_emulator):
    bedrock = Faulty(replies(running_emulator))
    yield bedrock
    bedrock.stop()


def memory(gateway):
    pid = gateway.pid
    return max(machine.linear_memories(pid)), machine.resident(pid)


def pieces_of(body):
    """The numbers of the pieces that a stream has told, whose text is checked."""
    for event in body.decode().split("\n\n"):
        if event.startswith("data: {") and (choices := json.loads(event[6:])["choices"]):
            if text := choices[0]["delta"].get("content"):
                number, _, filler = text.partition(" ")
                assert filler == FILLER
                yield int(number)


async def over_http1(gateway, reads_on):
    async with Http1(gateway.port, KEY) as connection:
        # A receiver's buffer that the kernel does not make larger by itself.
        slow = socket.socket()
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
        slow.setblocking(False)
        await asyncio.get_running_loop().sock_connect(slow, ("127.0.0.1", gateway.port))
        connection.reader, connection.writer = await asyncio.open_connection(sock=slow, limit=65536)
        await connection.send(*KINDS["stream"], {"x-emulator": f"long {PIECES}"})
        status, headers = await connection.head()
        assert status == 200
        read = b""
        async for _ in reads_on():
            read += await connection.reader.read(1024)
        # What was read is the beginning of the first chunks.
        rest = asyncio.StreamReader(limit=MEGABYTE)
        rest.feed_data(read)
        connection.reader, slow_reader = rest, connection.reader
        feeding = asyncio.create_task(feed(slow_reader, rest))
        body = b""
        while piece := await connection.chunk():
            body += piece
        feeding.cancel()
        return body


async def feed(source, into):
    while data := await source.read(65536):
        into.feed_data(data)
    into.feed_eof()


async def over_http2_(gateway, reads_on):
    async with Http2(gateway.port, KEY) as connection:
        number = await connection.begin(*KINDS["stream"], {"x-emulator": f"long {PIECES}"})
        waiting = connection.waiting[number]
        await waiting.began.wait()
        async for _ in reads_on():
            # A moment of reading, and then none.
            connection.reads.set()
            await asyncio.sleep(0)
            connection.reads.clear()
        connection.reads.set()
        await waiting.over.wait()
        assert waiting.is_whole
        return bytes(waiting.body)


@pytest.mark.parametrize(("downstream", "upstream"), [("http1", "http1"), ("http2", "http2")])
def test_a_slow_reader_holds_bedrock_back_and_loses_nothing(start, bedrock, upstream, downstream):
    gateway = start(bedrock.endpoint, patch=over_http2 if upstream == "http2" else None, own=True)
    with gateway.connection() as connection:
        assert connection.chat(KINDS["chat"][1]).status == 200
    vm, resident = memory(gateway)
    bedrock.sent = 0
    seen = []

    async def reads_on():
        """Some seconds of little reading."""
        for _ in range(30):
            yield
            await asyncio.sleep(0.1)
        seen.append((bedrock.sent, *memory(gateway)))

    client = over_http1 if downstream == "http1" else over_http2_
    body = asyncio.run(client(gateway, reads_on))

    [(sent, later_vm, later_resident)] = seen
    print(f"{downstream} {upstream}: sent {sent}, VM {vm} {later_vm}, resident {resident} {later_resident}")
    assert sent < UNDER_WAY, "Bedrock was not held back"
    assert later_vm <= vm + WORK and later_resident <= resident + UNDER_WAY
    assert list(pieces_of(body)) == list(range(PIECES))
    assert body.endswith(b"data: [DONE]\n\n")
    deadline = time.monotonic() + 10
    while bedrock.active and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not bedrock.active
