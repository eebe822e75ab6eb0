"""The order of the module's functions."""

import os
import shutil
import subprocess

import pytest
import warm
from settings import ROOT

MODULE = """\
(module
 (export "run" (func $b))
 (func $a (result i32) (i32.const 1))
 (func $b (result i32) (call $a))
 (func $crate::c::h0123456789abcdef (result i32) (call $b))
)
"""


def order(module):
    return list(warm.parts(warm.text_of(module))[1])


def test_functions_that_were_recorded_come_first_and_calls_go_where_they_went(tmp_path, monkeypatch):
    module, out, list_ = tmp_path / "in.wasm", tmp_path / "out.wasm", tmp_path / "list.txt"
    (tmp_path / "in.wat").write_text(MODULE)
    subprocess.run(["wasm-as", "--debuginfo", tmp_path / "in.wat", "-o", module], check=True)
    list_.write_text("# comment\n$crate::c::hfedcba9876543210\n$gone\n$b\n")
    monkeypatch.setattr(warm, "RECORDED", list_)
    assert order(module) == ["$a", "$b", "$crate::c::h0123456789abcdef"]
    warm.main(module, out)
    assert order(out) == ["$crate::c::h0123456789abcdef", "$b", "$a"]
    assert "(call $a)" in warm.parts(warm.text_of(out))[1]["$b"]
    assert '(export "run" (func $b))' in warm.text_of(out)


def test_of_many_functions_of_one_name_only_the_one_that_was_recorded_is_warm():
    names = [f"$fmt::h{number:016x}" for number in range(warm.ALIKE + 1)]
    assert warm.ordered(names, [names[2]])[0] == names[2]
    assert warm.ordered(names, ["$fmt::hffffffffffffffff"]) == names


def test_names_are_known_whichever_binaryen_wrote_them():
    quoted, code = '$"<a as b>::c (.1)"', r"$<a\20as\20b>::c\20\28.1\29"
    for name in (quoted, code):
        text = f"(module\n (func $d)\n (func {name} (param $0 i32)\n  (nop)\n )\n)\n"
        assert list(warm.parts(text)[1]) == ["$d", name]
        for wanted in (quoted, code):
            assert warm.ordered(["$d", name], [wanted]) == [name, "$d"]


def test_the_list_names_functions_of_the_module_that_is_built():
    plain = {warm.HASH.sub("", warm.known_as(name)) for name in order("target/wasm/bedrock_filter.names.wasm")}
    wanted = warm.recorded()
    known = [name for name in wanted if warm.HASH.sub("", warm.known_as(name)) in plain]
    assert len(wanted) > 500 and len(known) > 0.7 * len(wanted), "record them anew: make warm"


COMPILED = "target/wasm-build/wasm32-wasip1/wasm/bedrock_filter.wasm"
COPY = "import sys; open(sys.argv[2], 'w').write(open(sys.argv[1]).read())"


@pytest.fixture
def clone(tmp_path):
    """tools/build-wasm with tools beside it that only copy."""
    (tmp_path / "tools").mkdir()
    shutil.copy(ROOT / "tools/build-wasm", tmp_path / "tools")
    (tmp_path / "lib/rustlib/wasm32-wasip1").mkdir(parents=True)
    for name, text in (("warm.py", COPY), ("wasm_module.py", COPY), ("warm-functions.txt", "")):
        (tmp_path / "tools" / name).write_text(text)
    return tmp_path


def built(clone, source, meanwhile=":"):
    """The module as it is there once a compiler has written `source`, and the optimizer has done something else meanwhile."""
    for name, script in {
        "rustc": f"echo {clone}",
        "cargo": f"mkdir -p {os.path.dirname(COMPILED)}; echo {source} >{COMPILED}",
        "wasm-opt": f'for last; do :; done; [ $# -eq 1 ] || {{ while [ $# -gt 3 ]; do shift; done; cp "$1" "$last"; {meanwhile}; }}',
    }.items():
        program = clone / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
    environment = os.environ | {"PATH": f"{clone}/bin:{os.environ['PATH']}", "WASM_TOOLCHAIN": "rustup"}
    subprocess.run([clone / "tools/build-wasm"], env=environment, capture_output=True)
    return [(clone / "target/wasm" / f"bedrock_filter.{kind}").read_text() for kind in ("wasm", "names.wasm", "built")]


def test_what_another_builds_compiler_writes_meanwhile_is_not_taken_for_what_is_there(clone):
    assert built(clone, "one", f"echo two >{COMPILED}") == ["one\n"] * 3
    assert built(clone, "two") == ["two\n"] * 3


def test_a_build_that_is_interrupted_leaves_what_is_there_as_it_is(clone):
    assert built(clone, "one") == ["one\n"] * 3
    (clone / "tools/wasm_module.py").write_text("import sys; sys.exit(1)")
    assert built(clone, "two") == ["one\n"] * 3


def test_the_module_is_made_anew_where_its_order_has_changed_even_while_it_was_made(clone):
    ordered = COPY + "; open('tools/warm-functions.txt', 'w').write('new'); open('made', 'a').write('.')"
    (clone / "tools/warm.py").write_text(ordered)
    for times in (1, 2):
        built(clone, "one")
        assert (clone / "made").read_text() == "." * times
