"""The command `tools/verify-aws`."""

import argparse
import json
import os
import sys
from pathlib import Path

import botocore.session

from . import probes, report, table
from .bedrock import Bedrock

# By the id without a profile's prefix: of each vendor the cheapest, and those of which reports differ.
MODELS = """
anthropic.claude-3-haiku-20240307-v1:0 anthropic.claude-haiku-4-5-20251001-v1:0 anthropic.claude-sonnet-4-6
anthropic.claude-opus-4-7 anthropic.claude-sonnet-5 anthropic.claude-haiku-5-5 amazon.nova-micro-v1:0 amazon.nova-lite-v1:0
amazon.nova-2-lite-v1:0 meta.llama3-3-70b-instruct-v1:0 meta.llama4-scout-17b-instruct-v1:0 mistral.mistral-large-2407-v1:0
mistral.mistral-large-3-675b-instruct deepseek.v3-v1:0 deepseek.r1-v1:0 qwen.qwen3-32b-v1:0 openai.gpt-oss-20b-1:0 openai.gpt-5.6-sol
moonshotai.kimi-k2.5 zai.glm-4.7 minimax.minimax-m2.5 xai.grok-4.6 google.gemma-3-27b-it nvidia.nemotron-nano-3-30b
writer.palmyra-x5-v1:0 cohere.command-r-v1:0 ai21.jamba-1-5-mini-v1:0
""".split()
# Dollars for a million tokens of the dearest model of the list, in or out alike.
DEAREST = 25


# Of a request and its answer: a prompt of forty at most, and a few words.
TOKENS = 80


def main(arguments=None):
    options = read(arguments)
    rows = {model: table.row(model) for model in options.models}
    plan = {model: [probe for probe in probes.of(row) if wanted(options, probe)] for model, row in rows.items()}
    count = sum(map(len, plan.values()))
    about, most = cost([probe for chosen in plan.values() for probe in chosen])
    print(
        f"{count} requests at most to {len(plan)} models in {options.region}: about ${about:.2f}, for answers are a few words and refusals "
        f"free; at most ${most:.2f}, where models write all that they may."
    )
    if not can_sign():
        print("No credentials: set AWS_BEARER_TOKEN_BEDROCK, or those that the AWS SDK finds.")
        return 1
    if not options.yes and not agreed():
        return 1
    bedrock = Bedrock(options.region, options.endpoint)
    found = []
    for model, chosen in plan.items():
        found += report.show(model, ask(bedrock, model, chosen, rows[model]))
    print(f"{bedrock.requests} requests, {bedrock.tokens} tokens. {report.summary(found)}")
    if options.json:
        Path(options.json).write_text(json.dumps([vars(line) for line in found], indent=1) + "\n")
    return 2 if any(line.verdict == report.REFUTED for line in found) else 0


def read(arguments):
    parser = argparse.ArgumentParser(prog="tools/verify-aws", description="Whether Bedrock takes what docs/models.md says.")
    parser.add_argument("--models", nargs="+", default=MODELS, metavar="ID", help="model ids without a profile's prefix, or ARNs")
    parser.add_argument("--only", nargs="+", metavar="FACT", help="these facts, by how their names begin")
    parser.add_argument("--region", default=os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1")
    parser.add_argument("--endpoint", help="another Bedrock: the emulator, say")
    parser.add_argument("--yes", action="store_true", help="spend without a question")
    parser.add_argument("--json", metavar="FILE", help="where to write what was found")
    return parser.parse_args(arguments)


def cost(asked):
    """Dollars: about, and where each answer is as long as its request allows."""
    about = len(asked) * TOKENS
    most = about + sum(probe.request["inferenceConfig"]["maxTokens"] for probe in asked)
    return about * DEAREST / 1e6, most * DEAREST / 1e6


def can_sign():
    return bool(os.environ.get("AWS_BEARER_TOKEN_BEDROCK") or botocore.session.get_session().get_credentials())


def wanted(options, probe):
    return not options.only or not probe.needs or any(probe.name.startswith(fact) for fact in options.only)


def agreed():
    return sys.stdin.isatty() and input("Go on? [y/N] ").strip().lower() in ("y", "yes")


def ask(bedrock, model, chosen, row):
    """Each probe with its answer; those that rest on one that was not taken are not sent."""
    taken, asked = {}, model
    for probe in chosen:
        if missing := [name for name in probe.needs if name in taken and taken[name] is not True]:
            taken[probe.name] = None
            yield probe, probe.expected(row), None, f"not asked: it needs {missing[0]}"
            continue
        if not taken:
            asked, answer = bedrock.callable_id(model, probe)
        else:
            answer = bedrock.ask(asked, probe)
        taken[probe.name] = answer.taken
        yield probe, probe.expected(row), answer.taken, answer.words


if __name__ == "__main__":
    sys.exit(main())
