"""What prompt caching comes to for agents: the share of a session's input that is read from the cache, and what the input costs with it.

    python tests/recorded/caching.py serve DIRECTORY    # then let an agent work: http://127.0.0.1:18801/v1, for Claude Code without /v1
    python tests/recorded/caching.py show DIRECTORY...  # a table

`serve` is a model that has the agent read the files of this project's src/translate/chat one after the other, each time with the whole
conversation, and then says that it is done. Bodies are kept as they come, with the agent's own prose: keep them to yourself. `show` puts cache points
where the gateway puts them (`automatic_caching`), or where the client has put its own, and counts tokens as the emulator does.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).parents[2]
PORT = 18801
READ = ("read", "read_file", "readfile")
FILES = sorted((ROOT / "src/translate/chat").glob("*.rs"))[:12]
# Of Claude's price of input (AWS's price list, November 2026), for five minutes.
READING, WRITING = 0.1, 1.25
# Fewer tokens than these before a point, and it counts for nothing: Claude Sonnet 4.5.
LEAST = 1024
# Up to so many parts before a point Claude looks for what an earlier request has written (AWS documentation, "Prompt caching").
BACK = 20


def show(directories):
    print(f"{'session':24} requests  input tokens   read  written  neither  cost of input without caching = 100 %")
    for directory in directories:
        bodies = [json.loads(path.read_text()) for path in sorted(Path(directory).glob("*.json"))]
        for name, place in (("automatic points", automatic), ("the client's own", own)):
            requests, total, read, written = session(bodies, place)
            rest = total - read - written
            cost = (read * READING + written * WRITING + rest) / total
            shares = "  ".join(f"{part / total:6.1%}" for part in (read, written, rest))
            print(f"{Path(directory).name:24} {requests:8} {total:13,}  {shares}  {cost:6.1%}  ({name})")


def session(bodies, place):
    """(requests, tokens, those read from the cache, those written to it) of requests within five minutes of each other."""
    seen, total, read, written = set(), 0, 0, 0
    for body in bodies:
        blocks = parts(body)
        ends = place(body, blocks)
        tokens, prefix, last, found = 0, 0, 0, 0
        before, new = [], set()
        for index, (text, _) in enumerate(blocks):
            tokens += count(text)
            prefix = hash((prefix, text))
            before.append((prefix, tokens))
            if index in ends and tokens >= LEAST:
                last = tokens
                found = max([found, *(upto for known, upto in before[-BACK - 1 :] if known in seen)])
                new.add(prefix)
        seen |= new
        total, read, written = total + tokens, read + found, written + last - found
    return len(bodies), total, read, written


def parts(body):
    """(text, what) of each part of a body in the order of the prompt; what is "tool", "system", "user" or "assistant"."""
    blocks = [(plain(tool), "tool") for tool in body.get("tools", [])]
    system = body.get("system") or []
    blocks += [(plain(part), "system") for part in ([system] if isinstance(system, str) else system)]
    turns = []
    for message in body["messages"]:
        role = {"tool": "user", "developer": "system"}.get(message["role"], message["role"])
        content = message.get("content") or []
        content = [content] if isinstance(content, str) else content
        block = [(plain(part), role) for part in [*content, *message.get("tool_calls", [])]]
        (blocks if role == "system" else turns).extend(block)
    return blocks + turns


def plain(part):
    """A part as text, without its cache point."""
    if isinstance(part, str):
        return part
    return part.get("text") or json.dumps({k: v for k, v in part.items() if k != "cache_control"}, separators=(",", ":"))


def automatic(body, blocks):
    """Where the gateway puts points: behind tools, instructions and the last two turns of the user, where there are tools."""
    if not body.get("tools"):
        return set()
    ends = {index for index, (_, what) in enumerate(blocks) if [what] != [other for _, other in blocks[index + 1 : index + 2]]}
    last = {what: [index for index in sorted(ends) if blocks[index][1] == what] for what in ("tool", "system", "user")}
    return {*last["tool"][-1:], *last["system"][-1:], *last["user"][-2:]}


def own(body, blocks):
    """Where the client has put points of its own."""
    system = body.get("system") or []
    marked = [*body.get("tools", []), *([] if isinstance(system, str) else system)]
    turns = []
    for message in body["messages"]:
        content = message.get("content") or []
        content = [content] if isinstance(content, str) else list(content)
        if "cache_control" in message and content:
            content[-1] = {"text": plain(content[-1]), "cache_control": message["cache_control"]}
        (marked if message["role"] in ("system", "developer") else turns).extend([*content, *message.get("tool_calls", [])])
    return {index for index, part in enumerate(marked + turns) if isinstance(part, dict) and "cache_control" in part}


def count(text):
    """Tokens, as the emulator counts them."""
    return sum(-(-len(word) // 4) for word in text.split())


class Model(BaseHTTPRequestHandler):
    """Calls the agent's tool for reading files, for one file after the other."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.give({"object": "list", "data": []})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if "count_tokens" in self.path:
            return self.give({"input_tokens": 1})
        number = len(list(self.directory.glob("*.json"))) + 1
        tool = next((tool for tool in map(schema, body.get("tools", [])) if tool[0].lower() in READ), None)
        if tool:
            (self.directory / f"{number:03}.json").write_text(json.dumps(body))
        results = sum(self.has_result(message) for message in body["messages"])
        call = None
        if tool and results < len(FILES):
            name, parameters = tool
            call = (f"call_{results}", name, json.dumps({parameters["required"][0]: str(FILES[results])}))
        said = "Let me look at the next file, to see how it is done there." if call else "That is all: each file has one concern."
        (self.anthropic if "messages" in self.path.split("?")[0].rsplit("/", 1)[1] else self.openai)(body, said, call)

    def has_result(self, message):
        content = message.get("content")
        blocks = content if isinstance(content, list) else []
        return (message["role"] == "tool") + sum(block.get("type") == "tool_result" for block in blocks)

    def openai(self, body, said, call):
        calls = [{"index": 0, "id": call[0], "type": "function", "function": {"name": call[1], "arguments": call[2]}}] if call else None
        head = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": body["model"]}
        message = {"role": "assistant", "content": said} | ({"tool_calls": calls} if calls else {})
        reason = "tool_calls" if calls else "stop"
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        if not body.get("stream"):
            choice = {"index": 0, "message": message, "finish_reason": reason}
            return self.give(head | {"object": "chat.completion", "choices": [choice], "usage": usage})
        choices = [{"index": 0, "delta": message, "finish_reason": None}], [{"index": 0, "delta": {}, "finish_reason": reason}], []
        chunks = [head | {"choices": choice} | ({} if choice else {"usage": usage}) for choice in choices]
        self.send("text/event-stream", "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + "data: [DONE]\n\n")

    def anthropic(self, body, said, call):
        blocks = [{"type": "text", "text": said}] + ([{"type": "tool_use", "id": call[0], "name": call[1], "input": json.loads(call[2])}] if call else [])
        usage = {"input_tokens": 1, "output_tokens": 1}
        message = {"id": "m", "type": "message", "role": "assistant", "model": body["model"], "usage": usage, "stop_sequence": None}
        reason = "tool_use" if call else "end_turn"
        if not body.get("stream"):
            return self.give(message | {"content": blocks, "stop_reason": reason})
        events = [{"type": "message_start", "message": message | {"content": [], "stop_reason": None}}]
        for index, block in enumerate(blocks):
            is_text = block["type"] == "text"
            empty = block | ({"text": ""} if is_text else {"input": {}})
            delta = {"type": "text_delta", "text": said} if is_text else {"type": "input_json_delta", "partial_json": call[2]}
            events += [
                {"type": "content_block_start", "index": index, "content_block": empty},
                {"type": "content_block_delta", "index": index, "delta": delta},
                {"type": "content_block_stop", "index": index},
            ]
        events += [{"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": None}, "usage": usage}, {"type": "message_stop"}]
        self.send("text/event-stream", "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events))

    def give(self, value):
        self.send("application/json", json.dumps(value))

    def send(self, kind, text):
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


def schema(tool):
    """A tool's name and the schema of its arguments, whichever API it is of."""
    function = tool.get("function", tool)
    return function.get("name", ""), function.get("parameters") or function.get("input_schema") or {}


def serve(directory):
    Path(directory).mkdir(parents=True, exist_ok=True)
    handler = type("Handler", (Model,), {"directory": Path(directory)})
    ThreadingHTTPServer(("127.0.0.1", PORT), handler).serve_forever()


if __name__ == "__main__":
    command, *directories = sys.argv[1:]
    serve(*directories) if command == "serve" else show(directories)
