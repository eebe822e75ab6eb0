"""Every kind of request, and the reply of Bedrock's that each gets."""

from faulty import EVENT_STREAM, JSON, Reply

SAID = {"messages": [{"role": "user", "content": "Grüße, 日本! some words for some events"}]}
CHAT = SAID | {"model": "gpt-4o"}
NATIVE = {"messages": [{"role": "user", "content": [{"text": "some words for some events"}]}]}
MODEL = "us.amazon.nova-lite-v1:0"
# Path and body of each.
KINDS = {
    "chat": ("/v1/chat/completions", CHAT),
    "stream": ("/v1/chat/completions", CHAT | {"stream": True, "stream_options": {"include_usage": True}}),
    "embedding": ("/v1/embeddings", {"model": "text-embedding-3-small", "input": "hello", "encoding_format": "float"}),
    "native": (f"/model/{MODEL}/converse", NATIVE),
    "native-stream": (f"/model/{MODEL}/converse-stream", NATIVE),
}
# By which operation each is asked of Bedrock.
OPERATIONS = {
    "chat": "converse",
    "stream": "converse-stream",
    "embedding": "invoke",
    "native": "converse",
    "native-stream": "converse-stream",
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
    }
