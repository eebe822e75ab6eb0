"""What tests/recorded/caching.py makes of sessions."""

import importlib.util

from settings import ROOT

found = importlib.util.spec_from_file_location("caching", ROOT / "tests/recorded/caching.py")
caching = importlib.util.module_from_spec(found)
found.loader.exec_module(caching)

TOOL = {"type": "function", "function": {"name": "f", "description": "word " * 700}}
SYSTEM = {"role": "system", "content": "word " * 500}
FIRST = {"tools": [TOOL], "messages": [SYSTEM, {"role": "user", "content": "one " * 10}]}
CALL = {"role": "assistant", "content": None, "tool_calls": [{"id": "1", "function": {"name": "f"}}]}
SECOND = FIRST | {"messages": [*FIRST["messages"], CALL, {"role": "tool", "content": "two " * 10}]}


def test_what_was_written_is_read_and_the_rest_is_written():
    tokens = [sum(caching.count(text) for text, _ in caching.parts(body)) for body in (FIRST, SECOND)]
    assert caching.session([FIRST, SECOND], caching.automatic) == (2, sum(tokens), tokens[0], tokens[1])
    assert caching.session([FIRST, SECOND], caching.own) == (2, sum(tokens), 0, 0)


def test_a_chat_without_tools_and_a_short_one_are_not_cached():
    chat = {"messages": FIRST["messages"]}
    assert caching.session([chat, chat], caching.automatic)[2:] == (0, 0)
    short = FIRST | {"tools": [{"type": "function", "function": {"name": "f"}}]}
    assert caching.session([short, short], caching.automatic)[2:] == (0, 0)


def test_a_clients_own_points_stand_where_it_puts_them():
    marked = {"role": "user", "content": [{"type": "text", "text": "one " * 10, "cache_control": {"type": "ephemeral"}}]}
    body = FIRST | {"messages": [SYSTEM, marked]}
    assert caching.own(body, caching.parts(body)) == {2}
    whole = sum(caching.count(text) for text, _ in caching.parts(body))
    assert caching.session([body, body], caching.own) == (2, 2 * whole, whole, whole)


def test_what_is_too_far_back_is_not_found():
    far = SECOND | {"messages": [*FIRST["messages"], *[{"role": "assistant", "content": str(n)} for n in range(25)], {"role": "user", "content": [
        {"type": "text", "text": "x", "cache_control": {}}]}]}
    near = FIRST | {"messages": [SYSTEM, {"role": "user", "content": [{"type": "text", "text": "one " * 10, "cache_control": {}}]}]}
    assert caching.session([near, far], caching.own)[2] == 0
    assert caching.session([FIRST, far], caching.automatic)[2] > 0
