"""Completions, the older endpoint: a prompt is what a user says, the answer a text."""

import openai
import pytest

NOVA = "us.amazon.nova-pro-v1:0"


@pytest.fixture(scope="module")
def streams(gateway):
    """The SDK, whose type has no null for the reason of a piece that is not the last; OpenAI itself sends null there."""
    with openai.OpenAI(**gateway.options()) as client:
        yield client


@pytest.mark.parametrize("model", ["gpt-4o", NOVA, "gpt-3.5-turbo-instruct", "openai.gpt-oss-20b-1:0"])
def test_a_prompt_is_completed(client, emulator, model):
    answer = client.completions.create(model=model, prompt="hello", max_tokens=50, temperature=0.5, stop=["END"])
    [choice] = answer.choices
    assert (choice.text, choice.finish_reason, choice.index, choice.logprobs) == ("You said: hello", "stop", 0, None)
    assert answer.object == "text_completion" and answer.id.startswith("cmpl-") and answer.model == model
    usage = answer.usage
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens > 0
    assert emulator.body()["inferenceConfig"]["maxTokens"] == 50


def test_a_stream_is_the_same_text_in_pieces(streams):
    chunks = list(streams.completions.create(model=NOVA, prompt="hello", max_tokens=50, stream=True))
    assert "".join(chunk.choices[0].text for chunk in chunks) == "You said: hello"
    assert [chunk.choices[0].finish_reason for chunk in chunks][-1] == "stop"
    assert {chunk.object for chunk in chunks} == {"text_completion"} and len({chunk.id for chunk in chunks}) == 1
    assert all(chunk.choices[0].text for chunk in chunks[:-1])


def test_a_stream_ends_with_its_usage_where_it_was_asked_for(streams):
    options = {"include_usage": True}
    chunks = list(streams.completions.create(model=NOVA, prompt="hello", stream=True, stream_options=options))
    assert chunks[-1].choices == [] and chunks[-1].usage.prompt_tokens > 0


@pytest.mark.parametrize("stream", [False, True])
def test_the_prompt_is_echoed_where_it_was_asked_for(streams, stream):
    answer = streams.completions.create(model=NOVA, prompt="hello", max_tokens=50, echo=True, stream=stream)
    text = "".join(chunk.choices[0].text for chunk in answer) if stream else answer.choices[0].text
    assert text == "helloYou said: hello"


def test_without_a_limit_it_is_openais(client, emulator):
    answer = client.completions.create(model=NOVA, prompt="long:100")
    assert emulator.body()["inferenceConfig"]["maxTokens"] == 16
    assert answer.choices[0].finish_reason == "length"


def test_several_prompts_get_a_choice_each_in_their_order(client, emulator):
    answer = client.completions.create(model=NOVA, prompt=["a", "b", "c"], max_tokens=20)
    assert [(choice.index, choice.text) for choice in answer.choices] == [
        (0, "You said: a"),
        (1, "You said: b"),
        (2, "You said: c"),
    ]
    assert len(emulator.requests()) == 3
    one = client.completions.create(model=NOVA, prompt=["a"], max_tokens=20).usage
    assert answer.usage.total_tokens == 3 * one.total_tokens


@pytest.mark.parametrize(
    ("arguments", "param"),
    [
        ({"prompt": " "}, "prompt"),
        ({"prompt": []}, "prompt"),
        ({"prompt": [1, 2, 3]}, "prompt[0]"),
        ({"prompt": [[1, 2]]}, "prompt[0]"),
        ({"prompt": ["a", ""]}, "prompt[1]"),
        ({"suffix": "end"}, "suffix"),
        ({"logprobs": 3}, "logprobs"),
        ({"best_of": 2}, "best_of"),
        ({"n": 17}, "n"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"temperature": 3}, "temperature"),
    ],
)
def test_what_cannot_be_done_is_refused(client, emulator, arguments, param):
    with pytest.raises(openai.BadRequestError) as caught:
        answer = client.completions.create(**{"model": NOVA, "prompt": "hello"} | arguments)
        list(answer)
    assert caught.value.param == param
    assert emulator.requests() == []


def test_what_has_no_counterpart_is_named(client):
    raw = client.completions.with_raw_response.create(
        model=NOVA, prompt="hello", seed=1, presence_penalty=0.5, logit_bias={"5": 1}, extra_body={"min_p": 0.1}
    )
    assert set(raw.headers["x-ignored-parameters"].split(",")) == {"seed", "presence_penalty", "logit_bias", "min_p"}


def test_refusals_for_want_of_a_counterpart_can_be_waived(lenient):
    with lenient.openai() as client:
        raw = client.completions.with_raw_response.create(
            model=NOVA, prompt="hello", suffix="x", best_of=2, logprobs=1, max_tokens=50
        )
    assert set(raw.headers["x-ignored-parameters"].split(",")) == {"suffix", "best_of", "logprobs"}
    assert raw.parse().choices[0].text == "You said: hello"


def test_an_error_in_the_middle_is_an_exception(client):
    with pytest.raises(openai.APIError):
        list(
            client.completions.create(
                model=NOVA,
                prompt="hello there my friend",
                max_tokens=50,
                stream=True,
                extra_headers={"x-emulator": "exception=3:throttlingException"},
            )
        )
