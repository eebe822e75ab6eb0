"""An API server of Kubernetes, with etcd and nothing else: no kubelet, no controllers. It takes objects as any does."""

import contextlib
import gzip
import json
import os
import subprocess

import kube
import processes
from conftest import HERE

URL = "https://127.0.0.1:6443"
ETCD = "http://127.0.0.1:2379"
CONFIG = {
    "apiVersion": "v1",
    "kind": "Config",
    "current-context": "test",
    "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
    "clusters": [{"name": "test", "cluster": {"server": URL, "insecure-skip-tls-verify": True}}],
    "users": [{"name": "test", "user": {"token": "test"}}],
}


# What our copies of Gateway API's definitions lack: Kubernetes asks for the one, istiod for the other.
ANNOTATIONS = {
    "api-approved.kubernetes.io": "unapproved: for tests",
    "gateway.networking.k8s.io/bundle-version": "v1.6.1",
}


def definitions():
    for one in json.loads(gzip.decompress(kube.CRDS.read_bytes()))["items"]:
        if one["spec"]["group"] == "gateway.networking.k8s.io":
            one["metadata"]["annotations"] = ANNOTATIONS
        yield one


class Cluster:
    def __init__(self, directory):
        self.directory = directory
        self.kubeconfig = directory / "kubeconfig"
        self.kubeconfig.write_text(json.dumps(CONFIG))
        (directory / "tokens.csv").write_text("test,test,1,system:masters\n")
        key = directory / "key.pem"
        public = ["rsa", "-in", key, "-pubout", "-out", directory / "public.pem"]
        for command in (["genrsa", "-out", key, "2048"], public):
            subprocess.run(["openssl", *command], check=True, capture_output=True)

    def __enter__(self):
        data = ["--data-dir", self.directory / "etcd", "--unsafe-no-fsync", "--log-level", "warn"]
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.directory)}
        self.etcd = processes.Process("etcd", [HERE / "etcd", *data], environment)
        self.server = processes.Process("kube-apiserver", self.command(), environment)
        try:
            self.server.wait_for("readyz", self.is_ready)
            self.apply(list(definitions()))
            self.kubectl("wait", "--for=condition=Established", "--timeout=60s", "crd", "--all")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.server.__exit__()
        self.etcd.__exit__()

    def command(self):
        options = {
            "etcd-servers": ETCD,
            "cert-dir": self.directory / "certificates",
            "secure-port": 6443,
            "bind-address": "127.0.0.1",
            "advertise-address": "127.0.0.1",
            "endpoint-reconciler-type": "none",
            "service-cluster-ip-range": "10.96.0.0/16",
            "service-account-issuer": "https://kubernetes.default.svc",
            "service-account-key-file": self.directory / "public.pem",
            "service-account-signing-key-file": self.directory / "key.pem",
            "token-auth-file": self.directory / "tokens.csv",
            "authorization-mode": "RBAC",
            # It waits for accounts that a controller makes.
            "disable-admission-plugins": "ServiceAccount",
        }
        return [HERE / "kube-apiserver", *(f"--{name}={value}" for name, value in options.items())]

    def is_ready(self):
        try:
            return self.kubectl("get", "--raw", "/readyz") == "ok"
        except kube.Failed:
            return False

    def kubectl(self, *arguments, given=None):
        command = [kube.TOOLS / "kubectl", "--kubeconfig", self.kubeconfig, *arguments]
        environment = kube.ENVIRONMENT | {"HOME": str(self.directory)}
        done = subprocess.run(list(map(str, command)), input=given, capture_output=True, text=True, env=environment)
        if done.returncode:
            raise kube.Failed(done.stdout + done.stderr)
        return done.stdout

    def apply(self, found, *options):
        """One object or several, as `kubectl apply` sends them: an unknown field is an error."""
        items = found if "kind" in found else {"apiVersion": "v1", "kind": "List", "items": list(found)}
        how = ("--server-side", "--force-conflicts", "--validate=strict", "--filename", "-")
        return self.kubectl("apply", *how, *options, given=json.dumps(items))

    def namespace(self, name, labels=()):
        self.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": dict(labels)}})

    def waited(self, kind, name, namespace="bedrock"):
        """An object that a controller makes."""

        def found():
            with contextlib.suppress(kube.Failed):
                return json.loads(self.kubectl("get", kind, name, "--namespace", namespace, "--output", "json"))

        return self.server.wait_for(f"{kind} {name}", found)

    def empty(self, namespace, kinds):
        """No object of these kinds is left."""
        how = ("--all", "--namespace", namespace, "--grace-period=0", "--force", "--ignore-not-found", "--wait=false")
        self.kubectl("delete", ",".join(kinds), *how)
