"""docs/errors.md has a row for each code that a client may be told, with the statuses that it is told with."""

import re

from metrics import ROOT
from test_runbook import codes, sources

ROW = re.compile(r"^\| `(\w+)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
# A status, or a helper that has one, and the code that stands with it in one statement.
MADE = re.compile(r'Error::(?:new\(\s*(\d{3})|(invalid|invalid_param|missing)\()(?:(?!Error::|;\n|\n\n).)*?\.code\(\s*"(\w+)"', re.DOTALL)


def rows():
    return {code: (statuses.strip(), side.strip()) for code, statuses, side, _, _ in ROW.findall((ROOT / "docs/errors.md").read_text())}


def test_each_code_has_a_row_and_each_row_a_code():
    page = ROW.findall((ROOT / "docs/errors.md").read_text())
    assert sorted(code for code, *_ in page) == sorted(codes())


def test_each_code_has_the_statuses_with_which_it_is_told():
    found = [(code, status or "400") for _, text in sources() for status, _, code in MADE.findall(text)]
    assert len({code for code, _ in found}) > 30, found
    for code, status in found:
        statuses, _ = rows()[code]
        assert status in statuses or (code, statuses) == ("stream_cut", "in a stream"), (code, status)


def test_each_code_says_who_can_do_something_about_it():
    for code, (_, side) in rows().items():
        assert set(side.split(", ")) <= {"caller", "operator", "AWS"}, (code, side)
