"""Four requests, as any OpenAI client would send them, and what came back."""

import http.client
import json

CHAT_MODEL = "gpt-4o"
EMBEDDING_MODEL = "text-embedding-3-small"
SECONDS = 120
TECHNIQUE = "moa"


class Failed(Exception):
    """An answer that is not what it should be."""


def run(port, key):
    """Sends all; true when each was answered properly."""
    # A list: the ones after a failure are sent too.
    return all([attempt(title, part, port, key) for title, part in PARTS.items()])


def attempt(title, part, port, key):
    print(f"\n── {title}")
    try:
        part(port, key)
    except (Failed, OSError, http.client.HTTPException, LookupError, TypeError, ValueError) as error:
        print(f"\nfailed: {type(error).__name__}: {error}")
        return False
    return True


def plain(port, key):
    answer = json.load(post(port, key, "/v1/chat/completions", chat("What is Amazon Bedrock, in one sentence?")))
    print(non_empty(answer["choices"][0]["message"]["content"]))
    print(f"   ({answer['model']}, {answer['usage']['total_tokens']} tokens)")


def streamed(port, key):
    body = chat("Count from one to five.") | {"stream": True}
    text = ""
    for data in events(post(port, key, "/v1/chat/completions", body)):
        if data == "[DONE]":
            break
        chunk = json.loads(data)
        if "error" in chunk:
            raise Failed(data)
        for choice in chunk["choices"]:
            piece = choice["delta"].get("content") or ""
            print(piece, end="", flush=True)
            text += piece
    else:
        raise Failed("the stream ended without [DONE]")
    print()
    non_empty(text)


def technique(port, key):
    """Drafts side by side, of which one answer is made: one request of the client's, several calls of the model."""
    response = post(port, key, "/v1/chat/completions", chat("Why is the sky blue?") | {"optillm_approach": TECHNIQUE})
    answer = json.load(response)
    print(non_empty(answer["choices"][0]["message"]["content"]))
    made = response.headers["x-technique-calls"]
    if response.headers["x-technique"] != TECHNIQUE or not int(made) > 1:
        raise Failed(f"{made} calls of {response.headers['x-technique']}")
    print(f"   ({TECHNIQUE}: {made} calls, {answer['usage']['total_tokens']} tokens)")


def embedding(port, key):
    body = {"model": EMBEDDING_MODEL, "input": "The proxy that you run already does it."}
    answer = json.load(post(port, key, "/v1/embeddings", body))
    vector = answer["data"][0]["embedding"]
    if not vector or not all(isinstance(number, float | int) for number in vector):
        raise Failed("no numbers in the vector")
    print(f"{len(vector)} numbers: {', '.join(f'{number:.4f}' for number in vector[:4])}, …")


PARTS = {
    "chat completion": plain,
    "chat completion, streamed": streamed,
    "mixture of agents, a technique": technique,
    "embedding": embedding,
}


def chat(text):
    return {"model": CHAT_MODEL, "messages": [{"role": "user", "content": text}]}


def post(port, key, path, body):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    connection.request("POST", path, json.dumps(body), headers)
    response = connection.getresponse()
    if response.status != 200:
        raise Failed(f"{response.status} {response.read().decode(errors='replace')}")
    return response


def events(response):
    """The data of each server-sent event, as soon as it is there."""
    for line in response:
        if line.startswith(b"data:"):
            yield line.removeprefix(b"data:").strip().decode()


def non_empty(text):
    if not text:
        raise Failed("the answer is empty")
    return text
