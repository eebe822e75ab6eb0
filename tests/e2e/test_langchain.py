"""LangChain's client for OpenAI."""

import langchain_openai
import pydantic
import pytest
from langchain_core.messages import HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import tool

MODEL = "gpt-4o"


@pytest.fixture(scope="module")
def chat(gateway):
    return langchain_openai.ChatOpenAI(model=MODEL, max_retries=0, stream_usage=True, **options(gateway))


def options(gateway):
    given = gateway.options()
    return {"base_url": given["base_url"], "api_key": given["api_key"]}


@tool
def get_weather(city: str) -> str:
    """The weather of a city."""
    return f"sunny in {city}"


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


@pytest.mark.parametrize("method", ["json_schema", "function_calling"])
@pytest.mark.parametrize("model", [MODEL, "nova-lite"])
def test_an_answer_has_the_form_that_is_asked_for(gateway, method, model):
    chat = langchain_openai.ChatOpenAI(model=model, max_retries=0, **options(gateway))
    answer = chat.with_structured_output(Order, method=method).invoke("item=apples count=7")
    assert answer == Order(item="apples", count=7)


def test_texts_become_vectors(gateway):
    # Without this it would count tokens first, by tables that it downloads.
    embeddings = langchain_openai.OpenAIEmbeddings(
        model="cohere.embed-english-v3", check_embedding_ctx_length=False, **options(gateway)
    )
    vectors = embeddings.embed_documents(["one", "two"])
    assert len(vectors) == 2 and vectors[0] == pytest.approx(embeddings.embed_query("one"))
