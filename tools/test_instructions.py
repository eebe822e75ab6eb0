"""The comparison of instruction counts."""

import instructions


def test_a_case_that_became_slower_is_named_with_how_much():
    kept = {"a": 1_000, "b": 1_000, "c": 1_000, "d": 1_000}
    lines = instructions.compare(kept, {"a": 1_051, "b": 1_049, "c": 900, "e": 1})
    assert lines == [
        "faster by 10.0%: c, 1,000 instructions before, 900 now",
        "gone: d",
        "new: e, 1 instructions",
        "slower by 5.1%: a, 1,000 instructions before, 1,051 now",
    ]


def test_counts_are_read_as_they_are_written():
    counted = {"b-longer": 1_234_567, "a": 1}
    assert instructions.read(instructions.text(counted, "rustc 1.95, x")) == ("rustc 1.95, x", counted)
