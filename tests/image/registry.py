"""A registry on this machine, and what goes to it and comes from it by skopeo."""

import json
import re
import subprocess
import urllib.request

import processes

CONFIGURATION = """\
version: 0.1
log: {{level: info}}
storage: {{filesystem: {{rootdirectory: {directory}/blobs}}}}
http: {{addr: "127.0.0.1:0"}}
"""
LISTENS = re.compile(r"listening on 127\.0\.0\.1:(\d+)")
# What clients say that they take; a registry would else turn manifests into older ones.
MANIFESTS = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json"


class Registry:
    """Debian's docker-registry: the reference implementation."""

    def __init__(self, process, port):
        self.process, self.host = process, f"127.0.0.1:{port}"

    @classmethod
    def start(cls, directory):
        path = directory / "config.yml"
        path.write_text(CONFIGURATION.format(directory=directory))
        process = processes.Process("registry", ["docker-registry", "serve", path], {"PATH": "/usr/bin"})
        try:
            port = process.wait_for("listening", lambda: LISTENS.search(process.log.read_text(errors="replace")))[1]
        except BaseException:
            process.__exit__()
            raise
        return cls(process, port)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.__exit__()

    def get(self, path):
        request = urllib.request.Request(f"http://{self.host}/v2/{path}", headers={"accept": MANIFESTS})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.read()

    def puller(self, repository):
        """Reads a manifest by tag or digest, and blobs by digest."""
        return (
            lambda reference: self.get(f"{repository}/manifests/{reference}"),
            lambda digest: self.get(f"{repository}/blobs/{digest}"),
        )


def skopeo(*arguments):
    command = ["skopeo", "--insecure-policy", *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


def push(layout, version, registry, repository):
    insecure = ("--preserve-digests", "--dest-tls-verify=false")
    skopeo("copy", *insecure, f"oci:{layout}:{version}", f"docker://{registry.host}/{repository}:{version}")


def pull(registry, reference, layout):
    insecure = ("--preserve-digests", "--src-tls-verify=false")
    skopeo("copy", *insecure, f"docker://{registry.host}/{reference}", f"oci:{layout}:pulled")


def inspected(registry, reference):
    return json.loads(skopeo("inspect", "--tls-verify=false", f"docker://{registry.host}/{reference}"))
