"""istiod, at an API server, and its proxies: pilot-agent, as its pod would start it, with our Envoy."""

import contextlib
import json
import os
import signal
import subprocess
import urllib.request
from pathlib import Path

import answers
import kube
import kubelet
import processes
from conftest import HERE

CHART = HERE / "istio/manifests/charts/istio-control/istio-discovery"
BOOTSTRAP = HERE / "istio/tools/packaging/common/envoy_bootstrap.json"
HOST = "istiod.istio-system.svc"
# What only Istio's own build of Envoy has: its metrics, and how proxies know each other.
VALUES = ("--set", "telemetry.enabled=false")
VARIABLES = {"PILOT_ENABLE_METADATA_EXCHANGE": "false", "PILOT_ENABLE_ALPN_FILTER": "false"}


class Istiod:
    def __init__(self, cluster):
        self.cluster = cluster

    def __enter__(self):
        with Path("/etc/hosts").open("a") as hosts:
            hosts.write(f"127.0.0.1 {HOST}\n")
        self.cluster.namespace("istio-system")
        self.cluster.apply(list(installed()))
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": "/root",
            "POD_NAME": "istiod-1",
            "POD_NAMESPACE": "istio-system",
            "SERVICE_ACCOUNT": "istiod",
            "PILOT_CERT_PROVIDER": "istiod",
            "CLUSTER_ID": "Kubernetes",
            "REVISION": "default",
        }
        options = ("--kubeconfig", self.cluster.kubeconfig, "--domain", "cluster.local")
        command = [HERE / "pilot-discovery", "discovery", *options]
        self.process = processes.Process("istiod", command, environment | VARIABLES)
        try:
            self.process.wait_for("ready", lambda: answered("http://127.0.0.1:8080/ready"))
        except BaseException:
            self.process.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.__exit__()


def installed():
    """The objects of Istio's own chart; its webhooks are called where istiod listens here."""
    for one in kube.objects(kube.run("helm", "template", "istiod", CHART, "--namespace", "istio-system", *VALUES)):
        if one["kind"] in ("Deployment", "HorizontalPodAutoscaler", "PodDisruptionBudget"):
            continue
        for webhook in one.get("webhooks", ()):
            service = webhook["clientConfig"].pop("service")
            webhook["clientConfig"]["url"] = f"https://{HOST}:15017{service['path']}"
        yield one


class Proxy:
    """The istio-proxy container of a pod."""

    def __init__(self, cluster, pod):
        self.container = kubelet.Container(cluster, pod, "istio-proxy", HERE / "pilot-agent", answers.VARIABLES)

    def __enter__(self):
        subprocess.run(["ip", "address", "replace", f"{kubelet.IP}/32", "dev", "lo"], check=True)
        template = Path("/var/lib/istio/envoy/envoy_bootstrap_tmpl.json")
        template.parent.mkdir(parents=True, exist_ok=True)
        template.write_bytes(BOOTSTRAP.read_bytes())
        self.process = self.container.start()
        return self

    def __exit__(self, *_):
        # Envoy too, without waiting for connections.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.child.pid, signal.SIGKILL)
        self.process.child.wait()

    def wait(self):
        self.process.wait_for("ready", lambda: answered("http://127.0.0.1:15021/healthz/ready"))

    def dump(self, kind, name):
        """What Envoy says that it has of a kind, under a name of it."""
        with urllib.request.urlopen("http://127.0.0.1:15000/config_dump", timeout=20) as answer:
            configs = json.load(answer)["configs"]
        return [found for one in configs if one["@type"].endswith(f".{kind}ConfigDump") for found in one.get(name, ())]


def answered(url):
    with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5) as answer:
        return answer.status == 200
    return False
