"""Clients that tell exactly how an answer ended, over HTTP/1.1 and HTTP/2, many at a time."""

import asyncio
import contextlib
import json
from dataclasses import dataclass

import h2.config
import h2.connection
import h2.events

from wire import Answer

PATIENCE = 60  # seconds


@dataclass(frozen=True)
class Outcome(Answer):
    """An answer and whether its end was there; status 0 where not even its head was."""

    is_whole: bool = True


def request_headers(key, path, headers):
    own = {"content-type": "application/json"} | ({"authorization": f"Bearer {key}"} if key else {})
    return own | dict(headers)


class Http1:
    """One connection; a request at a time."""

    def __init__(self, port, key):
        self.port, self.key = port, key
        self.is_open = False

    async def __aenter__(self):
        await self.open()
        return self

    async def open(self, **how):
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 16, **how)
        self.is_open = True

    async def __aexit__(self, *_):
        self.writer.transport.abort()

    async def send(self, path, body, headers=()):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        lines = [f"POST {path} HTTP/1.1", "host: gateway", f"content-length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in request_headers(self.key, path, headers).items()]
        self.writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        await self.writer.drain()

    async def ask(self, path, body, headers=()):
        if not self.is_open:
            await self.open()
        async with asyncio.timeout(PATIENCE):
            # Whoever refuses a body may close before it has come.
            with contextlib.suppress(ConnectionError):
                await self.send(path, body, headers)
            outcome = await self.receive()
        self.is_open = outcome.is_whole and outcome.headers.get("connection") != "close"
        if not self.is_open:
            self.writer.transport.abort()
        return outcome

    async def head(self):
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        line, *lines = head.split("\r\n")[:-2]
        return int(line.split(" ")[1]), {
            name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
        }

    async def receive(self):
        try:
            status, headers = await self.head()
        except (OSError, asyncio.IncompleteReadError):
            return Outcome(0, {}, b"", False)
        body = bytearray()
        try:
            if headers.get("transfer-encoding") == "chunked":
                while piece := await self.chunk():
                    body += piece
            else:
                length = int(headers["content-length"])
                while len(body) < length and (piece := await self.reader.read(length - len(body))):
                    body += piece
                return Outcome(status, headers, bytes(body), len(body) == length)
        except (OSError, asyncio.IncompleteReadError):
            return Outcome(status, headers, bytes(body), False)
        return Outcome(status, headers, bytes(body), True)

    async def chunk(self):
        size = int(await self.reader.readuntil(b"\r\n"), 16)
        if size == 0:
            while await self.reader.readuntil(b"\r\n") != b"\r\n":
                pass
            return b""
        return (await self.reader.readexactly(size + 2))[:-2]


class Http2:
    """One connection with prior knowledge; as many requests at a time as are made."""

    def __init__(self, port, key):
        self.port, self.key = port, key
        self.waiting = {}
        self.is_open = True
        # Cleared: nothing is read.
        self.reads = asyncio.Event()
        self.reads.set()

    async def __aenter__(self):
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(validate_outbound_headers=False))
        self.h2.initiate_connection()
        self.window = asyncio.Event()
        self.flush()
        self.task = asyncio.create_task(self.receive())
        return self

    async def __aexit__(self, *_):
        self.writer.transport.abort()
        self.task.cancel()
        with contextlib.suppress(asyncio.CancelledError, OSError):
            await self.task

    async def begin(self, path, body, headers=(), end=True):
        """Sends a request; its number."""
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        stream = self.h2.get_next_available_stream_id()
        pseudo = [(":method", "POST"), (":scheme", "http"), (":authority", "gateway"), (":path", path)]
        self.waiting[stream] = Waiting()
        self.h2.send_headers(stream, [*pseudo, *request_headers(self.key, path, headers).items()])
        while body:
            room = min(self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size)
            if room <= 0:
                self.flush()
                self.window.clear()
                await self.window.wait()
                continue
            self.h2.send_data(stream, body[:room])
            body = body[room:]
        if end:
            self.h2.end_stream(stream)
        self.flush()
        return stream

    async def ask(self, path, body, headers=(), trailers=()):
        async with asyncio.timeout(PATIENCE):
            stream = await self.begin(path, body, headers, end=not trailers)
            if trailers:
                self.h2.send_headers(stream, trailers, end_stream=True)
                self.flush()
            waiting = self.waiting[stream]
            await waiting.over.wait()
        del self.waiting[stream]
        status = int(waiting.headers.pop(":status", 0))
        return Outcome(status, waiting.headers, bytes(waiting.body), waiting.is_whole)

    def leave(self, stream):
        """Gives a request up."""
        self.h2.reset_stream(stream, h2.errors.ErrorCodes.CANCEL)
        del self.waiting[stream]
        self.flush()

    async def receive(self):
        with contextlib.suppress(OSError):
            while await self.reads.wait() and (data := await self.reader.read(65536)):
                for event in self.h2.receive_data(data):
                    self.take(event)
                self.flush()
        self.is_open = False
        for waiting in self.waiting.values():
            waiting.over.set()

    def take(self, event):
        if isinstance(event, h2.events.WindowUpdated):
            self.window.set()
        waiting = self.waiting.get(getattr(event, "stream_id", None))
        if isinstance(event, h2.events.DataReceived):
            self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        if waiting is None:
            return
        if isinstance(event, h2.events.ResponseReceived):
            waiting.headers = {name.decode(): value.decode("latin-1") for name, value in event.headers}
        elif isinstance(event, h2.events.DataReceived):
            waiting.body += event.data
            waiting.began.set()
        elif isinstance(event, h2.events.StreamEnded):
            waiting.is_whole = True
            waiting.over.set()
        elif isinstance(event, h2.events.StreamReset):
            # An answer that ended before its request did is told so (RFC 9113, 8.1).
            waiting.over.set()

    def flush(self):
        self.writer.write(self.h2.data_to_send())


class Waiting:
    def __init__(self):
        self.headers, self.body = {}, bytearray()
        self.is_whole = False
        self.began, self.over = asyncio.Event(), asyncio.Event()


CLIENTS = {"http1": Http1, "http2": Http2}


async def all_at_once(count, jobs):
    """Runs coroutine functions, so many at a time; their results."""
    turns = asyncio.Semaphore(count)

    async def run(job):
        async with turns:
            return await job()

    return await asyncio.gather(*map(run, jobs))
