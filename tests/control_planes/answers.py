"""What a gateway has to answer, whoever made its configuration."""

import contextlib
import socket
import time

import wire

KEY = "sk-of-a-team-in-the-cluster"
# What a pod's environment has, by its Secret and by EKS.
VARIABLES = {"WEB_KEY": KEY, "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials"}
BODY = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Say hello."}]}


def ask(port, key=KEY, host="127.0.0.1", **body):
    with wire.Connection(port, key) as connection:
        return connection.chat(BODY | body, {"host": host})


def until(expected, answer, seconds=30):
    end = time.monotonic() + seconds
    while (found := answer()) != expected:
        assert time.monotonic() < end, found
        time.sleep(0.2)


def right(port, host="127.0.0.1"):
    """A chat, a stream, what is refused, and what is beyond a control plane's own limits."""
    # Credentials are fetched in the background.
    until(200, lambda: ask(port, host=host).status)
    assert ask(port, host=host).json["choices"][0]["message"]["content"]
    stream = ask(port, host=host, stream=True)
    assert stream.status == 200 and stream.events[-1] == "[DONE]", stream
    refused = ask(port, key="sk-of-nobody", host=host)
    assert (refused.status, refused.error["code"]) == (401, "invalid_api_key")
    large = ask(port, host=host, messages=[{"role": "user", "content": "a" * 3_000_000}])
    assert large.status == 200, large
    # Envoy's own refusals have OpenAI's shape.
    with wire.Connection(port, KEY) as connection:
        refused = connection.ask("GET", "/v1/models", headers={"host": host, "x-large": "a" * 70_000})
    assert (refused.status, refused.error["code"]) == (431, "request_refused")
    with wire.Connection(port, KEY) as connection:
        models = connection.ask("GET", "/v1/models", headers={"host": host}).json["data"]
    assert "gpt-4o" in [model["id"] for model in models]


def listens(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False
