"""Counts the instructions of each case of benches/cases.rs with callgrind, and compares them with the file that is kept.

The count is nearly the same on every run, so it shows in the change that makes it what a clock would not. `--write` keeps it.
"""

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from settings import ROOT

KEPT = ROOT / "benches/instructions.txt"
TOLERANCE = 0.05
HEAD = "# Instructions per case of benches/cases.rs, as callgrind counts them. `make instructions` writes this file."
# The C library picks its copying by the processor: without these everybody's is the same.
TUNABLES = "glibc.cpu.hwcaps=-AVX2,-AVX512F,-ERMS,-FSRM"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="keep what is counted now")
    arguments = parser.parse_args()
    program = build()
    names = run([program]).split()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        counted = dict(zip(names, pool.map(lambda name: count(program, name), names)))
    made_with = surroundings()
    if arguments.write:
        KEPT.write_text(text(counted, made_with))
        print(f"{KEPT.relative_to(ROOT)}: {len(counted)} cases")
        return 0
    kept_with, kept = read(KEPT.read_text())
    lines = compare(kept, counted)
    comparable = kept_with == made_with
    if lines:
        print("\n".join(lines))
        print("`make instructions` writes the file anew; say in the commit what changed.")
    if not comparable:
        print(f"not compared strictly: the file was made with {kept_with}, this is {made_with}")
    failed = comparable and any(line.startswith("slower") for line in lines)
    failed = failed or kept.keys() != counted.keys()
    print(f"instructions: {len(counted)} cases, {len(lines)} to look at")
    return 1 if failed else 0


def build():
    """The program's path."""
    command = ["cargo", "bench", "--quiet", "--package", "bedrock-filter", "--bench", "instructions", "--no-run"]
    for line in run([*command, "--message-format", "json"]).splitlines():
        message = json.loads(line)
        if message.get("executable") and message["target"]["name"] == "instructions":
            return message["executable"]
    raise SystemExit("error: cargo built no program")


def count(program, name):
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "callgrind.out"
        options = ["--toggle-collect=instructions::measured*", f"--callgrind-out-file={out}", "--quiet"]
        environment = os.environ | {"GLIBC_TUNABLES": TUNABLES}
        run(["valgrind", "--tool=callgrind", *options, program, name], environment)
        return int(re.search(r"^totals: (\d+)$", out.read_text(), re.MULTILINE)[1])


def surroundings():
    """What the count hangs on besides the code. Of the compiler the minor version counts."""
    version = run(["rustc", "--version"]).split()[1].rsplit(".", 1)[0]
    vectors = "avx2" if re.search(r"^flags.*\bavx2\b", Path("/proc/cpuinfo").read_text(), re.MULTILINE) else "no avx2"
    return f"rustc {version}, {platform.machine()} with {vectors}, {' '.join(platform.libc_ver())}"


def text(counted, made_with):
    width = max(map(len, counted))
    rows = [f"{name:<{width}}  {number:>12,}" for name, number in sorted(counted.items())]
    return "\n".join([HEAD, f"# {made_with}", *rows, ""])


def read(kept):
    _, made_with, *rows = kept.splitlines()
    return made_with.removeprefix("# "), {
        name: int(number.replace(",", "")) for name, number in (row.split() for row in rows)
    }


def compare(kept, counted):
    """A line for each case that is more than a twentieth off."""
    lines = [f"gone: {name}" for name in kept.keys() - counted.keys()]
    for name, now in sorted(counted.items()):
        before = kept.get(name)
        if before is None:
            lines.append(f"new: {name}, {now:,} instructions")
        elif abs(now / before - 1) > TOLERANCE:
            word = "slower" if now > before else "faster"
            lines.append(f"{word} by {abs(now / before - 1):.1%}: {name}, {before:,} instructions before, {now:,} now")
    return sorted(lines)


def run(command, environment=None):
    result = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    if result.returncode:
        raise SystemExit(f"error: {' '.join(command)}: status {result.returncode}")
    return result.stdout


if __name__ == "__main__":
    sys.exit(main())
