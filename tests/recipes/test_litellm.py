"""LiteLLM as a library, and as a proxy."""

import secrets

import openai
import pytest

import ports

# It would wait for a list from a host that tests do without.
OFFLINE = {"LITELLM_LOCAL_MODEL_COST_MAP": "True"}
# Weak ones its proxy does not take.
MASTER_KEY = f"sk-{secrets.token_hex(32)}"


@pytest.fixture
def litellm(install):
    return install("litellm", "LiteLLM")


def test_it_answers_streams_and_embeds(litellm):
    said, *streamed = litellm.python(**OFFLINE).splitlines()
    assert said == "You said: Say hello."
    assert streamed == ["You said: Say hello.You said: Say hello again.", "2"]


TOOL = """
tool = {"name": "get_weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}
asked = [{"role": "user", "content": "What is the weather? city=Paris"}]
tools = [{"type": "function", "function": tool}]
answer = litellm.completion(model="openai/gpt-4o", messages=asked, tools=tools, **gateway).choices[0]
print(answer.finish_reason, answer.message.tool_calls[0].function.arguments)
"""


def test_it_gives_calls_of_tools(litellm):
    assert 'tool_calls {"city":"Paris"}' in litellm.python(TOOL, **OFFLINE)


UNPREFIXED = """
try:
    litellm.completion(model="us.anthropic.claude-sonnet-4-5-20250929-v1:0", messages=messages, **gateway)
except litellm.NotFoundError as error:
    print(error)
try:
    litellm.completion(model="openai/gpt-4o", messages=messages, reasoning_effort="low", **gateway)
except litellm.UnsupportedParamsError as error:
    print(error)
let_pass = {"reasoning_effort": "low", "allowed_openai_params": ["reasoning_effort"]}
print(litellm.completion(model="openai/gpt-4o", messages=messages, **let_pass, **gateway).choices[0].message.reasoning_content)
"""


def test_a_name_without_the_prefix_and_an_effort_of_gpt_4o_do_not_get_through_it(litellm):
    said = litellm.python(UNPREFIXED, **OFFLINE)
    assert "unknown_url" in said and "does not support parameters: ['reasoning_effort']" in said
    assert "I answer from what they said." in said


@pytest.fixture
def proxy(install):
    """The URL of its proxy, in front of the gateway."""
    litellm = install("litellm-proxy", "LiteLLM")
    litellm.write("config.yaml", "yaml")
    port = ports.hold()
    url = f"http://127.0.0.1:{port}"
    changed = ("--port 4000", f"--host 127.0.0.1 --port {port}")
    with litellm.serve("litellm", changed, f"{url}/health/liveliness", LITELLM_MASTER_KEY=MASTER_KEY, **OFFLINE):
        yield url


def test_its_proxy_answers_and_streams(proxy):
    with openai.OpenAI(base_url=proxy, api_key=MASTER_KEY, timeout=60) as client:
        asked = {"model": "claude", "messages": [{"role": "user", "content": "Say hello."}]}
        assert client.chat.completions.create(**asked).choices[0].message.content == "You said: Say hello."
        chunks = [chunk for chunk in client.chat.completions.create(**asked, stream=True) if chunk.choices]
        assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "You said: Say hello."
