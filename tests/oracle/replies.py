"""Checks what clients are given against OpenAI's own Python SDK.

    python tests/oracle/replies.py FOLDER

Each file of FOLDER, as the native tests write them (DUMP_ANSWERS_DIR), holds a chat completion (`whole`), the chunks of a
stream (`chunks`), or both of one answer; or a `response` and its `events`. All of them have to be what the SDK's types say, taken
strictly; chunks and events put together by the SDK have to be the completion, and the response.
"""

import json
import sys
from pathlib import Path
from typing import Literal, Optional

import pydantic
from openai import BaseModel, omit
from openai._models import construct_type_unchecked
from openai.lib.streaming.chat import ChatCompletionStreamState
from openai.lib.streaming.responses._responses import ResponseStreamState
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.responses import Response, ResponseStreamEvent

# What we give beyond OpenAI's own types, by the type that has it.
BEYOND = {
    "ChatCompletionMessage": {
        "reasoning_content",  # de-facto extension: the reasoning, to be read
        "thinking_blocks",  # LiteLLM's extension: the reasoning, to be sent back
    },
    "ChoiceDelta": {
        "reasoning_content",
        "thinking_blocks",
        "annotations",  # OpenAI streams them, and the types of the SDK's chunks do not have them
    },
    # Members of Open Responses, which the SDK's type does not have.
    "Response": {"store", "frequency_penalty", "presence_penalty"},
    # A place in a document, an extension: as in a chat's `file_citation`.
    "AnnotationFileCitation": {"start_index", "end_index", "location", "quote"},
}


class CustomPiece(BaseModel):
    """A piece of a custom call. OpenAI streams them, and the types of the SDK's chunks have only functions."""

    class Custom(BaseModel):
        name: Optional[str] = None
        input: str

    index: int
    id: Optional[str] = None
    type: Optional[Literal["custom"]] = None
    custom: Custom


def checked(kind, value, place):
    """What is wrong with a value of that type, a line each."""
    try:
        return beyond(kind.model_validate(value, strict=True), place)
    except pydantic.ValidationError as error:
        return [f"{place}.{'.'.join(map(str, line['loc']))}: {line['msg']}" for line in error.errors()]


def beyond(value, place):
    """Members that neither the SDK's types nor our list has."""
    if isinstance(value, list):
        return [line for at, item in enumerate(value) for line in beyond(item, f"{place}[{at}]")]
    if not isinstance(value, pydantic.BaseModel):
        return []
    unknown = set(value.model_extra or {}) - BEYOND.get(type(value).__name__, set())
    lines = [f"{place}.{name}: neither the SDK nor our list knows it" for name in sorted(unknown)]
    for name in type(value).model_fields:
        lines += beyond(getattr(value, name), f"{place}.{name}")
    return lines


class FileCitation(BaseModel):
    """A place in a document, an extension: chats have no such annotation, and OpenAI's Responses API has no place in it."""

    class Citation(BaseModel):
        class Location(BaseModel):
            type: Literal["char", "page", "chunk"]
            document_index: Optional[int] = None
            start: Optional[int] = None
            end: Optional[int] = None

        start_index: int
        end_index: int
        filename: str
        quote: Optional[str] = None
        location: Location

    type: Literal["file_citation"]
    file_citation: Citation


def of_whole(completion, place):
    """What is wrong with a completion; places in documents are checked by a type of our own."""
    lines = []
    completion = json.loads(json.dumps(completion))
    for choice in completion.get("choices", []):
        message = choice.get("message", {})
        annotations = message.get("annotations") or []
        files = [annotation for annotation in annotations if annotation.get("type") == "file_citation"]
        if files:
            message["annotations"] = [annotation for annotation in annotations if annotation not in files]
        lines += [line for file in files for line in checked(FileCitation, file, f"{place}.annotations")]
    return lines + checked(ChatCompletion, completion, place)


def of_chunk(chunk, place):
    """What is wrong with a chunk; pieces of custom calls are checked by a type of our own."""
    lines = []
    chunk = json.loads(json.dumps(chunk))
    for choice in chunk.get("choices", []):
        delta = choice.get("delta", {})
        customs = [call for call in delta.get("tool_calls", []) if "custom" in call]
        if customs:
            delta["tool_calls"] = [call for call in delta["tool_calls"] if "custom" not in call]
        lines += [line for call in customs for line in checked(CustomPiece, call, f"{place}.tool_calls")]
    return lines + checked(ChatCompletionChunk, chunk, place)


def of_stream(chunks):
    """What is the matter with the chunks beside their types."""
    ends = [choice["finish_reason"] for chunk in chunks for choice in chunk["choices"] if choice["finish_reason"]]
    first = chunks[0]["choices"][0]["delta"].get("role") if chunks and chunks[0]["choices"] else None
    lines = [] if len(ends) <= 1 else [f"chunks: several reasons for the end: {ends}"]
    return lines if not chunks or first == "assistant" else [*lines, "chunks[0]: no role"]


def accumulated(chunks):
    """The completion that the SDK makes of the chunks."""
    state = ChatCompletionStreamState()
    for chunk in chunks:
        state.handle_chunk(ChatCompletionChunk.construct(**chunk))
    return state.current_completion_snapshot.to_dict()


def answer(completion):
    """What has to be equal, whole and streamed."""
    [choice] = completion["choices"]
    message = choice["message"]

    def entries(name):
        return [bare(entry) for entry in message.get(name) or []]

    function = message.get("function_call")
    return {
        "head": [completion[name] for name in ("id", "created", "model")],
        "role": message["role"],
        # The first chunk says "", so that a client has a text to add to.
        "content": message.get("content") or "",
        "reasoning_content": message.get("reasoning_content") or "",
        "thinking_blocks": entries("thinking_blocks"),
        "tool_calls": entries("tool_calls"),
        "function_call": function and [function["name"], function["arguments"]],
        "annotations": entries("annotations"),
        "finish_reason": choice["finish_reason"],
        "usage": completion.get("usage"),
    }


def bare(entry):
    """Without its place in the list, said only where it comes in pieces, and without what the SDK adds to a call."""
    if not isinstance(entry, dict):
        return entry
    return {key: bare(value) for key, value in entry.items() if value is not None and key != "index"}


EVENT = pydantic.TypeAdapter(ResponseStreamEvent)


def of_response(response, events):
    """What is wrong with a response and its events."""
    lines = checked(Response, response, "response")
    state = ResponseStreamState(input_tools=omit, text_format=omit)
    for at, event in enumerate(events):
        try:
            read = EVENT.validate_python(event, strict=True)
        except pydantic.ValidationError as error:
            lines += [f"events[{at}].{'.'.join(map(str, line['loc']))}: {line['msg']}" for line in error.errors()]
            continue
        lines += beyond(read, f"events[{at}]")
        # As the SDK reads them itself, without a look at their types.
        state.handle_event(construct_type_unchecked(type_=ResponseStreamEvent, value=event))
    final = state._completed_response
    if response["status"] == "completed" and final is not None:
        one, other = [item.to_dict() for item in Response.construct(**response).output], []
        other = [bare(item.to_dict()) for item in final.output]
        one = [bare(item) for item in one]
        for item in other:
            for part in item.get("content") or []:
                part.pop("parsed", None)
            item.pop("parsed_arguments", None)
        if one != other:
            lines.append(f"output: {one!r} whole, {other!r} streamed")
    return lines


def problems(record):
    """What is wrong with a file's content, a line each."""
    if "response" in record:
        return of_response(record["response"], record["events"])
    whole, chunks = record["whole"], record["chunks"]
    lines = of_whole(whole, "whole") if whole else []
    for at, chunk in enumerate(chunks or []):
        lines += of_chunk(chunk, f"chunks[{at}]")
    lines += of_stream(chunks or [])
    if whole and chunks and not lines:
        one, other = answer(whole), answer(accumulated(chunks))
        lines += [f"{name}: {one[name]!r} whole, {other[name]!r} streamed" for name in one if one[name] != other[name]]
    return lines


def main(folder):
    files = sorted(Path(folder).glob("*.json"))
    if not files:
        print(f"error: {folder} has no answers", file=sys.stderr)
        return 1
    failed = False
    for file in files:
        for line in problems(json.loads(file.read_text())):
            failed = True
            print(f"{file.name}: {line}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
