"""Load: wrk for whole answers as fast as they come, a client of our own where requests or bytes are counted one by one."""

import http.client
import json
import os
import subprocess

from settings import ROOT, Problem

from . import machine
from .envoys import KEY

WRK_SCRIPT = ROOT / "tools/bench/post.lua"
# What answers in the words of an API, and how its streams end.
PATHS = {"chat": "/v1/chat/completions", "responses": "/v1/responses", "messages": "/v1/messages"}
ENDS = {"chat": "data: [DONE]\n\n", "responses": "}}\n\n", "messages": 'data: {"type":"message_stop"}\n\n'}


def path(envoy, model, operation, api="chat"):
    """Plain Envoy gets the same body on the path that the filter would make."""
    if not envoy.translates:
        return f"/model/{model}/{operation}"
    return "/v1/embeddings" if operation == "invoke" else PATHS[api]


def headers(envoy):
    return {"content-type": "application/json", "authorization": f"Bearer {KEY}", **envoy.headers}


def answers(envoy, model, body):
    """Whether a chat is answered."""
    connection = http.client.HTTPConnection("127.0.0.1", envoy.port, timeout=20)
    try:
        connection.request("POST", path(envoy, model, "converse"), body.read_bytes(), headers(envoy))
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def wrk(envoy, model, body, connections, seconds, api="chat"):
    """Requests that were answered in `seconds`."""
    found = told(run(machine.on_core(machine.LOAD_CORE, wrk_command(envoy, model, body, connections, seconds, api))))
    if found["errors"]:
        raise Problem(f"{envoy.variant.name}: {found['errors']} of {found['requests']} requests failed ({body.name}:{found['kinds']})")
    return found["requests"], found["seconds"]


def wrk_command(envoy, model, body, connections, seconds, api="chat", timeout=2):
    url = f"http://127.0.0.1:{envoy.port}{path(envoy, model, 'converse', api)}"
    options = ["-t1", f"-c{connections}", f"-d{seconds}s", f"--timeout={timeout}s", "-s", WRK_SCRIPT]
    return ["wrk", *options, url, "--", body, *(f"{name}: {value}" for name, value in headers(envoy).items())]


def told(output):
    """What a load generator says last, a line of JSON."""
    return json.loads(output.splitlines()[-1])


def client(envoy, requests, connections, count, **more):
    """What `bench-client` found."""
    found = told(run(client_command(), plan(envoy, requests, connections, count, **more)))
    if found["errors"]:
        failed = f"{found['errors']} of {found['requests']} requests failed: {found['first_error']}"
        raise Problem(f"{envoy.variant.name}: {failed}")
    return found


def drained(envoy, model, body, connections, seconds):
    """As `wrk`, but waits for all answers: where some take seconds, those cut off would count."""
    request = {"model": model, "operation": "converse", "body": body}
    found = client(envoy, [request], connections, 10_000_000, seconds=seconds)
    return found["requests"], found["seconds"]


def client_command():
    program = ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "release/bench-client"
    return machine.on_core(machine.LOAD_CORE, [program])


def plan(envoy, requests, connections, count, clock=None, seconds=None, ramp=None):
    asked = [
        {
            "path": path(envoy, request["model"], request["operation"], request.get("api", "chat")),
            "headers": list(headers(envoy).items()),
            "body": str(request["body"]),
            "weight": request.get("weight", 1),
            "status": request.get("status", "200") if envoy.translates else "200",
            "end": ENDS[request.get("api", "chat")] if envoy.translates and request["operation"] == "converse-stream" else "",
        }
        for request in requests
    ]
    return json.dumps(
        {
            "address": f"127.0.0.1:{envoy.port}",
            "requests": asked,
            "connections": connections,
            "count": count,
            "seconds": seconds,
            "ramp": ramp,
            "clock": clock,
        }
    )


def run(command, stdin=None):
    command = [str(part) for part in command]
    result = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
    if result.returncode:
        raise Problem(f"{' '.join(command)}: status {result.returncode}: {result.stderr.strip()[-500:]}")
    return result.stdout
