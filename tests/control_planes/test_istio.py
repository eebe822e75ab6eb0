"""The manifests of Istio through istiod and its agent: what they make, our Envoy takes by their xDS, and answers."""

import contextlib
import json
import socket
import ssl
import subprocess

import pytest
import yaml

import answers
import istio
import kube
import kubelet
from cluster import Cluster
from conftest import BEDROCK

HOST = "bedrock-runtime.us-east-1.amazonaws.com"
# Whence the application connects, and its sidecar does not.
APP = "127.0.0.9"
UPSTREAM = f"outbound|8088||{HOST}"
MADE = "pods deployments services endpointslices horizontalpodautoscalers poddisruptionbudgets".split()
OURS = "gateways.gateway.networking.k8s.io httproutes envoyfilters serviceentries".split()
OURS += "destinationrules virtualservices".split()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "bedrock-filter"}}
    secret["stringData"] = {"WEB_KEY": answers.KEY}
    with Cluster(tmp_path_factory.mktemp("cluster")) as cluster, istio.Istiod(cluster):
        cluster.namespace("bedrock", {"istio-injection": "enabled"})
        account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}}
        cluster.apply([secret, account], "--namespace", "bedrock")
        yield cluster


@pytest.fixture(autouse=True)
def emptied(cluster):
    yield
    cluster.empty("bedrock", OURS + MADE)


def gateway(cluster):
    """The pod of the Deployment that istiod makes of the Gateway, behind its Service."""
    found = cluster.waited("deployment", "bedrock-istio")
    pod = kubelet.created(cluster, kubelet.pod_of(found, "bedrock-istio-1"))
    kubelet.endpoint(cluster, "bedrock-istio", pod, 80)
    return pod


def both_roles(proxy):
    """Both places have their filter, by extension discovery, and the cluster has what DestinationRule says besides."""
    extensions = {one["ecds_filter"]["name"] for one in proxy.dump("Ecds", "ecds_filters")}
    assert {"bedrock-gateway", "bedrock-upstream"} <= extensions, extensions
    clusters = {one["cluster"]["name"]: one["cluster"] for one in proxy.dump("Clusters", "dynamic_active_clusters")}
    [options] = clusters[UPSTREAM]["typed_extension_protocol_options"].values()
    assert [one["name"] for one in options["http_filters"]] == ["bedrock-upstream", "envoy.filters.http.upstream_codec"]
    assert f'"sni": "{HOST}"' in json.dumps(clusters[UPSTREAM])
    assert {"token-files", "pod-identity", "bedrock-control"} <= clusters.keys()


@pytest.mark.parametrize("place", ["gateway", "egress"])
def test_a_gateway_answers(cluster, place):
    cluster.apply(kube.kustomized(f"istio/{place}"))
    with istio.Proxy(cluster, gateway(cluster)) as proxy:
        proxy.wait()
        answers.right(80)
        both_roles(proxy)
        # BOOTSTRAP, which the agent asks for because the ConfigMap says so.
        assert "overload_manager" in proxy.dump("Bootstrap", "bootstrap")


def test_a_key_that_is_new_is_let_in(cluster):
    new = "sk-that-is-new-in-here"
    cluster.apply(kube.template("istio-gateway"), "--namespace", "bedrock")
    with istio.Proxy(cluster, gateway(cluster)) as proxy:
        proxy.wait()
        answers.until(200, lambda: answers.ask(80).status)
        assert answers.ask(80, new).status == 401
        later = kube.template("istio-gateway", "--set", f"config.api_keys[0].name=new,config.api_keys[0].key={new}")
        cluster.apply(kube.of_kind(later, "EnvoyFilter"), "--namespace", "bedrock")
        answers.until(200, lambda: answers.ask(80, new).status)
        answers.until(401, lambda: answers.ask(80).status)


def test_whoever_is_closed_in_has_no_way_but_the_egress_gateway(cluster):
    cluster.apply(kube.kustomized("istio/egress"))
    cluster.waited("service", "bedrock-istio")
    cluster.namespace("team", {"istio-injection": "enabled"})
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}}
    cluster.apply(account, "--namespace", "team")
    spec = {"serviceAccountName": "default", "containers": [{"name": "app", "image": "registry.example.com/app:1"}]}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "app-1", "namespace": "team"}, "spec": spec}

    def comes_to_bedrock():
        with contextlib.suppress(OSError), socket.create_connection((BEDROCK, 443), 10, (APP, 0)) as connection:
            ssl.create_default_context().wrap_socket(connection, server_hostname=HOST)
            return True
        return False

    with istio.Proxy(cluster, kubelet.created(cluster, pod)) as proxy, redirected(443, "--source", APP):
        proxy.wait()
        answers.until(True, comes_to_bedrock)
        cluster.apply(kube.kustomized("istio/closed"), "--namespace", "team")
        answers.until(False, comes_to_bedrock)
        names = {one["cluster"]["name"] for one in proxy.dump("Clusters", "dynamic_active_clusters")}
        assert "outbound|80||bedrock-istio.bedrock.svc.cluster.local" in names
        assert not [name for name in names if HOST in name]


@contextlib.contextmanager
def redirected(port, *whose):
    """What istio-init does, for one port: who connects to it comes to the sidecar."""
    rule = ["OUTPUT", *whose, *f"-p tcp --dport {port} -j REDIRECT --to-ports 15001".split()]
    subprocess.run(["iptables", "-t", "nat", "-A", *rule], check=True)
    try:
        yield
    finally:
        subprocess.run(["iptables", "-t", "nat", "-D", *rule], check=True)


def test_a_sidecar_answers(cluster):
    """A pod as docs/istio.md has it: istiod puts the proxy in, with the module's volume and the variables."""
    cluster.apply(kube.kustomized("istio/sidecar"))
    pod = yaml.safe_load(SIDECAR)
    pod["spec"]["containers"] = [*pod["spec"]["containers"], {"name": "app", "image": "registry.example.com/app:1"}]
    pod = kubelet.created(cluster, pod)
    with istio.Proxy(cluster, pod) as proxy, redirected(8088):
        proxy.wait()
        answers.right(8088, HOST)
        both_roles(proxy)


SIDECAR = """
apiVersion: v1
kind: Pod
metadata:
  name: assistant-1
  namespace: bedrock
  labels: {app: assistant}
  annotations:
    sidecar.istio.io/userVolume: '[{"name": "bedrock", "image": {"reference": "example.com/bedrock-filter:1"}}]'
    sidecar.istio.io/userVolumeMount: '[{"name": "bedrock", "mountPath": "/opt/bedrock", "readOnly": true}]'
    proxy.istio.io/config: |
      terminationDrainDuration: 300s
spec:
  serviceAccountName: default
  containers:
  - name: istio-proxy
    image: auto
    env:
    - {name: BOOTSTRAP_XDS_AGENT, value: "true"}
    - {name: EXIT_ON_ZERO_ACTIVE_CONNECTIONS, value: "true"}
    envFrom:
    - secretRef: {name: bedrock-filter}
"""
