"""How Istio's agent and Envoy Gateway read a module out of an image: the rules of both, by their imagefetcher.go."""

import gzip
import hashlib
import io
import json
import posixpath
import tarfile

INDEXES = ("application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json")
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
PLATFORM = {"architecture": "amd64", "os": "linux"}
# Envoy Gateway's; Istio's agent takes as much.
LARGEST = 256 << 20


class Refused(Exception):
    """What they say of an image that they cannot read."""


def fetched(manifest_of, blob_of, reference, expected=None):
    """The module, by a reference that is a tag or a digest; `expected` is the `sha256` that a policy names."""
    data = manifest_of(reference)
    manifest = json.loads(data)
    if manifest.get("mediaType") in INDEXES:
        # The one for linux/amd64 is read, and it is its digest that is compared: nobody can name both rightly.
        [one] = [found for found in manifest["manifests"] if found.get("platform") == PLATFORM]
        data = manifest_of(one["digest"])
        manifest = json.loads(data)
    if expected and hashlib.sha256(data).hexdigest() != expected:
        raise Refused("digest mismatch")
    if not manifest["layers"]:
        raise Refused("number of layers must be greater than zero")
    layer = manifest["layers"][-1]
    if layer["mediaType"] != LAYER:
        raise Refused(f"invalid media type {layer['mediaType']}")
    return plugin(blob_of(layer["digest"]))


def plugin(layer):
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(layer)[:LARGEST])) as archive:
        for entry in archive:
            if posixpath.basename(entry.name) == "plugin.wasm":
                return archive.extractfile(entry).read()
    raise Refused("plugin.wasm not found in the archive")
