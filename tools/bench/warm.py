"""`make warm`: records which of the module's functions requests run, in tools/warm-functions.txt, by which a build orders them.

A copy of the module notes in its memory which functions have been called. Envoy runs it with one kind of request after the other,
chats first. Those that a kind is the first to call come together, in the order that they have in the module.
"""

import os
import re
import sys
from contextlib import ExitStack
from pathlib import Path

import warm
from settings import ROOT, Problem

from . import envoys, load, machine, memory

NAMED = ROOT / "target/wasm/bedrock_filter.names.wasm"
NOTING = ROOT / "target/bench/noting.wasm"
PAGE = 65_536
HEAD = """\
# The functions of the module that requests run: those of a chat, then what each further kind of request needs besides. `make warm`
# records them anew. A name that the module no longer has does no harm. What this is for: tools/warm.py.
"""
# How often each kind of request is made: in all long enough for the filter's tick, every 200 ms, to be noted too.
OFTEN = 500


def main():
    before, functions, behind = warm.parts(warm.text_of(NAMED))
    names = list(functions)
    pages = int(re.search(r"(?m)^ \(memory \S+ (\d+)", before)[1])
    # The note of a function's call is a byte in a page behind the module's own memory.
    before = re.sub(r"(?m)^( \(memory \S+) \d+", rf"\1 {pages + 1 + len(names) // PAGE}", before)
    noting = [noted(functions[name], pages * PAGE + place) for place, name in enumerate(names)]
    NOTING.parent.mkdir(parents=True, exist_ok=True)
    warm.module_of(before + "".join(noting) + behind, NOTING)
    found = record(names, pages * PAGE)
    warm.RECORDED.write_text(HEAD + "\n".join(found) + "\n")
    print(f"{warm.RECORDED.relative_to(ROOT)}: {len(found)} of {len(names)} functions")


def noted(function, address):
    """The function with a store at its beginning, which is behind its locals, that notes its call."""
    head, rest = re.match(r"(.*\n(?:  \(local .*\n)*)((?s:.*))", function).groups()
    return f"{head}  (i32.store8 (i32.const {address}) (i32.const 1))\n{rest}"


def record(names, address):
    with ExitStack() as stack:
        upstream = envoys.start_upstream(stack)
        envoy = envoys.start(stack, envoys.Variant("warm", NOTING), upstream)
        # What the start has run is not a request's.
        notes(envoy, names, address, forget=True)
        found = {}
        for kind in memory.kinds():
            load.client(envoy, [kind], 4, OFTEN)
            for place, is_called in enumerate(notes(envoy, names, address)):
                if is_called:
                    found.setdefault(names[place], None)
        if len(found) < 100:
            raise Problem("the module's notes were not found in Envoy's memory")
        return list(found)


def notes(envoy, names, address, forget=False):
    """Which functions have been called, in any of Envoy's VMs; `forget` takes the notes away."""
    called = [False] * len(names)
    with Path(f"/proc/{envoy.pid}/mem").open("r+b", buffering=0) as process:
        for begin, _ in machine.where_linear_memories_are(envoy.pid):
            found = os.pread(process.fileno(), len(names), begin + address)
            called = [was or bool(byte) for was, byte in zip(called, found)]
            if forget:
                os.pwrite(process.fileno(), bytes(len(names)), begin + address)
    return called


if __name__ == "__main__":
    try:
        main()
    except Problem as problem:
        sys.exit(f"error: {problem}")
