"""Answers that name their sources: pages that the model looked up, and places in documents."""

import base64

import openai

NOVA_2 = "us.amazon.nova-2-lite-v1:0"
CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
SAID = [{"role": "user", "content": "What is new?"}]


def ignored(raw):
    return raw.headers.get("x-ignored-parameters")


def document(text, **more):
    """A part with a text file, and what is said about it."""
    data = base64.b64encode(text.encode()).decode()
    return {"type": "file", "file": {"file_data": f"data:text/plain;base64,{data}", "filename": "my_notes.txt"}} | more


def test_the_web_is_looked_up_by_the_model_itself(client, emulator):
    raw = client.chat.completions.with_raw_response.create(model=NOVA_2, messages=SAID, web_search_options={})
    answer = raw.parse().choices[0]
    assert (answer.finish_reason, answer.message.tool_calls) == ("stop", None)
    assert answer.message.content == "You said: What is new? That is all."
    cited = [annotation.url_citation for annotation in answer.message.annotations]
    assert [(page.title, page.url) for page in cited] == [
        ("www.example.com", "https://www.example.com/news"),
        ("www.example.com", "https://www.example.com/more"),
    ]
    assert {answer.message.content[page.start_index : page.end_index] for page in cited} == {"You said: What is new?"}
    assert emulator.body()["toolConfig"] == {"tools": [{"systemTool": {"name": "nova_grounding"}}]}
    assert ignored(raw) is None


def test_the_web_is_looked_up_in_a_stream(client):
    stream = client.chat.completions.create(model=NOVA_2, messages=SAID, web_search_options={}, stream=True)
    deltas = [chunk.choices[0].delta for chunk in stream if chunk.choices]
    whole = client.chat.completions.create(model=NOVA_2, messages=SAID, web_search_options={}).choices[0].message
    assert "".join(delta.content or "" for delta in deltas) == whole.content
    assert not any(delta.tool_calls for delta in deltas)
    streamed = [piece for delta in deltas for piece in delta.to_dict().get("annotations", [])]
    assert streamed == [{"index": index} | cited.to_dict() for index, cited in enumerate(whole.annotations)]


def test_a_function_stands_beside_the_search(client):
    weather = {"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {}}}}
    asked = {"model": NOVA_2, "web_search_options": {}, "tools": [weather]}
    called = client.chat.completions.create(messages=[{"role": "user", "content": "get_weather"}], **asked).choices[0]
    assert (called.finish_reason, called.message.tool_calls[0].function.name) == ("tool_calls", "get_weather")


def test_the_web_that_a_model_does_not_look_up_is_named(client, emulator):
    raw = client.chat.completions.with_raw_response.create(model=CLAUDE, messages=SAID, web_search_options={})
    assert raw.parse().choices[0].message.content == "You said: What is new?"
    assert ignored(raw) == "web_search_options"
    assert "toolConfig" not in emulator.body()


def test_the_web_is_looked_up_for_a_response(client, emulator):
    asked = {"model": NOVA_2, "input": "What is new?", "tools": [{"type": "web_search"}]}
    raw = client.responses.with_raw_response.create(**asked)
    search, message = raw.parse().output
    assert (search.type, search.status, search.action.query) == ("web_search_call", "completed", "What is new?")
    [part] = message.content
    assert part.text == raw.parse().output_text == "You said: What is new? That is all."
    assert [(page.title, page.url) for page in part.annotations] == [
        ("www.example.com", "https://www.example.com/news"),
        ("www.example.com", "https://www.example.com/more"),
    ]
    assert {part.text[page.start_index : page.end_index] for page in part.annotations} == {"You said: What is new?"}
    assert emulator.body()["toolConfig"] == {"tools": [{"systemTool": {"name": "nova_grounding"}}]}
    assert ignored(raw) is None
    events = list(client.responses.create(**asked, stream=True))
    streamed = events[-1].response.output
    assert [item.to_dict() | {"id": ""} for item in streamed] == [item.to_dict() | {"id": ""} for item in raw.parse().output]
    added = [event.annotation.to_dict() for event in events if event.type == "response.output_text.annotation.added"]
    assert added == [page.to_dict() for page in streamed[1].content[0].annotations]
    kinds = [event.type.removeprefix("response.") for event in events]
    assert [kind for kind in kinds if kind.startswith("web_search_call")] == [
        f"web_search_call.{state}" for state in ("in_progress", "searching", "completed")
    ]


def test_a_search_stands_in_the_next_turn_of_a_response(client):
    said = [{"role": "user", "content": "What is new?"}]
    tools = [{"type": "web_search"}]
    first = client.responses.create(model=NOVA_2, input=said, tools=tools, store=False)
    said += [*first.output, {"role": "user", "content": "And now?"}]
    raw = client.responses.with_raw_response.create(model=NOVA_2, input=said, tools=tools, store=False)
    assert raw.parse().output_text.startswith("You said: And now?")
    assert ignored(raw) == "input[].web_search_call,input[].content[].annotations"


def test_a_document_is_cited(gateway, emulator):
    parts = [document("Water is wet.", citations={"enabled": True}, context="Facts."), {"type": "text", "text": "Sum up."}]
    asked = {"model": CLAUDE, "messages": [{"role": "user", "content": parts}]}
    # As applications have it: places in documents are not in the SDK's own types.
    with openai.OpenAI(**gateway.options()) as client:
        raw = client.chat.completions.with_raw_response.create(**asked)
        chunks = list(client.chat.completions.create(**asked, stream=True))
    message = raw.parse().choices[0].message
    assert ignored(raw) is None
    [cited] = [annotation.to_dict() for annotation in message.annotations]
    assert cited == {
        "type": "file_citation",
        "file_citation": {
            "start_index": 0,
            "end_index": len(message.content),
            "filename": "my_notes.txt",
            "quote": "Water is wet.",
            "location": {"type": "char", "document_index": 0, "start": 0, "end": 13},
        },
    }
    deltas = [chunk.choices[0].delta.to_dict() for chunk in chunks if chunk.choices]
    assert "".join(delta.get("content", "") for delta in deltas) == message.content
    assert [piece for delta in deltas for piece in delta.get("annotations", [])] == [{"index": 0} | cited]
    assert emulator.requests()[-1]["body"]["messages"][0]["content"][0]["document"] == {
        "format": "txt",
        "name": "my notes",
        "source": {"text": "Water is wet."},
        "context": "Facts.",
        "citations": {"enabled": True},
    }


def test_a_document_is_cited_in_a_response(client):
    data = base64.b64encode(b"Water is wet.").decode()
    file = {"type": "input_file", "file_data": f"data:text/plain;base64,{data}", "filename": "my_notes.txt"}
    parts = [file | {"citations": {"enabled": True}}, {"type": "input_text", "text": "Sum up."}]
    asked = {"model": CLAUDE, "input": [{"role": "user", "content": parts}]}
    answer = client.responses.create(**asked)
    events = list(client.responses.create(**asked, stream=True))
    [cited] = answer.output[0].content[0].annotations
    end = len(answer.output_text)
    assert cited.to_dict() == {
        "type": "file_citation",
        "file_id": "my_notes.txt",
        "filename": "my_notes.txt",
        "index": end,
        "start_index": 0,
        "end_index": end,
        "quote": "Water is wet.",
        "location": {"type": "char", "document_index": 0, "start": 0, "end": 13},
    }
    added = [event.annotation.to_dict() for event in events if event.type == "response.output_text.annotation.added"]
    assert added == [cited.to_dict()]
