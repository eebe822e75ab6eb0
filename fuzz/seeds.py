#!/usr/bin/env python3
"""Writes what the fuzz targets begin with, from the golden cases of tests/golden: seeds.py FOLDER.

What fuzzing found worth keeping, and what was made by hand, is in corpus/ beside this file.
"""

import json
import pathlib
import re
import struct
import sys
import zlib

ROOT = pathlib.Path(__file__).resolve().parent.parent
GOLDEN = ROOT / "tests" / "golden"


def main(folder):
    models = re.findall(r'^    "(.*)",$', (ROOT / "tests/translation/generate.rs").read_text().split("];")[0], re.M)
    write = Writer(folder)
    for path, case in cases("requests"):
        family = models.index(case["model"]) if case["model"] in models else zlib.crc32(path.name.encode()) % 37
        body = compact(case["request"])
        write("requests", path, bytes([family, 0]) + body)
        write("reader", path, body)
        write("untranslated", path, b"\0\0" + compact(case.get("converse", case["request"])))
        if b"http" in body:
            write("image_urls", path, body)
    for path, case in cases("messages"):
        write("messages", path, b"\0" + compact(case["request"]))
    for path, case in cases("responses"):
        write("responses", path, b"\0" + bytes([zlib.crc32(path.name.encode()) % 5]) + compact(case["request"]))
    for path, case in cases("replies"):
        bedrock = case["bedrock"]
        body = bedrock.encode() if isinstance(bedrock, str) else compact(bedrock)
        write("replies", path, bytes([zlib.crc32(path.name.encode()) % 4]) + body)
        write("watched", path, b"\0\x05" + body)
    for path, case in cases("streams"):
        frames = b"".join(frame(*event) for event in case["events"] if len(event) == 2)
        write("streams", path, bytes([zlib.crc32(path.name.encode()) % 5, 0, 7]) + frames)
        write("untranslated", path, b"\0\0" + frames)
        write("watched", path, b"\2\x07" + watched(case["events"]))
        write("responses", path, b"\2\0" + frames)
    for at, block in enumerate(re.findall(r"^```json\n(.*?)^```", (ROOT / "docs/configuration.md").read_text(), re.S | re.M)):
        write("configurations", pathlib.Path(f"documented-{at}"), b"\1" + block.encode())


class Writer:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)

    def __call__(self, target, path, content):
        (self.folder / target).mkdir(parents=True, exist_ok=True)
        (self.folder / target / path.stem).write_bytes(content)


def cases(kind):
    for path in sorted((GOLDEN / kind).rglob("*.json")):
        yield path, json.loads(path.read_text())


def compact(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def watched(events):
    """What the target of that name makes frames of: payloads with their kinds before them, by their places in its table."""
    kinds = ["contentBlockDelta", "messageStop", "metadata", "contentBlockStart"]
    named = [event for event in events if len(event) == 2 and event[0] in kinds]
    return b"\xff".join(bytes([kinds.index(kind)]) + (payload.encode() if isinstance(payload, str) else compact(payload)) for kind, payload in named)


def frame(kind, payload):
    payload = payload.encode() if isinstance(payload, str) else compact(payload)
    names = {":event-type": kind, ":content-type": "application/json", ":message-type": "event"}
    if kind.endswith("Exception"):
        names = {":exception-type": kind, ":message-type": "exception"}
    headers = b"".join(header(name, value) for name, value in names.items())
    prelude = struct.pack(">II", len(headers) + len(payload) + 16, len(headers))
    message = prelude + struct.pack(">I", zlib.crc32(prelude)) + headers + payload
    return message + struct.pack(">I", zlib.crc32(message))


def header(name, value):
    return struct.pack(">B", len(name)) + name.encode() + struct.pack(">BH", 7, len(value)) + value.encode()


if __name__ == "__main__":
    main(sys.argv[1])
