"""Makes the image that has the module as /plugin.wasm: an OCI layout, the same bytes whenever it is made of the same
module. Beside it are its bill of materials and its provenance. No container engine is needed.

Usage: image.py MODULE DIRECTORY
"""

import gzip
import hashlib
import io
import json
import os
import shutil
import sys
import tarfile
from pathlib import Path

import sbom
import provenance

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
# Istio and Envoy Gateway read one layer of this type, and in it a file of this name; none that is compressed otherwise.
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
FILE = "plugin.wasm"
# The module runs anywhere; this is the platform that is asked for where an image has several.
PLATFORM = {"architecture": "amd64", "os": "linux"}


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def text(value):
    return (json.dumps(value, indent=2) + "\n").encode()


def archive(module):
    """A tar of the module alone, with nobody's name and no time."""
    entry = tarfile.TarInfo(FILE)
    entry.size, entry.mode = len(module), 0o644
    with io.BytesIO() as out:
        with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
            tar.addfile(entry, io.BytesIO(module))
        return out.getvalue()


def compressed(data):
    with io.BytesIO() as out:
        with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=out, mtime=0) as packed:
            packed.write(data)
        return out.getvalue()


class Layout:
    """An OCI layout that is being written."""

    def __init__(self, directory):
        self.directory = directory
        (directory / "blobs/sha256").mkdir(parents=True)
        (directory / "oci-layout").write_bytes(text({"imageLayoutVersion": "1.0.0"}))

    def add(self, media_type, data):
        (self.directory / "blobs/sha256" / sha256(data)).write_bytes(data)
        return {"mediaType": media_type, "digest": f"sha256:{sha256(data)}", "size": len(data)}

    def image(self, module, package):
        """Writes the image, and says what its manifest is."""
        tar = archive(module)
        rootfs = {"type": "layers", "diff_ids": [f"sha256:{sha256(tar)}"]}
        config = self.add(CONFIG, text(PLATFORM | {"config": {}, "rootfs": rootfs}))
        # No commit and no date: who has the same module has the same image.
        said = {"title": package["name"], "version": package["version"], "licenses": package["license"]}
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": config,
            "layers": [self.add(LAYER, compressed(tar))],
            "annotations": {f"org.opencontainers.image.{name}": value for name, value in sorted(said.items())},
        }
        found = self.add(MANIFEST, text(manifest))
        # A layout has an index by its nature: it is not part of the image, and is not pushed.
        named = {"annotations": {"org.opencontainers.image.ref.name": package["version"]}}
        index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [found | named]}
        (self.directory / "index.json").write_bytes(text(index))
        return found["digest"]


def make(module, toolchain, metadata, directory):
    """All files of the directory, anew; the digest of the manifest."""
    shutil.rmtree(directory, ignore_errors=True)
    package = sbom.root(metadata)
    digest = Layout(directory / "oci").image(module, package)
    (directory / "digest").write_text(digest + "\n")
    (directory / "sbom.cdx.json").write_bytes(text(sbom.sbom(metadata, toolchain, sha256(module))))
    subjects = {FILE: sha256(module), f"{package['name']}:{package['version']}": digest.removeprefix("sha256:")}
    (directory / "provenance.intoto.json").write_bytes(text(provenance.statement(subjects, toolchain)))
    return digest


def main():
    path, directory = map(Path, sys.argv[1:])
    module = path.read_bytes()
    toolchain = path.with_suffix(".toolchain").read_text()
    metadata = sbom.metadata()
    version = sbom.root(metadata)["version"]
    # Moved into place whole.
    new = directory.with_name(directory.name + ".new")
    digest = make(module, toolchain, metadata, new)
    shutil.rmtree(directory, ignore_errors=True)
    os.replace(new, directory)
    print(f"image   {digest}\nmodule  sha256:{sha256(module)}")
    target = f"docker://REGISTRY/bedrock-filter:{version}"
    print(f"to push it: skopeo copy --preserve-digests oci:{directory}/oci:{version} {target}")


if __name__ == "__main__":
    main()
