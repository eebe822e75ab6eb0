"""LangChain's client for OpenAI."""

import asyncio

import langchain_openai
import pydantic
import pytest
from langchain.agents import create_agent
from langchain.agents.structured_output import ProviderStrategy
from langchain_core.messages import AIMessageChunk, HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import tool

MODEL = "gpt-4o"


NOVA = "nova-lite"
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
# An agent that does not come to its end fails soon.
LIMIT = {"recursion_limit": 10}
BOTH = "get_weather city=Rome and get_time zone=CET"


@pytest.fixture(scope="module")
def chat(gateway):
    return open_chat(gateway, MODEL)


def open_chat(gateway, model):
    return langchain_openai.ChatOpenAI(model=model, max_retries=0, stream_usage=True, **options(gateway))


def options(gateway):
    given = gateway.options()
    return {"base_url": given["base_url"], "api_key": given["api_key"]}


@tool
def get_weather(city: str) -> str:
    """The weather of a city."""
    return f"sunny in {city}"


@tool
def get_time(zone: str) -> str:
    """The time in a zone."""
    return f"noon in {zone}"


class Order(pydantic.BaseModel):
    """What a customer wants."""

    item: str
    count: int


def test_a_question_is_answered(chat):
    answer = chat.invoke([SystemMessage("Be brief."), HumanMessage("hello")])
    assert answer.content == "You said: hello"
    assert answer.usage_metadata["total_tokens"] > 0
    assert (answer.response_metadata["finish_reason"], answer.response_metadata["model_name"]) == ("stop", MODEL)


def test_a_streamed_answer_adds_up(chat):
    pieces = list(chat.stream("hello there"))
    whole = pieces[0]
    for piece in pieces[1:]:
        whole += piece
    assert len(pieces) > 3 and whole.content == "You said: hello there"
    assert whole.usage_metadata["total_tokens"] > 0


def test_a_tool_loop_ends(chat):
    with_tools = chat.bind_tools([get_weather])
    messages = [HumanMessage("weather? city=Rome")]
    first = with_tools.invoke(messages)
    [call] = first.tool_calls
    assert (call["name"], call["args"]) == ("get_weather", {"city": "Rome"})
    messages += [first, ToolMessage(get_weather.invoke(call["args"]), tool_call_id=call["id"])]
    assert with_tools.invoke(messages).content == "The tool said: sunny in Rome"


def test_a_streamed_call_adds_up(chat):
    whole = None
    for piece in chat.bind_tools([get_weather]).stream("weather? city=Rome"):
        whole = piece if whole is None else whole + piece
    assert [(call["name"], call["args"]) for call in whole.tool_calls] == [("get_weather", {"city": "Rome"})]


@pytest.mark.parametrize("method", ["json_schema", "function_calling", "json_mode"])
@pytest.mark.parametrize("model", [MODEL, NOVA])
def test_an_answer_has_the_form_that_is_asked_for(gateway, method, model):
    chat = open_chat(gateway, model)
    answer = chat.with_structured_output(Order, method=method).invoke("As JSON: item=apples count=7")
    assert answer == Order(item="apples", count=7)


@pytest.mark.parametrize("method", ["json_schema", "function_calling", "json_mode"])
@pytest.mark.parametrize("model", [MODEL, NOVA])
def test_a_streamed_answer_has_the_form_that_is_asked_for(gateway, method, model):
    chat = open_chat(gateway, model).with_structured_output(Order, method=method)
    *_, last = chat.stream("As JSON: item=apples count=7")
    assert last == Order(item="apples", count=7)


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}},
        {"type": "image", "base64": PIXEL, "mime_type": "image/png"},
    ],
    ids=["openai", "langchain"],
)
def test_a_picture_is_seen(chat, part):
    answer = chat.invoke([HumanMessage([{"type": "text", "text": "look"}, part])])
    assert answer.content == "You said: look [1 image: png, 70 bytes]"


def test_a_conversation_is_streamed_by_asyncio(gateway):
    """Several at once, on one loop."""

    async def ask(chat, text):
        whole = AIMessageChunk("")
        async for piece in chat.astream(text):
            whole += piece
        return whole

    async def ask_all():
        chat = open_chat(gateway, MODEL)
        return await asyncio.gather(*(ask(chat, f"number {number}") for number in range(8)))

    answers = asyncio.run(ask_all())
    assert [answer.content for answer in answers] == [f"You said: number {number}" for number in range(8)]
    assert all(answer.usage_metadata["total_tokens"] > 0 for answer in answers)


@pytest.mark.parametrize("model", [MODEL, NOVA, "mistral.mistral-large-2407-v1:0", "openai.gpt-oss-120b-1:0"])
def test_an_agent_calls_tools_side_by_side_turn_after_turn(gateway, model):
    agent = create_agent(open_chat(gateway, model), [get_weather, get_time], system_prompt="Be brief.")
    state = agent.invoke({"messages": [HumanMessage(BOTH)]}, LIMIT)
    called = [call["name"] for call in state["messages"][1].tool_calls]
    assert called == ["get_weather", "get_time"]
    assert state["messages"][-1].content == "The tool said: sunny in Rome; noon in CET"
    state = agent.invoke({"messages": [*state["messages"], HumanMessage("get_time zone=UTC")]}, LIMIT)
    assert [message.type for message in state["messages"]] == ["human", "ai", "tool", "tool", "ai"] + [
        "human", "ai", "tool", "ai"
    ]  # fmt: skip
    assert state["messages"][-1].content == "The tool said: noon in UTC"


def test_an_agent_is_streamed(chat):
    agent = create_agent(chat, [get_weather, get_time])
    text = ""
    for piece, _ in agent.stream({"messages": [HumanMessage(BOTH)]}, LIMIT, stream_mode="messages"):
        if isinstance(piece, AIMessageChunk):
            text += piece.text
    assert text == "I will call get_weather and get_time.The tool said: sunny in Rome; noon in CET"


def test_an_agent_answers_by_a_form(chat):
    agent = create_agent(chat, [get_weather], response_format=ProviderStrategy(Order, strict=True))
    state = agent.invoke({"messages": [HumanMessage("get_weather city=Rome")]}, LIMIT)
    assert [message.type for message in state["messages"]] == ["human", "ai", "tool", "ai"]
    assert isinstance(state["structured_response"], Order)


def test_texts_become_vectors(gateway):
    # Without this it would count tokens first, by tables that it downloads.
    embeddings = langchain_openai.OpenAIEmbeddings(
        model="cohere.embed-english-v3", check_embedding_ctx_length=False, **options(gateway)
    )
    vectors = embeddings.embed_documents(["one", "two"])
    assert len(vectors) == 2 and vectors[0] == pytest.approx(embeddings.embed_query("one"))
