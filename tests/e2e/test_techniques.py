"""Techniques: more calls than one for one chat, through the real Envoy to a Bedrock that answers by a script."""

import json
import threading
import time

import openai
import pytest
import yaml

from gateway import KEY
from scripted import Fails, Says, Scripted
from settings import ROOT

TAG = "<optillm_approach>{}</optillm_approach>"
SETTINGS = {"cluster": "gateway", "max_calls": 12, "timeout": 30}
KEYS = [
    {"name": "default", "key": "${API_KEY}"},
    {"name": "some", "key": "some-key-of-the-tests", "techniques": ["re2"]},
    {"name": "none", "key": "none-key-of-the-tests", "techniques": []},
]
CALLS = 10, 5, 15


@pytest.fixture(scope="module")
def running_bedrock():
    bedrock = Scripted()
    yield bedrock
    bedrock.stop()


@pytest.fixture
def bedrock(running_bedrock):
    running_bedrock.forget(lambda call: "an answer")
    return running_bedrock


@pytest.fixture(scope="module")
def gateway(start, running_bedrock):
    return start(running_bedrock.endpoint, changes={"techniques": SETTINGS, "api_keys": KEYS})


@pytest.fixture(scope="module")
def client(gateway):
    with gateway.openai(timeout=60) as client:
        yield client


def chat(client, text="What is 6 times 7?", model="gpt-4o", **more):
    messages = more.pop("messages", [{"role": "user", "content": text}])
    return client.chat.completions.with_raw_response.create(model=model, messages=messages, **more)


def tokens(usage):
    return usage.prompt_tokens, usage.completion_tokens, usage.total_tokens


def test_re2_is_one_call_in_which_the_question_stands_twice(client, bedrock):
    raw = chat(client, model="re2-gpt-4o")
    [call] = bedrock.calls
    assert call.last.count("What is 6 times 7?") == 2 and "again" in call.last
    answer = raw.parse()
    assert answer.choices[0].message.content == "an answer" and answer.model == "gpt-4o"
    assert (raw.headers["x-technique"], raw.headers["x-technique-calls"]) == ("re2", "1")
    assert tokens(answer.usage) == (10, 5, 15)


def test_moa_streams_its_last_call_and_tells_the_tokens_of_all(client, bedrock):
    heard = threading.Event()

    def script(call):
        if call.is_stream:
            # The rest comes only once the client has heard the beginning.
            return Says("one two three", gate=heard)
        return f"a draft, number {len(bedrock.calls)} of {id(call)}"

    bedrock.forget(script)
    stream = client.chat.completions.create(
        model="gpt-4o",
        messages=[{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Why?"}],
        stream=True,
        stream_options={"include_usage": True},
        extra_body={"optillm_approach": "moa"},
    )
    headers = stream.response.headers
    text, usage = "", None
    for chunk in stream:
        if chunk.choices and chunk.choices[0].delta.content:
            heard.set()
            text += chunk.choices[0].delta.content
        usage = chunk.usage or usage
    assert text.strip() == "one two three"
    calls = len(bedrock.calls)
    assert (headers["x-technique"], headers["x-technique-calls"]) == ("moa", str(calls))
    assert tokens(usage) == tuple(calls * count for count in CALLS)
    *drafts, last = bedrock.calls
    assert last.is_stream and not any(call.is_stream for call in drafts)
    assert last.last.count("a draft") == len(drafts) and "Why?" in last.all
    assert all(call.system.startswith("Be brief.") for call in bedrock.calls)


def test_the_answer_of_drawn_texts_is_whole_or_a_stream_as_the_client_wants(client, bedrock):
    bedrock.forget(lambda call: "The answer is 42.")
    raw = chat(client, extra_body={"optillm_approach": "self_consistency"})
    answer = raw.parse()
    calls = len(bedrock.calls)
    assert answer.choices[0].message.content == "The answer is 42."
    assert answer.object == "chat.completion" and answer.id.startswith("chatcmpl-") and answer.created > 0
    assert tokens(answer.usage) == tuple(calls * count for count in CALLS)
    assert (raw.headers["x-technique"], raw.headers["x-technique-calls"]) == ("self_consistency", str(calls))
    assert raw.headers["x-bedrock-model"]
    streamed = client.chat.completions.create(
        model="gpt-4o",
        messages=[{"role": "user", "content": "What is 6 times 7?"}],
        stream=True,
        stream_options={"include_usage": True},
        extra_body={"optillm_approach": "self_consistency"},
    )
    chunks = list(streamed)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == "The answer is 42."
    assert tokens(chunks[-1].usage) == tuple(calls * count for count in CALLS)
    assert streamed.response.headers["content-type"].startswith("text/event-stream")


def test_a_tag_is_taken_out_and_chooses_whatever_the_rest_says(client, bedrock):
    text = f"Hello {TAG.format(' RE2 ')}there"
    raw = chat(client, text, extra_body={"optillm_approach": "moa"})
    assert raw.headers["x-technique"] == "re2"
    [call] = bedrock.calls
    assert call.last.count("Hello there") == 2 and "optillm" not in json.dumps(call.body)


def test_a_request_that_chooses_none_is_one_call_without_a_mark(client, bedrock):
    for more in ({}, {"extra_body": {"optillm_approach": "none"}}):
        raw = chat(client, **more)
        assert "x-technique" not in raw.headers
    assert [call.last for call in bedrock.calls] == ["What is 6 times 7?"] * 2


def test_a_draft_with_a_tag_in_it_starts_nothing(client, bedrock):
    bedrock.forget(lambda call: f"Obey: {TAG.format('mcts')}")
    raw = chat(client, extra_body={"optillm_approach": "moa"})
    assert len(bedrock.calls) == int(raw.headers["x-technique-calls"]) <= 5
    assert raw.headers["x-technique"] == "moa"


def test_one_after_the_other_and_side_by_side(client, bedrock):
    bedrock.forget(lambda call: f"answer {len(bedrock.calls)}")
    raw = chat(client, "Why?", extra_body={"optillm_approach": "re2&re2"})
    first, second = bedrock.calls
    assert "answer 1" in second.last and second.last.count("Why?") == 2 and "answer 1" not in first.all
    assert raw.headers["x-technique-calls"] == "2"

    bedrock.forget(lambda call: "twice" if call.last.count("Why?") == 2 else "once")
    answer = chat(client, "Why?", extra_body={"optillm_approach": "re2|cot_reflection"}, n=2).parse()
    assert [choice.message.content for choice in answer.choices] == ["twice", "once", "twice", "once"]
    assert [choice.index for choice in answer.choices] == [0, 1, 2, 3]
    assert tokens(answer.usage) == tuple(4 * count for count in CALLS)


def test_thoughts_between_tags_are_reasoning_whole_and_streamed(client, bedrock):
    bedrock.forget(lambda call: "<thinking> 6 times 7 </thinking> <output> It is 42. </output>")
    message = chat(client, extra_body={"optillm_approach": "cot_reflection"}).parse().choices[0].message
    assert (message.content, message.reasoning_content.strip()) == ("It is 42.", "6 times 7")
    text, thoughts = "", ""
    for chunk in client.chat.completions.create(
        model="cot_reflection-gpt-4o", messages=[{"role": "user", "content": "What is 6 times 7?"}], stream=True
    ):
        for choice in chunk.choices:
            text += choice.delta.content or ""
            thoughts += getattr(choice.delta, "reasoning_content", None) or ""
    assert (text, thoughts.strip()) == ("It is 42.", "6 times 7")


def test_calls_go_side_by_side_and_no_more_than_may(start, bedrock):
    gateway = start(bedrock.endpoint, changes={"techniques": SETTINGS | {"max_parallel": 2}})
    both = threading.Event()

    def script(call):
        if sum(not other.ended for other in bedrock.calls) >= 2:
            both.set()
        both.wait(60)
        return "The answer is 42."

    bedrock.forget(script)
    with gateway.openai(timeout=60) as client:
        chat(client, extra_body={"optillm_approach": "majority_voting", "k": 4})
    assert len(bedrock.calls) >= 2 and bedrock.most_at_once == 2


def test_a_draft_that_fails_is_done_without(client, bedrock):
    lock, failed = threading.Lock(), []

    def script(call):
        with lock:
            if not failed:
                failed.append(call)
                return Fails(400, "ValidationException")
        return "The answer is 42."

    bedrock.forget(script)
    answer = chat(client, extra_body={"optillm_approach": "self_consistency"}).parse()
    assert answer.choices[0].message.content == "The answer is 42."


def test_where_all_fail_the_client_hears_why(gateway, bedrock):
    bedrock.forget(lambda call: Fails(429, "ThrottlingException"))
    with gateway.openai() as client, pytest.raises(openai.RateLimitError) as caught:
        chat(client, extra_body={"optillm_approach": "moa"})
    assert caught.value.code == "rate_limit_exceeded"


@pytest.mark.parametrize(
    ("chosen", "status", "code"),
    [
        ("foo", 400, "technique_not_found"),
        ("re2&", 400, "invalid_technique"),
        ("re2&" * 999 + "re2", 400, "invalid_technique"),
        ("|".join(["moa"] * 8), 400, "technique_budget"),
    ],
)
def test_what_cannot_be_is_refused_before_the_first_call(gateway, bedrock, chosen, status, code):
    for body in ({"optillm_approach": chosen}, {"text": TAG.format(chosen)}):
        text = body.pop("text", "q")
        with gateway.connection() as connection:
            answer = connection.chat({"model": "gpt-4o", "messages": [{"role": "user", "content": text}], **body})
        assert (answer.status, answer.error["code"]) == (status, code)
    assert bedrock.calls == []


def test_a_wrong_type_is_refused_with_a_technique_as_without(gateway, bedrock):
    plain = {"model": "gpt-4o", "messages": [{"role": "user", "content": "q"}]}
    wrong = {"n": "2", "stream": 1, "stream_options": [], "max_tokens": 1.5, "max_completion_tokens": "9"}
    with gateway.connection() as connection:
        for name, value in wrong.items():
            without, with_one = (
                connection.chat(plain | {name: value} | more) for more in ({}, {"optillm_approach": "re2"})
            )
            assert (with_one.status, with_one.error["param"]) == (400, name)
            assert with_one.error["message"] == without.error["message"]
    assert bedrock.calls == []


@pytest.mark.parametrize(("key", "chosen"), [("some-key-of-the-tests", "moa"), ("none-key-of-the-tests", "re2")])
def test_a_key_uses_only_the_techniques_that_it_may(gateway, bedrock, key, chosen):
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "q"}], "optillm_approach": chosen}
    with gateway.connection(key) as connection:
        answer = connection.chat(body)
    assert (answer.status, answer.error["code"]) == (403, "technique_not_allowed")
    assert chosen in answer.error["message"] and bedrock.calls == []


def test_a_technique_gives_no_right_to_a_model(start, bedrock):
    keys = [{"name": "default", "key": "${API_KEY}", "models": ["nova-lite"]}]
    gateway = start(bedrock.endpoint, changes={"techniques": SETTINGS, "api_keys": keys})
    with gateway.connection(KEY) as connection:
        for more in ({"model": "re2-gpt-4o"}, {"model": "gpt-4o", "optillm_approach": "moa"}):
            answer = connection.chat({"messages": [{"role": "user", "content": "q"}], **more})
            assert (answer.status, answer.error["code"]) == (403, "model_not_allowed")
        body = {"model": "nova-lite", "optillm_approach": "moa", "moa_models": ["gpt-4o"]}
        answer = connection.chat({"messages": [{"role": "user", "content": "q"}], **body})
        assert (answer.status, answer.error["code"], answer.error["param"]) == (403, "model_not_allowed", "moa_models")
    assert bedrock.calls == []


def test_a_plain_request_goes_without_a_default_that_may_not_be_carried_out(start, bedrock):
    keys = [{"name": "default", "key": "${API_KEY}", "models": ["nova-lite"]}]
    for changes in ({"tunables": {"moa_models": ["gpt-4o"]}}, {"max_calls": 3}, {"max_tokens": 1000}):
        bedrock.forget(lambda call: "an answer")
        techniques = SETTINGS | {"default": "moa"} | changes
        gateway = start(bedrock.endpoint, changes={"techniques": techniques, "api_keys": keys})
        with gateway.connection(KEY) as connection:
            body = {"model": "nova-lite", "messages": [{"role": "user", "content": "q"}]}
            answer = connection.chat(body)
            assert answer.status == 200 and "x-technique" not in answer.headers, answer
            asked = connection.chat(body | {"optillm_approach": "moa"})
            assert asked.status in (400, 403)
        assert len(bedrock.calls) == 1


def test_what_takes_too_long_ends_with_504(start, bedrock):
    gateway = start(bedrock.endpoint, changes={"techniques": SETTINGS | {"timeout": 1}})
    bedrock.forget(lambda call: Says("late", after=3))
    with gateway.connection() as connection:
        body = {"messages": [{"role": "user", "content": "q"}], "model": "gpt-4o", "optillm_approach": "moa"}
        answer = connection.chat(body)
    assert (answer.status, answer.error["code"]) == (504, "technique_timeout")


def test_a_client_that_leaves_has_no_further_call_made(gateway, bedrock):
    bedrock.forget(lambda call: Says("The answer is 42.", after=1.5))
    connection = gateway.connection()
    body = {"messages": [{"role": "user", "content": "q"}], "model": "gpt-4o", "optillm_approach": "moa"}
    sent = json.dumps(body).encode()
    connection.http.request(
        "POST",
        "/v1/chat/completions",
        sent,
        {"authorization": f"Bearer {KEY}", "content-type": "application/json"},
    )
    until = time.monotonic() + 60
    while not bedrock.calls and time.monotonic() < until:
        time.sleep(0.05)
    connection.http.close()
    begun = len(bedrock.calls)
    while any(not call.ended for call in bedrock.calls) and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(1)
    assert len(bedrock.calls) <= max(begun, 4) and not any("draft" in call.all for call in bedrock.calls)


def test_a_conversation_with_tools_and_images_keeps_them(client, bedrock):
    pixel = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    call = {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    tool = {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}
    image = {"type": "image_url", "image_url": {"url": pixel}}
    messages = [
        {"role": "user", "content": [{"type": "text", "text": "See?"}, image]},
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "a cat"},
    ]
    raw = chat(client, messages=messages, tools=[tool], extra_body={"optillm_approach": "re2"})
    assert raw.headers["x-technique"] == "re2"
    [seen] = bedrock.calls
    blocks = [next(iter(block)) for message in seen.body["messages"] for block in message["content"]]
    assert "image" in blocks and "toolUse" in blocks and "toolResult" in blocks
    assert seen.body["toolConfig"]["tools"] and "See?" in seen.last


def test_a_client_cannot_mark_a_request_for_more_than_going_without(gateway, bedrock):
    with gateway.connection() as connection:
        body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "q"}]}
        answer = connection.chat(body, {"x-bedrock-technique-call": "1"})
    assert answer.status == 200 and "x-technique" not in answer.headers
    assert len(bedrock.calls) == 1


class OptiLlm(Scripted):
    """Stands for an OptiLLM: it keeps what it is asked, and answers as 0.4.0 does, without an id."""

    def answer(self, handler):
        body = json.loads(handler.rfile.read(int(handler.headers["content-length"])))
        self.calls.append((handler.path, dict(handler.headers), body))
        if body["optillm_approach"] == "memory":
            return self.give(handler, 500, b'{"error": "secret reason"}')
        choice = {"index": 0, "message": {"role": "assistant", "content": "proved"}, "finish_reason": "stop"}
        usage = {"completion_tokens": 7, "completion_tokens_details": {"reasoning_tokens": 3}}
        self.give(handler, 200, json.dumps({"model": "m", "choices": [choice], "usage": usage}).encode())


@pytest.fixture
def optillm():
    optillm = OptiLlm()
    yield optillm
    optillm.stop()


def cluster_of(optillm):
    def with_cluster(config):
        address = {"socket_address": {"address": "127.0.0.1", "port_value": optillm.endpoint.port}}
        endpoints = [{"lb_endpoints": [{"endpoint": {"address": address}}]}]
        config["static_resources"]["clusters"].append(
            {
                "name": "optillm",
                "type": "STATIC",
                "connect_timeout": "2s",
                "load_assignment": {"cluster_name": "optillm", "endpoints": endpoints},
            }
        )

    return with_cluster


def test_what_another_server_has_is_asked_for_there(start, bedrock, optillm):
    techniques = SETTINGS | {"upstream": {"cluster": "optillm", "names": ["z3", "memory"]}}
    gateway = start(bedrock.endpoint, changes={"techniques": techniques}, patch=cluster_of(optillm))
    with gateway.connection() as connection:
        body = {"model": "gpt-4o", "messages": [{"role": "user", "content": f"q{TAG.format('Z3')}"}], "k": 3}
        answer = connection.chat(body)
        assert answer.status == 200 and answer.headers["x-technique"] == "z3", answer
        assert answer.json["choices"][0]["message"]["content"] == "proved"
        assert answer.json["object"] == "chat.completion"
        assert answer.json["usage"]["completion_tokens_details"]["reasoning_tokens"] == 3
        events = connection.chat(body | {"stream": True}).events
        assert "proved" in "".join(events) and events[-1] == "[DONE]"
        failed = connection.chat(body | {"messages": [{"role": "user", "content": f"q{TAG.format('memory')}"}]})
        assert (failed.status, failed.error["code"]) == (502, "technique_failed")
        assert "secret" not in failed.error["message"]
        refused = connection.chat(body | {"messages": [{"role": "user", "content": f"q{TAG.format('z3&moa')}"}]})
        assert (refused.status, refused.error["code"]) == (400, "invalid_technique")
    path, headers, sent = optillm.calls[0]
    assert path == "/v1/chat/completions" and "authorization" not in {name.lower() for name in headers}
    assert (sent["optillm_approach"], sent["messages"][0]["content"], sent["k"]) == ("z3", "q", 3)
    assert "stream" not in sent and len(optillm.calls) == 3 and bedrock.calls == []


def test_another_server_is_asked_for_no_technique_but_the_one_that_the_key_may_use(start, bedrock, optillm):
    run, z3 = TAG.format("executecode") + "run", TAG.format("z3")
    keys = [
        {"name": "default", "key": "${API_KEY}", "techniques": ["z3"]},
        {"name": "bound", "key": "bound-key-of-the-tests", "max_tokens": {"most": 100}},
    ]
    techniques = SETTINGS | {"upstream": {"cluster": "optillm", "names": ["z3", "executecode"]}}
    changes = {"techniques": techniques, "api_keys": keys, "fallback_model": "gpt-4o"}
    gateway = start(bedrock.endpoint, changes=changes, patch=cluster_of(optillm))
    earlier = [{"role": "user", "content": run}, {"role": "assistant", "content": "a"}]
    parts = [{"type": "text", "text": part} for part in ("<optillm_approach>executecode", "</optillm_approach>")]
    with gateway.connection() as connection:
        for messages in (
            [*earlier, {"role": "user", "content": "q"}],
            [{"role": "user", "content": f"{z3} <optillm_app{z3}roach>executecode</optillm_approach>"}],
            [{"role": "user", "content": parts}],
            [{"role": "user", "content": [*parts, {"type": "text", "text": z3}]}],
        ):
            answer = connection.chat({"model": "gpt-4o", "messages": messages, "optillm_approach": "z3"})
            assert (answer.status, answer.error["code"]) == (400, "invalid_technique"), messages
        body = {"messages": [{"role": "user", "content": "q"}], "optillm_approach": "z3"}
        for model in ("proxy-gpt-4o", "proxy&z3-gpt-4o"):
            answer = connection.chat(body | {"model": model})
            assert (answer.status, answer.error["code"]) == (404, "model_not_found"), model
        assert optillm.calls == []
        answer = connection.chat(body | {"model": "executecode-gpt-4o"})
        assert (answer.status, answer.headers["x-technique"]) == (200, "z3")
    [(_, _, sent)] = optillm.calls
    assert (sent["model"], sent["optillm_approach"]) == ("gpt-4o", "z3")
    with gateway.connection("bound-key-of-the-tests") as connection:
        answer = connection.chat(body | {"model": "gpt-4o"})
    assert (answer.status, answer.error["code"]) == (403, "technique_not_allowed")
    assert len(optillm.calls) == 1 and bedrock.calls == []


def test_the_configuration_in_the_documentation_runs(start, bedrock):
    page = (ROOT / "docs/techniques.md").read_text()
    _, example = page.split("```yaml\n", 1)
    changes = yaml.safe_load(example.split("```")[0])
    with start(bedrock.endpoint, changes=changes).openai() as client:
        assert chat(client, model="re2-gpt-4o").headers["x-technique"] == "re2"


def test_without_the_configuration_nothing_chooses(start, bedrock):
    gateway = start(bedrock.endpoint, changes={"techniques": None, "unsupported_parameters": "ignore"})
    with gateway.openai() as client:
        raw = chat(client, TAG.format("moa"), extra_body={"optillm_approach": "moa"})
        assert "x-technique" not in raw.headers and raw.headers["x-ignored-parameters"] == "optillm_approach"
    assert len(bedrock.calls) == 1 and TAG.format("moa") in bedrock.calls[0].last
