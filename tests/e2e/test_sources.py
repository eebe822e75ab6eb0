"""Answers that name their sources: pages that the model looked up, and places in documents."""

import base64

NOVA_2 = "us.amazon.nova-2-lite-v1:0"
CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
SAID = [{"role": "user", "content": "What is new?"}]


def ignored(raw):
    return raw.headers.get("x-ignored-parameters")


def document(text, **more):
    """A part with a text file, and what is said about it."""
    data = base64.b64encode(text.encode()).decode()
    return {"type": "file", "file": {"file_data": f"data:text/plain;base64,{data}", "filename": "notes.txt"}} | more


def test_the_web_is_looked_up_by_the_model_itself(client, emulator):
    raw = client.chat.completions.with_raw_response.create(model=NOVA_2, messages=SAID, web_search_options={})
    answer = raw.parse().choices[0]
    assert (answer.finish_reason, answer.message.tool_calls) == ("stop", None)
    assert answer.message.content == "You said: What is new? That is all."
    assert emulator.body()["toolConfig"] == {"tools": [{"systemTool": {"name": "nova_grounding"}}]}
    assert ignored(raw) is None


def test_the_web_that_a_model_does_not_look_up_is_named(client, emulator):
    raw = client.chat.completions.with_raw_response.create(model=CLAUDE, messages=SAID, web_search_options={})
    assert raw.parse().choices[0].message.content == "You said: What is new?"
    assert ignored(raw) == "web_search_options"
    assert "toolConfig" not in emulator.body()


def test_a_document_is_cited(client, emulator):
    parts = [document("Water is wet.", citations={"enabled": True}, context="Facts."), {"type": "text", "text": "Sum up."}]
    raw = client.chat.completions.with_raw_response.create(model=CLAUDE, messages=[{"role": "user", "content": parts}])
    assert raw.parse().choices[0].message.content.startswith("You said: Sum up.")
    assert ignored(raw) is None
    assert emulator.body()["messages"][0]["content"][0]["document"] == {
        "format": "txt",
        "name": "notes",
        "source": {"text": "Water is wet."},
        "context": "Facts.",
        "citations": {"enabled": True},
    }
