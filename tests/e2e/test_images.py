"""Images by URL: Envoy fetches them, from whom it may and as much as it may, and Bedrock gets their bytes."""

import base64
import contextlib
import functools
import json
import subprocess
import time

import anthropic
import openai
import pytest

import envoy_config
import native
from gateway import KEY, Gateway, route
from image_server import IMAGES, PNG, Names, Server
from settings import ROOT, Problem

# Anthropic's SDK knows when models retire.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

SAMPLE = envoy_config.read(ROOT / "envoy/images.yaml")
SELF = envoy_config.read(ROOT / "envoy/envoy.yaml")
# Where the server is, under several names, and where nobody must get.
NAMES = {
    "a.images.test": ["127.0.0.1"],
    "b.images.test": ["127.0.0.1"],
    "elsewhere.test": ["127.0.0.1"],
    "metadata.images.test": ["169.254.169.254"],
    "v6.images.test": ["::1"],
    # Envoy tries the second when it does not get through to the first, which is nobody's.
    "both.images.test": ["240.0.0.1", "127.0.0.1"],
}
LOOPBACK = "127.0.0.0/8"


@pytest.fixture(scope="module")
def names():
    with Names(NAMES) as names:
        yield names


@pytest.fixture(scope="module")
def running_server():
    with Server() as server:
        yield server


@pytest.fixture
def server(running_server):
    """The image server, with nothing seen yet."""
    running_server.seen.clear()
    running_server.gone.clear()
    running_server.sent = 0
    return running_server


def cluster(config, name="images"):
    [found] = [found for found in config["static_resources"]["clusters"] if found["name"] == name]
    return found


def dns_cache(config, name="images"):
    return cluster(config, name)["cluster_type"]["typed_config"]["dns_cache_config"]


@functools.cache
def over_http(names, more=(), address_filter=False):
    """A patch, the same one for the same: the sample's cluster without TLS under a second name, names by the test's
    server."""

    def patch(config):
        cache = dns_cache(config)
        cache["typed_dns_resolver_config"] = {
            "name": "envoy.network.dns_resolver.cares",
            "typed_config": {
                "@type": envoy_config.TYPE + "envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig",
                "resolvers": [{"socket_address": {"address": "127.0.0.1", "port_value": names.port}}],
                "dns_resolver_options": {"no_default_search_domain": True},
            },
        }
        if not address_filter:
            del cache["resolved_address_filter"]
        plain = json.loads(json.dumps(cluster(config)))
        plain["name"] = "images-http"
        del plain["transport_socket"]
        config["static_resources"]["clusters"].append(plain)
        for change in more:
            change(config)

    return patch


@pytest.fixture(scope="module")
def begin(start, running_server, names):
    """Starts gateways that fetch from the server over http."""

    def started(*more, changes=None, address_filter=False, upstream=None, own=False, **images):
        port = running_server.port
        hosts = [f"*.images.test:{port}", f"localhost:{port}", f"127.0.0.1:{port}", "*.images.test:443"]
        images = {
            "cluster": "images",
            "http_cluster": "images-http",
            "hosts": hosts,
            "private_networks": [LOOPBACK],
        } | images
        return start(
            upstream,
            changes={"images": images} | (changes or {}),
            patch=over_http(names, more, address_filter),
            sample=SAMPLE,
            own=own,
        )

    return started


@pytest.fixture(scope="module")
def gateway(begin):
    return begin(timeout_seconds=2, bytes=1_000_000, redirects=2, per_request=4, own=True)


@pytest.fixture
def ask(gateway, server):
    """Asks for a chat with images from the server, by path or whole URL."""

    def asked(*urls, through=None, stream=False, **body):
        with (through or gateway).connection() as connection:
            return connection.chat(chat(server, *urls, stream=stream, **body))

    return asked


def chat(server, *urls, **body):
    urls = [url if url.startswith("http") else f"http://a.images.test:{server.port}/{url}" for url in urls]
    parts = [{"type": "image_url", "image_url": {"url": url}} for url in urls]
    return {
        "model": "gpt-4o",
        "messages": [
            {"role": "system", "content": "Look."},
            {"role": "user", "content": [{"type": "text", "text": "hello"}, *parts]},
        ],
    } | body


def images_of(body):
    """Format and bytes of each image that Bedrock got."""
    blocks = body["messages"][0]["content"]
    return [
        (block["image"]["format"], base64.b64decode(block["image"]["source"]["bytes"]))
        for block in blocks
        if "image" in block
    ]


def refusal(answer, code, at=1):
    error = answer.error
    assert (answer.status, error["type"], error["code"]) == (400, "invalid_request_error", code), error
    assert error["param"] == f"messages[1].content[{at}].image_url.url"
    return error["message"]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", IMAGES)
def test_an_image_goes_to_bedrock_as_bytes(ask, emulator, server, name, stream):
    answer = ask(f"image/{name}", stream=stream)
    assert answer.status == 200, answer
    if stream:
        assert answer.events[-1] == "[DONE]"
    assert images_of(emulator.body()) == [(name, IMAGES[name])]
    assert server.paths == [f"/image/{name}"]


def to_itself(config):
    """A patch: the cluster by which a gateway reaches itself."""
    [listener] = config["static_resources"]["listeners"]
    [found] = [found for found in SELF["static_resources"]["clusters"] if found["name"] == "gateway"]
    found = json.loads(json.dumps(found))
    found["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]["address"] = listener["address"]
    config["static_resources"]["clusters"].append(found)


@pytest.mark.parametrize("stream", [False, True])
def test_images_of_several_choices_are_fetched_once(begin, emulator, server, stream):
    through = begin(to_itself, changes={"fan_out": {"cluster": "gateway"}})
    with through.connection() as connection:
        answer = connection.chat(chat(server, "image/png", n=3, stream=stream))
    assert answer.status == 200, answer
    assert [images_of(request["body"]) for request in emulator.requests()] == [[("png", IMAGES["png"])]] * 3
    assert server.paths == ["/image/png"]


def test_an_image_is_fetched_once_for_all_calls_of_a_technique(begin, server, emulator):
    through = begin(to_itself, changes={"techniques": {"cluster": "gateway"}})
    with through.connection() as connection:
        answer = connection.chat(chat(server, "image/png", optillm_approach="moa"))
    assert answer.status == 200 and int(answer.headers["x-technique-calls"]) > 1
    bodies = [request["body"] for request in emulator.requests()]
    assert len(bodies) == int(answer.headers["x-technique-calls"])
    assert all(images_of(body) == images_of(bodies[0]) and images_of(body) for body in bodies)
    assert len(server.seen) == 1


def test_images_of_responses_are_fetched_in_messages_and_outputs(gateway, emulator, server):
    image = {"type": "input_image", "image_url": f"http://a.images.test:{server.port}/image/png", "detail": "auto"}
    body = {
        "model": "gpt-4o",
        "input": [
            {"role": "user", "content": [{"type": "input_text", "text": "hello"}, image]},
            {"type": "function_call", "call_id": "c", "name": "look", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c", "output": [image]},
        ],
    }
    with gateway.connection() as connection:
        answer = connection.ask("POST", "/v1/responses", body)
        assert answer.status == 200, answer
        sent = emulator.body()
        assert images_of(sent) == [("png", IMAGES["png"])]
        [block] = sent["messages"][2]["content"][0]["toolResult"]["content"]
        assert base64.b64decode(block["image"]["source"]["bytes"]) == IMAGES["png"]
        assert server.paths == ["/image/png"]
        body["input"][0]["content"][1]["image_url"] = "http://elsewhere.test/image/png"
        error = connection.ask("POST", "/v1/responses", body).error
    assert (error["code"], error["param"]) == ("unsupported_url", "input[0].content[1].image_url")


CLAUDE, NOVA = "claude-sonnet-4-5", "us.amazon.nova-pro-v1:0"


@pytest.fixture
def anthropics(gateway):
    with gateway.anthropic() as client:
        yield client


def by_url(server, path):
    url = path if path.startswith("http") else f"http://a.images.test:{server.port}/{path}"
    return {"type": "image", "source": {"type": "url", "url": url}}


def source(name):
    return {"type": "base64", "media_type": f"image/{name}", "data": base64.b64encode(IMAGES[name]).decode()}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", IMAGES)
def test_an_image_of_a_message_goes_to_claude_as_its_source(anthropics, emulator, server, name, stream):
    said = [{"role": "user", "content": [{"type": "text", "text": "hello"}, by_url(server, f"image/{name}")]}]
    asked = {"model": CLAUDE, "max_tokens": 100, "messages": said}
    if stream:
        with anthropics.messages.stream(**asked) as events:
            message = events.get_final_message()
    else:
        message = anthropics.messages.create(**asked)
    assert f"1 image: {name}" in message.content[0].text
    [request] = emulator.requests()
    assert request["path"].endswith("/invoke-with-response-stream" if stream else "/invoke")
    [turn] = request["body"]["messages"]
    assert turn["content"] == [{"type": "text", "text": "hello"}, {"type": "image", "source": source(name)}]
    assert server.paths == [f"/image/{name}"]


def looked(server):
    """A loop of tools in which the user and the tool show the same image."""
    call = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}}
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": [by_url(server, "image/png")]}
    return {
        "max_tokens": 100,
        "tools": [{"name": "look", "input_schema": {"type": "object"}}],
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "hello"}, by_url(server, "image/png")]},
            {"role": "assistant", "content": [call]},
            {"role": "user", "content": [result]},
        ],
    }


def test_images_of_messages_are_fetched_in_results_too(anthropics, emulator, server):
    anthropics.messages.create(model=CLAUDE, **looked(server))
    first, _, last = emulator.body()["messages"]
    assert first["content"][1]["source"] == last["content"][0]["content"][0]["source"] == source("png")
    assert server.paths == ["/image/png"]


def test_images_of_messages_are_fetched_for_other_models(anthropics, emulator, server):
    anthropics.messages.create(model=NOVA, **looked(server))
    sent = emulator.body()
    assert images_of(sent) == [("png", PNG)]
    [block] = sent["messages"][2]["content"][0]["toolResult"]["content"]
    assert base64.b64decode(block["image"]["source"]["bytes"]) == PNG


def test_images_of_messages_are_fetched_where_tokens_are_counted(anthropics, emulator, server):
    asked = looked(server)
    del asked["max_tokens"]
    assert anthropics.messages.count_tokens(model=CLAUDE, **asked).input_tokens > 0
    counted = json.loads(base64.b64decode(emulator.body()["input"]["invokeModel"]["body"]))
    assert counted["messages"][0]["content"][1]["source"] == source("png")


@pytest.mark.parametrize("model", [CLAUDE, NOVA])
def test_an_image_of_a_message_that_is_not_fetched_is_told_as_anthropic_tells_it(anthropics, emulator, server, model):
    for path, word in [("http://elsewhere.test/image/png", "not fetched from there"), ("html", "not an image")]:
        said = [{"role": "user", "content": [by_url(server, path)]}]
        with pytest.raises(anthropic.BadRequestError) as refused:
            anthropics.messages.create(model=model, max_tokens=100, messages=said)
        error = refused.value.body["error"]
        assert error["type"] == "invalid_request_error" and word in error["message"]
        assert "messages[0].content[0].source.url" in error["message"]
    assert emulator.requests() == []


def test_the_sample_serves_as_it_is(start, server, emulator):
    with start(sample=SAMPLE).connection() as connection:
        assert connection.chat(chat(server)).status == 200
        refusal(connection.chat(chat(server, "image/png")), "unsupported_url")
    assert server.seen == []


def test_images_are_fetched_side_by_side_and_keep_their_order(ask, emulator, server):
    server.meeting.reset()
    assert ask("together/png", "together/gif", "image/webp").status == 200
    assert [name for name, _ in images_of(emulator.body())] == ["png", "gif", "webp"]


def test_the_same_address_is_fetched_once(ask, emulator, server):
    assert ask("image/png", "image/gif", "image/png").status == 200
    assert [name for name, _ in images_of(emulator.body())] == ["png", "gif", "png"]
    assert sorted(server.paths) == ["/image/gif", "/image/png"]


def test_an_address_with_escapes_is_fetched(gateway, emulator, server):
    with gateway.connection() as connection:
        body = json.dumps(chat(server, "image/png")).replace("/", "\\/").encode()
        assert connection.chat(body).status == 200
    assert len(images_of(emulator.body())) == 1


@pytest.mark.parametrize("chunked", [False, True])
def test_the_rest_of_the_body_stays_as_it_was(gateway, emulator, server, chunked):
    body = chat(server, "image/png", "bytes/700000", max_tokens=77)
    body["messages"][1]["content"].append({"type": "text", "text": "ünd 🙂 \\ \" https://a.images.test/"})
    data = json.dumps(body).encode()
    with gateway.connection() as connection:
        pieces = iter([data[:50], data[50:200], data[200:]]) if chunked else data
        assert connection.chat(pieces, chunked=chunked).status == 200
    sent = emulator.body()
    assert sent["messages"][0]["content"][-1] == {"text": "ünd 🙂 \\ \" https://a.images.test/"}
    assert sent["inferenceConfig"]["maxTokens"] == 77 and sent["system"] == [{"text": "Look."}]
    assert [len(data) for _, data in images_of(sent)] == [len(PNG), 700_000]


def test_a_body_that_ends_in_trailers_gets_its_images_too(begin, emulator, server):
    def with_trailers(config):
        [listener] = config["static_resources"]["listeners"]
        manager = listener["filter_chains"][0]["filters"][0]["typed_config"]
        manager["http_protocol_options"] = {"enable_trailers": True}

    data = json.dumps(chat(server, "image/png")).encode()
    with begin(with_trailers).connection() as connection:
        connection.http.putrequest("POST", "/v1/chat/completions")
        connection.http.putheader("authorization", f"Bearer {connection.key}")
        connection.http.putheader("transfer-encoding", "chunked")
        connection.http.endheaders()
        connection.http.send(b"%x\r\n%s\r\n0\r\nx-last: yes\r\n\r\n" % (len(data), data))
        response = connection.http.getresponse()
        assert response.status == 200, response.read()
    assert images_of(emulator.body()) == [("png", PNG)]


def test_one_connection_serves_many(gateway, emulator, server):
    with gateway.connection() as connection:
        for at in range(20):
            path = "image/png" if at % 2 else "html"
            assert connection.chat(chat(server, path)).status == (200 if at % 2 else 400)
        assert connection.opened == 1
    assert len(emulator.requests()) == 10


def test_a_model_may_choose_the_cluster_all_the_same(begin, emulator, server):
    def by_header(config):
        del route(config)["route"]["cluster"]
        route(config)["route"]["cluster_header"] = "x-bedrock-cluster"

    models = [{"name": "fast", "model": "us.amazon.nova-lite-v1:0", "cluster": "bedrock"}]
    models += [{"name": "lost", "model": "us.amazon.nova-pro-v1:0", "cluster": "nowhere"}]
    gateway = begin(by_header, changes={"models": models, "cluster": "bedrock"})
    with gateway.connection() as connection:
        assert connection.chat(chat(server, "image/png", model="fast")).status == 200
        assert emulator.request()["model"] == "us.amazon.nova-lite-v1:0"
        assert connection.chat(chat(server, "image/png", model="lost")).status == 503
        assert connection.chat(chat(server, model="fast")).status == 200


def test_who_may_not_use_the_model_has_nothing_fetched(begin, server):
    keys = [{"name": "default", "key": "${API_KEY}"}, {"name": "nova", "key": "nova-key", "models": ["nova-lite"]}]
    with begin(changes={"api_keys": keys}).connection("nova-key") as connection:
        assert connection.chat(chat(server, "image/png")).status == 403
        assert server.seen == []
        assert connection.chat(chat(server, "image/png", model="nova-lite")).status == 200


def test_a_further_attempt_fetches_nothing_again(begin, emulator, server):
    def retrying(config):
        route(config)["route"]["retry_policy"] = {"retry_on": "5xx", "num_retries": 2}

    fault = {"x-emulator": f"error=ServiceUnavailableException;times=1;key=images-{time.monotonic()}"}
    forwarded = {"forward_headers": ["x-emulator"]}
    gateway = begin(retrying, changes=forwarded)
    with gateway.connection() as connection:
        assert connection.chat(chat(server, "image/png"), fault).status == 200
    first, second = emulator.requests()
    assert first["body"] == second["body"] and images_of(first["body"])
    assert server.paths == ["/image/png"]


def test_the_server_learns_nothing_of_the_client(gateway, server):
    secrets = {"cookie": "s=secret", "x-api-key": "secret", "referer": "http://secret/", "user-agent": "secret"}
    with gateway.connection() as connection:
        assert connection.chat(chat(server, "image/png?a=b"), secrets).status == 200
    [(path, headers)] = server.seen
    assert path == "/image/png?a=b"
    assert headers.keys() == {"host", "accept", "user-agent"} and headers["user-agent"] == "bedrock-filter"
    assert headers["host"] == f"a.images.test:{server.port}"


def elsewhere(port):
    return [
        f"http://elsewhere.test:{port}/image/png",
        f"http://images.test:{port}/image/png",
        f"http://a.images.test.elsewhere.test:{port}/image/png",
        f"http://elsewhere.test:{port}/?a.images.test:{port}",
        f"http://a.images.test:{port}@elsewhere.test:{port}/image/png",
        f"http://a.images.test:{port}\\@elsewhere.test:{port}/image/png",
        f"http://elsewhere.test:{port}\\.images.test:{port}/image/png",
        "http://a.images.test/image/png",
        f"http://a.images.test:{port}:80/image/png",
        f"http://a.images.test:{port}/image/png\r\nx: y",
        f"http://a.images.test:{port}/image/png HTTP/1.1",
        f"http://a.images.test\u3002elsewhere.test:{port}/image/png",
    ]


@pytest.mark.parametrize("at", range(12))
def test_who_is_not_on_the_list_is_not_asked(ask, server, running_emulator, at):
    before = running_emulator.count()
    answer = ask("image/png", elsewhere(server.port)[at])
    refusal(answer, "unsupported_url", at=2)
    assert running_emulator.count() == before and server.seen == []


LOOPBACKS = ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "127.0.0.01", "0"]
LOOPBACKS += ["[::1]", "[::ffff:127.0.0.1]", "[0:0:0:0:0:ffff:7f00:1]", "[64:ff9b::7f00:1]", "127.0.0.1.", "[::]"]


@pytest.mark.parametrize("host", LOOPBACKS)
def test_no_spelling_of_an_address_gets_past_the_list(begin, ask, server, host):
    gateway = begin(hosts=[f"*.images.test:{server.port}", f"*.other.test:{server.port}"])
    answer = ask(f"http://{host}:{server.port}/image/png", through=gateway)
    refusal(answer, "unsupported_url")
    assert server.seen == []


def test_an_address_is_asked_where_it_is_listed_and_its_network_is(begin, ask, emulator, server):
    url = f"http://127.0.0.1:{server.port}/image/png"
    assert ask(url).status == 200
    refusal(ask(url, through=begin(private_networks=["10.0.0.0/8"])), "unsupported_url")
    assert server.paths == ["/image/png"]


# First with a connection that is new, then with the host known.
@pytest.mark.parametrize("host", ["localhost", "a.images.test", "127.0.0.1"])
def test_a_name_of_a_private_address_is_not_asked(begin, ask, server, host):
    gateway = begin(private_networks=[], per_request=3)
    url = f"http://{host}:{server.port}/image/png"
    for _ in range(3):
        message = refusal(ask(url, through=gateway), "unsupported_url")
        assert "127.0.0.1" not in message
    refusal(ask(url, f"{url}?2", through=gateway), "unsupported_url")
    assert server.seen == []


METADATA = ["169.254.169.254", "169.254.170.2", "0xa9fea9fe", "[fd00:ec2::254]", "[::ffff:169.254.169.254]"]


@pytest.mark.parametrize("host", ["metadata.images.test", *METADATA])
def test_instance_metadata_is_never_asked(begin, ask, server, host):
    """Neither by a name nor by its address, whatever is listed and opened."""
    hosts = [f"{host}:{server.port}", f"a.images.test:{server.port}"]
    gateway = begin(hosts=hosts, private_networks=["0.0.0.0/0", "::/0", "169.254.0.0/16"])
    for _ in range(2):
        refusal(ask(f"http://{host}:{server.port}/image/png", through=gateway), "unsupported_url")
    assert server.seen == []
    assert ask("image/png", through=gateway).status == 200


@pytest.mark.parametrize("host", ["metadata.images.test", "v6.images.test"])
def test_an_exception_is_for_its_network_only(ask, server, host):
    refusal(ask(f"http://{host}:{server.port}/image/png"), "unsupported_url")
    assert server.seen == []


def test_envoy_drops_private_addresses_of_names_before(begin, ask, server):
    """The sample's own wall, and all that stands before the second address of a name."""

    def without(*networks):
        def patch(config):
            for name in ["images", "images-http"]:
                ranges = dns_cache(config, name)["resolved_address_filter"]["ranges"]
                ranges[:] = [found for found in ranges if found["address_prefix"] not in networks]

        return patch

    everywhere = {"address_filter": True, "private_networks": [LOOPBACK, "240.0.0.0/8"]}
    assert ask("image/png", through=begin(**everywhere)).status == 400
    both = f"http://both.images.test:{server.port}/image/png"
    gateway = begin(without("224.0.0.0"), address_filter=True, private_networks=["240.0.0.0/8"])
    assert ask(both, through=gateway).status == 400
    assert server.seen == []
    # It is that wall and no other.
    assert ask(both, through=begin(without("224.0.0.0", "127.0.0.0"), **everywhere)).status == 200


def test_a_redirect_is_followed(ask, emulator, server):
    port = server.port
    for path in ["to/302/image/png", "to/301/x?//b.images.test:%d/image/png" % port, "to/307/x?../../image/png"]:
        assert ask(path).status == 200, path
    assert ask(f"to/308/to/303/x?http://b.images.test:{port}/image/gif").status == 200
    assert len(emulator.requests()) == 4


@pytest.mark.parametrize("place", ["//elsewhere.test:%d/image/png", "http://169.254.169.254/x", "file:///etc/passwd"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_leads_nowhere_else(ask, server, status, place):
    location = place % server.port if "%d" in place else place
    refusal(ask(f"to/{status}/x?{location}"), "unsupported_url")
    assert len(server.seen) == 1


def test_a_redirect_to_a_private_address_is_not_followed(ask, server):
    refusal(ask(f"to/302/x?http://v6.images.test:{server.port}/image/png"), "unsupported_url")
    assert len(server.seen) == 1


def test_redirects_have_an_end(ask, server):
    assert "too often" in refusal(ask("loop"), "invalid_image_url")
    assert len(server.seen) == 3
    refusal(ask("nowhere"), "invalid_image_url")


@pytest.mark.parametrize("status", [201, 204, 304, 400, 401, 403, 404, 429, 500, 503, 504])
def test_what_is_not_there_is_refused(ask, server, running_emulator, status):
    before = running_emulator.count()
    message = refusal(ask(f"status/{status}"), "invalid_image_url")
    assert "127.0.0.1" not in message and str(server.port) not in message
    assert running_emulator.count() == before


@pytest.mark.parametrize("path", ["html", "empty"])
def test_what_is_no_image_is_refused(ask, path):
    refusal(ask(path), "invalid_image")


@pytest.mark.parametrize("how", ["bytes", "chunked"])
def test_an_image_may_have_so_many_bytes_and_not_one_more(ask, emulator, how):
    assert ask(f"{how}/1000000").status == 200
    assert "too large" in refusal(ask(f"{how}/1000001"), "invalid_image_url")


def test_an_image_may_be_larger_than_what_envoy_buffers_by_default(begin, ask, emulator):
    assert ask("bytes/3500000", "chunked/3000000", through=begin()).status == 200
    assert [len(data) for _, data in images_of(emulator.body())] == [3_500_000, 3_000_000]


def memory(gateway):
    """What Envoy holds, bytes."""
    with open(f"/proc/{gateway.pid}/statm") as statm:
        return int(statm.read().split()[1]) * 4096


@pytest.mark.parametrize("status", ["", "302", "404"])
def test_a_body_without_end_is_cut_off(ask, gateway, server, status):
    before = memory(gateway)
    begun = time.monotonic()
    answer = ask(f"endless/{status}")
    assert time.monotonic() - begun < 1.5
    refusal(answer, "invalid_image_url")
    assert server.gone.wait(5)
    assert server.sent < 50_000_000 and memory(gateway) - before < 50_000_000


@pytest.mark.parametrize("path", ["slow/9", "drip/9"])
def test_who_is_slow_is_given_up(ask, path):
    begun = time.monotonic()
    assert "too long" in refusal(ask(path), "invalid_image_url")
    assert 1.5 < time.monotonic() - begun < 4


def test_redirects_do_not_make_more_time(ask, server):
    begun = time.monotonic()
    refusal(ask("to/302/slow/9"), "invalid_image_url")
    assert time.monotonic() - begun < 4


@pytest.mark.parametrize("when", ["before", "middle"])
def test_a_server_that_goes_away_is_told(ask, when):
    refusal(ask(f"close/{when}"), "invalid_image_url")


def test_a_name_that_nobody_knows_is_told(ask, server):
    refusal(ask(f"http://unknown.images.test:{server.port}/image/png"), "invalid_image_url")


def test_when_the_client_leaves_bedrock_is_not_asked(gateway, server, running_emulator):
    before = running_emulator.count()
    with gateway.connection() as connection:
        body = json.dumps(chat(server, "slow/9", "image/png"))
        headers = {"authorization": f"Bearer {connection.key}"}
        connection.http.request("POST", "/v1/chat/completions", body, headers)
        deadline = time.monotonic() + 5
        while len(server.seen) < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
    # Envoy has no way to call a fetch off, so its time has to pass.
    assert server.gone.wait(4)
    assert running_emulator.count() == before
    with gateway.connection() as connection:
        assert connection.chat(chat(server, "image/png")).status == 200


def test_where_it_is_not_configured_an_address_is_refused(start, server, running_emulator):
    gateway = start()
    before = running_emulator.count()
    with gateway.connection() as connection:
        refusal(connection.chat(chat(server, "image/png")), "unsupported_url")
    assert server.seen == [] and running_emulator.count() == before


def test_without_a_cluster_for_http_only_https_is_asked(begin, ask, server):
    refusal(ask("image/png", through=begin(http_cluster=None)), "unsupported_url")
    assert server.seen == []


def test_what_a_body_may_be_it_may_be_with_its_images(begin, ask, server, emulator):
    gateway = begin(changes={"limits": {"body_bytes": 100_000}})
    assert ask("bytes/60000", through=gateway).status == 200
    for urls in [["bytes/80000"], ["bytes/60000", "bytes/60001"], ["bytes/40000", "bytes/40000"]]:
        answer = ask(*urls, through=gateway)
        assert (answer.status, answer.error["code"]) == (413, "request_too_large"), urls
    assert len(emulator.requests()) == 1


def test_more_than_so_many_are_refused_before_any_is_fetched(ask, server):
    urls = [f"image/png?{at}" for at in range(5)]
    assert ask(*urls[:4]).status == 200
    server.seen.clear()
    refusal(ask(*urls), "too_many_images", at=5)
    assert server.seen == []


def test_the_sdk_gets_its_exception(gateway, server):
    with gateway.openai() as client, pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(**chat(server, "html"))
    assert caught.value.param == "messages[1].content[1].image_url.url"


def test_embeddings_are_not_looked_into(gateway, emulator, server):
    with gateway.openai() as client:
        client.embeddings.create(
            model="text-embedding-3-small", input=f"http://a.images.test:{server.port}/", encoding_format="float"
        )
    assert server.seen == []


# When Envoy and its clusters are not as they should be.


def test_a_cluster_that_is_not_there_is_told(begin, ask):
    answer = ask("image/png", through=begin(http_cluster="no-such-cluster"))
    assert (answer.status, answer.error["code"]) == (500, "gateway_error")


def test_a_cluster_that_takes_no_more_is_told(begin, ask, server):
    def full(config):
        for name in ["images", "images-http"]:
            thresholds = [{"max_requests": 0, "max_pending_requests": 0}]
            cluster(config, name)["circuit_breakers"] = {"thresholds": thresholds}

    gateway = begin(full)
    for _ in range(3):
        answer = ask("image/png", "image/gif", through=gateway)
        # The first time the name has to be found, then it is refused at once.
        assert (answer.status, answer.error["code"]) in [(400, "invalid_image_url"), (400, "unsupported_url")]
    assert server.seen == []


def test_an_answer_that_nobody_has_looked_at_is_not_taken(begin, ask, server, running_emulator):
    def unguarded(config):
        [options] = cluster(config, "images-http")["typed_extension_protocol_options"].values()
        del options["http_filters"]

    before = running_emulator.count()
    answer = ask("image/png", through=begin(unguarded))
    assert (answer.status, answer.error["code"]) == (500, "gateway_error")
    assert running_emulator.count() == before


def test_a_vm_that_is_shared_with_the_fetch_role_is_refused(begin):
    def shared(config):
        for plugin in envoy_config.wasm_plugins(config):
            plugin["vm_config"]["vm_id"] = "bedrock"

    with pytest.raises(Problem, match="vm_id: the role 'fetch' needs a VM of its own"):
        begin(shared)


def test_the_fetch_role_needs_its_configuration(running_emulator, names):
    def without(config):
        for plugin in envoy_config.wasm_plugins(config):
            plugin["configuration"]["value"].pop("images", None)

    with pytest.raises(Problem, match="configuration: images: missing"):
        Gateway.start(running_emulator.endpoint, patch=over_http(names, (without,)), sample=SAMPLE)


# Over TLS, as the sample has it.


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """Of `a.images.test` and nobody else, and whom to trust for it."""
    folder = tmp_path_factory.mktemp("tls")
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    command += ["-subj", "/CN=test", "-addext", "subjectAltName=DNS:a.images.test"]
    command += ["-keyout", folder / "key.pem", "-out", folder / "certificate.pem"]
    subprocess.run(command, check=True, capture_output=True)
    return folder / "certificate.pem", folder / "key.pem"


def test_over_tls_the_certificate_has_to_be_the_names(begin, emulator, certificate):
    def trusting(config):
        context = cluster(config)["transport_socket"]["typed_config"]["common_tls_context"]
        context["validation_context"]["trusted_ca"]["filename"] = str(certificate[0])

    with Server(certificate) as server:
        gateway = begin(trusting, hosts=[f"*.images.test:{server.port}"], http_cluster=None)
        with gateway.connection() as connection:
            answer = connection.chat(chat(server, f"https://a.images.test:{server.port}/image/png"))
            assert answer.status == 200 and images_of(emulator.body()) == [("png", PNG)]
            answer = connection.chat(chat(server, f"https://b.images.test:{server.port}/image/png"))
            refusal(answer, "invalid_image_url")
        assert server.paths == ["/image/png"]


def test_what_is_on_its_way_for_clients_that_are_gone_is_counted(begin, server, ask):
    """Envoy cannot call off what a VM calls: it stays until its time is over. A native module's it calls off with the client."""
    each, most = 4_800_000, 16_000_000
    gateway = begin(changes={"limits": {"worker_bytes": most}}, bytes=5_000_000, timeout_seconds=3)

    def is_busy():
        answer = ask("bytes/3000000", through=gateway)
        if answer.status == 200:
            return False
        assert (answer.status, answer.error["code"]) == (503, "gateway_busy"), answer
        assert answer.headers["retry-after"] == "1"
        return True

    # The first is slow: a VM is new.
    assert ask("image/png", through=gateway).status == 200
    with contextlib.ExitStack() as clients:
        for _ in range(3):
            connection = clients.enter_context(gateway.connection())
            body = json.dumps(chat(server, f"stall/{each}")).encode()
            connection.http.request("POST", "/v1/chat/completions", body, {"authorization": f"Bearer {KEY}"})
            before, deadline = server.sent, time.monotonic() + 10
            while server.sent == before and time.monotonic() < deadline:
                time.sleep(0.01)
        time.sleep(0.2)
        assert is_busy(), "of clients that are there"
    time.sleep(0.2)
    assert is_busy() is not native.is_chosen()
    assert ask("image/png", through=gateway).status == 200, "a small one goes on"
    time.sleep(3)
    assert not is_busy()
