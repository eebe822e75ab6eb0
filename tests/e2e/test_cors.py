"""Web pages in browsers: Envoy's CORS filter in front of this one, as the sample has it, and the page of `make run UI=1`."""

import re

import chat_page
import pytest

import wire

PAGE = "https://chat.example.com"
BODY = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hello"}]}
PREFLIGHT = {
    "access-control-request-method": "POST",
    "access-control-request-headers": "authorization,content-type,x-stainless-lang",
}


@pytest.fixture(scope="module")
def cors(start):
    return start(sample="cors", patch=chat_page.add)


def allowed(answer):
    return answer.headers.get("access-control-allow-origin")


@pytest.mark.parametrize("origin", [PAGE, "http://localhost:3000"])
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/models", "/openai/deployments/gpt-4o/chat/completions"])
def test_a_preflight_needs_no_key(cors, running_emulator, origin, path):
    before = running_emulator.count()
    with wire.Connection(cors.port, None) as connection:
        answer = connection.ask("OPTIONS", path, headers={"origin": origin, **PREFLIGHT})
    assert (answer.status, allowed(answer)) == (200, origin)
    assert answer.headers["access-control-allow-headers"] == "*, authorization"
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert running_emulator.count() == before


def test_another_page_may_not(cors):
    with wire.Connection(cors.port, None) as connection:
        answer = connection.ask("OPTIONS", "/v1/chat/completions", headers={"origin": "https://evil.example", **PREFLIGHT})
    assert allowed(answer) is None and answer.status in (401, 404, 405)


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_may_be_read_by_the_page_and_so_may_an_error(cors, stream):
    with cors.connection() as connection:
        answer = connection.chat({**BODY, "stream": stream}, {"origin": PAGE})
        assert (answer.status, allowed(answer)) == (200, PAGE)
        assert "x-ignored-parameters" in answer.headers["access-control-expose-headers"]
        answer = connection.chat({**BODY, "temperature": 9}, {"origin": PAGE})
        assert (answer.status, allowed(answer)) == (400, PAGE)
    with wire.Connection(cors.port, "wrong") as connection:
        answer = connection.chat(BODY, {"origin": PAGE})
        assert (answer.status, allowed(answer)) == (401, PAGE)


@pytest.mark.parametrize("path", chat_page.FILES)
def test_the_chat_page_needs_no_key_and_may_load_nothing_but_its_own(cors, running_emulator, path):
    before = running_emulator.count()
    with wire.Connection(cors.port, None) as connection:
        answer = connection.ask("GET", path)
    file, kind = chat_page.FILES[path]
    assert (answer.status, answer.headers["content-type"]) == (200, f"{kind}; charset=utf-8")
    assert answer.body == (chat_page.DIRECTORY / file).read_bytes()
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self';") and "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert running_emulator.count() == before


@pytest.mark.parametrize(("method", "path"), [("POST", "/"), ("GET", "/chat.html"), ("GET", "/chat.js/more")])
def test_beside_the_chat_page_nothing_is_open(cors, method, path):
    with cors.connection() as connection:
        answer = connection.ask(method, path)
    assert (answer.status, answer.json["error"]["code"]) == (404, "unknown_url")
    with wire.Connection(cors.port, None) as connection:
        assert connection.ask("GET", "/v1/models").status == 401


def test_no_text_becomes_part_of_the_chat_page():
    script, page = (chat_page.DIRECTORY / name for name in ("chat.js", "index.html"))
    ways = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|srcdoc|setHTML|DOMParser")
    assert not ways.search(script.read_text())
    assert not re.search(r"<script(?! src)|<style|\son\w+=|style=", page.read_text())
