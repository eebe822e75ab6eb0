"""Pushed to a registry and pulled back: by skopeo, as kubelet would have it, and as Istio and Envoy Gateway read it."""

import copy
import hashlib
import json

import fetchers
import pytest
import registry as registries
from layouts import Layout

REPOSITORY = "team/bedrock-filter"
VERSION = "0.1.0"


@pytest.fixture(scope="module")
def pushed(image, registry):
    registries.push(image / "oci", VERSION, registry, REPOSITORY)
    return registry


@pytest.fixture
def digest(image):
    return (image / "digest").read_text().strip()


@pytest.mark.parametrize("by", ["tag", "digest"])
def test_what_is_pulled_back_is_the_same_image(by, pushed, digest, module, tmp_path):
    reference = f":{VERSION}" if by == "tag" else f"@{digest}"
    registries.pull(pushed, REPOSITORY + reference, tmp_path / "pulled")
    pulled = Layout(tmp_path / "pulled")
    [found] = pulled.index["manifests"]
    assert found["digest"] == digest
    assert fetchers.fetched(lambda _: json.dumps(pulled.manifest).encode(), pulled.blob, "") == module


def test_the_registry_calls_it_by_the_digest_that_was_printed(pushed, digest):
    said = registries.inspected(pushed, f"{REPOSITORY}:{VERSION}")
    assert (said["Digest"], len(said["Layers"])) == (digest, 1)
    assert (said["Os"], said["Architecture"]) == ("linux", "amd64")


@pytest.mark.parametrize("by", ["tag", "digest"])
def test_istio_and_envoy_gateway_find_the_module_in_it(by, pushed, digest, module):
    """With the digest that a policy names, which is the manifest's."""
    reference = VERSION if by == "tag" else digest
    assert fetchers.fetched(*pushed.puller(REPOSITORY), reference, digest.removeprefix("sha256:")) == module


def test_the_modules_own_digest_is_not_the_one_to_name(pushed, module):
    with pytest.raises(fetchers.Refused, match="digest mismatch"):
        fetchers.fetched(*pushed.puller(REPOSITORY), VERSION, hashlib.sha256(module).hexdigest())


def zstd(manifest):
    manifest["layers"][0]["mediaType"] = "application/vnd.oci.image.layer.v1.tar+zstd"


def one_that_follows(manifest):
    manifest["layers"].append({"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": "sha256:0", "size": 0})


def none(manifest):
    manifest["layers"] = []


@pytest.mark.parametrize("change", [zstd, one_that_follows, none])
def test_an_image_that_they_could_not_read_would_be_found(change, pushed):
    manifest_of, blob_of = pushed.puller(REPOSITORY)
    manifest = copy.deepcopy(json.loads(manifest_of(VERSION)))
    change(manifest)
    with pytest.raises(fetchers.Refused):
        fetchers.fetched(lambda _: json.dumps(manifest).encode(), blob_of, VERSION)


def test_under_an_index_no_digest_would_fit(pushed, digest):
    """What builders make that add attestations: a policy that names the digest of what was pushed is refused."""
    manifest_of, blob_of = pushed.puller(REPOSITORY)
    entry = {"digest": digest, "platform": fetchers.PLATFORM}
    index = json.dumps({"mediaType": fetchers.INDEXES[0], "manifests": [entry]}).encode()
    named = hashlib.sha256(index).hexdigest()

    def indexed(reference):
        return index if reference == "indexed" else manifest_of(reference)

    with pytest.raises(fetchers.Refused, match="digest mismatch"):
        fetchers.fetched(indexed, blob_of, "indexed", named)
    # But the one of what is in it, which nobody was told.
    assert fetchers.fetched(indexed, blob_of, "indexed", digest.removeprefix("sha256:"))
