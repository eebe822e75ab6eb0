"""Errors of Bedrock become errors that OpenAI's SDKs understand."""

from urllib.parse import quote

import openai
import pytest

import wire

BODY = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hello"}]}
INVALID, SERVER, LIMIT, AUTH = "invalid_request_error", "server_error", "rate_limit_error", "upstream_auth_error"

# name, and what the SDK makes of it: exception, status, type, code
ERRORS = [
    ("ValidationException", openai.BadRequestError, 400, INVALID, None),
    ("SerializationException", openai.BadRequestError, 400, INVALID, None),
    ("ServiceQuotaExceededException", openai.RateLimitError, 429, "insufficient_quota", "insufficient_quota"),
    ("ConflictException", openai.ConflictError, 409, INVALID, None),
    ("AccessDeniedException", openai.NotFoundError, 404, INVALID, "model_not_found"),
    ("UnrecognizedClientException", openai.InternalServerError, 502, AUTH, AUTH),
    ("InvalidSignatureException", openai.InternalServerError, 502, AUTH, AUTH),
    ("IncompleteSignatureException", openai.InternalServerError, 502, AUTH, AUTH),
    ("ExpiredTokenException", openai.InternalServerError, 502, AUTH, AUTH),
    ("MissingAuthenticationTokenException", openai.InternalServerError, 502, AUTH, AUTH),
    ("ResourceNotFoundException", openai.NotFoundError, 404, INVALID, "model_not_found"),
    ("ModelTimeoutException", openai.InternalServerError, 504, SERVER, "model_timeout"),
    ("ModelErrorException", openai.InternalServerError, 502, SERVER, "model_error"),
    ("ModelStreamErrorException", openai.InternalServerError, 502, SERVER, "model_error"),
    ("ThrottlingException", openai.RateLimitError, 429, LIMIT, "rate_limit_exceeded"),
    ("ModelNotReadyException", openai.InternalServerError, 503, SERVER, "model_not_ready"),
    ("InternalServerException", openai.InternalServerError, 500, SERVER, None),
    ("ServiceUnavailableException", openai.InternalServerError, 503, SERVER, None),
    ("SomethingNewException", openai.InternalServerError, 500, SERVER, None),
]
# Those that can come in a stream (service model).
IN_STREAM = {
    "ValidationException",
    "ThrottlingException",
    "InternalServerException",
    "ServiceUnavailableException",
    "ModelStreamErrorException",
}


def fail(client, fault, stream=False):
    with pytest.raises(openai.APIStatusError) as caught:
        client.chat.completions.create(**BODY, stream=stream, extra_headers={"x-emulator": fault})
    return caught.value


def facts(error):
    return type(error), error.status_code, error.type, error.code


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("name", "exception", "status", "kind", "code"), ERRORS)
def test_every_error_is_the_exception_that_says_what_to_do(client, name, exception, status, kind, code, stream):
    error = fail(client, f"error={name}", stream)
    assert facts(error) == (exception, status, kind, code)
    assert wire.Answer(status, error.response.headers, error.response.content).error["message"] in error.message
    assert error.request_id and error.response.headers["x-bedrock-model"]


@pytest.mark.parametrize(("name", "exception", "status", "kind", "code"), [e for e in ERRORS if e[0] in IN_STREAM])
def test_an_exception_that_is_the_first_event_has_its_real_status(client, name, exception, status, kind, code):
    error = fail(client, f"exception=0:{name[0].lower()}{name[1:]}", stream=True)
    assert facts(error) == (exception, status, kind, code)
    assert error.response.headers["content-type"] == "application/json" and error.request_id


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("style", ["capital", "notype", "capital,notype"])
def test_the_form_of_an_error_does_not_matter(client, style, stream):
    error = fail(client, f"error=ThrottlingException,message=Slow%20down%2C%20please,{style}", stream)
    assert facts(error) == (openai.RateLimitError, 429, LIMIT, "rate_limit_exceeded")
    assert error.body["message"] == "Slow down, please"


@pytest.mark.parametrize("stream", [False, True])
def test_what_the_model_itself_answered_is_told(client, stream):
    fault = "exception=0:modelStreamErrorException" if stream else "error=ModelStreamErrorException"
    assert "The model answered 500: the model gave up" in fail(client, fault, stream).message


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("fault", ["error=ValidationException", "exception=0:validationException"])
@pytest.mark.parametrize(
    "text",
    [
        "Input is too long for requested model.",
        "prompt is too long: 9 tokens > 8 maximum",
        "input length and `max_tokens` exceed context limit: 9 + 2 > 10",
        "Input Tokens Exceeded: Number of input tokens exceeds maximum length.",
    ],
)
def test_a_request_too_long_for_the_model_says_so(client, text, fault, stream):
    if fault.startswith("exception") and not stream:
        fault = "error=ModelErrorException"
    error = fail(client, f"{fault},message={quote(text)}", stream)
    assert facts(error) == (openai.BadRequestError, 400, INVALID, "context_length_exceeded")
    assert error.param == "messages"


@pytest.mark.parametrize("stream", [False, True])
def test_a_model_that_iam_does_not_allow_is_not_found_and_the_log_says_why(client, gateway, stream):
    text = "User: arn:aws:iam::123456789012:role/x is not authorized to perform: bedrock:InvokeModel on resource: "
    text += "arn:aws:bedrock:us-east-1::foundation-model/a.b"
    error = fail(client, f"error=AccessDeniedException,message={quote(text)}", stream)
    assert facts(error) == (openai.NotFoundError, 404, INVALID, "model_not_found") and error.param == "model"
    assert "arn:" not in error.response.text
    assert "Bedrock denies the gateway the model" in gateway.log


@pytest.mark.parametrize("stream", [False, True])
def test_a_key_of_the_gateways_that_bedrock_does_not_take_is_its_own_trouble(client, stream):
    text = "Authentication failed: Please make sure your API Key is valid."
    error = fail(client, f"error=AccessDeniedException,message={quote(text)}", stream)
    assert facts(error) == (openai.InternalServerError, 502, AUTH, AUTH)


@pytest.mark.parametrize("stream", [False, True])
def test_a_refusal_is_what_the_sdk_calls_one(client, stream):
    answer = client.chat.completions.create(**BODY, stream=stream, extra_headers={"x-emulator": "stop=refusal"})
    if stream:
        chunks = list(answer)
        [refusal] = [chunk.choices[0].delta.refusal for chunk in chunks if chunk.choices and chunk.choices[0].delta.refusal]
        choice = chunks[-1].choices[0]
    else:
        [choice] = answer.choices
        refusal = choice.message.refusal
    assert (refusal, choice.finish_reason) == ("The model refused to answer.", "content_filter")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("after", ["7", "Fri, 31 Dec 2027 23:59:59 GMT"])
def test_how_long_to_wait_is_passed_on(client, after, stream):
    fault = f"error=ThrottlingException;retry-after={after.replace(',', '')}"
    assert fail(client, fault, stream).response.headers["retry-after"] == after.replace(",", "")


def test_a_quota_is_not_tried_again_by_the_sdk(gateway, emulator):
    with gateway.openai(max_retries=2) as client:
        error = fail(client, "error=ServiceQuotaExceededException")
    assert error.response.headers["x-should-retry"] == "false"
    assert len(emulator.requests()) == 1


def test_the_sdk_tries_again_where_that_helps(gateway, emulator):
    with gateway.openai(max_retries=2) as client:
        answer = client.chat.completions.create(
            **BODY, extra_headers={"x-emulator": "throttle=1;retry-after=0.01;key=sdk"}
        )
    assert answer.choices[0].message.content == "You said: hello"
    assert [request["status"] for request in emulator.requests()] == [429, 200]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("status", "exception", "seen"),
    [
        (400, openai.BadRequestError, 400),
        (418, openai.InternalServerError, 502),
        (404, openai.NotFoundError, 404),
        (502, openai.InternalServerError, 502),
        (529, openai.InternalServerError, 502),
    ],
)
def test_an_error_of_no_known_name_goes_by_its_status(client, status, exception, seen, stream):
    error = fail(client, f"error=Odd,status={status},notype", stream)
    assert (type(error), error.status_code) == (exception, seen)


def test_the_callers_credentials_are_never_in_doubt(client):
    """401 or 403 from Bedrock would send people looking for a fault in their own key."""
    for name in ["AccessDeniedException", "UnrecognizedClientException"]:
        error = fail(client, f"error={name},message=User%3A%20arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fx%20may%20not")
        assert "arn:" not in error.response.text and "123456789012" not in error.response.text


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    "name",
    [
        "ValidationException",
        "ResourceNotFoundException",
        "ModelErrorException",
        "ThrottlingException",
        "ServiceQuotaExceededException",
    ],
)
def test_no_error_tells_the_number_of_the_account(client, name, stream):
    text = "of%20arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fx"
    error = fail(client, f"error={name},message={text}", stream)
    assert "of arn:aws:iam::************:role/x" in error.response.text


@pytest.mark.bedrock_refuses
def test_what_only_bedrock_can_know_is_told_as_it_says_it(client):
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(**BODY, extra_body={"additionalModelRequestFields": {"nonsense": 1}})
    assert "nonsense" in caught.value.message


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("fault", ["garbage", "empty", "notjson", "nooutput"])
def test_a_success_without_an_answer_is_an_error(client, fault, stream):
    error = fail(client, fault, stream)
    assert facts(error) == (openai.InternalServerError, 502, SERVER, "bad_upstream_response")
    assert wire.Answer(502, error.response.headers, error.response.content).error


@pytest.mark.parametrize("reason", ["malformed_model_output", "malformed_tool_use"])
def test_malformed_output_is_an_error(client, reason):
    error = fail(client, f"stop={reason}")
    assert facts(error) == (openai.InternalServerError, 502, SERVER, "model_error")


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("model_context_window_exceeded", "length"),
        ("content_filtered", "content_filter"),
        ("stop_sequence", "stop"),
        ("something_new", "stop"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_other_reasons_to_stop_are_told(client, reason, finish, stream):
    answer = client.chat.completions.create(**BODY, stream=stream, extra_headers={"x-emulator": f"stop={reason}"})
    last = list(answer)[-1] if stream else answer
    assert last.choices[0].finish_reason == finish


@pytest.mark.parametrize("fault", ["reset=-1", "reset=0", "reset=1"])
def test_a_connection_that_breaks_before_the_answer_is_an_error(client, fault):
    error = fail(client, fault)
    assert error.status_code in (502, 503)
    assert wire.Answer(0, error.response.headers, error.response.content).error


@pytest.mark.parametrize("fault", ["split=1", "split=random", "coalesce", "trailers", "slow=50"])
def test_an_answer_in_any_pieces_is_read(client, fault):
    answer = client.chat.completions.create(**BODY, extra_headers={"x-emulator": fault})
    assert answer.choices[0].message.content == "You said: hello"


def test_an_answer_that_is_cut_is_an_error(client):
    assert fail(client, "cutbytes=50").status_code == 502


def test_an_answer_without_usage_has_none(client):
    answer = client.chat.completions.create(**BODY, extra_headers={"x-emulator": "nometadata"})
    assert (answer.choices[0].message.content, answer.usage) == ("You said: hello", None)
