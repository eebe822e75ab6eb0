"""Bad input: the right 4xx naming what is wrong, nothing sent to Bedrock, and the next request served."""

import copy
import http.client
import json
import socket

import pytest

from gateway import KEY

CHAT = "/v1/chat/completions"
SAID = [{"role": "user", "content": "hello"}]
BODY = {"model": "gpt-4o", "messages": SAID}
JSON = {"content-type": "application/json"}
DEEP = 10_000
LIST = "[" * DEEP + "]" * DEEP
OBJECT = '{"a":' * DEEP + "1" + "}" * DEEP


@pytest.fixture
def refused(connection, running_emulator):
    """Asks for something that is refused before Bedrock is, and sees to it that the next request is served."""

    def ask(method, path, body=None, headers=(), **more):
        before = running_emulator.count()
        answer = connection.ask(method, path, body, headers, **more)
        assert 400 <= answer.status < 500
        assert running_emulator.count() == before
        assert connection.chat(BODY).json["choices"][0]["message"]["content"] == "You said: hello"
        return answer

    return ask


@pytest.fixture
def refused_chat(refused):
    return lambda body: refused("POST", CHAT, body if isinstance(body, dict) else body.encode(), JSON)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("POST", "/v1/no/such", 404, "unknown_url"),
        ("GET", "/", 404, "unknown_url"),
        ("GET", "/favicon.ico", 404, "unknown_url"),
        ("POST", "/v1/chat", 404, "unknown_url"),
        ("POST", "/v2/chat/completions", 404, "unknown_url"),
        ("POST", "/v1/chat/completions/more", 404, "unknown_url"),
        ("POST", "/v1/images/generations", 404, "unsupported_endpoint"),
        ("GET", CHAT, 405, "method_not_allowed"),
        ("DELETE", CHAT, 405, "method_not_allowed"),
        ("PUT", "/v1/embeddings", 405, "method_not_allowed"),
        ("POST", "/v1/models", 405, "method_not_allowed"),
        ("PATCH", "/v1/models/gpt-4o", 405, "method_not_allowed"),
        ("BREW", CHAT, None, None),
    ],
)
@pytest.mark.parametrize("body", [None, BODY])
def test_a_way_that_leads_nowhere_is_said(refused, method, path, status, code, body):
    answer = refused(method, path, body)
    assert answer.error["type"] == "invalid_request_error"
    if status:
        assert (answer.status, answer.error["code"]) == (status, code)


def test_a_path_is_normalised_before_it_is_routed(connection):
    assert connection.ask("POST", "/v1/../v1//chat/./completions?a=b", BODY).status == 200


@pytest.mark.parametrize("key", [None, "wrong"])
def test_the_next_request_after_a_wrong_key_is_served(gateway, running_emulator, key):
    before = running_emulator.count()
    with gateway.connection(key) as connection:
        assert connection.chat(BODY).status == 401
        assert connection.ask("GET", "/v1/models").status == 401
        assert connection.chat(BODY, {"x-api-key": KEY}).status == 200
    assert running_emulator.count() == before + 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"hello",
        b"{",
        b"{}{}",
        b'{"model": "gpt-4o", "messages": [{"role": "user", "content": "hello"}]',
        b"[]",
        b"null",
        b"5",
        b'"text"',
        b"{'model': 'gpt-4o'}",
        b"\xff\xfe",
        b'{"model":"\xff","messages":[{"role":"user","content":"hello"}]}',
        b'{"model":"gpt-4o","messages":[{"role":"user","content":"\xed\xa0\x80"}]}',
        b'{"model":"gpt-4o","messages":[{"role":"user","content":"\\ud800"}]}',
        b'{"model":"gpt-4o","messages":[{"role":"user","content":"\x00"}]}',
        b"\x1f\x8b\x08\x00\x00\x00\x00\x00",
        json.dumps(BODY).encode("utf-16"),
    ],
)
@pytest.mark.parametrize("path", [CHAT, "/v1/embeddings"])
def test_a_body_that_is_no_json_object_is_refused(refused, path, body):
    answer = refused("POST", path, body, JSON)
    assert (answer.status, answer.error["type"]) == (400, "invalid_request_error")


def test_no_body_at_all_is_refused(refused):
    assert refused("POST", CHAT).status == 400


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "messages"),
        ({"model": "gpt-4o"}, "messages"),
        ({"messages": None}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": [{}]}, "messages[0].role"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": " "}]}, "messages"),
        ({"messages": [{"role": "robot", "content": "hello"}]}, "messages[0].role"),
        ({"messages": [*SAID, {"role": "tool", "content": "x"}]}, "messages[1].tool_call_id"),
        ({"messages": [{"role": "user", "content": [{"type": "hologram"}]}]}, "messages[0].content[0].type"),
        ({"messages": SAID, "temperature": 3}, "temperature"),
        ({"messages": SAID, "temperature": -0.1}, "temperature"),
        ({"messages": SAID, "top_p": 1.1}, "top_p"),
        ({"messages": SAID, "n": 0}, "n"),
        ({"messages": SAID, "max_tokens": 10**12}, "max_tokens"),
        ({"messages": SAID, "reasoning_effort": "heroic"}, "reasoning_effort"),
        ({"messages": SAID, "tools": [{"type": "function"}]}, "tools[0].function"),
        ({"messages": SAID, "tools": [{"type": "function", "function": {}}]}, "tools[0].function.name"),
        ({"messages": SAID, "tools": [{"type": "retrieval"}]}, "tools[0].type"),
        ({"messages": SAID, "tool_choice": "required"}, "tool_choice"),
        (
            {"messages": SAID, "tools": [{"function": {"name": "f", "parameters": {"type": "array"}}}]},
            "tools[0].function.parameters",
        ),
    ],
)
def test_what_is_missing_or_wrong_is_named(refused_chat, body, param):
    answer = refused_chat(body)
    assert (answer.status, answer.error["param"], answer.error["type"]) == (400, param, "invalid_request_error")
    assert param.split("[")[0] in answer.error["message"]


def fields(prefix, names, wrong):
    """Each of the fields with each of the values, and the path that an error has to name."""
    return [(prefix, name, value) for name in names for value in wrong]


TEXTS = [5, True, {}, ["a"]]
NUMBERS = ["1", True, {}, [1]]
FLAGS = ["yes", 1, {}, []]
LISTS = [5, "a", {}, True]
OBJECTS = [5, "a", True]
# The place of an object in the request, its members, and values of a wrong type for them.
WRONG_TYPES = [
    *fields("", ["messages"], LISTS),
    *fields("", ["model", "reasoning_effort", "verbosity", "service_tier", "user", "safety_identifier"], TEXTS),
    *fields("", ["prompt_cache_key", "prompt_cache_retention"], TEXTS),
    *fields("", ["temperature", "top_p", "frequency_penalty", "presence_penalty"], NUMBERS),
    *fields("", ["max_completion_tokens", "max_tokens", "n", "top_logprobs", "seed", "top_k"], [*NUMBERS, 1.5]),
    *fields("", ["stream", "parallel_tool_calls", "logprobs", "store"], FLAGS),
    *fields("", ["tools", "functions", "modalities"], LISTS),
    *fields("", ["stop"], [5, True, {}]),
    *fields("", ["tool_choice", "function_call"], [5, True]),
    *fields("", ["stream_options", "response_format", "metadata", "logit_bias", "requestMetadata"], OBJECTS),
    *fields("", ["guardrailConfig", "performanceConfig", "promptVariables", "outputConfig"], OBJECTS),
    *fields("", ["additionalModelRequestFields", "extra_body"], OBJECTS),
    *fields("", ["additionalModelResponseFieldPaths"], [5, "a", {}]),
    *fields("", ["thinking", "web_search_options", "cache_control"], OBJECTS),
    *fields("web_search_options.", ["search_context_size"], TEXTS),
    *fields("cache_control.", ["type", "mode", "ttl"], TEXTS),
    *fields("stream_options.", ["include_usage", "include_obfuscation"], FLAGS),
    *fields("response_format.", ["type"], TEXTS),
    *fields("response_format.", ["json_schema"], OBJECTS),
    *fields("response_format.json_schema.", ["name", "description"], TEXTS),
    *fields("response_format.json_schema.", ["strict"], FLAGS),
    *fields("metadata.", ["team"], TEXTS),
    *fields("logit_bias.", ["50256"], NUMBERS),
    *fields("messages[0].", ["role", "name", "refusal", "tool_call_id", "reasoning_content", "signature"], TEXTS),
    *fields("messages[0].", ["status"], TEXTS),
    *fields("messages[0].", ["content"], [5, True, {}]),
    *fields("messages[0].", ["tool_calls", "thinking_blocks"], LISTS),
    *fields("messages[0].", ["function_call", "cache_control"], OBJECTS),
    *fields("messages[0].", ["is_error"], FLAGS),
    *fields("messages[0].content[0].", ["type", "text", "refusal", "thinking", "signature", "data"], TEXTS),
    *fields("messages[0].content[0].", ["image_url", "video_url", "input_audio", "file", "cache_control"], OBJECTS),
    *fields("messages[0].content[0].", ["citations", "guard_content"], OBJECTS),
    *fields("messages[0].content[0].", ["context"], TEXTS),
    *fields("messages[0].content[0].citations.", ["enabled"], FLAGS),
    *fields("messages[0].content[0].guard_content.", ["qualifiers"], LISTS),
    *fields("messages[0].content[0].image_url.", ["url", "detail", "format"], TEXTS),
    *fields("messages[0].content[0].input_audio.", ["data", "format"], TEXTS),
    *fields("messages[0].content[0].file.", ["file_data", "file_id", "filename"], TEXTS),
    *fields("messages[0].tool_calls[0].", ["id", "type"], TEXTS),
    *fields("messages[0].tool_calls[0].", ["function", "custom"], OBJECTS),
    *fields("messages[0].tool_calls[0].function.", ["name", "arguments"], TEXTS),
    *fields("messages[0].tool_calls[0].custom.", ["name", "input"], TEXTS),
    *fields("messages[0].function_call.", ["name", "arguments"], TEXTS),
    *fields("messages[0].thinking_blocks[0].", ["type", "thinking", "signature", "data"], TEXTS),
    *fields("tools[0].", ["type"], TEXTS),
    *fields("tools[0].", ["function", "custom", "cache_control"], OBJECTS),
    *fields("tools[0].function.", ["name", "description"], TEXTS),
    *fields("tools[0].function.", ["parameters"], [5, "a", [], True]),
    *fields("tools[0].function.", ["strict"], FLAGS),
    *fields("tools[0].custom.", ["name", "description"], TEXTS),
    *fields("functions[0].", ["name", "description"], TEXTS),
    *fields("tool_choice.", ["type"], TEXTS),
    *fields("tool_choice.", ["function", "allowed_tools"], OBJECTS),
    *fields("tool_choice.function.", ["name"], TEXTS),
    *fields("tool_choice.allowed_tools.", ["mode"], TEXTS),
    *fields("tool_choice.allowed_tools.", ["tools"], LISTS),
    *fields("function_call.", ["name"], TEXTS),
]
# What the object at a place needs beside the wrong member, so that nothing else is wrong.
BESIDE = {
    "messages[0].": {"role": "user", "content": "hello"},
    "messages[0].content[0].": {"type": "text", "text": "hello"},
    "tools[0].": {"type": "function", "function": {"name": "f"}},
    "tools[0].function.": {"name": "f"},
    "tools[0].custom.": {"name": "f"},
    "functions[0].": {"name": "f"},
}


def with_member(prefix, name, value):
    """A chat request with the member at that place."""
    body = copy.deepcopy(BODY)
    here, path = body, ""
    for step in prefix.split(".")[:-1]:
        member, _, is_item = step.partition("[")
        path += f"{step}."
        inner = here.get(member)
        if not isinstance(inner, list | dict):
            inner = here[member] = [{}] if is_item else {}
        here = inner[0] if is_item else inner
        here |= {name: inner for name, inner in copy.deepcopy(BESIDE.get(path, {})).items() if name not in here}
    here[name] = value
    return body


@pytest.mark.parametrize("place", sorted({prefix for prefix, _, _ in WRONG_TYPES}))
def test_a_wrong_type_is_refused_naming_the_field(connection, running_emulator, place):
    before = running_emulator.count()
    wrong = []
    for prefix, name, value in WRONG_TYPES:
        if prefix != place:
            continue
        answer = connection.chat(with_member(prefix, name, value))
        said = answer.status, answer.json.get("error", {}).get("param")
        if said != (400, prefix + name):
            wrong.append(f"{prefix}{name}: {value!r} -> {said}")
    assert not wrong, "\n".join(wrong)
    assert running_emulator.count() == before
    assert connection.chat(BODY).status == 200


def test_null_is_nothing_given(connection):
    body = {name: None for prefix, name, _ in WRONG_TYPES if prefix == ""} | BODY
    answer = connection.chat(body)
    assert answer.status == 200 and "x-ignored-parameters" not in answer.headers


TOOL = '"tools":[{"type":"function","function":{"name":"f","parameters":%s}}]'


@pytest.mark.parametrize(
    ("members", "param"),
    [
        (f'"unknown":{LIST}', "unknown"),
        (f'"unknown":{OBJECT}', "unknown"),
        (f'"messages":{LIST}', "messages"),
        (f'"model":{LIST}', "model"),
        (f'"metadata":{{"a":{LIST}}}', "metadata"),
        (TOOL % OBJECT, "tools[0].function.parameters"),
        (TOOL % f'{{"type":"object","properties":{OBJECT}}}', "tools[0].function.parameters"),
        (f'"tools":[{{"function":{{"name":"f","more":{LIST}}}}}]', "tools[].function.more"),
        (f'"response_format":{{"type":"json_schema","json_schema":{{"schema":{OBJECT}}}}}', "response_format"),
        (f'"additionalModelRequestFields":{{"a":{LIST}}}', "additionalModelRequestFields"),
        (f'"extra_body":{{"a":{LIST}}}', "extra_body"),
        (f'"guardrailConfig":{OBJECT}', "guardrailConfig"),
        (f'"outputConfig":{OBJECT}', "outputConfig"),
        (f'"thinking":{{"type":"adaptive","a":{LIST}}}', "thinking"),
    ],
)
def test_what_nests_too_deep_is_refused(refused_chat, members, param):
    messages = "" if '"messages"' in members else '"messages":[{"role":"user","content":"hello"}],'
    answer = refused_chat(f"{{{messages}{members}}}")
    assert (answer.status, answer.error["type"]) == (400, "invalid_request_error")
    assert answer.error["param"].startswith(param)


@pytest.mark.parametrize("deep", [LIST, OBJECT])
@pytest.mark.parametrize("place", ["%s", '{"messages":[%s]}', '{"messages":[{"role":"user","content":%s}]}'])
def test_a_body_that_is_nothing_but_depth_is_refused(refused_chat, place, deep):
    assert refused_chat(place % deep).status == 400


@pytest.mark.parametrize("deep", [LIST, OBJECT])
def test_what_is_deep_in_a_text_is_no_more_than_text(connection, deep):
    call = {"id": "a", "type": "function", "function": {"name": "f", "arguments": deep}}
    messages = [
        *SAID,
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "a", "content": deep},
    ]
    answer = connection.chat({"messages": messages})
    assert answer.json["choices"][0]["message"]["content"] == f"The tool said: {deep}"


PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}

# Smaller than the gateway that holds them.
LIMITS = {
    "header_bytes": 1_500,
    "body_bytes": 2_000,
    "messages": 3,
    "tools": 2,
    "images": 1,
    "json_depth": 5,
    "schema_depth": 2,
    "embedding_inputs": 2,
}


@pytest.fixture(scope="module")
def small(start):
    return start(changes={"limits": LIMITS})


@pytest.fixture
def small_connection(small):
    with small.connection() as connection:
        yield connection


def large(size):
    return json.dumps(BODY).encode().ljust(size)


@pytest.mark.parametrize("how", ["announced", "in chunks"])
@pytest.mark.parametrize("size", [2_001, 500_000])
def test_a_body_that_is_too_large_is_refused(small_connection, running_emulator, how, size):
    before = running_emulator.count()
    body = large(size)
    if how == "in chunks":
        body = iter([body[at : at + 1_000] for at in range(0, size, 1_000)])
    answer = small_connection.chat(body, JSON, chunked=how == "in chunks")
    assert (answer.status, answer.error["code"]) == (413, "request_too_large")
    assert "2000" in answer.error["message"] or "2,000" in answer.error["message"]
    assert running_emulator.count() == before
    assert small_connection.chat(BODY).status == 200


def test_a_body_of_just_the_limit_is_taken(small_connection):
    assert small_connection.chat(large(2_000), JSON).status == 200


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"messages": SAID * 4}, "messages"),
        ({"messages": SAID, "tools": [{"function": {"name": f"f{n}"}} for n in range(3)]}, "tools"),
        ({"messages": SAID, "functions": [{"name": f"f{n}"} for n in range(3)]}, "functions"),
        ({"messages": SAID, "unknown": [[[[[[]]]]]]}, "unknown"),
        (
            {"messages": [{"role": "user", "content": [PICTURE, PICTURE]}]},
            "messages[0].content[1]",
        ),
        (
            {"messages": SAID, "tools": [{"function": {"name": "f", "parameters": {"properties": {"a": {}}}}}]},
            "tools[0].function.parameters",
        ),
    ],
)
def test_other_limits_are_kept_too(small_connection, running_emulator, body, param):
    before = running_emulator.count()
    answer = small_connection.chat(body)
    assert (answer.status, answer.error["param"]) == (400, param)
    assert running_emulator.count() == before


def test_headers_that_are_too_large_are_refused(small_connection, running_emulator):
    before = running_emulator.count()
    answer = small_connection.ask("POST", "/v1/chat/completions", BODY, {"x-many": "y" * 1_500})
    assert (answer.status, answer.error["code"]) == (431, "request_headers_too_large")
    assert running_emulator.count() == before
    assert small_connection.chat(BODY).status == 200


def test_a_limit_on_embeddings_is_kept(small_connection):
    body = {"model": "cohere.embed-english-v3", "input": ["a", "b", "c"]}
    answer = small_connection.ask("POST", "/v1/embeddings", body)
    assert (answer.status, answer.error["param"]) == (400, "input")


@pytest.mark.parametrize("body", [b"{", b"[]", b"{}", b'{"messages":5}', b'{"model":"no","messages":[]}'])
def test_a_connection_stays_open_where_a_body_is_refused(connection, body):
    """Opening a new one would cost the client more than its mistake."""
    for _ in range(3):
        assert connection.chat(body, JSON).status in (400, 404)
        assert connection.chat(BODY).status == 200
    assert connection.opened == 1


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("POST", "/v1/chat/completions", {"authorization": "Bearer wrong"}, 401),
        ("POST", "/v1/chat/completions", {"authorization": ""}, 401),
        ("POST", "/v1/nothing", {}, 404),
        ("PUT", "/v1/chat/completions", {}, 405),
    ],
)
def test_a_connection_stays_open_where_headers_are_refused(connection, method, path, headers, status):
    for _ in range(3):
        assert connection.ask(method, path, BODY, headers).status == status
        assert connection.chat(BODY).status == 200
    assert connection.opened == 1


def raw(port, head, body=b""):
    """Status and body of the answer to bytes that http.client would not send."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(head + b"content-length: %d\r\n\r\n" % len(body) + body)
        response = http.client.HTTPResponse(connection)
        response.begin()
        return response.status, response.read()


GOOD = b"authorization: Bearer " + KEY.encode() + b"\r\n"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (b"authorization: Bearer \xff\xfe\r\n", 401),
        (b"x-api-key: \xff\r\n", 401),
        (GOOD + b"x-anything: \xff\xfe\r\n", 200),
        (GOOD + b"content-type: \xff\r\n", 200),
        (GOOD + b"user-agent: \xc3\x28\r\n", 200),
        (GOOD + b"traceparent: \xff\xfe\r\n", 200),
        (GOOD + b"cookie: a=\xff\r\n", 200),
        (b"x-api-key: \xff\r\n" + GOOD, 200),
    ],
)
def test_header_bytes_that_are_no_text_harm_nobody(gateway, connection, headers, status):
    head = b"POST /v1/chat/completions HTTP/1.1\r\nhost: gateway\r\n" + headers
    answer, body = raw(gateway.port, head, json.dumps(BODY).encode())
    assert answer == status
    assert ("error" in json.loads(body)) is (status != 200)
    assert connection.chat(BODY).status == 200


@pytest.mark.parametrize(
    "line", [b"GET /v1/models/\xff HTTP/1.1", b"GET /\xc3\x28 HTTP/1.1", b"GET /v1/models/%00 HTTP/1.1"]
)
def test_path_bytes_that_are_no_text_harm_nobody(gateway, connection, line):
    answer, body = raw(gateway.port, line + b"\r\nhost: gateway\r\n" + GOOD)
    assert 400 <= answer < 500
    assert json.loads(body)["error"]["message"]
    assert connection.chat(BODY).status == 200


@pytest.mark.parametrize(
    "line",
    [b"nonsense", b"GET /health HTTP/9.9", b"GET  HTTP/1.1", b"GET /health HTTP/1.1\r\nbad header", b"\x16\x03\x01"],
)
def test_what_is_no_http_harms_nobody(gateway, connection, line):
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=20) as stranger:
        stranger.sendall(line + b"\r\n\r\n")
        stranger.shutdown(socket.SHUT_WR)
        assert stranger.recv(100)[:12] in (b"HTTP/1.1 400", b"HTTP/1.1 426", b"HTTP/1.1 404", b"")
    assert connection.chat(BODY).status == 200


def grown(calls):
    """A body that translation makes larger: each call without a result gets one."""
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    return {"messages": [*SAID, {"role": "assistant", "tool_calls": [call] * calls}]}


def test_a_body_that_outgrows_the_limit_in_translation_is_refused(connection, running_emulator):
    before = running_emulator.count()
    answer = connection.chat(grown(230_000))
    assert (answer.status, answer.error["code"]) == (413, "request_too_large")
    assert running_emulator.count() == before
    assert connection.chat(BODY).status == 200


@pytest.mark.parametrize("name", ["gpt-", "text-embedding-", "no-such-model"])
@pytest.mark.parametrize("stream", [False, True])
def test_a_model_of_ten_megabytes_is_refused(connection, name, stream):
    answer = connection.chat(BODY | {"model": name + "x" * 10_000_000, "stream": stream})
    assert (answer.status, answer.error["param"]) == (404, "model")
    assert connection.chat(BODY).status == 200


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"CONNECT evil:443 HTTP/1.1\r\nhost: evil:443\r\n\r\n", (400, 401, 404, 405)),
        (
            b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\n" + GOOD + b"content-length: 4294967301\r\n\r\n{}",
            (413,),
        ),
    ],
)
def test_what_never_ends_is_answered_at_once(gateway, head, status):
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=5) as opened:
        opened.sendall(head)
        response = http.client.HTTPResponse(opened)
        response.begin()
        assert response.status in status
