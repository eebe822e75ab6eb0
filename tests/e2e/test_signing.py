"""`sign`: tokens that the filter mints, and signatures that Envoy makes; the emulator checks both by a reading of its own."""

import base64
from urllib.parse import parse_qs, urlsplit

import openai
import pytest

from settings import EMULATOR_KEYS
from test_retry import retrying

SAID = [{"role": "user", "content": "hello"}]
BODY = {"model": "gpt-4o", "messages": SAID}
KEYS = {"access_key_id": "${AWS_ACCESS_KEY_ID}", "secret_access_key": "${AWS_SECRET_ACCESS_KEY}"}
TOKEN = KEYS | {"session_token": "${AWS_SESSION_TOKEN:-}", "sign": "token"}
IMAGE = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(5_000_000 * 3 // 4)).decode()


def large():
    """A chat of five megabytes."""
    url = {"url": f"data:image/png;base64,{IMAGE}"}
    return [{"role": "user", "content": [{"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": url}]}]


def token_of(request):
    headers = request["headers"]
    assert not [name for name in headers if name.startswith("x-amz")]
    return headers["authorization"].removeprefix("Bearer bedrock-api-key-")


def query_of(token):
    return {name: value for name, [value] in parse_qs(urlsplit("https://" + base64.b64decode(token).decode()).query).items()}


@pytest.fixture(scope="module")
def minting(start):
    return start(changes={"credentials": TOKEN})


def test_requests_carry_a_token_of_the_filters_own(minting, emulator):
    with minting.openai() as client:
        client.chat.completions.create(**BODY)
        assert list(client.chat.completions.create(**BODY, stream=True))
        client.embeddings.create(model="text-embedding-3-small", input="a", encoding_format="float")
        client.chat.completions.create(model="gpt-4o", messages=large())
    requests = emulator.requests()
    assert [request["status"] for request in requests] == [200] * 4
    # One for all of them.
    [token] = {token_of(request) for request in requests}
    query = query_of(token)
    assert query["Action"] == "CallWithBearerToken" and query["X-Amz-Expires"] == "3600"
    assert query["X-Amz-Credential"].startswith(EMULATOR_KEYS["AWS_ACCESS_KEY_ID"])
    assert query["X-Amz-Credential"].split("/")[2:] == ["us-east-1", "bedrock", "aws4_request"]


def test_its_lifetime_is_configuration_and_a_session_token_goes_into_it(start, world):
    temporary = world.start_emulator("--session-token", "session/token+=")
    credentials = TOKEN | {"token_lifetime_seconds": 60}
    gateway = start(
        temporary.endpoint, changes={"credentials": credentials}, environment={"AWS_SESSION_TOKEN": "session/token+="}
    )
    with gateway.openai() as client:
        client.chat.completions.create(**BODY)
    query = query_of(token_of(temporary.request()))
    assert (query["X-Amz-Security-Token"], query["X-Amz-Expires"]) == ("session/token+=", "60")


def test_each_target_has_a_token_for_its_region_and_account(start, world, emulator):
    other = {"access_key_id": "AKIDOTHER", "secret_access_key": "other-secret", "sign": "token"}
    abroad = world.start_emulator("--access-key", "AKIDOTHER", "--secret-key", "other-secret", region="us-west-2")
    model = "us.amazon.nova-pro-v1:0"
    targets = [{"model": model, "region": "us-east-1"}, {"model": model, "region": "us-west-2", "credentials": other}]
    gateway = start(
        {"us-east-1": emulator.endpoint, "us-west-2": abroad.endpoint},
        sample="failover",
        changes={"credentials": TOKEN, "models": [{"name": "gpt-4o", "targets": targets}]},
    )
    emulator.faults("error=ThrottlingException")
    try:
        with gateway.openai() as client:
            for _ in range(3):
                client.chat.completions.create(**BODY)
    finally:
        emulator.faults()
    for requests, scope in [
        (emulator.requests(), ["AKIDEMULATOR", "us-east-1"]),
        (abroad.requests(), ["AKIDOTHER", "us-west-2"]),
    ]:
        assert len(requests) == 3
        [token] = {token_of(request) for request in requests}
        assert query_of(token)["X-Amz-Credential"].split("/")[0:3:2] == scope
    assert [request["status"] for request in abroad.requests()] == [200] * 3


def test_an_api_key_is_sent_as_it_is(start, emulator):
    credentials = {"bearer_token": "emulator-token", "sign": "token"}
    with start(changes={"credentials": credentials}).openai() as client:
        client.chat.completions.create(**BODY)
    assert emulator.request()["headers"]["authorization"] == "Bearer emulator-token"


@pytest.mark.parametrize(
    "variables", [{"AWS_SECRET_ACCESS_KEY": "wrong", "AWS_ACCESS_KEY_ID": "AKIDEMULATOR"}, {"AWS_REGION": "eu-west-1"}]
)
def test_a_token_of_wrong_keys_or_for_elsewhere_is_refused_and_in_no_log(start, emulator, variables):
    gateway = start(changes={"credentials": TOKEN}, environment=variables)
    with gateway.openai() as client, pytest.raises(openai.InternalServerError) as caught:
        client.chat.completions.create(**BODY)
    assert (caught.value.status_code, caught.value.code) == (502, "upstream_auth_error")
    token = token_of(emulator.request())
    log = gateway.log
    assert "API Key" in log and token not in log and "bedrock-api-key" not in log


# Envoy signs.


@pytest.fixture(scope="module")
def signed(start):
    return start(sample="sign-envoy", patch=retrying)


def checked(request):
    """The request's signature is Envoy's, of what AWS's own clients sign; the emulator has found it right."""
    authorization = request["headers"]["authorization"]
    assert authorization.startswith("AWS4-HMAC-SHA256 Credential=AKIDEMULATOR/")
    names = authorization.split("SignedHeaders=")[1].split(",")[0].split(";")
    assert names == ["content-type", "host", "x-amz-content-sha256", "x-amz-date"]
    return request["status"]


def test_envoy_signs_what_the_filter_has_made(signed, emulator):
    with signed.openai() as client:
        client.chat.completions.create(**BODY)
        assert list(client.chat.completions.create(**BODY, stream=True))
        client.embeddings.create(model="text-embedding-3-small", input="a", encoding_format="float")
        client.chat.completions.create(model="gpt-4o", messages=large())
    assert [checked(request) for request in emulator.requests()] == [200] * 4


@pytest.mark.parametrize("messages", [SAID, large()], ids=["small", "large"])
@pytest.mark.parametrize("fault", ["throttle=1", "reset=-1;times=1"])
def test_envoy_signs_each_attempt_anew(signed, emulator, messages, fault):
    headers = {"x-emulator": f"{fault};key=signed-{len(messages[0]['content'])}"}
    with signed.openai() as client:
        client.chat.completions.create(model="gpt-4o", messages=messages, extra_headers=headers)
    first, second = emulator.requests()
    assert checked(first) in (429, 0) and checked(second) == 200
    assert first["body"] == second["body"] and first["headers"].keys() == second["headers"].keys()


def test_envoy_signs_with_a_session_token(start, world):
    temporary = world.start_emulator("--session-token", "session/token+=")
    gateway = start(temporary.endpoint, environment={"AWS_SESSION_TOKEN": "session/token+="}, sample="sign-envoy")
    with gateway.openai() as client:
        client.chat.completions.create(**BODY)
    request = temporary.request()
    assert request["status"] == 200 and request["headers"]["x-amz-security-token"] == "session/token+="


def test_what_envoy_signs_wrongly_is_the_gateways_trouble(start):
    wrong = {"AWS_SECRET_ACCESS_KEY": "wrong", "AWS_ACCESS_KEY_ID": "AKIDEMULATOR"}
    with start(environment=wrong, sample="sign-envoy").openai() as client:
        with pytest.raises(openai.InternalServerError) as caught:
            client.chat.completions.create(**BODY)
    assert caught.value.code == "upstream_auth_error"
