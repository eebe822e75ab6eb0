"""A storm: callers and teams with limits per minute, all at once, for a minute. Is nobody above its limit, and nobody below it
refused? Do the records agree with Bedrock's own account to the token?

    make test-storm

Everything falls into one window of each limit: it begins with the first request, and the storm is over when it is. So what was let in can be
held against the limit. Exit status 1 where anything is wrong; docs/limits.md has the figures of a run.
"""

import argparse
import asyncio
import json
import random
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))

import processes  # noqa: E402  (tools/)
from emulator import Emulator  # noqa: E402
from gateway import Gateway  # noqa: E402
from raw import Http1  # noqa: E402
from records import Records  # noqa: E402
from settings import ROOT, Endpoint  # noqa: E402
from storm_judge import of_limits, of_records  # noqa: E402

SEED = 18
# Seconds in which requests begin: with what is under way at the end it is the minute that limits count.
LONGEST = 55
WINDOW = 60
NOVA = "us.amazon.nova-lite-v1:0"
CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
EMBEDDER = "amazon.titan-embed-text-v2:0"
# What a limit counts of a request (docs/limits.md): bytes of a token, and the answer's tokens, as the bodies here say, or where one says nothing.
BYTES, OUTPUT, UNSAID = 4, 200, 1_024
# Seconds for which a client waits for an answer's beginning, and for which one waits that leaves before it.
PATIENCE, SHORT = 30, 0.5
WORDS = "the quick brown fox jumps over a lazy dog Größe 日本 and some longer vocabulary besides".split()
# How often each kind of request is made, and how often each trouble. A request has one of both.
KINDS = {
    "chat": 4, "stream": 4, "response": 2, "response stream": 2, "message": 2, "message stream": 2,
    "claude": 1, "claude stream": 2, "embedding": 2, "native": 2, "native stream": 2, "native claude stream": 1,
}  # fmt: skip
TROUBLES = {
    "": 30, "leaves at once": 2, "leaves in the middle": 3, "cut=5": 2, "reset=4": 1, "exception=0:throttlingException": 1,
    "error=ThrottlingException": 2, "error=ValidationException": 1, "bad": 2, "wrong model": 1, "pace=5": 5,
}  # fmt: skip
OURS = ("requests", "tokens")


@dataclass
class Limit:
    """Of a caller or a team, and what became of it."""

    requests: int
    tokens: int

    def settings(self):
        return {"requests_per_minute": self.requests, "tokens_per_minute": self.tokens}


@dataclass
class Request:
    """One request, as its client saw it."""

    caller: str
    team: str
    kind: str
    trouble: str
    estimate: int
    began: float
    ended: float = 0.0
    status: int = 0
    error: dict | None = None
    # Bedrock's id of its answer.
    id: str = ""

    @property
    def is_limited(self):
        return self.status == 429 and self.error is not None and self.error.get("type") in OURS

    @property
    def is_limited_by_team(self):
        return self.is_limited and " for team '" in self.error["message"]


def plan(callers, teams, scale):
    """Whose limits are what: a third of each limit can never be reached."""
    dice = random.Random(SEED)
    choose = lambda few, many: dice.choice([few, 2 * few, many])  # noqa: E731
    own = {f"caller-{number}": Limit(choose(4 * scale, 10_000), choose(900 * scale, 10**7)) for number in range(callers)}
    per_team = max(1, callers // teams)
    shared = {
        f"team-{number}": Limit(choose(3 * per_team * scale, 10**5), choose(500 * per_team * scale, 10**8))
        for number in range(teams)
    }
    return own, shared


def team_of(caller, teams):
    return f"team-{int(caller.partition('-')[2]) % teams}"


def settings(own, shared):
    keys = [
        {"name": name, "key": f"key-of-{name}-in-the-storm", "team": team_of(name, len(shared)), "limits": limit.settings()}
        for name, limit in own.items()
    ]
    # Everybody may have everything but what is asked to be refused.
    for key in keys:
        key["models"] = ["gpt-4o", NOVA, CLAUDE, EMBEDDER, "text-embedding-3-small"]
    return {
        "api_keys": keys,
        "teams": [{"name": name, "limits": limit.settings()} for name, limit in shared.items()],
        "forward_headers": ["x-emulator"],
    }


def body_of(kind, said):
    """The path and the body of a request that says how long its answer may be."""
    turns = [{"role": "user", "content": said}]
    native = {"messages": [{"role": "user", "content": [{"text": said}]}], "inferenceConfig": {"maxTokens": OUTPUT}}
    own = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": OUTPUT, "messages": turns}
    stream = {"stream": True} if kind.endswith("stream") else {}
    chat = {"model": "gpt-4o", "messages": turns, "max_completion_tokens": OUTPUT}
    message = {"max_tokens": OUTPUT, "messages": turns} | stream
    return {
        "chat": ("/v1/chat/completions", chat),
        "stream": ("/v1/chat/completions", chat | stream),
        "response": ("/v1/responses", {"model": "gpt-4o", "input": said, "max_output_tokens": OUTPUT, "store": False}),
        "response stream": (
            "/v1/responses",
            {"model": "gpt-4o", "input": said, "max_output_tokens": OUTPUT, "store": False} | stream,
        ),
        "message": ("/v1/messages", message | {"model": NOVA}),
        "message stream": ("/v1/messages", message | {"model": NOVA}),
        "claude": ("/v1/messages", message | {"model": CLAUDE}),
        "claude stream": ("/v1/messages", message | {"model": CLAUDE}),
        "embedding": ("/v1/embeddings", {"model": EMBEDDER, "input": said}),
        "native": (f"/model/{NOVA}/converse", native),
        "native stream": (f"/model/{NOVA}/converse-stream", native),
        "native claude stream": (f"/model/{CLAUDE}/invoke-with-response-stream", own),
    }[kind]


class Caller:
    def __init__(self, name, team, port, pause):
        self.name, self.team, self.port, self.pause = name, team, port, pause
        self.key = f"key-of-{name}-in-the-storm"
        self.dice = random.Random(f"{SEED} {name}")
        self.requests, self.wrong = [], []

    async def run(self, goes_on):
        while goes_on():
            # Some come two and three at a time.
            together = self.dice.choice([1, 1, 1, 2, 3])
            await asyncio.gather(*(self.one() for _ in range(together)))
            await asyncio.sleep(self.dice.uniform(0, 2 * self.pause))

    async def one(self):
        kind, trouble = (self.dice.choices(list(table), table.values())[0] for table in (KINDS, TROUBLES))
        said = " ".join(self.dice.choice(WORDS) for _ in range(self.dice.randrange(1, 60)))
        path, body = body_of(kind, said)
        if trouble == "bad":
            body = {"messages": 5, "input": 5} | ({"model": NOVA} if path.startswith("/v1") else {})
        elif trouble == "wrong model":
            path, body = "/v1/chat/completions", {"model": "amazon.nova-pro-v1:0", "messages": []}
        encoded = json.dumps(body).encode()
        output = 0 if path.endswith("/embeddings") else UNSAID if trouble in ("bad", "wrong model") else OUTPUT
        estimate = len(encoded) // BYTES + output
        request = Request(self.name, self.team, kind, trouble, estimate, time.monotonic())
        self.requests.append(request)
        leaves = trouble.startswith("leaves")
        fault = "stall=6" if trouble == "leaves in the middle" else "slow=200" if leaves else trouble
        headers = {"x-emulator": fault} if "=" in fault else {}
        try:
            async with Http1(self.port, self.key) as client:
                if leaves:
                    await self.leave(client, request, path.replace(":", "%3A"), encoded, headers)
                else:
                    outcome = await client.ask(path.replace(":", "%3A"), encoded, headers)
                    request.status = outcome.status
                    request.id = outcome.headers.get("x-amzn-requestid") or outcome.headers.get("x-request-id", "")
                    request.error = error_of(outcome.body) if outcome.status >= 400 else None
                    self.check(request, outcome)
        except Exception as problem:  # noqa: BLE001  (whatever it is, it is wrong)
            self.wrong.append(f"{self.name} {kind} {trouble}: {type(problem).__name__}: {problem}"[:400])
        request.ended = time.monotonic()

    async def leave(self, client, request, path, body, headers):
        await client.send(path, body, headers)
        if request.trouble == "leaves at once":
            await asyncio.sleep(0.05)
            return
        # What came until then, be it a refusal. Of an answer that is not a stream nothing comes before it is whole.
        is_stream = request.kind.endswith("stream")
        try:
            async with asyncio.timeout(PATIENCE if is_stream else SHORT):
                request.status, _ = await client.head()
        except TimeoutError:
            if is_stream:
                raise
            return
        async with asyncio.timeout(PATIENCE):
            if request.status >= 400:
                request.error = error_of(await client.reader.read(4096))
                return
            await client.reader.read(64)

    def check(self, request, outcome):
        """What anybody can tell of an answer by itself."""
        error = request.error or {}
        if request.is_limited and not 1 <= int(outcome.headers.get("retry-after", 0)) <= 60:
            self.wrong.append(f"{self.name}: a limit without retry-after: {outcome.headers}")
        if request.trouble == "" and not (request.status == 200 and outcome.is_whole) and not request.is_limited:
            self.wrong.append(f"{self.name} {request.kind}: {request.status} {outcome.body[:200]}")
        if request.status >= 500 and "Throttling" not in request.trouble and "=" not in request.trouble:
            self.wrong.append(f"{self.name} {request.kind} {request.trouble}: {request.status} {error}")


def error_of(body):
    """The error of a body in any of the three shapes, with ours' type: what limit it is."""
    text = body.decode(errors="replace")
    try:
        whole = json.loads(text[text.index("{") :])
    except ValueError:
        return {"type": "", "message": text}
    error = whole.get("error")
    found = error if isinstance(error, dict) else {"message": whole.get("message", "")}
    # Anthropic's and AWS's shapes have no type of ours: the words do.
    if "Rate limit reached for" in str(found.get("message")):
        found = found | {"type": "requests" if "requests per min" in found["message"] else "tokens"}
    return found


def start(stack, own, shared):
    environment = {"PATH": "/usr/bin:/bin", "EMULATOR_ANY_LENGTH": "1", "EMULATOR_QUIET": "1"}
    process = stack.enter_context(processes.start_emulator(environment))
    emulator = Emulator(Endpoint.parse(processes.emulator_url(process)), process, processes.RUN)
    log = Records()
    log.path.unlink(missing_ok=True)
    gateway = Gateway.start(emulator.endpoint, changes=settings(own, shared), patch=log, workers=2)
    stack.enter_context(gateway.process)
    return emulator, gateway, log


async def load(callers, seconds):
    begun = time.monotonic()
    goes_on = lambda: time.monotonic() - begun < seconds  # noqa: E731
    await asyncio.gather(*(caller.run(goes_on) for caller in callers))
    return time.monotonic() - begun


def wait_for_records(log, count, patience=20):
    """All records, once there are as many as were asked."""
    found, end = [], time.monotonic() + patience
    while len(found) < count and time.monotonic() < end:
        time.sleep(0.2)
        found += [line["usage"] for line in log.take() if line["usage"] is not None]
    return found


def storm(stack, callers, teams, seconds, pause, scale):
    """Its problems and figures."""
    own, shared = plan(callers, teams, scale)
    emulator, gateway, log = start(stack, own, shared)
    log.take()
    everybody = [Caller(name, team_of(name, teams), gateway.port, pause) for name in own]
    took = asyncio.run(load(everybody, seconds))
    requests = [request for caller in everybody for request in caller.requests]
    records = wait_for_records(log, len(requests))
    account = json.loads(emulator.call("GET", "/_emulator/account"))
    problems = [problem for caller in everybody for problem in caller.wrong]
    if took > WINDOW:
        problems.append(f"it took {took:.0f} s: windows have ended meanwhile, and nothing can be said of limits. Is the machine busy?")
    figures = {"callers": callers, "teams": teams, "seconds": round(took, 1), "requests": len(requests)}
    for found, counts in (of_limits(requests, records, own, shared), of_records(requests, records, account)):
        problems += found
        figures |= counts
    gateway.process.check()
    return problems, figures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--callers", type=int, default=200)
    parser.add_argument("--teams", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=LONGEST)
    parser.add_argument("--pause", type=float, default=2, help="seconds between a caller's requests, about")
    arguments = parser.parse_args()
    processes.RUN = ROOT / "target/run/storm"
    with ExitStack() as stack:
        problems, figures = storm(stack, arguments.callers, arguments.teams, arguments.seconds, arguments.pause, scale=4)
    for name, value in figures.items():
        print(f"{name:<72} {value:>9,}")
    for problem in problems:
        print(f"wrong: {problem}")
    print("nothing is wrong" if not problems else f"{len(problems)} things are wrong")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
