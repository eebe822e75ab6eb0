"""An OCI layout, read."""

import hashlib
import json


class Layout:
    def __init__(self, directory):
        self.directory = directory

    def blob(self, digest):
        kind, _, name = digest.partition(":")
        data = (self.directory / "blobs" / kind / name).read_bytes()
        assert hashlib.new(kind, data).hexdigest() == name
        return data

    def described(self, descriptor):
        data = self.blob(descriptor["digest"])
        assert len(data) == descriptor["size"]
        return data

    @property
    def index(self):
        return json.loads((self.directory / "index.json").read_text())

    @property
    def manifest(self):
        [found] = self.index["manifests"]
        return json.loads(self.described(found))

    def blobs(self):
        return {f"sha256:{path.name}" for path in (self.directory / "blobs/sha256").iterdir()}
