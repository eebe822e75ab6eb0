"""Every kind of request, and the reply of Bedrock's that each gets."""

from faulty import EVENT_STREAM, JSON, Reply

SAID = {"messages": [{"role": "user", "content": "Grüße, 日本! some words for some events"}]}
CHAT = SAID | {"model": "gpt-4o"}
NATIVE = {"messages": [{"role": "user", "content": [{"text": "some words for some events"}]}]}
MODEL = "us.amazon.nova-lite-v1:0"
# By Anthropic's API: Claude natively, and a model that is asked by Converse.
MESSAGE = SAID | {"model": "claude-sonnet-4-5", "max_tokens": 100}
CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
OWN = SAID | {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 100}
# Path and body of each.
KINDS = {
    "chat": ("/v1/chat/completions", CHAT),
    "stream": ("/v1/chat/completions", CHAT | {"stream": True, "stream_options": {"include_usage": True}}),
    "embedding": ("/v1/embeddings", {"model": "text-embedding-3-small", "input": "hello", "encoding_format": "float"}),
    "native": (f"/model/{MODEL}/converse", NATIVE),
    "native-stream": (f"/model/{MODEL}/converse-stream", NATIVE),
    "message": ("/v1/messages", MESSAGE),
    "message-stream": ("/v1/messages", MESSAGE | {"stream": True}),
    "translated-message-stream": ("/v1/messages", MESSAGE | {"model": MODEL, "stream": True}),
}
# By which operation each is asked of Bedrock; Claude's own have their own replies.
OPERATIONS = {
    "chat": "converse",
    "stream": "converse-stream",
    "embedding": "invoke",
    "native": "converse",
    "native-stream": "converse-stream",
    "message": "claude-invoke",
    "message-stream": "claude-invoke-with-response-stream",
    "translated-message-stream": "converse-stream",
}


def replies(emulator):
    """What the emulator answers, by operation."""

    def reply(operation, content_type, model=MODEL, body=NATIVE):
        model = model.replace(":", "%3A")
        return Reply(content_type, emulator.call("POST", f"/model/{model}/{operation}", body))

    return {
        "converse": reply("converse", JSON),
        "converse-stream": reply("converse-stream", EVENT_STREAM),
        "invoke": reply("invoke", JSON, "amazon.titan-embed-text-v2:0", {"inputText": "hello"}),
        "claude-invoke": reply("invoke", JSON, CLAUDE, OWN),
        "claude-invoke-with-response-stream": reply("invoke-with-response-stream", EVENT_STREAM, CLAUDE, OWN),
    }
