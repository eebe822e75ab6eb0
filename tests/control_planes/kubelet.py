"""What kubelet and controllers do for a container of a pod: a Pod in the API, variables, files, and its program."""

import base64
import json
import os
import re
import shutil
from pathlib import Path

import processes

IP = "10.0.0.10"


def pod_of(deployment, name):
    """The pod of a Deployment, as its controllers would make one."""
    template = deployment["spec"]["template"]
    metadata = template["metadata"] | {"name": name, "namespace": deployment["metadata"]["namespace"]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}


def created(cluster, pod):
    """The Pod as the API has it: scheduled, with an address, ready; webhooks have had their say."""
    namespace, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
    cluster.kubectl("create", "--filename", "-", given=json.dumps(pod))
    status = {"phase": "Running", "podIP": IP, "podIPs": [{"ip": IP}], "hostIP": "10.0.0.1"}
    status["conditions"] = [{"type": name, "status": "True"} for name in ("Ready", "ContainersReady", "PodScheduled")]
    patch = json.dumps({"status": status})
    cluster.kubectl("patch", "pod", name, "-n", namespace, "--subresource=status", "--type=merge", "--patch", patch)
    return json.loads(cluster.kubectl("get", "pod", name, "-n", namespace, "-o", "json"))


def endpoint(cluster, service, pod, port):
    """The Service leads to the pod."""
    target = {"kind": "Pod", "name": pod["metadata"]["name"], "namespace": "bedrock"}
    made = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": service, "namespace": "bedrock", "labels": {"kubernetes.io/service-name": service}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": [IP], "targetRef": target}],
        "ports": [{"name": "http", "port": port, "protocol": "TCP"}],
    }
    cluster.apply(made)


class Container:
    """One container of a pod, as a program of this machine."""

    def __init__(self, cluster, pod, name, program, variables=()):
        self.cluster, self.pod, self.program = cluster, pod, program
        containers = [*pod["spec"]["containers"], *pod["spec"].get("initContainers", ())]
        [self.container] = [one for one in containers if one["name"] == name]
        self.variables = {"PATH": os.environ["PATH"], "HOME": "/root"} | self.environment() | dict(variables)

    def start(self):
        self.mount()
        arguments = [self.expanded(part) for part in self.container["args"]]
        name = f"{self.pod['metadata']['name']}-{self.container['name']}"
        return processes.Process(name, ["env", "--chdir=/", self.program, *arguments], self.variables)

    def get(self, kind, name):
        namespace = self.pod["metadata"]["namespace"]
        return json.loads(self.cluster.kubectl("get", kind, name, "-n", namespace, "-o", "json"))

    def secret(self, name):
        return {key: base64.b64decode(value).decode() for key, value in self.get("secret", name)["data"].items()}

    def expanded(self, text):
        return re.sub(r"\$\((\w+)\)", lambda found: self.variables[found[1]], text)

    def environment(self):
        made = {}
        for source in self.container.get("envFrom", ()):
            made |= self.secret(source["secretRef"]["name"])
        for one in self.container.get("env", ()):
            made[one["name"]] = self.value(one.get("valueFrom"), one.get("value", ""))
        return made

    def value(self, source, text):
        if not source:
            return text
        if "fieldRef" in source:
            found = self.pod
            for part in source["fieldRef"]["fieldPath"].split("."):
                found = found.get(part, "")
            return found
        if "resourceFieldRef" in source:
            return "2"
        reference = source.get("secretKeyRef") or source["configMapKeyRef"]
        return self.secret(reference["name"])[reference["key"]]

    def mount(self):
        volumes = {one["name"]: one for one in self.pod["spec"]["volumes"]}
        for mount in self.container["volumeMounts"]:
            files = self.files(volumes[mount["name"]])
            if files is None:
                continue
            directory = Path(mount["mountPath"])
            shutil.rmtree(directory, ignore_errors=True)
            directory.mkdir(parents=True)
            for name, text in files.items():
                (directory / name).write_text(text)

    def files(self, volume):
        """What is in a volume; none where this machine has it already."""
        if "emptyDir" in volume:
            return {}
        if "configMap" in volume:
            found = self.cluster.waited("configmap", volume["configMap"]["name"], self.pod["metadata"]["namespace"])
            return found["data"]
        if "downwardAPI" in volume:
            return {one["path"]: self.lines(one["fieldRef"]["fieldPath"]) for one in volume["downwardAPI"]["items"]}
        if "projected" in volume:
            [source] = volume["projected"]["sources"]
            token = source["serviceAccountToken"]
            account, namespace = self.pod["spec"]["serviceAccountName"], self.pod["metadata"]["namespace"]
            arguments = ("create", "token", account, "-n", namespace, "--audience", token["audience"])
            return {token["path"]: self.cluster.kubectl(*arguments)}
        assert "image" in volume or "csi" in volume, volume
        return None

    def lines(self, path):
        """Labels and annotations, as the downward API writes them."""
        found = self.pod["metadata"].get(path.removeprefix("metadata."), {})
        return "".join(f"{name}={json.dumps(value)}\n" for name, value in found.items())
