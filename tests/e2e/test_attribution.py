"""Whose a request is: on AWS's bill by inference profiles of the team's own, in CloudTrail by roles that are assumed for each caller."""
# ruff: noqa: F811

import concurrent.futures
import json
import time

import pytest

from aws_endpoints import ACCOUNT
from test_credentials import SOURCES, STATIC, endpoints, files, signed_by, start_with, until  # noqa: F401 (fixtures)

SONNET = "anthropic.claude-sonnet-4-5-20250929-v1:0"
COUNTED = "anthropic.claude-sonnet-4-6"
TITAN = "amazon.titan-embed-text-v2:0"
PROFILE = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/"
OTHERS = f"{PROFILE}emuapp000001"
TURN = [{"role": "user", "content": "hello"}]
BODY = {"model": "gpt-4o", "messages": TURN}
NATIVE = {"messages": [{"role": "user", "content": [{"text": "hello"}]}]}
INVOKED = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 10, "messages": TURN}
OWN = [
    {"id": "shopsonnet01", "name": "shop sonnet", "model": SONNET},
    {"id": "shopsonnet02", "name": "shop newer", "model": COUNTED},
    {"id": "shoptitan001", "name": "shop titan", "model": TITAN},
]
CONFIG = {
    "api_keys": [
        {"name": "web", "key": "a-key-of-the-shops", "team": "shop"},
        {"name": "europe", "key": "a-key-that-is-elsewhere", "profile": {"anthropic.*": PROFILE.replace("us-east-1", "eu-west-1") + "x"}},
        {"name": "held", "key": "a-key-that-stays-in-america", "team": "shop", "profiles": ["us"],
         "profile": {"us.anthropic.*": f"{PROFILE}shopsonnet01", "eu.amazon.*": f"{PROFILE}x"}},
        {"name": "free", "key": "a-key-of-nobodys"},
    ],
    "teams": [{
        "name": "shop",
        "labels": {"cost-centre": "4711"},
        "profile": {
            "anthropic.claude-sonnet-4-5*": [f"{PROFILE}shopsonnet01", PROFILE.replace("us-east-1", "us-west-2") + "west"],
            COUNTED: f"{PROFILE}shopsonnet02",
            "amazon.titan-embed*": f"{PROFILE}shoptitan001",
        },
    }],
    "models": [{"name": "gpt-4o", "model": f"us.{SONNET}"}, {"name": "newer", "model": f"global.{COUNTED}"},
               {"name": "west", "model": f"us.{SONNET}", "region": "us-west-2"},
               {"name": "fast", "model": "us.amazon.nova-lite-v1:0"}],
    "default_embedding_model": TITAN,
}  # fmt: skip


@pytest.fixture(scope="module")
def billed(start):
    return start(changes=CONFIG, workers=2)


@pytest.fixture
def own(emulator):
    emulator.change(add_profiles=OWN)
    yield emulator
    emulator.change()


def ask(gateway, path, body, key="a-key-of-the-shops"):
    with gateway.connection(key=key) as connection:
        return connection.ask("POST", path, body)


def label(text):
    return text.replace(":", "%3A").replace("/", "%2F")


FRONTS = {
    "chat": ("/v1/chat/completions", BODY, "converse"),
    "stream": ("/v1/chat/completions", BODY | {"stream": True}, "converse-stream"),
    "by its id": ("/v1/chat/completions", BODY | {"model": f"global.{SONNET}"}, "converse"),
    "by its name": ("/v1/chat/completions", BODY | {"model": "claude-sonnet-4-5"}, "converse"),
    "completion": ("/v1/completions", {"model": "gpt-4o", "prompt": "hello"}, "converse"),
    "response": ("/v1/responses", {"model": "gpt-4o", "input": "hello"}, "converse"),
    "message": ("/v1/messages", {"model": "gpt-4o", "max_tokens": 10, "messages": TURN}, "invoke"),
    "embedding": ("/v1/embeddings", {"input": "hello"}, "invoke"),
    "native": (f"/model/us.{SONNET}/converse", NATIVE, "converse"),
    "native stream": (f"/model/us.{SONNET}/converse-stream", NATIVE, "converse-stream"),
    "native invoke": (f"/model/us.{SONNET}/invoke", INVOKED, "invoke"),
    "native by name": ("/model/gpt-4o/converse", NATIVE, "converse"),
}


@pytest.mark.parametrize("front", FRONTS)
def test_a_team_calls_a_model_by_its_own_inference_profile(billed, own, front):
    path, body, operation = FRONTS[front]
    answer = ask(billed, path, body)
    assert answer.status == 200, answer
    arn = PROFILE + ("shoptitan001" if front == "embedding" else "shopsonnet01")
    request = own.request()
    assert (request["path"], request["status"]) == (f"/model/{label(arn)}/{operation}", 200)
    assert answer.headers["x-bedrock-model"] == arn
    # Labels are the record's alone.
    assert "4711" not in json.dumps(request)


def test_what_no_profile_is_for_and_who_has_none_is_called_as_ever(billed, own):
    for key, model, called in [
        ("a-key-of-the-shops", "fast", "us.amazon.nova-lite-v1:0"),
        ("a-key-of-nobodys", "gpt-4o", f"us.{SONNET}"),
    ]:
        answer = ask(billed, "/v1/chat/completions", BODY | {"model": model}, key)
        assert (answer.status, answer.headers["x-bedrock-model"]) == (200, called)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/messages/count_tokens", {"model": "newer", "messages": TURN}),
        ("/v1/responses/input_tokens", {"model": "newer", "input": "hello"}),
        (f"/model/us.{COUNTED}/count-tokens", {"input": {"converse": NATIVE}}),
    ],
)
def test_tokens_are_counted_by_the_model_itself(billed, own, path, body):
    answer = ask(billed, path, body)
    assert answer.status == 200, answer
    assert own.request()["path"] == f"/model/{label(COUNTED)}/count-tokens"


def test_where_the_caller_has_no_profile_nothing_is_called_at_anothers_cost(billed, running_emulator):
    before = running_emulator.count()
    for path, body in [FRONTS["chat"][:2], FRONTS["stream"][:2], FRONTS["native"][:2], FRONTS["message"][:2]]:
        answer = ask(billed, path, body, "a-key-that-is-elsewhere")
        assert answer.status == 403, answer
    assert ask(billed, *FRONTS["chat"][:2], "a-key-that-is-elsewhere").error["code"] == "no_profile"
    # Nor by another's profile.
    for key in ["a-key-of-the-shops", "a-key-that-is-elsewhere"]:
        for path, body in [
            ("/v1/chat/completions", BODY | {"model": OTHERS}),
            (f"/model/{label(OTHERS)}/converse", NATIVE),
        ]:
            assert ask(billed, path, body, key).status == 403
    assert running_emulator.count() == before
    with billed.connection(key="a-key-that-is-elsewhere") as connection:
        listed = {model["id"] for model in connection.ask("GET", "/v1/models").json["data"]}
    assert "fast" in listed


def test_a_caller_held_to_a_geography_calls_profiles_of_that_alone(billed, own):
    key = "a-key-that-stays-in-america"
    answer = ask(billed, "/v1/chat/completions", BODY, key)
    assert (answer.status, answer.headers["x-bedrock-model"]) == (200, f"{PROFILE}shopsonnet01")
    for model in [f"global.{SONNET}", "eu.amazon.nova-lite-v1:0"]:
        assert ask(billed, "/v1/chat/completions", BODY | {"model": model}, key).error["code"] == "region_not_allowed"


# Roles.

ROLE = {"cluster": "sts", "role_arn": ACCOUNT + "shop"}
KEYS = [
    {"name": "web", "key": "a-key-of-the-shops", "team": "shop"},
    {"name": "team b/batch", "key": "another-of-the-shops", "team": "shop"},
    {"name": "free", "key": "a-key-of-nobodys"},
]


def roles(role=None, **more):
    team = {"name": "shop", "labels": {"cost-centre": "4711"}, "credentials": {"assume_role": ROLE | (role or {})}}
    return {"changes": {"api_keys": KEYS, "teams": [team]} | more, "ready": False}


def session(endpoints, emulator):
    """Whose session the one request was signed with."""
    request = emulator.request()
    emulator.forget()
    assert request["status"] == 200
    return endpoints.assumed.get(signed_by(request), (None, None, None))


def known(endpoints):
    """Credentials that are written, and good with STS and Bedrock."""
    whole = {**STATIC, "expires": int(time.time()) + 3600}
    endpoints.secrets[STATIC["access_key_id"]] = whole
    for emulator in endpoints.emulators:
        assert emulator.call("POST", "/_emulator/credentials", whole) == b""
    return STATIC


@pytest.mark.parametrize("source", ["static", "container", "instance"])
def test_each_caller_of_a_team_calls_as_the_teams_role_in_a_session_of_its_name(source, start_with, endpoints, emulator):
    base = known(endpoints) if source == "static" else SOURCES[source]
    gateway = start_with(base, workers=2, **roles({"tags": ["caller", "team", "cost-centre"]}))
    until(lambda: source == "static" or len(endpoints.issued) == 1)
    assert not endpoints.assumed, "nobody has asked"
    for key, name, tag in [("a-key-of-the-shops", "web", "web"), ("another-of-the-shops", "team-b-batch", "team b/batch")]:
        for _ in range(3):
            answer = ask(gateway, "/v1/chat/completions", BODY, key)
            assert answer.status == 200, answer
            tags = {"caller": tag, "team": "shop", "cost-centre": "4711"}
            assert session(endpoints, emulator) == (ROLE["role_arn"], name, tags)
        assert ask(gateway, f"/model/us.{SONNET}/converse", NATIVE, key).status == 200
        assert session(endpoints, emulator)[1] == name
    assert len(endpoints.assumed) == 2


def test_who_has_no_role_calls_as_the_gateway(start_with, endpoints, emulator):
    gateway = start_with(SOURCES["container"], **roles())
    until(lambda: ask(gateway, "/v1/chat/completions", BODY, "a-key-of-nobodys").status == 200)
    assert signed_by(emulator.requests()[-1]) == endpoints.issued[0]["access_key_id"]
    assert not endpoints.assumed


def test_requests_that_come_at_once_wait_for_one_session(start_with, endpoints, emulator):
    gateway = start_with(known(endpoints), workers=2, **roles())
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        bodies = [BODY | {"stream": number % 2 == 1} for number in range(16)]
        answers = list(pool.map(lambda body: ask(gateway, "/v1/chat/completions", body), bodies))
    assert {answer.status for answer in answers} == {200}
    assert len(endpoints.assumed) == 1
    assert {signed_by(request) for request in emulator.requests()} == set(endpoints.assumed)


@pytest.mark.parametrize("trouble", ["forbidden", "untagged"])
def test_a_role_that_cannot_be_assumed_is_refused_and_never_signed_for_as_another(trouble, start_with, endpoints, emulator):
    gateway = start_with(known(endpoints), workers=2, **roles())
    getattr(endpoints, trouble).add(ROLE["role_arn"])
    for _ in range(4):
        for path, body in [("/v1/chat/completions", BODY), ("/v1/embeddings", {"model": TITAN, "input": "a"})]:
            answer = ask(gateway, path, body)
            assert (answer.status, answer.error["code"]) == (503, "credentials_unavailable")
        assert ask(gateway, f"/model/us.{SONNET}/converse", NATIVE).status == 503
    assert emulator.requests() == [] and not endpoints.assumed
    log = gateway.log
    wanted = "sts:AssumeRole" if trouble == "forbidden" else "sts:TagSession"
    assert "teams[0].credentials of 'web': not fetched" in log and wanted in log
    assert ask(gateway, "/v1/chat/completions", BODY, "a-key-of-nobodys").status == 200
    getattr(endpoints, trouble).clear()
    until(lambda: ask(gateway, "/v1/chat/completions", BODY).status == 200)
    assert signed_by(emulator.requests()[-1]) in endpoints.assumed


def test_a_role_is_assumed_anew_before_it_ends_while_its_caller_asks(start_with, endpoints, emulator):
    endpoints.life = 6
    gateway = start_with(known(endpoints), **roles())
    end = time.monotonic() + 12
    while time.monotonic() < end:
        assert ask(gateway, "/v1/chat/completions", BODY).status == 200
        time.sleep(0.05)
    assert len(endpoints.assumed) >= 3
    # Nobody asks any more.
    time.sleep(8)
    count = len(endpoints.assumed)
    time.sleep(5)
    assert len(endpoints.assumed) == count
    # Of the first after that somebody waits again.
    assert ask(gateway, "/v1/chat/completions", BODY).status == 200


def test_a_client_that_leaves_while_its_role_is_assumed_harms_nobody(start_with, endpoints, emulator):
    gateway = start_with(known(endpoints), **roles())
    with endpoints.lock, pytest.raises(TimeoutError):
        with gateway.connection(key="a-key-of-the-shops") as connection:
            connection.http.sock.settimeout(1)
            connection.ask("POST", "/v1/chat/completions", BODY)
    assert ask(gateway, "/v1/chat/completions", BODY).status == 200
    assert len(endpoints.assumed) == 1
