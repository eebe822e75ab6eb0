"""A Bedrock that answers each Converse call by a function of its body, and keeps what came and when."""

import http.server
import json
import threading
import time
from dataclasses import dataclass, field

from faulty import EVENT_STREAM, frame
from settings import Endpoint
from threaded import ThreadedServer

PATIENCE = 60
USAGE = {"inputTokens": 10, "outputTokens": 5, "totalTokens": 15}


@dataclass
class Call:
    model: str
    body: dict
    is_stream: bool
    begun: float
    ended: float = 0.0

    @property
    def system(self):
        return "\n".join(block.get("text", "") for block in self.body.get("system", []))

    @property
    def texts(self):
        """What each turn says."""
        return [text_of(message) for message in self.body["messages"]]

    @property
    def last(self):
        return self.texts[-1]

    @property
    def all(self):
        return "\n".join([self.system, *self.texts])


def text_of(message):
    return "\n".join(block["text"] for block in message["content"] if "text" in block)


@dataclass
class Fails:
    """An answer that is a failure of Bedrock's."""

    status: int
    kind: str
    message: str = "scripted"


@dataclass
class Says:
    text: str
    stop: str = "end_turn"
    # Seconds before the answer, and what a stream waits for behind its first word.
    after: float = 0.0
    gate: threading.Event | None = None
    more: list = field(default_factory=list)


class Scripted:
    """The server. `script` is given each call and says what is answered: a text, `Says` or `Fails`."""

    def __init__(self, script=lambda call: "an answer"):
        self.script = script
        self.calls = []
        self.lock = threading.Lock()
        scripted = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                scripted.answer(self)

            def log_message(self, *_):
                pass

        self.server = ThreadedServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.endpoint = Endpoint.parse(f"http://127.0.0.1:{self.server.server_address[1]}")

    def forget(self, script):
        self.calls, self.script = [], script

    def stop(self):
        self.server.shutdown()

    @property
    def most_at_once(self):
        marks = sorted([(call.begun, 1) for call in self.calls] + [(call.ended, -1) for call in self.calls])
        now = most = 0
        for _, step in marks:
            now += step
            most = max(most, now)
        return most

    def answer(self, handler):
        body = json.loads(handler.rfile.read(int(handler.headers["content-length"])))
        _, _, model, operation = handler.path.split("/")
        call = Call(model, body, operation == "converse-stream", time.monotonic())
        with self.lock:
            self.calls.append(call)
        says = self.script(call)
        if isinstance(says, str):
            says = Says(says)
        try:
            if isinstance(says, Fails):
                return self.give(handler, says.status, json.dumps({"message": says.message}).encode(), says.kind)
            time.sleep(says.after)
            if call.is_stream:
                return self.stream(handler, says)
            content = [*says.more, {"text": says.text}] if says.text else says.more
            reply = {
                "output": {"message": {"role": "assistant", "content": content}},
                "stopReason": says.stop,
                "usage": USAGE,
                "metrics": {"latencyMs": 1},
            }
            self.give(handler, 200, json.dumps(reply).encode())
        finally:
            call.ended = time.monotonic()

    def give(self, handler, status, body, kind=None):
        handler.send_response(status)
        handler.send_header("content-type", "application/json")
        handler.send_header("content-length", str(len(body)))
        handler.send_header("x-amzn-requestid", f"request-{len(self.calls)}")
        if kind:
            handler.send_header("x-amzn-errortype", kind)
        handler.end_headers()
        handler.wfile.write(body)

    def stream(self, handler, says):
        handler.send_response(200)
        handler.send_header("content-type", EVENT_STREAM)
        handler.send_header("transfer-encoding", "chunked")
        handler.send_header("x-amzn-requestid", f"request-{len(self.calls)}")
        handler.end_headers()

        def event(kind, payload):
            data = frame(kind, payload)
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
            handler.wfile.flush()

        event("messageStart", {"role": "assistant"})
        for word in says.text.split(" "):
            event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": f"{word} "}})
            if says.gate:
                says.gate.wait(PATIENCE)
        event("contentBlockStop", {"contentBlockIndex": 0})
        event("messageStop", {"stopReason": says.stop})
        event("metadata", {"usage": USAGE, "metrics": {"latencyMs": 1}})
        handler.wfile.write(b"0\r\n\r\n")
