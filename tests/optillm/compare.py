"""The same scripted model behind the real OptiLLM and behind the gateway: calls, time, answer and usage of each technique.

    python tests/optillm/compare.py [--write]

The model answers each call after SECONDS; the first of several drafts is wrong, or all agree. For OptiLLM it speaks OpenAI's API, once refusing `n` as Converse would,
and once taking it; for the gateway it is Bedrock.
"""

import argparse
import json
import os
import re
import sys
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass

import ports
import processes
from gateway import KEY, Gateway
from scripted import USAGE, Call, Scripted
from settings import ROOT

SECONDS = 0.4
QUESTION = "What is 6 times 7?"
PAGE, HEADING = ROOT / "docs/techniques.md", "## Against OptiLLM"
# Those of which several whole drafts are made, one of them wrong.
DRAWN = ["bon", "moa", "self_consistency", "majority_voting", "genselect"]
# Each, and whether the first draft is wrong.
CASES = [(technique, False) for technique in ("re2", "cot_reflection")]
CASES += [(technique, is_wrong) for technique in DRAWN for is_wrong in (True, False)]
CASES += [(technique, False) for technique in ("rto", "leap", "plansearch", "pvg", "mcts", "rstar")]
OPTILLM = ROOT / "target/optillm/bin/optillm"


@dataclass
class Taken:
    """What became of one request."""

    calls: int
    seconds: float
    answer: str
    told: int
    billed: int


class Model(Scripted):
    """Bedrock's Converse, and OpenAI's API beside it."""

    takes_n = True

    def begin(self, first_is_wrong):
        self.drafts, self.mutex = 0, threading.Lock()
        self.billed = self.generated = 0
        self.first_is_wrong = first_is_wrong
        self.forget(self.reply)

    def reply(self, call):
        time.sleep(SECONDS)
        if not call.model.startswith("openai:"):
            self.count(USAGE["inputTokens"], USAGE["outputTokens"])
        return self.said(call)

    def count(self, prompt, completion, choices=1):
        with self.mutex:
            self.billed += prompt + completion
            self.generated += choices

    def said(self, call):
        """Who is asked to judge knows what is right."""
        candidates = re.findall(r'<candidate number="(\d+)">\n(.*?)\n</candidate>', call.last, re.S)
        candidates = candidates or re.findall(r"=== Candidate (\d+) ===\n(.*?)\n\n", call.last, re.S)
        if "BEST CANDIDATE:" in call.last:
            return f"BEST CANDIDATE: {next(number for number, text in candidates if '42' in text)}"
        if "SCORE number" in call.last:
            return "\n".join(f"SCORE {number}: {9 if '42' in text else 2}" for number, text in candidates)
        if "Rate the above response" in call.last:
            return "9" if "42" in call.texts[-2] else "2"
        if "Score: [Your numerical" in call.last:
            return f"Score: {9 if '42' in call.last else 2}\nExplanation: by heart."
        if "on a scale from 0 to 1," in call.last:
            return "0.9"
        return self.draft(call)

    def draft(self, call):
        with self.mutex:
            self.drafts += 1
            is_wrong = self.first_is_wrong and self.drafts == 1 and "42" not in call.all
        result = 41 if is_wrong else 42
        return f"We multiply with care, step by step, and look at it again. The answer is {result}"

    def answer(self, handler):
        if not handler.path.endswith("/chat/completions"):
            return super().answer(handler)
        body = json.loads(handler.rfile.read(int(handler.headers["content-length"])))
        n = body.get("n") or 1
        if n > 1 and not self.takes_n:
            error = {"message": "'n' must be 1.", "type": "invalid_request_error", "param": "n", "code": None}
            return self.give(handler, 400, json.dumps({"error": error}).encode())
        turns = [{"role": turn["role"], "content": [{"text": turn["content"]}]} for turn in body["messages"]]
        system = [turn["content"][0] for turn in turns if turn["role"] == "system"]
        messages = [turn for turn in turns if turn["role"] != "system"]
        call = Call("openai:" + body["model"], {"system": system, "messages": messages}, False, time.monotonic())
        time.sleep(SECONDS)
        texts = [self.said(call) for _ in range(n)]
        prompt, completion = USAGE["inputTokens"], USAGE["outputTokens"] * n
        self.count(prompt, completion, n)
        choices = [
            {"index": at, "message": {"role": "assistant", "content": text}, "finish_reason": "stop", "logprobs": None}
            for at, text in enumerate(texts)
        ]
        usage = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
        reply = {"id": "c", "object": "chat.completion", "created": 1, "model": body["model"], "choices": choices}
        self.give(handler, 200, json.dumps(reply | {"usage": usage}).encode())


def ask(model, url, technique, first_is_wrong=False):
    model.begin(first_is_wrong)
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": QUESTION}], "optillm_approach": technique}
    headers = {"content-type": "application/json", "authorization": f"Bearer {KEY}"}
    request = urllib.request.Request(f"{url}/v1/chat/completions", json.dumps(body).encode(), headers)
    begun = time.monotonic()
    try:
        with urllib.request.urlopen(request, timeout=120) as response:
            reply = json.load(response)
    except urllib.error.HTTPError as error:
        return Taken(model.generated, time.monotonic() - begun, f"error {error.code}", 0, model.billed)
    seconds = time.monotonic() - begun
    text, usage = reply["choices"][0]["message"]["content"], reply.get("usage") or {}
    told = usage.get("total_tokens") or usage.get("completion_tokens") or 0
    return Taken(model.generated, seconds, "right" if "42" in text else "wrong", told, model.billed)


def start_optillm(model):
    port = ports.hold()
    # OPTILLM_API_KEY would make it load a local model.
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "OPENAI_API_KEY": "any"}
    command = [OPTILLM, "--host", "127.0.0.1", "--port", port, "--base-url", f"{model.endpoint.url}/v1"]
    process = processes.Process("optillm-compared", command, environment)
    process.wait_for("GET /health", lambda: processes.healthy(port))
    return process, f"http://127.0.0.1:{port}"


def measure():
    model = Model()
    rows = []
    optillm, theirs = start_optillm(model)
    gateway = Gateway.start(model.endpoint, changes={"techniques": {"cluster": "gateway"}}, workers=2)
    with optillm, gateway.process:
        # What each of them does but once.
        for url in (theirs, f"http://127.0.0.1:{gateway.port}"):
            ask(model, url, "re2")
        for technique, is_wrong in CASES:
            taken = []
            for takes_n in (False, True):
                model.takes_n = takes_n
                taken.append(ask(model, theirs, technique, is_wrong))
            taken.append(ask(model, f"http://127.0.0.1:{gateway.port}", technique, is_wrong))
            note = {True: ", one draft is wrong", False: ", all agree"}[is_wrong] if technique in DRAWN else ""
            rows.append((f"`{technique}`{note}", *taken))
            print(row(*rows[-1]), flush=True)
    model.stop()
    return rows


def tokens(taken):
    return f"{taken.told} of {taken.billed}"


def row(technique, refused, taken, ours):
    worked = taken if refused.answer.startswith("error") else refused
    one_by_one = refused.answer if refused is not worked else f"{refused.seconds:.1f}"
    factor = f"{worked.seconds / ours.seconds:.1f}"
    cells = [technique, worked.calls, ours.calls, one_by_one, f"{taken.seconds:.1f}", f"{ours.seconds:.1f}", factor]
    cells += [worked.answer, ours.answer, tokens(worked), tokens(ours)]
    return f"| {' | '.join(map(str, cells))} |"


TEXT = """
`make test-optillm WRITE=1` asks the same scripted model ("What is 6 times 7?") through OptiLLM 0.4.0 and through this gateway. Every call takes
0.4 s; one of several drafts is wrong, or all agree, and whoever is asked to judge is right. Calls are answers that the model generates; OptiLLM asks for several at once by `n`
where it can. "`n` refused" is a model that gives one choice, as Converse does; "`n` taken" gives all in one call. Tokens are those that `usage` tells (OptiLLM tells completion tokens
only), of all that are billed. "Times as fast" is against the first of the two that answers.

`pvg` and `mcts` of OptiLLM need `n`. Three times as fast is not possible for `moa` with drafts that differ: two rounds stand against its five calls. With `n` in one call OptiLLM's
`majority_voting` is one round: of eight drafts, where the gateway draws five, four at a time (`techniques.max_parallel`), and the others if these do not agree.

| technique | calls: OptiLLM | here | seconds: `n` refused | `n` taken | here | times as fast | answer: OptiLLM | here | tokens told: OptiLLM | here |
| --- | --: | --: | --: | --: | --: | --: | --- | --- | --: | --: |
"""


def write(rows):
    text = PAGE.read_text()
    before, found, after = text.partition(f"{HEADING}\n")
    rest = after.partition("\n## ") if found else ("", "", "")
    table = TEXT + "\n".join(row(*cells) for cells in rows) + "\n"
    behind = f"\n## {rest[2]}" if rest[1] else ""
    PAGE.write_text(f"{before.rstrip()}\n\n{HEADING}\n{table}{behind}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the table into docs/techniques.md")
    arguments = parser.parse_args()
    rows = measure()
    if arguments.write:
        write(rows)
    # What must hold: right where OptiLLM is, in no more calls, and told whole.
    failed = [
        technique
        for technique, refused, taken, ours in rows
        if ours.answer != "right" or ours.told != ours.billed or ours.calls > max(refused.calls, taken.calls)
    ]
    print("fewer calls, right, all tokens told" if not failed else f"not as it should be: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
