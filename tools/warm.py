"""Puts the functions that a request runs side by side in the module, so that fewer pages of machine code hold them.

    tools/warm.py MODULE OUT [FEATURE...]    writes the module, which has names, in that order; binaryen's features

V8 compiles a module's functions into one stretch of memory: those of 4 KB and more by size, the others in the module's order. In
the order that wasm-opt gives them, what a chat runs lies between what it does not, in 520 pages of 4 KB. Which functions requests
run is recorded by `make warm`, in warm-functions.txt, a line for each: tools/bench/warm.py.
"""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

RECORDED = Path(__file__).parent / "warm-functions.txt"
# The hash at the end of Rust's names: it changes with the compiler and with a crate's version, where the rest does not.
HASH = re.compile(r"::h[0-9a-f]{16}")
# A function's name: binaryen 108 writes other signs than a name's by their codes, later ones put such a name in quotes.
NAME = re.compile(r' \(func (\$"(?:[^"\\]|\\.)*"|[^\s)]+)')
CODE = re.compile(r"\\([0-9a-f]{2})")
# Functions of one name that stand for one that was recorded; of more, as those of `Debug`, most are cold.
ALIKE = 3
# All features of WebAssembly that binaryen knows.
ALL = ("--all-features",)


def text_of(module, features=ALL):
    """The module as text, in which each function has a name."""
    return run(["wasm-dis", *features, module, "-o", "-"])


def module_of(text, out, features=ALL):
    """Writes the module that a text means, with its names."""
    run(["wasm-as", *features, "--debuginfo", "-", "-o", out], text)


def run(command, text=None):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, input=text).stdout


def parts(text):
    """What stands before the functions, each function by its name, and what comes behind."""
    begin = text.index("\n (func ") + 1
    end = text.rindex("\n)")
    functions = re.split(r"(?m)^(?= \(func )", text[begin:end])[1:]
    return text[:begin], {name_of(function): function.rstrip("\n") + "\n" for function in functions}, text[end + 1 :]


def name_of(function):
    return NAME.match(function)[1]


def known_as(name):
    """The name, whichever binaryen wrote it."""
    return CODE.sub(lambda code: chr(int(code[1], 16)), name.replace('"', ""))


def recorded():
    lines = RECORDED.read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def ordered(names, wanted):
    """The names, those that are wanted first and in that order; of one that is there by another hash only, the few that are alike."""
    known, wanted = [known_as(name) for name in names], [known_as(name) for name in wanted]
    plain = {name: HASH.sub("", name) for name in known}
    how_many = Counter(plain.values())
    places = {name: place for place, name in enumerate(wanted) if name in plain}
    lost = {HASH.sub("", name): place for place, name in enumerate(wanted) if name not in plain}
    for name, alike in plain.items():
        if alike in lost and how_many[alike] <= ALIKE:
            places.setdefault(name, lost[alike])
    return sorted(names, key=lambda name: places.get(known_as(name), len(wanted)))


def main(module, out, *features):
    before, functions, behind = parts(text_of(module, features))
    order = ordered(list(functions), recorded())
    module_of(before + "".join(functions[name] for name in order) + behind, out, features)


if __name__ == "__main__":
    main(*sys.argv[1:])
