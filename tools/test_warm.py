"""The order of the module's functions."""

import subprocess

import warm

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


def test_the_list_names_functions_of_the_module_that_is_built():
    names = set(order("target/wasm/bedrock_filter.names.wasm"))
    wanted = warm.recorded()
    plain = {warm.HASH.sub("", name) for name in names}
    known = [name for name in wanted if warm.HASH.sub("", name) in plain]
    assert len(wanted) > 500 and len(known) > 0.7 * len(wanted), "record them anew: make warm"
