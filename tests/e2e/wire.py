"""HTTP as it is, without an SDK in between."""

import http.client
import json
from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def error(self):
        """The body's error, which has OpenAI's shape or this fails."""
        assert self.headers["content-type"] == "application/json", self
        body = self.json
        assert body.keys() == {"error"} and body["error"].keys() == {"message", "type", "param", "code"}, body
        error = body["error"]
        assert error["message"] and isinstance(error["message"], str), body
        assert error["type"] and isinstance(error["type"], str), body
        return error

    @property
    def events(self):
        return events(self.body)


class Connection:
    """One connection, which is opened a second time only where the gateway has said that it closes it."""

    def __init__(self, port, key):
        self.key = key
        self.http = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        self.http.connect()
        self.http.auto_open = False
        self.opened = 1

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.http.close()

    def begin(self, method, path, body=None, headers=(), chunked=False):
        """Sends a request and waits for no more than the head of the answer."""
        own = {"authorization": f"Bearer {self.key}"} if self.key is not None else {}
        if isinstance(body, dict | list):
            body = json.dumps(body).encode()
            own["content-type"] = "application/json"
        if self.http.auto_open:
            self.opened += 1
        self.http.request(method, path, body, own | dict(headers), encode_chunked=chunked)
        response = self.http.getresponse()
        self.http.auto_open = response.getheader("connection") == "close"
        return response

    def ask(self, method, path, body=None, headers=(), chunked=False):
        response = self.begin(method, path, body, headers, chunked)
        return Answer(response.status, lower(response.getheaders()), response.read())

    def chat(self, body, headers=(), **more):
        return self.ask("POST", "/v1/chat/completions", body, headers, **more)


def lower(headers):
    return {name.lower(): value for name, value in headers}


def events(body):
    """The data of each server-sent event; nothing stands between them, and only an error has a name."""
    assert body == b"" or body.endswith(b"\n\n"), body
    found = [event.removeprefix("event: error\n") for event in body.decode().split("\n\n")[:-1]]
    assert all(event.startswith("data: ") and "\n" not in event for event in found), body
    return [event.removeprefix("data: ") for event in found]


def until_broken(response):
    """All bytes of a body, and whether its end was missing."""
    body = b""
    try:
        while piece := response.read1():
            body += piece
    except (OSError, http.client.HTTPException):
        return body, True
    return body, False
