#!/usr/bin/env python3
"""Compares the places in the .wasm from which a panic can begin with docs/panics.md, which says of each why it is not reached.

    tools/panics.py           fails at a place that is not listed, or has no reason
    tools/panics.py --renew   writes the table's places and numbers anew; never a reason

The module is the compiler's, with its names, as tools/build-wasm keeps it: wasm-opt takes away from it and adds nothing, but folds the
ends of functions, so that what follows a call that does not come back could not be told there.
"""

import collections
import pathlib
import re
import sys

import wasm_module as wasm

ROOT = pathlib.Path(__file__).resolve().parent.parent
MODULE = ROOT / "target/wasm/bedrock_filter.built"
TABLE = ROOT / "docs/panics.md"
OURS = "bedrock_filter"

# What begins a panic, by the function that is called.
KINDS = (
    ("memory", r"^alloc::(raw_vec::(handle_error|capacity_overflow)|alloc::handle_alloc_error)"),
    ("index", r"^core::(slice::index::slice_.*fail|panicking::panic_bounds_check|str::slice_error_fail)"),
    ("borrow", r"^core::cell::panic_"),
    ("unwrap", r"^core::(option|result)::(unwrap|expect)_failed"),
    ("panic", r"^(core::panicking::|std::panicking::begin_panic|core::slice::sort::.*panic_on_|std::thread::local::panic_)"),
    ("abort", r"^(std::process::abort|abort$|__rustc::__rust_abort)"),
)


def main(arguments):
    found = places(MODULE.read_bytes())
    head, rows, tail = read(TABLE.read_text())
    if arguments == ["--renew"]:
        TABLE.write_text(head + "".join(map(line, renewed(found, rows))) + tail)
    elif arguments:
        sys.exit(__doc__)
    else:
        faults = list(check(found, rows))
        for fault in faults:
            print(f"error: {fault}", file=sys.stderr)
        if faults:
            sys.exit("see docs/panics.md; `make panics` lists what is there now")
        print(f"panics: {sum(found.values())} places in {len(found)} groups, each with its reason")


def places(module):
    """(kind, where) → how many places. Of our own code where is the function, of other the crate."""
    names, imports, code = {}, [], b""
    for kind, content, _ in wasm.sections(module):
        if kind == wasm.CUSTOM and wasm.Bytes(content).text() == "name":
            names = wasm.function_names(content)
        elif kind == wasm.IMPORT:
            imports = wasm.imported_functions(content)
        elif kind == wasm.CODE:
            code = content
    if not names:
        sys.exit(f"error: {MODULE} has no names")
    starts = {index: kind for index, name in names.items() for kind, begins in KINDS if re.match(begins, name)}
    found = collections.Counter()
    for index, body in enumerate(wasm.bodies(code), len(imports)):
        if index in starts:
            continue
        where, last = owner(names.get(index, "?")), None
        for opcode, callee in wasm.instructions(body):
            if opcode == wasm.CALL and callee in starts:
                kind = starts[callee]
                # Allocating is everywhere; that it fails has one reason.
                found[kind, where.split("::")[0] if kind == "memory" else where] += 1
            # Behind a call that does not come back there always is one.
            elif opcode == wasm.UNREACHABLE and last not in (wasm.CALL, wasm.CALL_INDIRECT):
                found["trap", where.split("::")[0]] += 1
            last = opcode
    return found


ESCAPES = {"LT": "<", "GT": ">", "RF": "&", "BP": "*", "C": ",", "LP": "(", "RP": ")", "u20": " ", "u5b": "[", "u5d": "]", "u7b": "{", "u7d": "}", "u3b": ";", "u27": "'", "u3d": "="}


def owner(name):
    """Of `_$LT$a..B$u20$as$u20$c..D$GT$::e::h0123456789abcdef`, `a`; where that is us, `bedrock_filter::B::e`."""
    name = re.sub(r"::h[0-9a-f]{16}.*$| \(\.\d+\)$", "", name)
    name = re.sub(r"\$(\w+)\$", lambda escape: ESCAPES.get(escape[1], "?"), name).replace("..", "::")
    bare = re.sub(r"^(_(?=<)|impl |[<&*\[( ]|mut |dyn )+", "", name)
    if not bare.startswith(OURS + "::"):
        if re.match(r"proxy_(on|abi)_", bare):
            # The functions that Envoy calls have the names of its ABI.
            return f"{OURS}::entry"
        # A type of no crate, such as a character's, is the standard library's.
        crate = re.match(r"\w+(?=::)|.*", bare)[0]
        return "libc" if re.fullmatch(r"\w+", bare) else crate if re.fullmatch(r"\w+", crate) else "core"
    # An implementation: for which type, and which function.
    subject = re.search(r"<impl .*? for ([\w:]+)", bare)
    path = subject[1] if subject else re.match(r"[\w:]+", bare)[0]
    function = re.sub(r"(::\{\{?closure\}?\}|<.*>)+$", "", bare).rsplit("::", 1)[-1]
    return path if path.endswith("::" + function) else f"{path}::{function}"


Row = collections.namedtuple("Row", "sites kind where reason")


def read(text):
    head, begin, rest = text.partition("| --: | --- | --- | --- |\n")
    rows, tail = re.match(r"((?:\|.*\n)*)(.*)", rest, re.S).groups()
    cells = (re.split(r" *\| *", row.strip("| \n"), maxsplit=3) for row in rows.splitlines())
    return head + begin, [Row(int(row[0]), row[1], row[2].strip("`"), (row + [""])[3]) for row in cells], tail


def line(row):
    return f"| {row.sites} | {row.kind} | `{row.where}` | {row.reason} |\n"


def renewed(found, rows):
    reasons = {(row.kind, row.where): row.reason for row in rows}
    order = {kind: at for at, (kind, _) in enumerate((*KINDS, ("trap", "")))}
    keys = sorted(found, key=lambda key: (not key[1].startswith(OURS), order[key[0]], key[1]))
    return [Row(found[key], *key, reasons.get(key, "")) for key in keys]


def check(found, rows):
    listed = {(row.kind, row.where): row for row in rows}
    for (kind, where), count in sorted(found.items()):
        row = listed.get((kind, where))
        if row is None:
            yield f"{where}: {count} places of the kind '{kind}' are not listed"
        elif not row.reason:
            yield f"{where}: '{kind}' has no reason"
        # How often other crates are inlined changes with every build.
        elif count > row.sites and where.startswith(OURS + "::"):
            yield f"{where}: {count} places of the kind '{kind}', {row.sites} are listed"


if __name__ == "__main__":
    main(sys.argv[1:])
