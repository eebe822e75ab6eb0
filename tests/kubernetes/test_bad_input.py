"""What is wrong is told where somebody looks, and lets no half of it run: by Envoy's log, and by probes that fail."""

import http.client

import pytest

import kube
import processes
import proxies
from conftest import BARE_ENVOY, OLD_ENVOY, POD
from settings import Problem
from test_run import answered, until


def told(proxy, text):
    """The log has it, sooner or later."""
    proxy.process.wait_for(text, lambda: text in proxy.log)


def status(proxy, port, path):
    connection = http.client.HTTPConnection("127.0.0.1", proxy.ports[port], timeout=10)
    connection.request("GET", path)
    return connection.getresponse().status


WRONG = {
    # A field of the filter's configuration, which the chart passes on.
    "misspelt": (["--set", "config.regoin=x"], POD, "configuration: regoin: unknown; known here are"),
    # A Secret without one of the variables.
    "a variable that is missing": (
        [],
        {name: value for name, value in POD.items() if name != "WEB_KEY"},
        "configuration: api_keys[0].key: the environment variable WEB_KEY is not set",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_pod_whose_configuration_the_filter_refuses_never_becomes_ready_and_says_why(what, world):
    options, environment, said = WRONG[what]
    found = kube.template("envoy", *options)
    with proxies.plain(found, world) as proxy:
        proxy.start(environment, ready=False)
        told(proxy, "bedrock filter: " + said)
        # Envoy itself is ready, and answers 500: it is the startup probe that keeps the pod from the service.
        until(200, lambda: reached(proxy, 9902, "/ready"))
        until(500, lambda: reached(proxy, 8080, "/health"), 60)
    envoy = kube.one(found, "Deployment")["spec"]["template"]["spec"]["containers"][0]
    assert envoy["startupProbe"]["httpGet"] == {"path": "/health", "port": "http"}


def reached(proxy, port, path):
    try:
        return status(proxy, port, path)
    except OSError:
        return None


def test_a_change_that_the_filter_refuses_changes_nothing_in_pods_that_run(world):
    wrong = kube.template("envoy", "--set", "config.models[0].name=gpt-4o,config.models[0].modle=x")
    with proxies.plain(kube.template("envoy"), world) as proxy:
        proxy.start(POD)
        until(200, lambda: answered(proxy).status)
        proxy.update("/etc/bedrock", kube.one(wrong, "ConfigMap", "bedrock-policy")["data"])
        told(proxy, "configuration: models[0].modle: unknown")
        assert answered(proxy).status == 200
        connection = http.client.HTTPConnection("127.0.0.1", proxy.ports[9902], timeout=10)
        connection.request("GET", "/stats/prometheus")
        metrics = connection.getresponse().read().decode()
    rejected = [line for line in metrics.splitlines() if "update_rejected" in line and not line.startswith("#")]
    assert any(float(line.rpartition(" ")[2]) for line in rejected), rejected


def test_a_secret_that_is_missing_keeps_the_container_from_starting():
    """Kubernetes says so by itself (CreateContainerConfigError) where a reference is not optional."""
    pod = kube.one(kube.kustomized("kubernetes"), "Deployment")["spec"]["template"]["spec"]
    assert pod["containers"][0]["envFrom"] == [{"secretRef": {"name": "bedrock-filter"}}]


def test_a_policy_without_one_of_its_files_stops_envoy_at_start(world):
    found = kube.of_kind(kube.template("envoy"), "ConfigMap", "bedrock-policy")
    del found[0]["data"]["upstream.yaml"]
    others = [one for one in kube.template("envoy") if one["metadata"]["name"] != "bedrock-policy"]
    with proxies.plain([*others, *found], world) as proxy, pytest.raises(Problem, match=r"upstream.yaml' does not exist"):
        proxy.start(POD)


def test_a_pod_without_a_pod_identity_association_stops_at_start_and_names_the_file(world):
    """EKS adds the token's volume to pods whose service account has an association, and to no others."""
    with proxies.plain(kube.template("envoy"), world) as proxy:
        (proxy.volumes["/var/run/secrets/pods.eks.amazonaws.com/serviceaccount"].path / "eks-pod-identity-token").unlink()
        with pytest.raises(Problem, match="eks-pod-identity-token"):
            proxy.start(POD)


@pytest.mark.skipif(not OLD_ENVOY.exists(), reason="make test-envoys has it")
def test_an_envoy_that_is_too_old_does_not_start_and_names_what_it_lacks(world):
    with proxies.plain(kube.template("envoy"), world) as proxy, pytest.raises(Problem, match="tcp_keepalive"):
        proxy.envoy = OLD_ENVOY
        proxy.start(POD)


@pytest.mark.skipif(not BARE_ENVOY.exists(), reason="make test-envoys has it")
def test_an_envoy_without_v8_never_becomes_ready_and_says_so(world):
    with proxies.plain(kube.template("envoy"), world) as proxy:
        proxy.envoy = BARE_ENVOY
        proxy.start(POD, ready=False)
        told(proxy, "envoy.wasm.runtime.v8 runtime. Envoy was compiled without support for it")
        until(200, lambda: reached(proxy, 9902, "/ready"))
        until(500, lambda: reached(proxy, 8080, "/health"), 60)
