"""What is tried: for each capability of the table the smallest request that a model without it refuses.

A request that is refused costs nothing; one that is taken costs its dozen tokens. `max_tokens` keeps the answers short.
"""

import base64
import copy
import io
import wave
from dataclasses import dataclass, field

from .report import ANYTHING, QUESTION

TOKENS = 16
# A white pixel.
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
# Where a probe is not called after the row's member.
CAPABILITIES = {
    "calls and results": "tools",
    "thinking: a budget": "reasoning",
    "thinking: adaptive": "reasoning",
    "reasoning_effort": "reasoning",
    "reasoning.effort": "reasoning",
    "reasoning.summary": "reasoning",
    "reasoning_config": "reasoning",
    "reasoningConfig": "reasoning",
}
# The least that is one, of one empty page.
PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
)
CLOSED = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}


@dataclass(frozen=True)
class Probe:
    """A request, and the row's fact that says whether it is taken."""

    name: str
    # From a row of the table: True where the model should take it, False where not, None where the row says nothing.
    expected: object
    request: dict
    stream: bool = False
    # Others that have to be taken first, so that a refusal is about this one.
    needs: tuple = field(default=())

    @property
    def capability(self):
        """The member of the row that it is about."""
        return CAPABILITIES.get(self.name, self.name).split(":")[0]


def question(**more):
    request = {
        "messages": [{"role": "user", "content": [{"text": "Say A."}]}],
        "inferenceConfig": {"maxTokens": TOKENS},
    }
    for name, value in more.items():
        request[name] = {**request[name], **value} if name == "inferenceConfig" else value
    return request


def fields(**more):
    return question(additionalModelRequestFields=more)


def tool(name="f", schema=None, **more):
    return {"toolSpec": {"name": name, "inputSchema": {"json": schema or {"type": "object"}}, **more}}


def tools(*tools_, **choice):
    return {"tools": list(tools_ or [tool()]), **choice}


def history(call_id="abcdefghi", content=None, beside=(), before=(), **more):
    """A call and its result, of nine letters as all take them."""
    call = {"toolUse": {"toolUseId": call_id, "name": "f", "input": {}}}
    result = {"toolResult": {"toolUseId": call_id, "content": content or [{"text": "A"}], **more}}
    return question(
        toolConfig=tools(),
        messages=[
            {"role": "user", "content": [{"text": "Call f, then say what it gave."}]},
            {"role": "assistant", "content": [*before, call]},
            {"role": "user", "content": [result, *beside]},
        ],
    )


def cached(**point):
    request = question()
    request["messages"][0]["content"].append({"cachePoint": {"type": "default", **point}})
    return request


def stops(count):
    return question(inferenceConfig={"stopSequences": [chr(ord("Z") - n) * 3 for n in range(count)]})


def document(format, content):
    return {"document": {"format": format, "name": "a", "source": {"bytes": content}}}


def unsaid(row):
    """Tried because others need it."""
    return ANYTHING if row else None


def says(fact, value=True):
    """The row's fact is this value."""
    return lambda row: None if fact not in row else row[fact] == value


def is_one_of(fact, *values):
    return lambda row: None if fact not in row else row[fact] in values


def begins(fact, *values):
    return lambda row: None if fact not in row else str(row[fact]).startswith(values)


def over(limit):
    """More than the row's limit, where it has one."""
    return limit + 1


def silence():
    """A second of it, as WAV."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(16000))
    return file.getvalue()


THINKING = {"type": "enabled", "budget_tokens": 1024}
ADAPTIVE = {"type": "adaptive"}
AUDIO = {"audio": {"format": "wav", "source": {"bytes": silence()}}}
DOCUMENT = {"document": {"format": "txt", "name": "a", "source": {"text": "Water is wet."}, "citations": {"enabled": True}}}
IMAGE = {"image": {"format": "png", "source": {"bytes": PIXEL}}}

PROBES = [
    Probe("temperature", says("temperature"), question(inferenceConfig={"temperature": 0.5})),
    Probe("top_p", says("top_p"), question(inferenceConfig={"topP": 0.5})),
    Probe(
        "temperature_with_top_p",
        says("temperature_with_top_p"),
        question(inferenceConfig={"temperature": 0.5, "topP": 0.5}),
        needs=("temperature", "top_p"),
    ),
    Probe("top_k", says("top_k", 'Field("top_k")'), fields(top_k=5)),
    Probe("stop", says("stop"), question(inferenceConfig={"stopSequences": ["Z"]})),
    Probe("max_stops", lambda row: row["max_stops"] is None if "max_stops" in row else None, stops(5), needs=("stop",)),
    Probe("blank_stop", says("blank_stop"), question(inferenceConfig={"stopSequences": [" "]}), needs=("stop",)),
    Probe("min_tokens", says("min_tokens", 1), question(inferenceConfig={"maxTokens": 1})),
    Probe("system", says("system"), question(system=[{"text": "Be brief."}])),
    Probe("tools", says("tools"), question(toolConfig=tools())),
    Probe("tools_in_streams", says("tools_in_streams"), question(toolConfig=tools()), stream=True, needs=("tools",)),
    Probe(
        "forced_tool: any",
        is_one_of("forced_tool", "Any", "Named"),
        question(toolConfig=tools(toolChoice={"any": {}})),
        needs=("tools",),
    ),
    Probe(
        "forced_tool: by name",
        is_one_of("forced_tool", "Named"),
        question(toolConfig=tools(toolChoice={"tool": {"name": "f"}})),
        needs=("tools",),
    ),
    Probe(
        "hyphens",
        says("hyphens"),
        question(
            messages=[{"role": "user", "content": [{"text": "Call say-a."}]}], toolConfig=tools(tool("say-a"))
        ),
        needs=("tools",),
    ),
    Probe("schemas: more at the root", says("schemas", "Any"), question(toolConfig=tools(tool(schema=CLOSED))), needs=("tools",)),
    Probe(
        "strict_tools",
        says("strict_tools"),
        question(toolConfig=tools(tool(schema=CLOSED, strict=True))),
        needs=("schemas: more at the root",),
    ),
    Probe("calls and results", says("tools"), history(), needs=("tools",)),
    Probe("tool_ids: a dot and a colon", says("tool_ids", "Usual"), history("a.b:c"), needs=("calls and results",)),
    Probe("tool_ids: an underscore", is_one_of("tool_ids", "Usual", "Plain"), history("call_1-a"), needs=("calls and results",)),
    Probe("result_status", says("result_status"), history(status="error"), needs=("calls and results",)),
    Probe(
        "text_beside_results",
        says("text_beside_results"),
        history(beside=[{"text": "Be brief."}]),
        needs=("calls and results",),
    ),
    Probe(
        "text_beside_calls",
        says("text_beside_calls"),
        history(before=[{"text": "I call it."}]),
        needs=("calls and results",),
    ),
    # No facts of the table: what the next rest on.
    Probe(
        "documents",
        unsaid,
        question(messages=[{"role": "user", "content": [{"text": "Say A."}, document("txt", b"A")]}]),
    ),
    Probe("images", unsaid, question(messages=[{"role": "user", "content": [{"text": "Say A."}, IMAGE]}])),
    Probe(
        "images_in_results",
        says("images_in_results"),
        history(content=[{"text": "A"}, IMAGE]),
        needs=("calls and results", "images"),
    ),
    Probe(
        "documents_in_results: of text",
        is_one_of("documents_in_results", "Texts", "Any"),
        history(content=[{"text": "A"}, document("txt", b"A")]),
        needs=("calls and results", "documents"),
    ),
    Probe(
        "documents_in_results: PDF",
        says("documents_in_results", "Any"),
        history(content=[{"text": "A"}, document("pdf", PDF)]),
        needs=("documents_in_results: of text",),
    ),
    Probe(
        "documents_beside_results",
        lambda row: row["documents_beside_results"] and row["text_beside_results"] if "text_beside_results" in row else None,
        history(beside=[{"text": "Be brief."}, document("txt", b"A")]),
        needs=("text_beside_results", "documents"),
    ),
    Probe(
        "structured_output",
        says("structured_output"),
        question(
            outputConfig={
                "textFormat": {
                    "type": "json_schema",
                    "structure": {
                        "jsonSchema": {
                            "schema": '{"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], '
                            '"additionalProperties": false}'
                        }
                    },
                }
            }
        ),
    ),
    Probe(
        "prefill",
        says("prefill"),
        question(
            messages=[
                {"role": "user", "content": [{"text": "Say A."}]},
                {"role": "assistant", "content": [{"text": "I say:"}]},
            ]
        ),
    ),
    Probe("cache", is_one_of("cache", "FiveMinutes", "OneHour"), cached()),
    Probe("cache: an hour", says("cache", "OneHour"), cached(ttl="1h"), needs=("cache",)),
    Probe(
        "cache_tools",
        says("cache_tools"),
        question(toolConfig=tools(tool(), {"cachePoint": {"type": "default"}})),
        needs=("cache", "tools"),
    ),
    Probe(
        "cache_media",
        says("cache_media"),
        question(messages=[{"role": "user", "content": [{"text": "Say A."}, IMAGE, {"cachePoint": {"type": "default"}}]}]),
        needs=("cache", "images"),
    ),
    Probe(
        "thinking: a budget",
        is_one_of("reasoning", "Budget", "Adaptive"),
        fields(thinking=THINKING) | {"inferenceConfig": {"maxTokens": 1024 + TOKENS}},
    ),
    Probe("thinking: adaptive", begins("reasoning", "Adaptive"), fields(thinking=ADAPTIVE)),
    Probe("reasoning_effort", says("reasoning", "Effort"), fields(reasoning_effort="low")),
    Probe("reasoning.effort", is_one_of("reasoning", "OpenAi", "Xai"), fields(reasoning={"effort": "low"})),
    Probe("reasoning.summary", says("reasoning", "OpenAi"), fields(reasoning={"effort": "low", "summary": "auto"})),
    Probe("reasoning_config", says("reasoning", "Qwen"), fields(reasoning_config="high")),
    Probe(
        "reasoningConfig",
        says("reasoning", "Nova"),
        fields(reasoningConfig={"type": "enabled", "maxReasoningEffort": "low"}),
    ),
    Probe(
        "anthropic_beta",
        says("anthropic_beta"),
        fields(anthropic_beta=["fine-grained-tool-streaming-2025-05-14"]),
    ),
    Probe("audio", says("audio"), question(messages=[{"role": "user", "content": [{"text": "Say A."}, AUDIO]}])),
    Probe("citations", says("citations"), question(messages=[{"role": "user", "content": [{"text": "Say A."}, DOCUMENT]}])),
    Probe(
        "web_search",
        says("web_search"),
        question(toolConfig=tools({"systemTool": {"name": "nova_grounding"}})),
        needs=("tools",),
    ),
]


LEVELS = ["none", "minimal", "low", "medium", "high", "xhigh", "max"]
# How a level is asked for, by the row's `reasoning`.
BY_LEVEL = {
    "Adaptive": lambda level: fields(thinking=ADAPTIVE, output_config={"effort": level}),
    "AdaptiveOnly": lambda level: fields(thinking=ADAPTIVE, output_config={"effort": level}),
    "Effort": lambda level: fields(reasoning_effort=level),
    "Qwen": lambda level: fields(reasoning_config=level),
    "OpenAi": lambda level: fields(reasoning={"effort": level}),
    "Xai": lambda level: fields(reasoning={"effort": level}),
}


def reasoning(row):
    """Its levels, what it takes not to reason, and whether a call can be forced meanwhile."""
    by_level = BY_LEVEL.get(row.get("reasoning"))
    if not by_level:
        return
    for level in LEVELS:
        yield Probe(f"efforts: {level}", lambda row, level=level: level in row["efforts"], by_level(level))
    # Of the others that need not reason, each has its own word, or none.
    if row["reasoning"] == "AdaptiveOnly":
        for kind, values in [("disabled", ("Disabled", "Unasked")), ("between_tools", ("BetweenTools",))]:
            yield Probe(f"off: {kind}", is_one_of("off", *values), fields(thinking={"type": kind}))
    forced = by_level(row["efforts"][0]) | {"toolConfig": tools(toolChoice={"any": {}})}
    yield Probe("forced_while_reasoning", says("forced_while_reasoning"), forced, needs=("forced_tool: any",))


def of(row):
    """The probes for a model of which the table says this: first the plain question, on which all others rest."""
    yield Probe(QUESTION, lambda row: True, question())
    for probe in [*PROBES, *reasoning(row)]:
        if probe.expected(row) is not None:
            yield Probe(probe.name, probe.expected, copy.deepcopy(probe.request), probe.stream, (QUESTION, *probe.needs))
    if isinstance(limit := row.get("max_tokens"), int):
        within = question(inferenceConfig={"maxTokens": limit})
        beyond = question(inferenceConfig={"maxTokens": over(limit)})
        yield Probe(f"max_tokens: {limit}", lambda row: True, within, needs=(QUESTION,))
        yield Probe(f"max_tokens: {over(limit)}", lambda row: False, beyond, needs=(QUESTION,))
