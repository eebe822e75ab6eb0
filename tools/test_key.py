"""A minted key: printed once, and known by its hash."""

import hashlib
import re

import pytest
import yaml

import key


def test_a_minted_key_is_the_one_whose_hash_the_entry_has(capsys):
    key.main(["web", "--team", "shop", "--model", "fast", "--model", "amazon.*", "--days", "90"])
    lines = capsys.readouterr().out.splitlines()
    [minted] = [line for line in lines if line.startswith("sk-")]
    [entry] = yaml.safe_load("\n".join(lines[lines.index("What goes into 'api_keys':") + 1 :]))
    assert len(minted) > 40 and hashlib.sha256(minted.encode()).hexdigest() == entry.pop("sha256")
    # A text, whoever reads it: unquoted it would be a point in time to some.
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", entry.pop("expires_at"))
    assert entry == {"name": "web", "team": "shop", "models": ["fast", "amazon.*"]}


def test_no_two_keys_are_alike():
    assert len({key.mint() for _ in range(100)}) == 100


@pytest.mark.parametrize("arguments", [[""], ["a\nb"], ["a", "--days", "0"], ["a", "--days", "soon"], []])
def test_what_makes_no_entry_is_refused(arguments, capsys):
    with pytest.raises(SystemExit):
        key.main(arguments)
    assert "sk-" not in capsys.readouterr().out
