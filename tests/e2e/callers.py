"""Callers that each have a key, a model, tools and words of their own, and know to the letter what must come back: the emulator
answers from the request."""

import json
import random
from dataclasses import dataclass, field

from raw import Http1, Http2

MODELS = [
    "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
    "us.anthropic.claude-haiku-4-5-20251001-v1:0",
    "us.amazon.nova-lite-v1:0",
    "us.amazon.nova-pro-v1:0",
]
EMBEDDER = "amazon.titan-embed-text-v2:0"
CHAT = "/v1/chat/completions"
# Faults, and whether an answer can be whole beside them.
FAULTS = {
    "cut=2": False,
    "cutbytes=700": False,
    "reset=2": False,
    "badcrc=2": False,
    "hugeframe=1": False,
    "exception=0:throttlingException": False,
    "exception=3:modelStreamErrorException": False,
    "error=InternalServerException": False,
    "garbage": False,
    "split=7": True,
    "split=random": True,
    "coalesce": True,
    "trailers": True,
}


def settings(callers):
    """What a gateway for so many callers has in its configuration: keys and models of their own."""
    return {
        "api_keys": [{"name": f"caller-{number}", "key": f"key-of-{number}"} for number in range(callers)],
        "models": [{"name": f"model-{number}", "model": MODELS[number % len(MODELS)]} for number in range(callers)],
    }


@dataclass
class Caller:
    number: int
    port: int
    vectors: dict
    counts: dict = field(default_factory=dict)
    wrong: list = field(default_factory=list)

    def __post_init__(self):
        self.random = random.Random(self.number)
        self.turn = 0
        self.bedrock_model = MODELS[self.number % len(MODELS)]
        self.text = f"embed caller {self.number}"

    async def run(self, goes_on, kinds):
        """Asks until `goes_on` says no, on one connection, of either protocol."""
        client = Http2 if self.number % 2 else Http1
        while goes_on():
            async with client(self.port, f"key-of-{self.number}") as connection:
                while goes_on() and connection.is_open:
                    await self.one(connection, self.random.choice(kinds))

    async def one(self, connection, kind):
        self.turn += 1
        words = " ".join(self.random.choice(WORDS) for _ in range(self.random.randrange(1, 30)))
        said = f"caller {self.number} turn {self.turn} {words}"
        try:
            await getattr(self, kind)(connection, said)
        except Exception as problem:  # noqa: BLE001  (whatever it is, it is wrong)
            self.wrong.append(f"caller {self.number} turn {self.turn} {kind}: {type(problem).__name__}: {problem}"[:600])
        self.counts[kind] = self.counts.get(kind, 0) + 1

    def body(self, said, **more):
        return {"model": f"model-{self.number}", "messages": [{"role": "user", "content": said}]} | more

    def check_head(self, outcome):
        assert outcome.status == 200 and outcome.is_whole, outcome
        assert outcome.headers["x-bedrock-model"] == self.bedrock_model, outcome.headers

    async def chat(self, connection, said):
        outcome = await connection.ask(CHAT, self.body(said))
        self.check_head(outcome)
        assert outcome.json["model"] == f"model-{self.number}"
        [choice] = outcome.json["choices"]
        assert choice["message"]["content"] == f"You said: {said}", choice

    async def stream(self, connection, said, fault="pace=1"):
        outcome = await connection.ask(CHAT, self.body(said, stream=True), {"x-emulator": fault})
        self.check_head(outcome)
        assert text_of(outcome) == f"You said: {said}", outcome.body

    def tool(self, said):
        """Its name is none that Bedrock takes."""
        name = f"größe von {self.number}.{self.turn}"
        parameters = {"type": "object", "properties": {"word": {"type": "string"}}, "required": ["word"]}
        function = {"name": name, "parameters": parameters}
        choice = {"type": "function", "function": {"name": name}}
        said = f'{said} word="{self.number} {self.turn}"'
        body = self.body(said, tools=[{"type": "function", "function": function}], tool_choice=choice)
        return name, {"word": f"{self.number} {self.turn}"}, body

    async def tools(self, connection, said):
        name, arguments, body = self.tool(said)
        outcome = await connection.ask(CHAT, body)
        self.check_head(outcome)
        [call] = outcome.json["choices"][0]["message"]["tool_calls"]
        found = call["function"]
        assert (found["name"], json.loads(found["arguments"])) == (name, arguments), found

    async def tool_stream(self, connection, said):
        name, arguments, body = self.tool(said)
        outcome = await connection.ask(CHAT, body | {"stream": True}, {"x-emulator": "split=random"})
        self.check_head(outcome)
        pieces = [piece for delta in deltas(outcome) for piece in delta.get("tool_calls", [])]
        found = "".join(piece["function"].get("arguments") or "" for piece in pieces)
        assert (pieces[0]["function"]["name"], json.loads(found)) == (name, arguments), pieces

    async def embedding(self, connection, said):
        del said
        body = {"model": EMBEDDER, "input": self.text, "encoding_format": "float"}
        outcome = await connection.ask("/v1/embeddings", body)
        assert outcome.status == 200 and outcome.is_whole, outcome
        [item] = outcome.json["data"]
        assert item["embedding"] == self.vectors[self.number], "another's vector"

    async def native(self, connection, said):
        body = {"messages": [{"role": "user", "content": [{"text": said}]}]}
        outcome = await connection.ask(f"/model/model-{self.number}/converse", body)
        self.check_head(outcome)
        assert outcome.json["output"]["message"]["content"] == [{"text": f"You said: {said}"}]

    async def native_stream(self, connection, said):
        body = {"messages": [{"role": "user", "content": [{"text": said}]}]}
        outcome = await connection.ask(f"/model/model-{self.number}/converse-stream", body)
        self.check_head(outcome)
        texts = [json.loads(payload)["delta"]["text"] for payload in payloads(outcome.body) if b'"delta"' in payload]
        assert "".join(texts) == f"You said: {said}"

    async def bad_input(self, connection, said):
        outcome = await connection.ask(CHAT, self.body(said, temperature="warm"))
        assert (outcome.status, outcome.error["param"]) == (400, "temperature"), outcome
        assert said not in outcome.body.decode()

    async def another_key(self, connection, said):
        outcome = await connection.ask(CHAT, self.body(said), {"authorization": f"Bearer key-of-{self.number}-not"})
        assert (outcome.status, outcome.error["code"]) == (401, "invalid_api_key"), outcome

    async def fault(self, connection, said):
        fault, may_be_whole = self.random.choice(list(FAULTS.items()))
        if may_be_whole:
            return await self.stream(connection, said, fault)
        outcome = await connection.ask(CHAT, self.body(said, stream=True), {"x-emulator": fault})
        assert b"[DONE]" not in outcome.body, outcome
        assert outcome.status not in (200, 401, 403, 404) or not outcome.is_whole or b'"error"' in outcome.body, outcome
        return None

    async def leave(self, connection, said):
        """On a connection of its own, which it leaves in the middle."""
        async with Http1(self.port, connection.key) as own:
            await own.send(CHAT, self.body(said, stream=True), {"x-emulator": "stall=3"})
            await own.reader.readuntil(b"\r\n\r\n")


WORDS = "the quick brown fox jumps over a lazy dog Größe 日本 😀 \\ \"quoted\" <b> & \t tab".split(" ")
KINDS = ["chat", "chat", "stream", "stream", "tools", "tool_stream", "embedding", "native", "native_stream"]
TROUBLE = ["bad_input", "another_key", "fault", "fault", "leave"]


def vectors(emulator_call, callers):
    """The vector of each caller's text, from the emulator itself."""
    path = f"/model/{EMBEDDER.replace(':', '%3A')}/invoke"
    return {
        number: json.loads(emulator_call("POST", path, {"inputText": f"embed caller {number}"}))["embedding"]
        for number in range(callers)
    }


def deltas(outcome):
    *chunks, done = outcome.events
    assert done == "[DONE]", outcome.body
    return [choice["delta"] for chunk in chunks for choice in json.loads(chunk)["choices"]]


def text_of(outcome):
    return "".join(delta.get("content") or "" for delta in deltas(outcome))


def payloads(frames):
    """The payload of each event-stream frame."""
    while frames:
        total, headers = (int.from_bytes(frames[at : at + 4], "big") for at in (0, 4))
        yield frames[12 + headers : total - 4]
        frames = frames[total:]
