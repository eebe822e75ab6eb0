#!/usr/bin/env python3
"""What each crate costs in the .wasm, and each module of our own: the bytes of its functions, as the compiler gave them (wasm-opt takes
some away). What is generic counts for the crate that wrote the function, whichever uses it; data is counted as a whole."""

import collections
import sys

import panics
import wasm_module as wasm

DATA = 11
OURS = "bedrock_filter"


def main():
    module = panics.MODULE.read_bytes()
    names, imports, code, data = {}, [], b"", 0
    for kind, content, _ in wasm.sections(module):
        if kind == wasm.CUSTOM and wasm.Bytes(content).text() == "name":
            names = wasm.function_names(content)
        elif kind == wasm.IMPORT:
            imports = wasm.imported_functions(content)
        elif kind == wasm.CODE:
            code = content
        elif kind == DATA:
            data = len(content)
    sizes = collections.Counter()
    for index, body in enumerate(wasm.bodies(code), len(imports)):
        crate, *path = panics.owner(names.get(index, "?")).split("::")
        sizes["::".join([crate, *path[:1]]) if crate == OURS else crate] += len(body.data)
    for crate, size in sizes.most_common():
        print(f"{size:>9,}  {crate}")
    print(f"{data:>9,}  (data)")


if __name__ == "__main__":
    sys.exit(main())
