"""Clients that send calls back without the reasoning before them: the gateway carries it for them."""

import json
import time

import pytest

from admin import Admin
from faulty import JSON, Faulty, Reply
from gateway import KEY
from kinds import replies

CLAUDES = [
    "us.anthropic.claude-3-7-sonnet-20250219-v1:0",
    "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
    "us.anthropic.claude-opus-4-6-v1",
    "us.anthropic.claude-opus-4-8",
]
SONNET = CLAUDES[1]
TOOL = {
    "type": "function",
    "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
}
ADMIN = Admin()
KEYS = [{"name": "tests", "key": KEY}, {"name": "other", "key": "sk-of-another"}]
LEFT_OUT = "x-ignored-parameters"


@pytest.fixture(scope="module")
def workers(start):
    """Two workers; each connection goes to one of them."""
    return start(workers=2, changes={"api_keys": KEYS}, patch=ADMIN)


def asked(gateway, messages, stream=False, key=KEY, model=SONNET, **more):
    """An answer on a connection of its own: its message as a plain loop keeps it, and what was left out."""
    more = {"model": model, "tools": [TOOL], "reasoning_effort": "low"} | more
    with gateway.openai(key=key) as client:
        raw = client.chat.completions.with_raw_response.create(messages=messages, stream=stream, **more)
        return (plain(raw.parse()) if stream else kept(raw.parse().choices[0].message)), raw.headers.get(LEFT_OUT)


def kept(message):
    calls = [{"id": call.id, "type": "function", "function": call.function.to_dict()} for call in message.tool_calls or []]
    return {"role": "assistant", "content": message.content} | ({"tool_calls": calls} if calls else {})


def plain(stream):
    text, calls = "", []
    for chunk in stream:
        for choice in chunk.choices:
            text += choice.delta.content or ""
            for piece in choice.delta.tool_calls or []:
                if piece.index == len(calls):
                    calls.append({"id": piece.id, "type": "function", "function": {"name": piece.function.name, "arguments": ""}})
                calls[piece.index]["function"]["arguments"] += piece.function.arguments or ""
    return {"role": "assistant", "content": text} | ({"tool_calls": calls} if calls else {})


def result(message, text):
    return [{"role": "tool", "tool_call_id": call["id"], "content": text} for call in message["tool_calls"]]


def begun(gateway, text, **more):
    """A question whose answer is a call, and the result of that."""
    question = {"role": "user", "content": text}
    message, _ = asked(gateway, [question], **more)
    return [question, message, *result(message, "sunny")]


def thoughts(body):
    """Reasoning of each turn of the assistant's, as Bedrock got it."""
    turns = [message["content"] for message in body["messages"] if message["role"] == "assistant"]
    return [[block["reasoningContent"] for block in turn if "reasoningContent" in block] for turn in turns]


def loop(gateway, emulator, city, **how):
    """Ten calls, one after the other, and the answer."""
    emulator.forget()
    messages = [{"role": "user", "content": f"weather? city={city}"}]
    for step in range(10):
        message, left_out = asked(gateway, messages, **how)
        assert left_out is None, step
        messages += [message, *result(message, f"sunny; next: get_weather city={city}{step}" if step < 9 else "sunny")]
    message, left_out = asked(gateway, messages, **how)
    assert (message["content"], left_out) == ("The tool said: sunny", None)
    found = 0
    for number, request in enumerate(emulator.requests()):
        assert "thinking" in request["body"]["additionalModelRequestFields"]
        turns = thoughts(request["body"])
        assert len(turns) == number
        for [thought] in turns:
            # That the signature belongs to the text is what the emulator checks.
            assert thought["reasoningText"]["signature"].startswith("emu-")
            found += 1
    assert found == sum(range(11))


def served():
    """Connections that each worker has had."""
    return [count for _, count in sorted(ADMIN.stats(r"^listener\..*worker_[01]\.downstream_cx_total$").items())]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("model", CLAUDES)
def test_claude_thinks_through_a_loop_of_ten_calls_whose_client_sends_no_reasoning_back(workers, emulator, model, stream):
    before, deadline = served(), time.monotonic() + 60
    assert len(before) == 2
    # The kernel chooses a worker for each connection; hardly ever the same for eleven.
    while not all(now > then for now, then in zip(served(), before)):
        assert time.monotonic() < deadline, "one worker has had all connections"
        loop(workers, emulator, f"Rome{time.monotonic_ns()}", model=model, stream=stream)


@pytest.mark.parametrize("stream", [False, True])
def test_a_loop_by_responses_that_returns_no_reasoning_goes_on_thinking(workers, emulator, stream):
    tool = {"type": "function", "name": "get_weather", "parameters": TOOL["function"]["parameters"]}
    said = [{"role": "user", "content": f"weather? city=Kyiv{time.monotonic_ns()}"}]
    for step in range(5):
        how = {"model": SONNET, "tools": [tool], "reasoning": {"effort": "low"}, "store": False}
        with workers.openai() as client:
            if stream:
                *_, last = client.responses.create(input=said, stream=True, **how)
                response = last.response
            else:
                response = client.responses.create(input=said, **how)
        for item in response.output:
            if item.type == "function_call":
                said.append(item.to_dict())
                output = f"sunny; next: get_weather city=C{step}" if step < 3 else "sunny"
                said.append({"type": "function_call_output", "call_id": item.call_id, "output": output})
    assert response.output_text == "The tool said: sunny"
    requests = emulator.requests()
    assert [[len(thought) for thought in thoughts(request["body"])] for request in requests] == [[1] * step for step in range(5)]
    assert all("thinking" in request["body"]["additionalModelRequestFields"] for request in requests)


@pytest.mark.parametrize("stream", [False, True])
def test_redacted_reasoning_is_carried_too(workers, emulator, stream):
    question = {"role": "user", "content": f"weather? city=Oslo {stream}"}
    message, _ = asked(workers, [question], stream=stream, extra_headers={"x-emulator": "redacted"})
    emulator.forget()
    _, left_out = asked(workers, [question, message, *result(message, "sunny")])
    assert left_out is None
    [[redacted, readable]] = thoughts(emulator.body())
    assert redacted.keys() == {"redactedContent"} and readable["reasoningText"]["signature"]


def test_reasoning_that_comes_back_is_not_doubled(workers, emulator):
    question = {"role": "user", "content": "weather? city=Bern"}
    with workers.openai() as client:
        arguments = {"model": SONNET, "tools": [TOOL], "reasoning_effort": "low"}
        message = client.chat.completions.create(messages=[question], **arguments).choices[0].message.to_dict()
        emulator.forget()
        client.chat.completions.create(messages=[question, message, *result(message, "sunny")], **arguments)
    [[_]] = thoughts(emulator.body())


def test_nobody_is_given_anothers_reasoning(workers, emulator):
    messages = begun(workers, "weather? city=Paris")
    other_model = "us.anthropic.claude-haiku-4-5-20251001-v1:0"
    for how in ({"key": "sk-of-another"}, {"model": other_model}):
        emulator.forget()
        _, left_out = asked(workers, messages, **how)
        assert (left_out, thoughts(emulator.body())) == ("reasoning_effort", [[]]), how
    # The same model by another profile is the same.
    emulator.forget()
    _, left_out = asked(workers, messages, model=SONNET.replace("us.", "global."))
    assert left_out is None and thoughts(emulator.body()) != [[]]


@pytest.mark.parametrize("how", [{"reasoning_effort": "none"}, {"extra_body": {"thinking": {"type": "disabled"}}}])
def test_who_wants_no_thinking_gets_no_thoughts_put_back(workers, emulator, how):
    messages = begun(workers, f"weather? city=Wien {how}")
    emulator.forget()
    _, left_out = asked(workers, messages, **how)
    assert (left_out, thoughts(emulator.body())) == (None, [[]])


def test_it_can_be_switched_off(start, emulator):
    gateway = start(changes={"reasoning_memory": False})
    messages = begun(gateway, "weather? city=Riga")
    emulator.forget()
    _, left_out = asked(gateway, messages)
    assert (left_out, thoughts(emulator.body())) == ("reasoning_effort", [[]])


def test_it_is_forgotten_when_its_time_is_over(start):
    gateway = start(changes={"reasoning_memory": {"seconds": 1}})
    messages = begun(gateway, "weather? city=Cork")
    deadline = time.monotonic() + 60
    while asked(gateway, messages)[1] != "reasoning_effort":
        assert time.monotonic() < deadline
        time.sleep(0.1)


def large(number):
    """A call behind about a hundred kilobytes of thoughts."""
    thought = {"text": f"{number} " * 10_000, "signature": "s" * 50_000}
    call = {"toolUseId": f"tooluse_{number}", "name": "get_weather", "input": {}}
    message = {"role": "assistant", "content": [{"reasoningContent": {"reasoningText": thought}}, {"toolUse": call}]}
    usage = {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2}
    return json.dumps({"output": {"message": message}, "stopReason": "tool_use", "usage": usage}).encode()


def test_what_is_kept_is_bounded_however_much_is_thought(start, running_emulator):
    bedrock, admin = Faulty(replies(running_emulator)), Admin()
    try:
        gateway = start(bedrock.endpoint, changes={"reasoning_memory": {"bytes": 1 << 20}}, patch=admin)

        def think(numbers):
            with gateway.openai() as client:
                for number in numbers:
                    bedrock.more["large"] = Reply(JSON, large(number))
                    client.chat.completions.create(
                        model=SONNET,
                        messages=[{"role": "user", "content": "go"}],
                        tools=[TOOL],
                        reasoning_effort="low",
                        extra_headers={"x-emulator": "large"},
                    )
            return json.loads(admin.ask("GET", "/memory"))["allocated"]

        before = int(think(range(60)))
        # Forty megabytes of thoughts.
        assert int(think(range(60, 460))) - before < 8 << 20
        # The last of them is there.
        call = {"id": "tooluse_459", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}
        message = {"role": "assistant", "content": None, "tool_calls": [call]}
        asked(gateway, [{"role": "user", "content": "go"}, message, *result(message, "sunny")])
        sent = json.loads(bedrock.seen[-1].body)
        assert thoughts(sent)[0][0]["reasoningText"]["text"].startswith("459 ")
    finally:
        bedrock.stop()
