"""Open WebUI, asked as its page asks it."""

import json
import time
import urllib.request

import pytest

import ports

# Nobody has to sign up.
VARIABLES = {"WEBUI_AUTH": "False", "WEBUI_SECRET_KEY": "secret"}


class Page:
    def __init__(self, url):
        self.url = url
        self.token = None
        self.token = json.loads(self.ask("/api/v1/auths/signin", {"email": "", "password": ""}))["token"]

    def ask(self, path, body=None, kind="application/json"):
        headers = {"content-type": kind, "authorization": f"Bearer {self.token}"}
        data = json.dumps(body).encode() if isinstance(body, dict) else body
        request = urllib.request.Request(self.url + path, data, headers)
        with urllib.request.urlopen(request, timeout=120) as answer:
            return answer.read().decode()


@pytest.fixture
def page(install):
    openwebui = install("openwebui", "Open WebUI")
    port = ports.hold()
    url = f"http://127.0.0.1:{port}"
    changed = ("--port 3000", f"--host 127.0.0.1 --port {port}")
    with openwebui.serve("openwebui", changed, f"{url}/health", DATA_DIR=str(openwebui.folder), **VARIABLES):
        yield Page(url)


def test_it_lists_models_chats_streams_and_embeds_a_document(page, emulator):
    models = {model["id"] for model in json.loads(page.ask("/api/models"))["data"]}
    assert {"gpt-4o", "fast"} <= models

    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Say hello."}]}
    answer = json.loads(page.ask("/api/chat/completions", body))
    assert answer["choices"][0]["message"]["content"] == "You said: Say hello."
    lines = page.ask("/api/chat/completions", body | {"model": "fast", "stream": True}).split("\n")
    chunks = [json.loads(line[len("data: ") :]) for line in lines if line.startswith("data: {")]
    said = "".join(chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks if chunk["choices"])
    assert said == "You said: Say hello."

    emulator.forget()
    part = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\n'
    document = part + b"a text\r\n--b--\r\n"
    page.ask("/api/v1/files/", document, "multipart/form-data; boundary=b")
    # It goes on with a document after its answer.
    deadline = time.monotonic() + 60
    while not emulator.requests() and time.monotonic() < deadline:
        time.sleep(0.2)
    assert emulator.body()["inputText"] == "a text"
