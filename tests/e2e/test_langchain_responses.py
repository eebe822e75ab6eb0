"""LangChain's client for OpenAI, by responses."""

import langchain_openai
import pydantic
import pytest
from langchain.agents import create_agent
from langchain_core.messages import AIMessageChunk, HumanMessage, SystemMessage
from langchain_core.tools import tool

CLAUDE = "gpt-4o"
NOVA = "nova-lite"
THINKS = "us.anthropic.claude-3-7-sonnet-20250219-v1:0"


def chat(gateway, model, **more):
    given = gateway.options()
    return langchain_openai.ChatOpenAI(
        model=model, max_retries=0, use_responses_api=True, base_url=given["base_url"], api_key=given["api_key"], **more
    )


@tool
def get_weather(city: str) -> str:
    """The weather of a city."""
    return f"sunny in {city}"


class Order(pydantic.BaseModel):
    """What a customer wants."""

    item: str
    count: int


@pytest.mark.parametrize("model", [CLAUDE, NOVA])
def test_a_question_is_answered_whole_and_streamed(gateway, model):
    asked = [SystemMessage("Be brief."), HumanMessage("hello")]
    whole = chat(gateway, model).invoke(asked)
    assert whole.text == "You said: hello"
    assert whole.usage_metadata["total_tokens"] > 0
    added = AIMessageChunk("")
    for chunk in chat(gateway, model).stream(asked):
        added += chunk
    assert added.text == whole.text and added.usage_metadata["total_tokens"] > 0


@pytest.mark.parametrize("model", [CLAUDE, NOVA])
def test_an_agent_comes_to_its_end(gateway, model):
    agent = create_agent(chat(gateway, model), [get_weather])
    said = agent.invoke({"messages": [HumanMessage("get_weather city=Rome")]}, {"recursion_limit": 10})
    assert said["messages"][-1].text == "The tool said: sunny in Rome"


@pytest.mark.parametrize("model", [CLAUDE, NOVA])
def test_an_object_by_its_schema(gateway, model):
    asked = chat(gateway, model).with_structured_output(Order, method="json_schema")
    assert asked.invoke("item=apples count=7") == Order(item="apples", count=7)


def test_thoughts_go_back(gateway, emulator):
    how = {"reasoning": {"effort": "low", "summary": "auto"}, "include": ["reasoning.encrypted_content"], "store": False}
    model = chat(gateway, THINKS, output_version="responses/v1", **how)
    agent = create_agent(model, [get_weather])
    said = agent.invoke({"messages": [HumanMessage("get_weather city=Rome")]}, {"recursion_limit": 10})
    assert said["messages"][-1].text == "The tool said: sunny in Rome"
    _, second = emulator.requests()
    assert "reasoningContent" in second["body"]["messages"][1]["content"][0]
