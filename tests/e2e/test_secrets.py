"""What nobody may read: no key, credential, prompt or answer is in a log at any level above debug, nor in an error that is another's
business."""

import base64
import itertools
import json
import urllib.parse

import pytest

import processes
from gateway import KEY, route
from image_server import PNG

NUMBERS = itertools.count(1)
SECRET = "SeCrEtOfTheGaTeWaY0123456789"
SESSION = "SeSsIoNToKeN0123456789"
BEARER = "BeArErToKeN0123456789"
PROMPT, REPLY, ARGUMENT, TOOL = "MARK-prompt-MARK", "MARK-reply-MARK", "MARK-argument-MARK", "MARK_tool_MARK"
WRONG = "MARK-wrong-key-MARK"
IMAGE = base64.b64encode(PNG + b"MARK-image-MARK").decode()
# As they are, and as they would be in a path or in base64.
NEVER = [KEY, SECRET, SESSION, BEARER, PROMPT, REPLY, ARGUMENT, WRONG, IMAGE, "MARK-image-MARK"]
FAULTS = [
    *("", "error=ValidationException", "error=AccessDeniedException", "error=ThrottlingException", "garbage", "notjson"),
    *("empty", "cut=2", "cutbytes=300", "badcrc=2", "hugeframe=0", "exception=2:throttlingException", "reset=1", "errorframe=1"),
    *("reset=-1", "exception=0:validationException", "stop=malformed_model_output", "nooutput"),
]


def chat(**more):
    parts = [
        {"type": "text", "text": f"{PROMPT} {TOOL} a={ARGUMENT}"},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{IMAGE}"}},
    ]
    function = {"name": TOOL, "parameters": {"type": "object", "properties": {"a": {"type": "string"}}}}
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": parts}]}
    return body | {"tools": [{"type": "function", "function": function}]} | more


REQUESTS = [
    ("/v1/chat/completions", chat()),
    ("/v1/chat/completions", chat(stream=True)),
    ("/v1/chat/completions", chat(temperature=PROMPT)),
    ("/v1/chat/completions", chat(model="unknown-model")),
    ("/v1/chat/completions", chat(tools=5)),
    ("/v1/embeddings", {"model": "text-embedding-3-small", "input": [PROMPT, REPLY]}),
    ("/v1/completions", {"model": "gpt-4o", "prompt": PROMPT, "suffix": REPLY}),
    ("/model/us.amazon.nova-lite-v1:0/converse", {"messages": [{"role": "user", "content": [{"text": PROMPT}]}]}),
    ("/model/us.amazon.nova-lite-v1:0/converse-stream", {"messages": PROMPT}),
]


def logged(config):
    """A patch: the access log that Envoy writes if it is told no format."""
    [listener] = config["static_resources"]["listeners"]
    path = processes.RUN / f"access-{next(NUMBERS)}.log"
    log = {"@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog", "path": str(path)}
    listener["filter_chains"][0]["filters"][0]["typed_config"]["access_log"] = [{"name": "file", "typed_config": log}]
    route(config)["route"]["idle_timeout"] = "2s"
    LOGS.append(path)


LOGS = []
CREDENTIALS = {
    "a signature": {"AWS_SECRET_ACCESS_KEY": "emulator-secret"},
    "a wrong signature": {"AWS_SECRET_ACCESS_KEY": SECRET, "AWS_ACCESS_KEY_ID": "AKIDEMULATOR", "AWS_SESSION_TOKEN": SESSION},
    "a token": {"AWS_BEARER_TOKEN_BEDROCK": "emulator-token"},
    "a wrong token": {"AWS_BEARER_TOKEN_BEDROCK": BEARER},
}


@pytest.mark.bedrock_refuses
@pytest.mark.parametrize("name", CREDENTIALS)
def test_no_log_and_no_error_tells_a_secret(start, name):
    gateway = start(environment=CREDENTIALS[name], patch=logged, log="info", wasm_log="info")
    log = gateway.process.log
    begun = log.stat().st_size
    statuses = set()
    for (path, body), fault in itertools.product(REQUESTS, FAULTS):
        with gateway.connection() as connection:
            fault = ",".join(filter(None, [fault, f"answer={REPLY}"]))
            response = connection.begin("POST", path, body, {"x-emulator": fault})
            statuses.add(response.status)
            try:
                told = response.read() + str(response.getheaders()).encode()
            except Exception:  # noqa: BLE001  (a stream that is broken off)
                continue
            assert not found([KEY, SECRET, SESSION, BEARER], told.decode()), (path, fault)
    with gateway.connection(key=WRONG) as connection:
        for path, body in REQUESTS:
            answer = connection.ask("POST", path, body, {"x-api-key": WRONG, "cookie": f"a={WRONG}"})
            assert answer.status == 401 and not found(NEVER, answer.body.decode())
    with gateway.connection() as connection:
        assert connection.ask("GET", f"/v1/models?key={WRONG}").status in (200, 404)

    text = log.read_bytes()[begun:].decode(errors="replace")
    assert not found(NEVER, text), [line for line in text.splitlines() if found(NEVER, line)][:3]
    # There was something to be read.
    assert len(text.splitlines()) > 5 and statuses >= {400, 502}
    # Envoy holds lines of it for up to ten seconds; the last request was this one.
    gateway.process.wait_for("the access log", lambda: "/v1/models?" in LOGS[-1].read_text())
    # Envoy's own log has the path that was asked for, as it came: keys do not belong there.
    lines = [line for line in LOGS[-1].read_text().splitlines() if "/v1/models?" not in line]
    assert len(lines) >= len(REQUESTS) * len(FAULTS) and not found(NEVER, "\n".join(lines))


def found(markers, text):
    forms = {form for marker in markers for form in (marker, urllib.parse.quote(marker, safe=""), json.dumps(marker)[1:-1])}
    forms |= {base64.b64encode(marker.encode()).decode().rstrip("=")[:-1] for marker in markers}
    return [form for form in forms if form in text]
