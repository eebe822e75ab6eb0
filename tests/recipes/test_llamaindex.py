"""LlamaIndex, by its packages for what is like OpenAI."""

import pytest


@pytest.fixture
def llamaindex(install):
    return install("llamaindex", "LlamaIndex")


def test_it_answers_streams_and_embeds(llamaindex):
    said, counted = llamaindex.python().splitlines()
    assert said == "You said: Say hello." and counted == "You said: Count to five.2"


AGENT = """
import asyncio

from llama_index.core.agent.workflow import FunctionAgent


def get_weather(city: str) -> str:
    "The weather there."
    return f"sunny in {city}"


async def main():
    print(await FunctionAgent(tools=[get_weather], llm=llm).run("What is the weather? city=Paris"))


asyncio.run(main())
"""


def test_its_agent_calls_a_function(llamaindex):
    assert "The tool said: sunny in Paris" in llamaindex.python(AGENT)
