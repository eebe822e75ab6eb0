"""The driver of `make bench`."""

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest

import envoy_config
from bench import bodies, chart, envoys, machine, measure, rows
from bench.result import Figure
from bench.scale import connections, curves, node, page, roomy, streams
from bench.scale.series import Compared, Found, in_turns
from settings import ROOT, Endpoint, Problem

UPSTREAM = Endpoint.parse("http://127.0.0.1:9000")


def test_plain_is_the_sample_without_the_filter_and_nothing_else():
    plain = envoys.configuration(envoys.Variant("plain"), 1, UPSTREAM)
    filtered = envoys.configuration(envoys.Variant("filter", envoys.MODULE), 1, UPSTREAM)
    assert len(list(envoy_config.wasm_plugins(filtered))) == 2 and not list(envoy_config.wasm_plugins(plain))
    envoys.without_wasm(filtered)
    assert plain == filtered


@pytest.mark.parametrize("sign", ["sigv4", "token", "key", "envoy"])
def test_a_variant_loads_its_module_and_signs_as_it_says(sign):
    config = envoys.configuration(envoys.Variant("filter", Path("/m.wasm"), sign), 1, UPSTREAM)
    for plugin in envoy_config.wasm_plugins(config):
        assert plugin["vm_config"]["code"]["local"]["filename"] == "/m.wasm"
        configured = plugin["configuration"]["value"]["credentials"].get("sign", "sigv4")
        assert configured == ("sigv4" if sign == "key" else sign)


def test_ratios_are_of_neighbours_in_time():
    found = {"plain": [1.0, 10.0, 2.0], "filter": [2.0, 20.0, 4.0]}
    assert measure.ratios(found) == {"filter": [2.0, 2.0, 2.0]}
    assert measure.spread([1, 2, 3, 4, 5]) == [3, 2, 4] and measure.spread([7]) == [7, 7, 7]
    assert measure.slope([(1, 5), (2, 7), (3, 9)]) == pytest.approx(2)


def test_rounds_take_turns_and_the_first_is_not_counted(monkeypatch):
    spent = iter(range(100))
    monkeypatch.setattr(machine, "cpu_ns", lambda _: next(spent))
    order = []
    targets = [envoys.Envoy(envoys.Variant(name), FakeProcess, 0) for name in "ab"]
    found = measure.interleaved(targets, 2, lambda envoy: order.append(envoy.variant.name) or 1, lambda *_: None)
    assert "".join(order) == "ababba" and found == {"a": [1, 1], "b": [1, 1]}


class FakeProcess:
    class child:
        pid = 0


def test_linear_memories_are_what_lies_before_a_reservation(monkeypatch):
    maps = [
        "10000000-10130000 rw-p 00000000 00:00 0",
        "10130000-290000000 ---p 00000000 00:00 0",
        "300000000-300100000 rw-p 00000000 00:00 0",
        "300100000-300101000 ---p 00000000 00:00 0",
    ]
    monkeypatch.setattr(machine.Path, "read_text", lambda _: "\n".join(maps))
    assert machine.linear_memories(1) == [0x130000]


@pytest.mark.parametrize("size", [1_024, 16 << 10, 256 << 10])
def test_a_chat_has_the_size_that_was_asked_for_and_ends_with_the_user(size):
    chat = bodies.chat("amazon.nova-lite-v1:0", size)
    assert abs(len(json.dumps(chat)) - size) <= 8
    assert chat["messages"][-1]["role"] == "user"
    assert all(turn["content"] for turn in chat["messages"])


def test_the_same_conversation_is_said_in_the_words_of_each_api():
    chat = bodies.chat("m", 1_024, stream=True)
    said = [turn["content"] for turn in chat["messages"]]
    response, message = (bodies.in_words_of(api, chat) for api in ("responses", "messages"))
    assert [item["content"] for item in response["input"]] == said and response["max_output_tokens"] == 500
    assert [message["system"], *(turn["content"] for turn in message["messages"])] == said
    assert "messages" not in response and response["stream"] and message["max_tokens"] == 500
    assert bodies.in_words_of("chat", chat) == chat


def test_a_goal_is_reached_from_its_own_side():
    def figure(value, **goal):
        return Figure("row", "filter", "what", "×", [value] * 3, **goal)

    assert figure(1.4, goal=1.4).reached and not figure(1.41, goal=1.4).reached
    assert figure(60, goal=60, at_least=True).reached and not figure(59, goal=60, at_least=True).reached
    assert figure(1).reached is None


def test_the_chart_shows_every_ratio_of_the_filter():
    figures = [
        {"what": "CPU, a <chat>", "variant": "filter", "unit": "× plain", "value": [1.5, 1.4, 1.6], "goal": 1.4},
        {"what": "CPU, a stream", "variant": "filter", "unit": "× plain", "value": [1.1, 1, 1.2], "goal": None},
        {"what": "CPU, a stream", "variant": "floor-hooks", "unit": "× plain", "value": [1, 1, 1], "goal": None},
    ]
    texts = [text.text for text in ElementTree.fromstring(chart.draw({"figures": figures})).iter() if text.text]
    assert {"a <chat>", "1.50", "a stream", "1.10"} <= set(texts) and "1.00" not in texts


def test_every_row_runs():
    """With counts that tell nothing of speed."""
    # Left out is what would take as long as a measurement, and is made of the same parts.
    names = {row.name for row in rows.ROWS} - {"chat-1k-8", "chat-16k", "chat-256k", "saturation", "stream-coalesced"}
    command = [sys.executable, "-m", "bench", "--smoke", "--only", ",".join(sorted(names))]
    environment = {"PYTHONPATH": str(ROOT / "tools"), "PATH": "/usr/local/bin:/usr/bin:/bin"}
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    written = json.loads((ROOT / "target/bench/smoke.json").read_text())
    assert {figure["row"] for figure in written["figures"]} == names
    # Differences of such counts may be below zero.
    differences = {"ms over plain", "ns/byte", "µs over filter-unlogged"}
    assert all(figure["value"][0] >= 0 for figure in written["figures"] if figure["unit"] not in differences)


def test_rounds_of_a_series_begin_with_another_each_and_a_failure_is_told_once():
    order, told, found = [], [], Found()
    run = SimpleNamespace(rounds=lambda number: number, progress=lambda *said: told.append(said))
    compared = [Compared(1_000, name, SimpleNamespace(process=SimpleNamespace(check=lambda: None))) for name in ("plain", "filter")]

    def look(one):
        order.append(one.variant)
        if one.variant == "filter":
            raise Problem("nothing was answered\nnor logged")
        return [len(order)]

    in_turns(run, found, "connections", compared, look, lambda *point: point)
    assert order == ["plain", "filter", "filter", "plain", "plain", "filter"]
    assert told[:2] == [("1,000 connections, plain", 0, 3), ("1,000 connections, filter", 0, 3)]
    assert found.points == [(1_000, "plain", [1, 4, 5])]
    assert [(one["variant"], one["windows"]) for one in found.slices] == [("plain", [1, 4, 5]), ("filter", [])]
    assert found.problems == ["1,000 connections, filter: nothing was answered"]


POINTS = [
    {"size": 1, "variant": "plain", "cpu": [70.0, 69.0, 71.0], "memory": 60.0},
    {"size": 10_000, "variant": "plain", "cpu": [80.0, 79.0, 81.0], "memory": 900.0},
    {"size": 1, "variant": "filter", "cpu": [180.0, 179.0, 181.0], "memory": 130.0},
]


def test_a_series_is_a_table_with_a_row_for_each_size_and_a_dash_where_nothing_was_measured():
    rows = page.table(connections.SERIES, {"points": POINTS}).splitlines()
    assert "CPU per request, plain | CPU per request, filter" in rows[0] and "requests per second" not in rows[0]
    assert rows[2].startswith("| 1 | 70.00 µs (69.00 – 71.00) | 180 µs (179 – 181) | 60.00 MB | 130 MB |")
    assert rows[3] == "| 10,000 | 80.00 µs (79.00 – 81.00) | – | 900 MB | – |"


def test_the_curves_of_a_series_have_a_point_for_each_size_in_each_panel():
    drawn = ElementTree.fromstring(curves.draw(connections.SERIES, POINTS))
    kinds = [part.tag.rpartition("}")[2] for part in drawn.iter()]
    assert kinds.count("circle") == 2 * len(POINTS)
    assert {"CPU per request, µs", "memory of Envoy, MB", "10k"} <= {part.text for part in drawn.iter()}


def test_sections_are_written_between_their_markers_and_the_rest_of_the_page_stays():
    text = "a\n<!-- scale: node -->\nold\n<!-- scale: end -->\nb\n<!-- scale: workers -->\n<!-- scale: end -->\n"
    written = page.between(text, "node", "new\n")
    assert written == text.replace("old\n", "\nnew\n\n") and page.between(written, "node", "new\n") == written
    for series in ("connections", "streams", "configured", "workers", "node"):
        assert page.between(page.PAGE.read_text(), series, "new\n").count("new\n") >= 1


def test_a_node_serves_what_a_core_does_times_what_is_kept_at_each_doubling():
    series = {
        "workers": {"points": [{"size": size, "variant": "filter", "cpu": cpu} for size, cpu in ((1, 90.0), (2, 100.0))]},
        "connections": {"points": [{"size": 64, "variant": "filter", "rate": [5_000, 4_900, 5_100], "cores": 0.8}]},
        "streams": {"points": [{"size": 100, "variant": "filter", "cpu": 50.0, "each": 64.0}]},
    }
    by_what = {what: by["filter"] for what, _, by in node.estimates(series)}
    cores = 8 * 0.9**3
    assert by_what["chats of 1 KB"] == pytest.approx(5_000 / 0.8 * cores)
    assert by_what["streams of 50 events a second, by CPU"] == pytest.approx(cores * 1e6 / 50 / 50)
    assert by_what["open streams in 16 GB, by memory"] == pytest.approx((16 << 30) * 0.8 / (64 << 10))
    assert node.rounded(36_450) == "36,000" and node.estimates({}) == []


def test_where_the_machine_allows_fewer_streams_the_most_that_it_does_are_tried_and_the_rest_is_said(monkeypatch):
    monkeypatch.setattr(roomy, "descriptors", lambda: 20_000)
    found = Found()
    assert streams.possible((100, 5_000, 10_000, 20_000), found) == (100, 5_000, 9_850)
    assert found.problems[0].startswith("10,000, 20,000 streams: not tried")


def test_what_is_lifted_of_the_sample_is_there_to_be_lifted():
    config = envoys.configuration(envoys.Variant("filter", envoys.MODULE), 1, UPSTREAM)
    roomy.lift(config)
    limits = {name for monitor in config["overload_manager"]["resource_monitors"] for name in monitor["typed_config"].items()}
    assert {("max_heap_size_bytes", roomy.HEAP), ("max_active_downstream_connections", roomy.MANY)} <= limits
    threshold = roomy.threshold(config)
    assert (threshold["max_connections"], threshold["max_requests"]) == (1_024, roomy.MANY)
