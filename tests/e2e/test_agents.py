"""What coding agents sent, word for word but for their prose, is taken by every family of models: tests/recorded."""

import json

import pytest

from settings import ROOT

RECORDED = ROOT / "tests/recorded"
CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
CLAUDE_3_7 = "us.anthropic.claude-3-7-sonnet-20250219-v1:0"
NOVA = "us.amazon.nova-lite-v1:0"
NOVA_2 = "global.amazon.nova-2-lite-v1:0"
PIXTRAL = "us.mistral.pixtral-large-2502-v1:0"
GPT_OSS = "openai.gpt-oss-120b-1:0"
MISTRAL = "mistral.mistral-large-2407-v1:0"
SEE = [CLAUDE, CLAUDE_3_7, NOVA, NOVA_2, PIXTRAL]
BLIND = [GPT_OSS, MISTRAL]
REASON = {CLAUDE, CLAUDE_3_7, NOVA_2}

# The end of the answer's text, or its calls.
REPLIES = {
    "opencode/1-title": "Please read filePath=/project/notes.txt limit=20 offset=1 now.",
    "opencode/2-question": [("read", {"filePath": "/project/notes.txt", "limit": 20, "offset": 1})],
    "opencode/3-result": "1: The sum is wrong.\n\n(End of file - total 1 lines)\n</content>",
    "opencode/4-results": "Edit applied successfully.; calc.py\nnotes.txt\nopencode.json\npixel.png\n",
    "opencode/5-picture": [("read", {"filePath": "filePath", "limit": 1, "offset": 1})],
    "opencode/6-thinking": [("bash", {"command": "pwd", "timeout": 1000, "workdir": "/project"})],
    "opencode/7-thinking-result": "The tool said: /project\n",
    "opencode/8-thinking-end": "You said: Thank you.",
    "qwen-code/1-question": [("read_file", {"file_path": "/project/notes.txt", "limit": 20, "offset": 0, "pages": "1"})],
    "qwen-code/2-result": "The tool said: The sum is wrong.\n",
    "qwen-code/3-results": "Exit Code: 0\nSignal: (none)\nProcess Group PGID: (none)",
    "qwen-code/4-picture": "--- End of content --- [1 image: jpeg, 268 bytes]",
    "qwen-code/5-memory": "You said: word word word word word. word word word word word word word word word word word",
}


# The most tokens of an answer (AWS documentation, "Amazon Nova" model card; "Mistral AI chat completion").
LIMITS = {NOVA: 10_000, MISTRAL: 8_192, PIXTRAL: 8_192}


def limit(name, model):
    """What becomes of the limit on tokens: agents ask for 32,000 of whatever model."""
    asked = read(name)["max_tokens"]
    return min(asked, LIMITS.get(model, asked))


def ignored(name, model):
    """What is named as ignored: opencode's requests to a model that it takes for a reasoning Claude have such, and tools
    whose schemas are closed, for Nova."""
    found = set()
    if limit(name, model) < read(name)["max_tokens"]:
        found.add("max_tokens")
    closed = [tool for tool in read(name).get("tools", ()) if "additionalProperties" in tool["function"].get("parameters", ())]
    if closed and "nova" in model:
        found.add("tools[].function.parameters.additionalProperties")
    if not name.startswith("opencode/") or "thinking" not in name:
        return found
    if name != "opencode/6-thinking":
        # It sends reasoning back as text, without the signature that Bedrock asks for.
        found.add("messages[].reasoning_content")
    # A turn that called a tool without its reasoning cannot be gone on with while Claude thinks.
    if model not in REASON or name == "opencode/7-thinking-result" and model != NOVA_2:
        found.add("reasoning_effort")
    # It marks the tool's result, behind which Nova takes no point.
    if model == PIXTRAL or name == "opencode/7-thinking-result" and "nova" in model:
        found.add("cache_control")
    return found


def read(name):
    return json.loads((RECORDED / f"{name}.json").read_text())


def sees(name):
    return "image_url" in (RECORDED / f"{name}.json").read_text()


CASES = [(name, model) for name in REPLIES for model in (SEE if sees(name) else SEE + BLIND)]


def collect(stream):
    """Text and calls of a stream, and its usage."""
    text, calls, usage = "", {}, None
    for chunk in stream:
        usage = chunk.usage or usage
        for choice in chunk.choices:
            text += choice.delta.content or ""
            for piece in choice.delta.tool_calls or []:
                call = calls.setdefault(piece.index, [piece.function.name, ""])
                call[1] += piece.function.arguments or ""
    return text, [(name, json.loads(arguments)) for name, arguments in calls.values()], usage


@pytest.mark.parametrize(("name", "model"), CASES)
def test_a_recorded_request_is_answered(client, emulator, name, model):
    body = read(name)
    raw = client.chat.completions.with_raw_response.create(**body | {"model": model})
    text, calls, usage = collect(raw.parse())
    expected = REPLIES[name]
    if isinstance(expected, str):
        assert text.endswith(expected) and calls == []
    else:
        assert calls == expected
    assert usage.total_tokens > 0
    named = raw.headers.get("x-ignored-parameters")
    assert set(named.split(",") if named else []) == ignored(name, model)

    sent = emulator.body()
    tools = [tool["toolSpec"]["name"] for tool in sent.get("toolConfig", {}).get("tools", []) if "toolSpec" in tool]
    assert tools == [tool["function"]["name"] for tool in body.get("tools", [])]
    assert sent["inferenceConfig"]["maxTokens"] == limit(name, model)
    called = [block["toolUse"] for block in blocks(sent) if "toolUse" in block]
    assert [use["input"] for use in called] == [json.loads(call["function"]["arguments"]) for call in history(body)]
    answered = [block["toolResult"]["toolUseId"] for block in blocks(sent) if "toolResult" in block]
    assert answered == [use["toolUseId"] for use in called]


def blocks(sent):
    return [block for message in sent["messages"] for block in message["content"]]


def history(body):
    return [call for message in body["messages"] for call in message.get("tool_calls", [])]


@pytest.mark.parametrize("name", REPLIES)
def test_a_recorded_request_has_the_same_answer_without_a_stream(client, name):
    body = read(name)
    streamed, calls, _ = collect(client.chat.completions.create(**body))
    del body["stream_options"]
    message = client.chat.completions.create(**body | {"stream": False}).choices[0].message
    assert (message.content or "") == streamed
    found = [(call.function.name, json.loads(call.function.arguments)) for call in message.tool_calls or []]
    assert found == calls


@pytest.mark.parametrize("model", [CLAUDE, CLAUDE_3_7, NOVA])
def test_what_an_agent_marks_is_cached(client, emulator, model):
    client.chat.completions.create(**read("opencode/8-thinking-end") | {"model": model}).close()
    sent = emulator.body()
    assert "cachePoint" in sent["system"][-1]
    assert "cachePoint" in sent["messages"][-1]["content"][-1]


def test_an_agent_that_marks_nothing_is_cached_by_itself(client, emulator):
    """Up to the turn before the last, what the request before has written is read."""
    first, second = read("qwen-code/1-question"), read("qwen-code/2-result")
    # As long as the agent's own prose, which is not kept.
    for body in (first, second):
        body["messages"][0]["content"] += " word" * 1000
        # Of this test alone: what others have written would be read.
        body["tools"][0]["function"]["description"] = "Cached by itself."
    told = []
    for body in (first, second):
        *_, last = client.chat.completions.create(**body | {"model": CLAUDE, "stream_options": {"include_usage": True}})
        told.append(last.usage.prompt_tokens_details)
    assert told[0].cached_tokens == 0 and told[0].cache_write_tokens > 1000
    assert told[1].cached_tokens == told[0].cache_write_tokens
    sent = emulator.requests()[-1]["body"]
    points = [block for place in (sent["toolConfig"]["tools"], sent["system"]) for block in place if "cachePoint" in block]
    assert len(points) == 2 and ["cachePoint" in turn["content"][-1] for turn in sent["messages"]].count(True) == 2


def test_every_recorded_request_is_replayed():
    files = {str(file.relative_to(RECORDED).with_suffix("")) for file in RECORDED.glob("*/*.json")}
    assert files == REPLIES.keys()
