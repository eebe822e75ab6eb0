"""Every object of the manifests and of the chart, as an API server takes it: by its schema and by rules (CEL)."""

import copy

import pytest

import kube
from cluster import Cluster

FOUND = {f"deploy/{name}": lambda name=name: kube.kustomized(name) for name in kube.KUSTOMIZATIONS} | {
    f"chart, {name}": lambda name=name: kube.template(name) for name in kube.VALUES
}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with Cluster(tmp_path_factory.mktemp("cluster")) as cluster:
        cluster.namespace("bedrock")
        yield cluster


def sent(cluster, *found):
    """Server-side dry run: all of admission, and nothing is kept."""
    return cluster.apply(found, "--dry-run=server", "--namespace", "bedrock")


@pytest.mark.parametrize("name", FOUND)
def test_an_api_server_takes_every_object(cluster, name):
    # Prometheus Operator's definitions are not here.
    found = [one for one in FOUND[name]() if not one["apiVersion"].startswith("monitoring.coreos.com/")]
    taken = sent(cluster, *found)
    assert taken.count("serverside-applied (server dry run)") == len(found), taken


# A rule of each project's, to know that they hold here.
BROKEN = {
    "Backend": lambda spec: spec["endpoints"].append({"ip": {"address": "10.0.0.1", "port": 443}}),
    "HTTPRoute": lambda spec: spec["rules"][0]["timeouts"].update(request="10s", backendRequest="20s"),
    "DestinationRule": lambda spec: spec.update(workloadSelector={"matchLabels": {"": "x"}}),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_it_refuses_what_a_rule_forbids(cluster, kind):
    directory = "istio/gateway" if kind == "DestinationRule" else "envoy-gateway/listeners-v2"
    found = copy.deepcopy(kube.one(kube.kustomized(directory), kind))
    BROKEN[kind](found["spec"])
    with pytest.raises(kube.Failed, match="Invalid value"):
        sent(cluster, found)


def test_it_refuses_a_field_that_is_unknown(cluster):
    found = kube.one(kube.kustomized("kubernetes"), "Deployment")
    found["spec"]["template"]["spec"]["containerz"] = []
    with pytest.raises(kube.Failed, match="containerz"):
        sent(cluster, found)
