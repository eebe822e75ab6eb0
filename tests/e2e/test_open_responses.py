"""What Open Responses' own compliance test asks of a server (openresponses.org/compliance), and what its schema of a response requires.

The test itself is a program of that project's repository and in no registry, so its six conversations are had here in our own words.
"""

import json

import pytest
from openai.types.responses import Response

MODEL = "gpt-4o"
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
WEATHER = {
    "type": "function",
    "name": "get_weather",
    "description": "The weather at a place.",
    "parameters": {"type": "object", "properties": {"location": {"type": "string"}}, "required": ["location"]},
}
# Each is there, with a value of one of these types ("ResponseResource", version of November 2026).
REQUIRED = {
    "id": (str,),
    "object": (str,),
    "created_at": (int,),
    "completed_at": (int, type(None)),
    "status": (str,),
    "incomplete_details": (dict, type(None)),
    "model": (str,),
    "previous_response_id": (str, type(None)),
    "instructions": (str, list, type(None)),
    "output": (list,),
    "error": (dict, type(None)),
    "tools": (list,),
    "tool_choice": (str, dict),
    "truncation": (str,),
    "parallel_tool_calls": (bool,),
    "text": (dict,),
    "top_p": (int, float),
    "presence_penalty": (int, float),
    "frequency_penalty": (int, float),
    "top_logprobs": (int,),
    "temperature": (int, float),
    "reasoning": (dict, type(None)),
    "user": (str, type(None)),
    "usage": (dict, type(None)),
    "max_output_tokens": (int, type(None)),
    "max_tool_calls": (int, type(None)),
    "store": (bool,),
    "background": (bool,),
    "service_tier": (str,),
    "metadata": (dict,),
    "safety_identifier": (str, type(None)),
    "prompt_cache_key": (str, type(None)),
}


def said(text, role="user"):
    return {"type": "message", "role": role, "content": text}


SEEN = {"type": "message", "role": "user", "content": [
    {"type": "input_text", "text": "What do you see in this image?"},
    {"type": "input_image", "image_url": f"data:image/png;base64,{PIXEL}"},
]}
CONVERSATIONS = {
    "a basic answer": {"input": [said("Say hello in exactly 3 words.")]},
    "instructions as a message": {"input": [said("You are a pirate.", "system"), said("Say hello.")]},
    "a tool": {"input": [said("get_weather location=Rome")], "tools": [WEATHER]},
    "an image": {"input": [SEEN]},
    "several turns": {"input": [
        said("My name is Alice."), said("Hello Alice! How can I help?", "assistant"), said("What is my name?"),
    ]},
}


def check(response):
    """A completed response as the schema has it."""
    wrong = {name for name, types in REQUIRED.items() if not isinstance(response.get(name, Ellipsis), types)}
    assert wrong == set(), response
    Response.model_validate(response, strict=True)
    assert response["object"] == "response" and response["status"] == "completed" and response["output"]
    for item in response["output"]:
        assert item["id"] and item["type"] and item["status"] == "completed"


@pytest.mark.parametrize("name", CONVERSATIONS)
@pytest.mark.parametrize("stream", [False, True])
def test_a_conversation_is_had_as_the_compliance_test_wants_it(connection, name, stream):
    body = {"model": MODEL, **CONVERSATIONS[name], "stream": stream}
    answer = connection.ask("POST", "/v1/responses", body)
    assert answer.status == 200
    if not stream:
        check(response := json.loads(answer.body))
    else:
        events = [json.loads(line[6:]) for line in answer.body.decode().splitlines() if line.startswith("data: ")]
        assert [event["sequence_number"] for event in events] == list(range(len(events)))
        assert events[0]["type"] == "response.created" and events[-1]["type"] == "response.completed"
        assert any(event["type"] == "response.output_text.delta" for event in events)
        check(response := events[-1]["response"])
    calls = [item for item in response["output"] if item["type"] == "function_call"]
    assert [call["name"] for call in calls] == (["get_weather"] if name == "a tool" else [])
