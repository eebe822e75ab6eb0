"""The image on the disk: an OCI layout with one image of one layer, the same whenever it is made."""

import gzip
import hashlib
import io
import json
import os
import tarfile

import image as maker
import pytest
from conftest import made
from layouts import Layout

TOOLCHAIN = "way: rustup\nrelease: 1.95.0\ncommit-hash: unknown\nwasm-opt version 108\n"


def files(directory):
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def test_made_twice_it_is_the_same_down_to_the_last_byte(image, tmp_path):
    """In another place, another zone of time, by somebody with other habits."""
    old = os.umask(0o077)
    try:
        again = made(tmp_path / "another/place" / "made", TZ="Asia/Tokyo", LANG="C", HOME=os.environ["HOME"])
    finally:
        os.umask(old)
    assert files(again) == files(image)


def test_it_hangs_on_the_module_alone(tmp_path, image):
    metadata = maker.sbom.metadata()
    other = maker.make(b"\0asm\1\0\0\0", TOOLCHAIN, metadata, tmp_path / "other")
    same = maker.make(b"\0asm\1\0\0\0", TOOLCHAIN.replace("108", "109"), metadata, tmp_path / "same")
    assert other == same != (image / "digest").read_text().strip()


def test_the_layout_is_whole_and_has_nothing_else(image):
    layout = Layout(image / "oci")
    assert json.loads((image / "oci/oci-layout").read_text()) == {"imageLayoutVersion": "1.0.0"}
    assert layout.index["mediaType"] == "application/vnd.oci.image.index.v1+json"
    [named] = layout.index["manifests"]
    parts = [named, layout.manifest["config"], *layout.manifest["layers"]]
    assert [bool(layout.described(part)) for part in parts] == [True] * 3
    assert layout.blobs() == {part["digest"] for part in parts}


def test_the_digest_is_that_of_a_plain_manifest(image):
    layout = Layout(image / "oci")
    [named] = layout.index["manifests"]
    assert named["mediaType"] == layout.manifest["mediaType"] == "application/vnd.oci.image.manifest.v1+json"
    assert named["digest"] == (image / "digest").read_text().strip()
    # Attestations, were there any in it, would be manifests of their own in an index.
    assert "platform" not in named and "subject" not in layout.manifest


def test_configuration_and_layer_belong_together(image, module):
    layout = Layout(image / "oci")
    config = json.loads(layout.described(layout.manifest["config"]))
    [layer] = layout.manifest["layers"]
    archive = gzip.decompress(layout.described(layer))
    assert config["rootfs"] == {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(archive).hexdigest()}"]}
    assert (config["os"], config["architecture"]) == ("linux", "amd64")
    assert "created" not in config


def test_the_layer_says_nothing_of_when_and_by_whom_it_was_made(image, module):
    layout = Layout(image / "oci")
    [layer] = layout.manifest["layers"]
    data = layout.described(layer)
    # Magic number, deflate, no flags (so no name), no time.
    assert data[:8] == b"\x1f\x8b\x08\0\0\0\0\0"
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(data))) as archive:
        [entry] = archive.getmembers()
        assert archive.extractfile(entry).read() == module
    # Envoy runs as another user than root: it has to be able to read it.
    assert (entry.name, entry.mode, entry.isfile()) == ("plugin.wasm", 0o644, True)
    assert (entry.mtime, entry.uid, entry.gid, entry.uname, entry.gname) == (0, 0, 0, "", "")


def test_what_was_there_before_is_gone(tmp_path):
    place = tmp_path / "image"
    place.mkdir()
    (place / "old").touch()
    made(place)
    assert not (place / "old").exists() and (place / "digest").exists()


@pytest.mark.parametrize("name", ["title", "version", "licenses"])
def test_the_manifest_says_what_it_is(image, name):
    assert Layout(image / "oci").manifest["annotations"][f"org.opencontainers.image.{name}"]
