"""The end-to-end tests, many at a time; a few that fail are tried once more, one after the other.

Beside them other checks keep the machine's cores busy, and some tests are about time. One that fails alone as well has failed; one
that does not is named, so that it can be mended. More than a few are no accident.

    python tools/e2e.py FOLDER [what pytest takes]

FOLDER has a pytest.ini, so that pytest calls tests by their places in it.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
CACHE = ROOT / "target/e2e-cache"
A_FEW = 8
# pytest's status where tests have failed, and nothing else.
FAILED = 1


def run(*arguments):
    command = [sys.executable, "-m", "pytest", "--quiet", "-o", f"cache_dir={CACHE}", *arguments]
    return subprocess.run(command, cwd=ROOT).returncode


def failed():
    path = CACHE / "v/cache/lastfailed"
    return sorted(json.loads(path.read_text())) if path.exists() else []


def main(folder, *arguments):
    shutil.rmtree(CACHE, ignore_errors=True)
    status = run("-n", "auto", folder, *arguments)
    names = [f"{folder}/{name}" for name in failed()]
    if status != FAILED or not 0 < len(names) <= A_FEW:
        return status
    print("tried once more, one after the other:", *names, sep="\n  ", flush=True)
    status = run("-n", "0", *names)
    if not status:
        print("failed beside other checks and not alone:", *names, sep="\n  ", flush=True)
    return status


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
