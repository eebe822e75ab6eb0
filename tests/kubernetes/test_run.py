"""The very configuration in the manifests and of the chart, in the real Envoy: a chat, a stream, a refusal."""

import json
import time

import pytest

import kube
import proxies
from conftest import POD
from proxies import KEY, World

BODY = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Say hello."}]}
PLACES = {
    "kubernetes": lambda: (kube.kustomized("kubernetes"), proxies.plain),
    "istio gateway": lambda: (kube.kustomized("istio/gateway"), proxies.istio),
    "istio egress": lambda: (kube.kustomized("istio/egress"), proxies.istio),
    "istio sidecar": lambda: (kube.kustomized("istio/sidecar"), proxies.istio),
    "envoy gateway, v2": lambda: (kube.kustomized("envoy-gateway/listeners-v2"), proxies.envoy_gateway),
    "envoy gateway, v1": lambda: (kube.kustomized("envoy-gateway/listeners-v1"), proxies.envoy_gateway),
    "chart, https and IRSA": lambda: (kube.template("envoy-gateway-v1"), proxies.envoy_gateway),
}


def answered(proxy, key=KEY, **body):
    with proxy.connection(key) as connection:
        return connection.chat(BODY | body)


def until(expected, ask, seconds=20):
    end = time.monotonic() + seconds
    while (found := ask()) != expected:
        assert time.monotonic() < end, found
        time.sleep(0.1)


@pytest.fixture(params=PLACES)
def proxy(request, world, frankfurt):
    found, made = PLACES[request.param]()
    if "IRSA" in request.param:
        world = World(frankfurt.endpoint, world.credentials)
    with made(found, world) as proxy:
        yield proxy.start(POD)


def test_a_chat_a_stream_and_a_refusal_go_through_it(proxy):
    # Credentials are fetched in the background.
    until(200, lambda: answered(proxy).status)
    chat = answered(proxy)
    assert chat.json["choices"][0]["message"]["content"]
    stream = answered(proxy, stream=True)
    *_, last = stream.events
    assert stream.status == 200 and last == "[DONE]"
    refused = answered(proxy, key="sk-of-nobody")
    assert (refused.status, refused.error["code"]) == (401, "invalid_api_key")
    # Beyond every limit that a proxy has by itself, and then beyond the filter's.
    large = answered(proxy, messages=[{"role": "user", "content": "a" * 3_000_000}])
    assert large.status == 200, large
    # Envoy's own refusals have OpenAI's shape.
    with proxy.connection() as connection:
        refused = connection.ask("GET", "/v1/models", headers={"x-large": "a" * 70_000})
    assert (refused.status, refused.error["code"]) == (431, "request_refused")
    with proxy.connection() as connection:
        models = connection.ask("GET", "/v1/models").json["data"]
    assert "gpt-4o" in [model["id"] for model in models]
    assert "critical" not in proxy.log and "update_rejected" not in proxy.log


def test_both_names_of_listeners_are_envoy_gateways():
    v1, v2 = (proxies.names_of_listeners(kube.kustomized(f"envoy-gateway/listeners-{name}")) for name in ("v1", "v2"))
    assert (v1, v2) == ({"bedrock/bedrock/http"}, {"tcp-80"})


def test_a_key_that_is_new_in_the_configmap_is_let_in_without_a_new_pod(world):
    later = kube.template("envoy", "--set", "config.api_keys[0].name=new,config.api_keys[0].key=sk-that-is-new-in-here")
    with proxies.plain(kube.template("envoy"), world) as proxy:
        proxy.start(POD)
        until(200, lambda: answered(proxy).status)
        assert answered(proxy, "sk-that-is-new-in-here").status == 401
        proxy.update("/etc/bedrock", kube.one(later, "ConfigMap", "bedrock-policy")["data"])
        until(200, lambda: answered(proxy, "sk-that-is-new-in-here").status)
        until(401, lambda: answered(proxy).status)


def test_policy_and_keys_come_from_a_secret(world):
    """With credentials from a Secret, too: half of what the chart has by default is not there."""
    found = kube.template("envoy-secret")
    data = kube.one(kube.template("envoy", "--set", "aws.credentials=environment"), "ConfigMap", "bedrock-policy")["data"]
    secret = {"kind": "Secret", "metadata": {"name": "bedrock-policy"}, "stringData": data}
    with proxies.plain([*found, secret], world) as proxy:
        proxy.start(POD | {"AWS_BEARER_TOKEN_BEDROCK": "emulator-token"})
        assert answered(proxy).status == 200


def test_probes_and_metrics_are_seen_from_outside_and_the_admin_interface_is_not(world):
    import http.client

    with proxies.plain(kube.kustomized("kubernetes"), world) as proxy:
        proxy.start(POD)

        def ask(method, path):
            connection = http.client.HTTPConnection("127.0.0.1", proxy.ports[9902], timeout=10)
            connection.request(method, path)
            answer = connection.getresponse()
            return answer.status, answer.read()

        assert ask("GET", "/ready")[0] == 200
        assert ask("GET", "/live")[0] == 200
        assert b"envoy_server_live" in ask("GET", "/stats/prometheus")[1]
        for path in ("/", "/config_dump", "/quitquitquit", "/ready/../quitquitquit", "/stats"):
            assert ask("GET", path)[0] == 404, path
            assert ask("POST", path)[0] == 404, path
