"""What the module and its image were built from, as an in-toto statement with a SLSA provenance. It is not signed:
whoever releases signs it."""

import hashlib
import os
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]
# What `externalParameters` mean is said in docs/kubernetes.md.
BUILD_TYPE = "urn:bedrock-filter:make-image:v1"


def git(*arguments):
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else None


def file(path):
    return {"name": path, "digest": {"sha256": hashlib.sha256((ROOT / path).read_bytes()).hexdigest()}}


def source():
    """The commit. SOURCE_URI says where it can be had; `changed` that there was more than the commit has."""
    commit = git("rev-parse", "HEAD")
    if not commit:
        return []
    where = {"uri": f"git+{os.environ['SOURCE_URI']}"} if os.environ.get("SOURCE_URI") else {}
    changed = {"annotations": {"changed": True}} if git("status", "--porcelain") else {}
    return [{"name": "source", **where, "digest": {"gitCommit": commit}, **changed}]


def noted(name, toolchain):
    return re.search(rf"^{name}: (\S+)$", toolchain, re.MULTILINE)[1]


def tools(toolchain):
    """The compiler and what came after it, by what they said of themselves when the module was built."""
    release, commit = noted("release", toolchain), noted("commit-hash", toolchain)
    # Distributions' builds of it do not know theirs.
    digest = {} if commit == "unknown" else {"digest": {"gitCommit": commit}}
    yield {"name": "rustc", "uri": f"pkg:generic/rustc@{release}", **digest}
    optimizer = re.search(r"^wasm-opt version (\S+)", toolchain, re.MULTILINE)[1]
    yield {"name": "wasm-opt", "uri": f"pkg:generic/wasm-opt@{optimizer}"}


def statement(subjects, toolchain, target="image"):
    """Of what is named, each by its SHA-256, as `make TARGET` makes it. BUILDER_ID is who built; without one it is somebody's own machine."""
    definition = {
        "buildType": BUILD_TYPE,
        "externalParameters": {"target": target, "toolchain": noted("way", toolchain)},
        "resolvedDependencies": [*source(), file("Cargo.lock"), *tools(toolchain)],
    }
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": name, "digest": {"sha256": digest}} for name, digest in subjects.items()],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": definition,
            "runDetails": {"builder": {"id": os.environ.get("BUILDER_ID") or "urn:bedrock-filter:own-machine"}},
        },
    }
