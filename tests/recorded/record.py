"""Stands between an agent and the gateway, and writes down the bodies that the agent sends.

    python tests/recorded/record.py http://127.0.0.1:8080 tests/recorded/AGENT [PATH=NAME]...

Let the agent's base URL be http://127.0.0.1:18800/v1. What is the agent's own prose becomes filler of the same shape: its
instructions, its reminders beside what the user says, the descriptions of its tools, all that is long. PATHs become NAMEs.
"""

import http.client
import itertools
import json
import re
import sys
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PORT = 18800
# A text longer than this is taken for the agent's own, and so much of it is kept.
OWN, FILLER = 170, 80
REMINDER = "<system-reminder>"


def main():
    gateway, directory, *names = sys.argv[1:]
    out = Path(directory)
    out.mkdir(parents=True, exist_ok=True)
    names = [name.split("=") for name in names]
    numbers = itertools.count(len(list(out.glob("*.json"))) + 1)

    def keep(body):
        text = json.dumps(body, indent=1, ensure_ascii=False)
        for path, name in names:
            text = text.replace(path, name)
        (out / f"{next(numbers):02}.json").write_text(text + "\n")

    handler = type("Handler", (Proxy,), {"gateway": urllib.parse.urlsplit(gateway).netloc, "keep": staticmethod(keep)})
    ThreadingHTTPServer(("127.0.0.1", PORT), handler).serve_forever()


class Proxy(BaseHTTPRequestHandler):
    def do_POST(self):
        # The gateway gets it as it is kept, for the emulator would call every tool that a reminder speaks of.
        body = kept(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        self.keep(body)
        connection = http.client.HTTPConnection(self.gateway)
        headers = {"authorization": self.headers["authorization"], "content-type": "application/json"}
        connection.request("POST", self.path, json.dumps(body), headers)
        answer = connection.getresponse()
        self.send_response(answer.status)
        self.send_header("content-type", answer.getheader("content-type"))
        self.end_headers()
        self.wfile.write(answer.read())


def kept(body):
    """The body without the agent's prose."""
    body = body | {"messages": [kept_message(message) for message in body["messages"]]}
    if "tools" in body:
        body["tools"] = [undescribed(tool) for tool in body["tools"]]
    return body


def kept_message(message):
    def text(given):
        own = message["role"] in ("system", "developer") or given.startswith(REMINDER) or len(given) > OWN
        return filler(given) if own else given

    content = message.get("content")
    if isinstance(content, str):
        content = text(content)
    elif content is not None:
        content = [part | {"text": text(part["text"])} if "text" in part else part for part in content]
    return message | {"content": content}


def undescribed(value):
    if isinstance(value, list):
        return [undescribed(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: filler(item) if name in ("description", "title") and isinstance(item, str) else undescribed(item)
        for name, item in value.items()
    }


def filler(text):
    """The same lines, signs and spaces, each word another, and not all of it."""
    return re.sub(r"\w+", "word", text)[:FILLER]


if __name__ == "__main__":
    main()
