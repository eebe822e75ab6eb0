"""Discovery: models and profiles that the configuration does not name, asked for in the background."""

import contextlib
import copy
import itertools
import json
import subprocess
import time

import openai
import pytest

import envoy_config
import native
from emulator import TOKEN
from gateway import KEY, nowhere
from settings import ROOT

ACCOUNT = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/"
CLAUDE_PROFILE, NOVA_PROFILE = ACCOUNT + "emuapp000001", ACCOUNT + "emuapp000002"
SONNET = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
PATHS = ["/foundation-models", "/inference-profiles"]
LISTENER = "type.googleapis.com/envoy.config.listener.v3.Listener"
NUMBERS = itertools.count(1)
# What the sample names itself, first.
CONFIGURED = ["gpt-4o", "gpt-4o-mini", "nova-lite", "text-embedding-3-small"]


@pytest.fixture(scope="module")
def both_planes(world):
    """An emulator that serves the runtime and the control plane, and nobody else."""
    return world.start_emulator()


@pytest.fixture
def bedrock(both_planes):
    both_planes.faults()
    both_planes.change()
    both_planes.forget()
    yield both_planes
    both_planes.faults()
    both_planes.change()


@pytest.fixture
def discover(world, bedrock):
    """Starts gateways that look every second, and ends them."""
    with contextlib.ExitStack() as stack:

        def started(control=None, changes=None, refresh=1, ready=True, **how):
            control = control or bedrock.endpoint
            settings = {"endpoint": control.url, "refresh_seconds": refresh}
            changes = {"discover": settings, "forward_headers": [f"x-unique-{next(NUMBERS)}"]} | (changes or {})
            gateway = world.start_gateway(bedrock.endpoint, control=control, changes=changes, **how)
            stack.callback(world.end_gateways, [gateway])
            if ready:
                until(lambda: "amazon.nova-pro-v1:0" in ids(gateway))
            return gateway

        yield started


def until(ready, seconds=15):
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.1)


def models(gateway, key=KEY):
    with gateway.openai(key) as client:
        return {model.id: model for model in client.models.list()}


def ids(gateway, key=KEY):
    return list(models(gateway, key))


def log_of(gateway):
    return gateway.log


def asked(emulator):
    return [request["path"] for request in emulator.requests() if request["path"].startswith(tuple(PATHS))]


def chat(gateway, model, key=KEY, **more):
    with gateway.openai(key) as client:
        messages = [{"role": "user", "content": "hello"}]
        return client.chat.completions.with_raw_response.create(model=model, messages=messages, **more)


def test_the_list_is_what_is_configured_and_then_what_there_is(discover, bedrock):
    gateway = discover()
    listed = models(gateway)
    found = list(listed)
    assert found[:4] == CONFIGURED and len(set(found)) == len(found)
    for expected in ["amazon.nova-pro-v1:0", "cohere.embed-v4:0", SONNET, "global." + SONNET[3:], NOVA_PROFILE]:
        assert expected in found, expected
    # Called by a profile only; makes images; hears but does not read; is provisioned; is gone.
    for absent in [SONNET[3:], "stability.sd3-5-large-v1:0", "amazon.nova-sonic-v1:0", "amazon.nova-pro-v1:0:300k"]:
        assert absent not in found, absent
    assert "meta.llama2-13b-chat-v1" not in found
    kinds = [model.model_extra["x-kind"] for model in listed.values() if model.id not in CONFIGURED]
    assert set(kinds) == {"model", "system_profile", "application_profile"}


def test_a_model_is_told_with_what_helps_to_choose(discover):
    listed = models(discover())
    haiku = listed["anthropic.claude-3-haiku-20240307-v1:0"]
    assert (haiku.owned_by, haiku.created, haiku.shutdown_date) == ("anthropic", 1709510400, "2027-03-10")
    assert haiku.model_extra == {
        "type": "chat",
        "x-kind": "model",
        "x-model": haiku.id,
        "x-input": ["text", "image"],
        "x-output": ["text"],
        "x-streaming": True,
        "x-regions": ["us-east-1"],
    }
    titan = listed["amazon.titan-embed-text-v2:0"]
    assert (titan.model_extra["x-output"], titan.model_extra["x-streaming"]) == (["embedding"], False)
    assert titan.type == "embedding"
    system = listed["us.amazon.nova-lite-v1:0"]
    assert system.model_extra["x-regions"] == ["us-east-1", "us-east-2", "us-west-2"]
    assert (system.owned_by, system.model_extra["x-model"]) == ("amazon", "amazon.nova-lite-v1:0")
    profile = listed[NOVA_PROFILE]
    assert (profile.owned_by, profile.model_extra["x-name"]) == ("amazon", "emulated emuapp000002")
    # A name of the gateway's own has what is known of its model.
    assert listed["gpt-4o"].model_extra["x-model"] == SONNET[3:] and listed["gpt-4o"].owned_by == "anthropic"


def test_everything_that_is_listed_can_be_retrieved(discover):
    with discover().openai() as client:
        for model in client.models.list():
            assert client.models.retrieve(model.id) == model
        assert client.models.retrieve("emulated emuapp000002").owned_by == "amazon"


def test_everything_that_is_listed_can_be_called(discover):
    gateway = discover()
    for model in models(gateway).values():
        if "embedding" in model.model_extra["x-output"]:
            with gateway.openai() as client:
                assert client.embeddings.create(model=model.id, input="a", encoding_format="float").data
        else:
            assert chat(gateway, model.id).parse().model == model.id


def test_pages_are_followed(discover, bedrock):
    bedrock.change(page=3)
    gateway = discover(refresh=300)
    whole = ids(gateway)
    assert len([path for path in asked(bedrock) if "nextToken" in path]) > 15
    bedrock.change()
    assert ids(discover()) == whole


def test_what_comes_is_found_and_what_goes_is_forgotten(discover, bedrock):
    gateway = discover(workers=2)
    profile = {"id": "emuapp000009", "name": "team search", "model": "acme.new-1"}
    bedrock.change(add=["acme.new-1"], remove=["amazon.nova-pro-v1:0"], add_profiles=[profile])
    # Both workers: each connection is one's.
    until(lambda: all("acme.new-1" in ids(gateway) for _ in range(8)))
    for _ in range(8):
        found = ids(gateway)
        assert "amazon.nova-pro-v1:0" not in found and ACCOUNT + "emuapp000009" in found
        assert chat(gateway, "team search").headers["x-bedrock-model"] == ACCOUNT + "emuapp000009"
    bedrock.change()
    until(lambda: all("acme.new-1" not in ids(gateway) for _ in range(8)))
    with pytest.raises(openai.NotFoundError):
        chat(gateway, "team search")


def test_a_new_model_need_not_wait_for_a_refresh(discover, bedrock):
    gateway = discover(refresh=300)
    bedrock.change(add=["acme.new-1"])
    assert chat(gateway, "acme.new-1").headers["x-bedrock-model"] == "acme.new-1"


def test_one_worker_asks_for_all(discover, bedrock):
    gateway = discover(workers=4, refresh=300)
    for _ in range(20):
        assert "amazon.nova-pro-v1:0" in ids(gateway)
    time.sleep(1)
    # The models, the system's profiles, the account's.
    assert [path.split("?")[0] for path in asked(bedrock)] == [PATHS[0], PATHS[1], PATHS[1]]


SIGNING = {
    "sigv4": ({}, "AWS4-HMAC-SHA256"),
    "token": ({"sign": "token"}, "Bearer bedrock-api-key-"),
    "bearer": ({"bearer_token": TOKEN}, f"Bearer {TOKEN}"),
}


@pytest.mark.parametrize("how", SIGNING)
def test_the_control_plane_is_called_as_the_runtime_is(how, discover, bedrock):
    more, proof = SIGNING[how]
    credentials = {"access_key_id": "${AWS_ACCESS_KEY_ID}", "secret_access_key": "${AWS_SECRET_ACCESS_KEY}"} | more
    bedrock.change(page=20)
    discover(changes={"credentials": credentials})
    requests = [request for request in bedrock.requests() if request["path"].startswith(tuple(PATHS))]
    # The emulator computes each signature anew.
    assert len(requests) > 3
    for request in requests:
        assert request["status"] == 200 and request["headers"]["authorization"].startswith(proof)
        assert "x-forwarded-for" not in request["headers"]


FAULTS = {
    "error=AccessDeniedException": "403 AccessDeniedException",
    "notjson": "the answer is not what it should be",
    "sametoken": "a nextToken came a second time",
    "endless": "there is no end after 100 calls",
    "slow=6000": "504",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_known_stays_while_a_refresh_fails(fault, discover, bedrock, world):
    # A control plane of its own: chats go on.
    control = world.start_emulator()
    gateway = discover(control=control.endpoint)
    before = ids(gateway)
    control.change(add=["acme.new-1"])
    control.faults(fault)
    until(lambda: FAULTS[fault] in log_of(gateway), 30)
    assert "discover (cluster 'bedrock-control'): List" in log_of(gateway)
    assert "what is known stays. Next try in" in log_of(gateway)
    # A look that was under way when the fault began may have found the new one.
    assert set(ids(gateway)) - set(before) <= {"acme.new-1", *(f"{p}.acme.new-1" for p in ["us", "eu", "apac", "global"])}
    assert set(before) <= set(ids(gateway))
    assert chat(gateway, "emulated emuapp000002").headers["x-bedrock-model"] == NOVA_PROFILE
    control.faults()
    until(lambda: "acme.new-1" in ids(gateway), 40)
    assert "discover: found again after" in log_of(gateway)


def test_a_control_plane_that_is_not_there_hinders_nothing(discover, bedrock):
    gateway = discover(control=nowhere(), ready=False)
    until(lambda: "nothing is known yet" in log_of(gateway))
    assert ids(gateway)[:4] == CONFIGURED and "amazon.nova-pro-v1:0" not in ids(gateway)
    for model in ["gpt-4o", "us.amazon.nova-lite-v1:0", NOVA_PROFILE]:
        assert chat(gateway, model).parse().model == model
    with pytest.raises(openai.NotFoundError):
        chat(gateway, "emulated emuapp000002")


def test_a_control_plane_that_comes_late_is_found(discover, world):
    late = nowhere()
    gateway = discover(control=late, ready=False, workers=2)
    until(lambda: "nothing is known yet" in log_of(gateway))
    world.start_emulator(port=late.port)
    until(lambda: all("amazon.nova-pro-v1:0" in ids(gateway) for _ in range(6)), 30)


def test_a_cluster_that_is_not_there_is_told_and_hinders_nothing(discover):
    changes = {"discover": {"cluster": "nowhere"}}
    gateway = discover(changes=changes, ready=False)
    until(lambda: "there is no cluster 'nowhere'; nothing is known yet" in log_of(gateway))
    assert chat(gateway, "gpt-4o").parse().model == "gpt-4o"


def test_a_key_sees_and_uses_only_its_own(discover, bedrock):
    profile = {"id": "emuapp000009", "name": "amazon", "model": "anthropic.claude-sonnet-4-5-20250929-v1:0"}
    bedrock.change(add_profiles=[profile])
    keys = [
        {"name": "all", "key": "${API_KEY}"},
        {"name": "amazon", "key": "amazon-key", "models": ["amazon*", "us.amazon.*"]},
        {"name": "search", "key": "search-key", "models": [NOVA_PROFILE]},
        {"name": "none", "key": "none-key", "models": []},
    ]
    gateway = discover(changes={"api_keys": keys})
    found = ids(gateway, "amazon-key")
    assert found and all(id.startswith(("amazon.", "us.amazon.")) or id in CONFIGURED for id in found), found
    assert ids(gateway, "search-key") == [NOVA_PROFILE] and ids(gateway, "none-key") == []
    before = bedrock.count()
    for model in [CLAUDE_PROFILE, NOVA_PROFILE, "emulated emuapp000002", "emulated emuapp000001", "amazon"]:
        with pytest.raises((openai.PermissionDeniedError, openai.NotFoundError)) as caught:
            chat(gateway, model, "amazon-key")
        assert "arn:" in model or "arn:" not in caught.value.message
        with gateway.openai("amazon-key") as client, pytest.raises(openai.NotFoundError):
            client.models.retrieve(model)
    chats = [request for request in bedrock.requests() if request["path"].startswith("/model/")]
    assert chats == [] and bedrock.count() >= before
    # By its ARN or by its name, where the ARN is the key's.
    for model in [NOVA_PROFILE, "emulated emuapp000002"]:
        assert chat(gateway, model, "search-key").headers["x-bedrock-model"] == NOVA_PROFILE
    for model in [CLAUDE_PROFILE, "emulated emuapp000001", "gpt-4o"]:
        with pytest.raises((openai.PermissionDeniedError, openai.NotFoundError)):
            chat(gateway, model, "search-key")


def test_on_native_routes_too(discover, bedrock):
    keys = [{"name": "all", "key": "${API_KEY}"}, {"name": "named", "key": "named-key", "models": ["emulated*"]}]
    gateway = discover(changes={"api_keys": keys})
    body = {"messages": [{"role": "user", "content": [{"text": "hello"}]}]}
    with gateway.connection() as connection:
        answer = connection.ask("POST", "/model/emulated%20emuapp000002/converse", body)
        assert (answer.status, answer.headers["x-bedrock-model"]) == (200, NOVA_PROFILE)
    with gateway.connection("named-key") as connection:
        assert connection.ask("POST", "/model/emulated%20emuapp000002/converse", body).status == 404


def test_a_profile_gets_the_rules_of_the_model_behind_it(discover, bedrock):
    gateway = discover()

    def sent(model, **more):
        bedrock.forget()
        raw = chat(gateway, model, **more)
        [request] = [request for request in bedrock.requests() if request["path"].startswith("/model/")]
        return request["body"], raw.headers.get("x-ignored-parameters")

    # Nova calls top_k by another name and place; Claude refuses the pair of temperature and top_p.
    body, _ = sent(NOVA_PROFILE, extra_body={"top_k": 20})
    assert body["additionalModelRequestFields"] == {"inferenceConfig": {"topK": 20}}
    body, ignored = sent("emulated emuapp000001", temperature=0.5, top_p=0.5, extra_body={"top_k": 20})
    assert body["additionalModelRequestFields"] == {"top_k": 20} and ignored == "top_p"


@pytest.mark.bedrock_refuses
def test_what_is_configured_holds_over_what_is_found(discover, bedrock):
    like = {"name": "odd", "model": NOVA_PROFILE, "capabilities": {"like": "mistral.mistral-7b"}}
    gateway = discover(changes={"models": [like]})
    bedrock.forget()
    # The table has it that Mistral's models call it top_k; Nova refuses that.
    with pytest.raises(openai.BadRequestError):
        chat(gateway, NOVA_PROFILE, extra_body={"top_k": 20})
    [request] = [request for request in bedrock.requests() if request["path"].startswith("/model/")]
    assert request["body"]["additionalModelRequestFields"] == {"top_k": 20}


def test_a_profile_of_an_embedding_model_embeds(discover, bedrock):
    profiles = [
        {"id": "emuapp00000t", "name": "titan", "model": "amazon.titan-embed-text-v2:0"},
        {"id": "emuapp00000c", "name": "cohere", "model": "cohere.embed-english-v3"},
    ]
    bedrock.change(add_profiles=profiles)
    gateway = discover()
    until(lambda: ACCOUNT + "emuapp00000c" in ids(gateway))
    with openai.OpenAI(**gateway.options()) as client:
        for model, calls in [("titan", 3), (ACCOUNT + "emuapp00000c", 1)]:
            bedrock.forget()
            answer = client.embeddings.create(model=model, input=["a", "b", "c"])
            assert [item.index for item in answer.data] == [0, 1, 2]
            sent = [request for request in bedrock.requests() if request["path"].endswith("/invoke")]
            assert len(sent) == calls


def test_no_log_line_tells_a_secret(discover, bedrock, world):
    control = world.start_emulator()
    secret = "bedrock-secret-token"
    control.faults(f"error=AccessDeniedException,message=The%20token%20{secret}%20is%20wrong")
    credentials = {"bearer_token": secret}
    gateway = discover(control=control.endpoint, ready=False, wasm_log="debug", changes={"credentials": credentials})
    until(lambda: "nothing is known yet" in log_of(gateway))
    assert secret not in log_of(gateway)


def test_a_configuration_that_is_new_knows_at_once_what_was_found(discover, bedrock, tmp_path):
    """A listener that changes has a root context of its own; the control plane is away."""
    listeners = tmp_path / "listeners.yaml"

    def put(found):
        new = tmp_path / "new.yaml"
        envoy_config.write(new, native.as_chosen({"resources": [found | {"@type": LISTENER}]}))
        new.rename(listeners)

    kept = []

    def by_file(config):
        [found] = config["static_resources"].pop("listeners")
        kept.append(copy.deepcopy(found))
        put(found)
        config["dynamic_resources"] = {"lds_config": {"path_config_source": {"path": str(listeners)}}}
        config["node"] = {"id": "tests", "cluster": "tests"}

    gateway = discover(refresh=300, patch=by_file)
    bedrock.faults("error=AccessDeniedException")
    count = len(asked(bedrock))
    [found] = kept
    [plugin] = envoy_config.wasm_plugins(found)
    plugin["configuration"]["value"]["models"] = [{"name": "other", "model": "us.amazon.nova-lite-v1:0"}]
    put(found)
    until(lambda: "other" in ids(gateway))
    assert "amazon.nova-pro-v1:0" in ids(gateway) and len(asked(bedrock)) == count


def test_without_discovery_nobody_is_asked(start, emulator):
    gateway = start(changes={"discover": False})
    time.sleep(1)
    assert asked(emulator) == [] and "amazon.nova-pro-v1:0" not in ids(gateway)


def test_the_javascript_sdk_reads_the_list(discover):
    """Run by Node, beside the other clients."""
    gateway = discover()
    code = """
      import OpenAI from 'openai';
      const client = new OpenAI({baseURL: process.argv[1], apiKey: process.argv[2]});
      const list = [];
      for await (const model of client.models.list()) list.push(model);
      const arn = list.find((model) => model.id.startsWith('arn:'));
      const one = await client.models.retrieve(arn.id);
      console.log(JSON.stringify([list.length, arn, one]));
    """
    command = ["node", "--input-type=module", "-e", code, gateway.url, KEY]
    out = subprocess.run(command, cwd=ROOT / "tests/clients", capture_output=True, text=True, timeout=30)
    assert out.returncode == 0, out.stderr
    count, listed, one = json.loads(out.stdout)
    assert count == len(ids(gateway)) and listed == one and one["x-kind"] == "application_profile"


def test_a_vendors_name_is_the_profile_of_the_regions_geography(discover, bedrock):
    """The emulator lists the profiles of all geographies."""
    gateway = discover()
    for asked, model in [
        ("claude-sonnet-5", "us.anthropic.claude-sonnet-5"),
        ("claude-opus-4-5", "us.anthropic.claude-opus-4-5-20251101-v1:0"),
        ("nova-premier", "us.amazon.nova-premier-v1:0"),
    ]:
        assert chat(gateway, asked).headers["x-bedrock-model"] == model
