"""The checker of answers finds what is wrong with one."""

import copy

import pytest
import replies

WHOLE = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [
        {
            "index": 0,
            "message": {
                "role": "assistant",
                "content": "Hi",
                "refusal": None,
                "reasoning_content": "Hm.",
                "tool_calls": [{"id": "t", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
            },
            "logprobs": None,
            "finish_reason": "tool_calls",
        }
    ],
    "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
}


def chunk(delta, finish_reason=None, **more):
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    return head | {"choices": [choice], "usage": None} | more


CHUNKS = [
    chunk({"role": "assistant", "content": ""}),
    chunk({"reasoning_content": "Hm."}),
    chunk({"content": "Hi"}),
    chunk({"tool_calls": [{"index": 0, "id": "t", "type": "function", "function": {"name": "f", "arguments": "{"}}]}),
    chunk({"tool_calls": [{"index": 0, "function": {"arguments": "}"}}]}),
    chunk({}, "tool_calls"),
    chunk({}, choices=[], usage=WHOLE["usage"]),
]


def problems(whole=WHOLE, chunks=CHUNKS):
    return "\n".join(replies.problems({"whole": whole, "chunks": chunks}))


def with_value(value, place, at):
    """A copy with another value at that place; `...` takes the member away."""
    value = copy.deepcopy(value)
    inner = value
    for step in place[:-1]:
        inner = inner[step]
    if at is ...:
        del inner[place[-1]]
    else:
        inner[place[-1]] = at
    return value


def test_a_good_answer_has_no_problems():
    assert problems() == ""


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (["created"], "1"),
        (["created"], ...),
        (["object"], "chat.completion.chunk"),
        (["strange"], 1),
        (["usage", "strange"], 1),
        (["usage", "total_tokens"], 3.5),
        (["choices", 0, "finish_reason"], "end_turn"),
        (["choices", 0, "finish_reason"], None),
        (["choices", 0, "message", "role"], "user"),
        (["choices", 0, "message", "tool_calls", 0, "function", "arguments"], None),
        (["choices", 0, "message", "tool_calls", 0, "id"], ...),
        (["choices", 0, "message", "tool_calls", 0, "index"], 0),
    ],
)
def test_a_completion_that_the_sdk_does_not_know_is_found_out(place, value):
    assert str(place[-1]) in problems(whole=with_value(WHOLE, place, value), chunks=None)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ([0, "created"], ...),
        ([0, "choices", 0, "delta", "role"], "robot"),
        ([0, "choices", 0, "delta", "role"], ...),
        ([3, "choices", 0, "delta", "tool_calls", 0, "index"], ...),
        ([3, "choices", 0, "delta", "tool_calls", 0, "type"], "strange"),
        ([5, "choices", 0, "finish_reason"], "tool_use"),
        ([6, "usage", "prompt_tokens"], None),
        ([6, "strange"], 1),
    ],
)
def test_a_chunk_that_the_sdk_does_not_know_is_found_out(place, value):
    assert str(place[-1]) in problems(whole=None, chunks=with_value(CHUNKS, place, value))


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        ([2, "choices", 0, "delta", "content"], "Ho", "content"),
        ([1, "choices", 0, "delta", "reasoning_content"], "Ha.", "reasoning_content"),
        ([4, "choices", 0, "delta", "tool_calls", 0, "function", "arguments"], "", "tool_calls"),
        ([5, "choices", 0, "finish_reason"], "stop", "finish_reason"),
        ([6, "usage", "prompt_tokens"], 7, "usage"),
        ([0, "id"], "chatcmpl-2", "head"),
    ],
)
def test_a_stream_that_is_another_answer_is_found_out(place, value, said):
    assert said in problems(chunks=with_value(CHUNKS, place, value))
