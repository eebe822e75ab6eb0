"""OpenAI's Agents SDK, whose default are responses."""

import asyncio

import agents
import openai
import pydantic
import pytest

CLAUDE = "gpt-4o"
NOVA = "nova-lite"
THINKS = "us.anthropic.claude-3-7-sonnet-20250219-v1:0"


@pytest.fixture(autouse=True)
def default_client(gateway):
    """A client for each test: it belongs to the loop that it is first used in."""
    agents.set_tracing_disabled(True)
    agents.set_default_openai_client(openai.AsyncOpenAI(**gateway.options()), use_for_tracing=False)


@agents.function_tool
def get_weather(city: str) -> str:
    """The weather of a city."""
    return f"sunny in {city}"


class Order(pydantic.BaseModel):
    item: str
    count: int


async def outcome(agent, said, stream):
    if not stream:
        return (await agents.Runner.run(agent, said, max_turns=4)).final_output
    run = agents.Runner.run_streamed(agent, said, max_turns=4)
    async for _ in run.stream_events():
        pass
    return run.final_output


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("model", [CLAUDE, NOVA])
def test_an_agent_calls_its_tools_and_comes_to_an_end(model, stream):
    agent = agents.Agent(name="a", instructions="Be brief.", model=model, tools=[get_weather])
    assert asyncio.run(outcome(agent, "get_weather city=Rome", stream)) == "The tool said: sunny in Rome"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("model", [CLAUDE, NOVA])
def test_an_agent_gives_an_object(model, stream):
    agent = agents.Agent(name="a", model=model, output_type=Order)
    assert asyncio.run(outcome(agent, "item=apples count=7", stream)) == Order(item="apples", count=7)


def test_an_agent_that_thinks_keeps_its_thoughts(emulator):
    settings = agents.ModelSettings(
        reasoning={"effort": "low", "summary": "auto"}, response_include=["reasoning.encrypted_content"], store=False
    )
    agent = agents.Agent(name="a", model=THINKS, tools=[get_weather], model_settings=settings)
    assert asyncio.run(outcome(agent, "get_weather city=Rome", False)) == "The tool said: sunny in Rome"
    _, second = emulator.requests()
    assert "reasoningContent" in second["body"]["messages"][1]["content"][0]


def test_an_agent_hands_over_to_another():
    other = agents.Agent(name="weather_expert", handoff_description="Knows weather.", model=NOVA, tools=[get_weather])
    agent = agents.Agent(name="a", model=CLAUDE, handoffs=[other])
    said = asyncio.run(outcome(agent, "transfer_to_weather_expert", False))
    assert said.startswith("The tool said: ") and "weather_expert" in said
