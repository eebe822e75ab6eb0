"""The requests: what clients of chats, pictures and agents send, as files."""

import base64
import json
import random

from settings import ROOT

FOLDER = ROOT / "target/bench/bodies"
WORDS = "the gateway reads a request once and writes it as the model takes it, and nothing of it is lost on the way".split()
SYSTEM = "You are a helpful assistant. Answer in one sentence."
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
MEGABYTE = 1 << 20


def write(name, body):
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{name}.json"
    path.write_text(json.dumps(body))
    return path


def chat(model, size, **more):
    """A conversation whose JSON has `size` bytes."""
    chosen = random.Random(size)
    body = {"model": model, **more, "messages": [{"role": "system", "content": SYSTEM}], "max_tokens": 500}
    roles = ["user", "assistant"]
    while (missing := size - len(json.dumps(body))) > 0:
        turn = {"role": roles[len(body["messages"]) % 2 - 1], "content": ""}
        body["messages"].append(turn)
        # Turns of up to 4 KB; what is left over is in the last one, the user's.
        length = missing - len(json.dumps(turn)) - 2
        last = length < 4_400 and turn["role"] == "user"
        turn["content"] = text(chosen, max(1, length) if last else min(4_000, max(1, length // 2)))
    return body


def in_words_of(api, chat):
    """The same conversation as another API has it."""
    if api == "chat":
        return chat
    body = dict(chat)
    system, *turns = body.pop("messages")
    if api == "messages":
        return body | {"system": system["content"], "messages": turns}
    return body | {"max_output_tokens": body.pop("max_tokens"), "input": [system, *turns]}


def text(chosen, length):
    words = ""
    while len(words) < length:
        words += chosen.choice(WORDS) + " "
    return words[: length - 1] + "."


def image(model, size):
    """A question about a picture, `size` bytes of JSON in all."""
    raw = random.Random(size).randbytes(size * 3 // 4 - 300)
    url = "data:image/png;base64," + base64.b64encode(PNG + raw).decode()
    content = [{"type": "text", "text": "What is in this picture?"}, {"type": "image_url", "image_url": {"url": url}}]
    return {"model": model, "messages": [{"role": "user", "content": content}]}


def tools(model, **more):
    """An agent's turn: ten tools, a call and its result."""
    schema = {
        "type": "object",
        "properties": {
            "path": {"type": "string", "description": "The file's path, from the root of the project."},
            "limit": {"type": "integer", "description": "How many lines at most."},
            "mode": {"type": "string", "enum": ["read", "write"]},
        },
        "required": ["path"],
        "additionalProperties": False,
    }
    functions = [
        {"name": f"file_tool_{index}", "description": "Reads a file and returns its lines.", "parameters": schema}
        for index in range(10)
    ]
    call = {"name": "file_tool_3", "arguments": json.dumps({"path": "src/lib.rs", "limit": 20})}
    messages = [
        {"role": "system", "content": SYSTEM},
        {"role": "user", "content": "What does the crate do?"},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "call_1", "type": "function", "function": call}]},
        {"role": "tool", "tool_call_id": "call_1", "content": "//! An Envoy filter.\n" * 20},
    ]
    offered = [{"type": "function", "function": function} for function in functions]
    return {"model": model, **more, "messages": messages, "tools": offered}
