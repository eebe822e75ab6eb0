"""A Bedrock that fails as it is told, over HTTP/1.1 and h2c on one port, down to bytes that no HTTP library would send.

A request's header `x-emulator` says `WHAT AT`: what goes wrong, after how many bytes of the reply (-1: before its headers).
`hold` goes on when the test says so, and then all is well. `drip` never ends: a byte at a time, until its caller is gone.
Over HTTP/2 the end comes by itself, or with `ends-with-data` in the last frame that has bytes.
"""

import asyncio
import contextlib
import json
import random
import socket
import struct
import threading
import zlib
from dataclasses import dataclass, field

import h2.config
import h2.connection
import h2.errors
import h2.events

from settings import Endpoint

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
JSON = "application/json"
EVENT_STREAM = "application/vnd.amazon.eventstream"
REQUEST_ID = "11111111-2222-4333-8444-555555555555"
# Not the beginning of a frame, of JSON, or of a chunk.
JUNK = random.Random(7).randbytes(300).replace(b"\r", b"x").replace(b"\n", b"y")
# Time for what was sent to arrive: a reset throws away what is still on its way.
ARRIVE = 0.03
# Between the bytes of what drips.
DRIP = 0.05


@dataclass(frozen=True)
class Reply:
    content_type: str
    payload: bytes

    @property
    def is_stream(self):
        return self.content_type == EVENT_STREAM

    def frame_ends(self):
        """Where each event-stream frame ends."""
        ends, at = [], 0
        while at < len(self.payload):
            at += int.from_bytes(self.payload[at : at + 4], "big")
            ends.append(at)
        return ends


def frame(event, payload):
    """An event-stream frame."""
    headers = b""
    for name, value in ((":event-type", event), (":content-type", JSON), (":message-type", "event")):
        headers += bytes([len(name)]) + name.encode() + b"\x07" + struct.pack(">H", len(value)) + value.encode()
    body = json.dumps(payload).encode()
    prelude = struct.pack(">II", 16 + len(headers) + len(body), len(headers))
    message = prelude + struct.pack(">I", zlib.crc32(prelude)) + headers + body
    return message + struct.pack(">I", zlib.crc32(message))


# About ten kilobytes of text.
FILLER = "word " * 2000


def long_stream(pieces):
    """A chat's stream, in frames: as many pieces of text, each with its number."""
    yield frame("messageStart", {"role": "assistant"})
    for number in range(pieces):
        yield frame("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": f"{number:08} {FILLER}"}})
    yield frame("contentBlockStop", {"contentBlockIndex": 0})
    yield frame("messageStop", {"stopReason": "end_turn"})
    usage = {"inputTokens": 1, "outputTokens": pieces, "totalTokens": pieces + 1}
    yield frame("metadata", {"usage": usage, "metrics": {"latencyMs": 1}})


@dataclass
class Request:
    """What came, and whether its caller is still there."""

    path: str
    headers: dict
    body: bytes = b""
    # Over HTTP/2.
    trailers: dict = field(default_factory=dict)
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def plan(self):
        what, _, at = self.headers.get("x-emulator", "whole").partition(" ")
        return what, int(at or 0)


class Faulty:
    """The server, in a thread of its own. `replies` are by the last segment of the path, `claude-` before it for Claude's own."""

    def __init__(self, replies):
        self.replies = replies
        # Whole replies of a test's own, by the plan that asks for them.
        self.more = {}
        # More headers for replies over HTTP/1.1, as bytes, and the requests that came.
        self.headers = b""
        self.seen = []
        self.active = self.most = self.served = 0
        self.sent = 0
        ready = threading.Event()
        threading.Thread(target=lambda: asyncio.run(self.run(ready)), daemon=True).start()
        ready.wait()
        self.endpoint = Endpoint.parse(f"http://127.0.0.1:{self.port}")

    async def run(self, ready):
        self.loop, self.stopped, self.released = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()
        server = await asyncio.start_server(self.connected, "127.0.0.1", 0, limit=1 << 20, backlog=1024)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        await self.stopped.wait()
        server.close()

    def release(self):
        """Has all go on that hold, and those that come."""
        self.loop.call_soon_threadsafe(self.released.set)

    def hold(self):
        self.loop.call_soon_threadsafe(self.released.clear)

    def stop(self):
        self.loop.call_soon_threadsafe(self.stopped.set)

    async def connected(self, reader, writer):
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            begun = await reader.readexactly(len(PREFACE))
            connection = Http2 if begun == PREFACE else Http1
            await connection(self, reader, writer).serve(begun)
        writer.transport.abort()

    @contextlib.contextmanager
    def at_work(self):
        self.active += 1
        self.served += 1
        self.most = max(self.most, self.active)
        try:
            yield
        finally:
            self.active -= 1

    def reply(self, request):
        operation = request.path.rsplit("/", 1)[-1]
        own = self.replies.get(f"claude-{operation}") if "anthropic.claude" in request.path else None
        return self.more.get(request.plan[0]) or own or self.replies[operation]


class Http1:
    def __init__(self, server, reader, writer):
        self.server, self.reader, self.writer = server, reader, writer

    async def serve(self, begun):
        while True:
            head = begun + await self.until_blank(begun)
            begun = b""
            line, *lines = head.decode("latin-1").split("\r\n")[:-2]
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            request = Request(line.split(" ")[1], headers)
            with self.server.at_work():
                request.body = await self.body(headers)
                self.server.seen.append(request)
                if not await self.answer(request):
                    return

    async def until_blank(self, begun):
        # A request is longer than a preface.
        return await self.reader.readuntil(b"\r\n\r\n")

    async def body(self, headers):
        if headers.get("transfer-encoding") != "chunked":
            return await self.reader.readexactly(int(headers.get("content-length", 0)))
        body = b""
        while size := int(await self.reader.readuntil(b"\r\n"), 16):
            body += (await self.reader.readexactly(size + 2))[:-2]
        await self.reader.readexactly(2)
        return body

    async def answer(self, request):
        """Whether the connection goes on."""
        what, at = request.plan
        reply = self.server.reply(request)
        if what == "long":
            return await self.give_long(request, at)
        if at < 0:
            if what == "garbage":
                await self.write(JUNK + b"\r\n\r\n")
            return await self.fail(what)
        payload, total = reply.payload, len(reply.payload)
        is_chunked = reply.is_stream or what in ("trailers", "cut-trailers", "bad-chunk")
        length = {"short-length": at, "long-length": total + 10, "end": at}.get(what, total)
        is_chunked = is_chunked and "length" not in what
        framing = "transfer-encoding: chunked" if is_chunked else f"content-length: {length}"
        head = f"HTTP/1.1 200 OK\r\ncontent-type: {reply.content_type}\r\nx-amzn-requestid: {REQUEST_ID}\r\n"
        await self.write(head.encode() + self.server.headers + f"{framing}\r\n\r\n".encode())
        if what in ("whole", "trailers", *self.server.more):
            at = total
        if what == "short-length":
            await self.write(payload)
            return False
        await self.pieces(payload[:at], is_chunked, reply.frame_ends() if reply.is_stream else [at])
        if what == "hold":
            await self.server.released.wait()
            await self.pieces(payload[at:], is_chunked, [])
        if what == "garbage":
            junk = JUNK if is_chunked else JUNK[: total - at].ljust(total - at, b"?")
            await self.pieces(junk, is_chunked, [len(junk)])
        while what == "drip" and not self.reader.at_eof():
            await self.pieces(b"x", is_chunked, [])
            await asyncio.sleep(DRIP)
        if what in ("reset", "close", "stall", "bad-chunk", "long-length"):
            return await self.fail(what)
        if is_chunked:
            trailers = b"x-trailer: the end\r\n" if "trailers" in what else b""
            await self.write(b"0\r\n" + trailers + b"\r\n")
        return True

    async def pieces(self, payload, is_chunked, ends):
        begin = 0
        for end in [*(end for end in ends if end < len(payload)), len(payload)]:
            piece, begin = payload[begin:end], end
            if piece:
                await self.write(b"%x\r\n%s\r\n" % (len(piece), piece) if is_chunked else piece)

    async def give_long(self, request, count):
        await self.write(
            f"HTTP/1.1 200 OK\r\ncontent-type: {EVENT_STREAM}\r\ntransfer-encoding: chunked\r\n\r\n".encode()
        )
        for piece in long_stream(count):
            await self.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.server.sent += len(piece)
        await self.write(b"0\r\n\r\n")
        return True

    async def fail(self, what):
        await asyncio.sleep(ARRIVE)
        if what == "reset":
            linger(self.writer)
        elif what == "bad-chunk":
            await self.write(b"zz\r\nnonsense\r\n")
            await asyncio.sleep(ARRIVE)
        elif what in ("close", "long-length"):
            self.writer.write_eof()
            await self.reader.read(1)
        elif what == "stall":
            # Until the caller is gone.
            await self.reader.read(1)
        return False

    async def write(self, data):
        self.writer.write(data)
        await self.writer.drain()


class Http2:
    def __init__(self, server, reader, writer):
        self.server, self.reader, self.writer = server, reader, writer
        config = h2.config.H2Configuration(
            client_side=False, validate_outbound_headers=False, normalize_outbound_headers=False
        )
        self.h2 = h2.connection.H2Connection(config)
        self.requests, self.tasks = {}, set()
        self.window = asyncio.Event()

    async def serve(self, begun):
        self.h2.initiate_connection()
        self.flush()
        data = begun
        try:
            while data:
                for event in self.h2.receive_data(data):
                    self.take(event)
                self.flush()
                data = await self.reader.read(65536)
        finally:
            for request in self.requests.values():
                request.gone.set()
            if self.tasks:
                await asyncio.wait(self.tasks)

    def take(self, event):
        if isinstance(event, h2.events.RequestReceived):
            headers = {name.decode(): value.decode("latin-1") for name, value in event.headers}
            self.requests[event.stream_id] = Request(headers[":path"], headers)
        elif isinstance(event, h2.events.DataReceived):
            self.requests[event.stream_id].body += event.data
            self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.TrailersReceived):
            trailers = {name.decode(): value.decode("latin-1") for name, value in event.headers}
            self.requests[event.stream_id].trailers = trailers
        elif isinstance(event, h2.events.StreamEnded):
            self.server.seen.append(self.requests[event.stream_id])
            task = asyncio.create_task(self.answer(event.stream_id))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
        elif isinstance(event, h2.events.StreamReset):
            self.requests[event.stream_id].gone.set()
            self.window.set()
        elif isinstance(event, h2.events.WindowUpdated):
            self.window.set()

    async def answer(self, stream):
        request = self.requests[stream]
        with self.server.at_work(), contextlib.suppress(OSError, h2.exceptions.ProtocolError):
            await self.try_to_answer(stream, request)
        del self.requests[stream]

    async def try_to_answer(self, stream, request):
        what, at = request.plan
        reply = self.server.reply(request)
        if at < 0:
            return await self.fail(what, stream, request)
        payload, total = reply.payload, len(reply.payload)
        head = [(":status", "200"), ("content-type", reply.content_type), ("x-amzn-requestid", REQUEST_ID)]
        if not reply.is_stream or "length" in what:
            length = {"short-length": at, "long-length": total + 10, "end": at, "cut-trailers": at}.get(what, total)
            head.append(("content-length", str(length)))
        self.h2.send_headers(stream, head)
        self.flush()
        if what == "long":
            for piece in long_stream(at):
                await self.data(stream, piece, request)
                self.server.sent += len(piece)
            return self.end(stream)
        if what in ("whole", "trailers", "short-length", "goaway", "ends-with-data", *self.server.more):
            at = total
        begin, ends = 0, reply.frame_ends() if reply.is_stream else []
        if what == "ends-with-data":
            ends = [at // 100, *ends]
        for end in [*(end for end in ends if end < at), at]:
            await self.data(stream, payload[begin:end], request, is_end=what == "ends-with-data" and end == total)
            begin = end
        if what == "ends-with-data":
            return None
        if what == "hold":
            await self.server.released.wait()
            await self.data(stream, payload[at:], request)
        if what == "garbage":
            await self.data(stream, JUNK if reply.is_stream else JUNK[: total - at].ljust(total - at, b"?"), request)
        while what == "drip" and not request.gone.is_set():
            await self.data(stream, b"x", request)
            await asyncio.sleep(DRIP)
        if what in ("reset", "close", "stall", "bad-frame", "rst", "goaway-close"):
            return await self.fail(what, stream, request)
        if what == "goaway":
            self.h2.close_connection(last_stream_id=stream)
            # The library takes the connection for closed now.
            self.writer.write(self.h2.data_to_send() + b"\0\0\0\0\1" + struct.pack(">I", stream))
            return None
        if "trailers" in what:
            self.h2.send_headers(stream, [("x-trailer", "the end")], end_stream=True)
            return self.flush()
        return self.end(stream)

    async def data(self, stream, data, request, is_end=False):
        while data and not request.gone.is_set():
            room = min(self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size)
            if room <= 0:
                self.window.clear()
                await self.window.wait()
                continue
            self.h2.send_data(stream, data[:room], end_stream=is_end and room >= len(data))
            data = data[room:]
            self.flush()
            await self.writer.drain()

    def end(self, stream):
        self.h2.end_stream(stream)
        self.flush()

    async def fail(self, what, stream, request):
        await asyncio.sleep(ARRIVE)
        if request.gone.is_set():
            # The connection is another request's by now.
            return
        if what == "rst":
            self.h2.reset_stream(stream, h2.errors.ErrorCodes.INTERNAL_ERROR)
            self.flush()
        elif what == "stall":
            await request.gone.wait()
        elif what == "reset":
            linger(self.writer)
            self.writer.transport.abort()
        elif what in ("bad-frame", "garbage"):
            self.writer.write(JUNK)
        else:
            if what == "goaway-close":
                self.h2.close_connection(h2.errors.ErrorCodes.INTERNAL_ERROR)
                self.flush()
            self.writer.write_eof()

    def flush(self):
        self.writer.write(self.h2.data_to_send())


def linger(writer):
    """Closing is a reset from now on."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
