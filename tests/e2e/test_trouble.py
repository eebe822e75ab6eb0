"""Trouble on the way: nobody listens, nobody answers, somebody leaves. Errors that Envoy makes have OpenAI's shape."""

import contextlib
import json
import socket
import threading
import time

import openai
import pytest

from gateway import nowhere, route, routes
from settings import Endpoint
from wire import until_broken

BODY = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hello"}]}
LONG = {"model": "gpt-4o", "messages": [{"role": "user", "content": "long:30"}], "stream": True}


@pytest.fixture(scope="module")
def alone(start):
    """A gateway with no Bedrock behind it."""
    return start(nowhere())


@pytest.mark.parametrize("stream", [False, True])
def test_where_nobody_listens_the_gateway_says_so(alone, stream):
    with alone.connection() as connection:
        answer = connection.chat(BODY | {"stream": stream})
        assert (answer.status, answer.error["type"]) == (503, "server_error")
        assert connection.ask("GET", "/v1/models").status == 200
    with alone.openai() as client, pytest.raises(openai.InternalServerError) as caught:
        client.chat.completions.create(**BODY, stream=stream)
    assert "Bedrock" in caught.value.message


def impatient(config):
    route(config)["route"] |= {"timeout": "0.4s"}


def first_token_in_time(config):
    """No limit on the whole, one on each try, which ends with the answer's beginning."""
    retries = {"retry_on": "5xx", "num_retries": 0, "per_try_timeout": "0.4s"}
    route(config)["route"] |= {"timeout": "0s", "retry_policy": retries}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("fault", ["nofirst", "stall=0", "slow=5000"])
@pytest.mark.parametrize("patch", [impatient, first_token_in_time])
def test_who_does_not_answer_in_time_is_given_up(start, patch, fault, stream):
    with start(patch=patch).openai() as client, pytest.raises(openai.InternalServerError) as caught:
        client.chat.completions.create(**BODY, stream=stream, extra_headers={"x-emulator": fault})
    assert (caught.value.status_code, caught.value.type) == (504, "server_error")


def test_a_stall_in_mid_stream_is_no_end(start):
    with start(patch=impatient).connection() as connection:
        response = connection.begin("POST", "/v1/chat/completions", LONG, {"x-emulator": "stall=4"})
        assert response.status == 200
        body, broken = until_broken(response)
    assert body and b"[DONE]" not in body and (broken or b'"error"' in body)


def test_a_limit_on_the_first_token_never_cuts_a_stream_that_runs(start):
    with start(patch=first_token_in_time).connection() as connection:
        begun = time.monotonic()
        answer = connection.chat(LONG, {"x-emulator": "pace=15"})
        assert time.monotonic() - begun > 0.5
    assert answer.events[-1] == "[DONE]"


def test_a_body_too_large_for_envoy_itself_is_refused_in_openais_shape(start, running_emulator):
    def tiny(config):
        for found in routes(config):
            found["request_body_buffer_limit"] = 1024

    before = running_emulator.count()
    body = json.dumps(BODY).encode().ljust(3_000_000)
    with start(patch=tiny).connection() as connection:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.http.putrequest("POST", "/v1/chat/completions")
            connection.http.putheader("authorization", f"Bearer {connection.key}")
            connection.http.putheader("content-length", str(len(body)))
            connection.http.endheaders(body)
        response = connection.http.getresponse()
        error = json.loads(response.read())["error"]
    assert (response.status, response.getheader("content-type")) == (413, "application/json")
    assert (error["type"], error["code"], error["param"]) == ("invalid_request_error", "request_too_large", None)
    assert running_emulator.count() == before


def test_a_path_that_no_route_takes_has_openais_shape(start):
    def only_v1(config):
        route(config)["match"] = {"prefix": "/v1/"}

    with start(patch=only_v1).connection() as connection:
        # The filter comes before the route, and answers by itself what it need not send on.
        answer = connection.ask("POST", "/api/v1/chat/completions", BODY)
        assert (answer.status, answer.error["type"]) == (404, "invalid_request_error")
        assert connection.chat(BODY).status == 200


class Silent:
    """A Bedrock that begins an answer, and then waits for its caller to go."""

    def __init__(self, head):
        self.head = head
        self.gone = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = Endpoint.parse(f"http://127.0.0.1:{self.listener.getsockname()[1]}")
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        connection, _ = self.listener.accept()
        with connection, contextlib.suppress(OSError):
            received = b""
            while b'"messages"' not in received:
                received += connection.recv(65536)
            connection.sendall(self.head)
            while connection.recv(65536):
                pass
        self.gone.set()


def beginning(emulator):
    """An answer of the emulator's up to its fourth event, as HTTP."""
    body = {"messages": [{"role": "user", "content": [{"text": "hello there"}]}]}
    frames = emulator.call("POST", "/model/us.amazon.nova-lite-v1%3A0/converse-stream", body)
    some = b""
    for _ in range(4):
        length = int.from_bytes(frames[len(some) : len(some) + 4], "big")
        some = frames[: len(some) + length]
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/vnd.amazon.eventstream\r\ntransfer-encoding: chunked\r\n\r\n"
    return head + b"%x\r\n%s\r\n" % (len(some), some)


def test_when_a_client_leaves_bedrock_is_told(start, running_emulator):
    bedrock = Silent(beginning(running_emulator))
    gateway = start(bedrock.endpoint)
    with gateway.connection() as connection:
        response = connection.begin("POST", "/v1/chat/completions", BODY | {"stream": True})
        assert b'"role":"assistant"' in response.readline()
        assert not bedrock.gone.is_set()
        response.close()
    assert bedrock.gone.wait(5)
    with gateway.connection() as connection:
        assert connection.ask("GET", "/v1/models").status == 200


def test_clients_that_leave_do_not_harm_those_that_stay(gateway, client):
    for at in range(10):
        with gateway.connection() as connection:
            fault = {"x-emulator": "pace=5" if at % 2 else "slow=20"}
            connection.http.request(
                "POST", "/v1/chat/completions", json.dumps(LONG), fault | {"authorization": f"Bearer {connection.key}"}
            )
            if at % 2:
                connection.http.getresponse().readline()
    answer = client.chat.completions.create(**BODY)
    assert answer.choices[0].message.content == "You said: hello"


def test_many_streams_at_once_are_all_whole(client):
    streams = [client.chat.completions.create(**LONG, extra_headers={"x-emulator": "pace=1"}) for _ in range(20)]
    texts = {"".join(chunk.choices[0].delta.content or "" for chunk in stream) for stream in streams}
    assert len(texts) == 1 and len(texts.pop().split()) == 30
