"""What is drawn, and what is watched, is what there is: each expression can be read, and names only metrics and labels that exist."""

import json
import re
import subprocess

import pytest
import yaml

from metrics import OBSERVABILITY, metrics, names, series

# What Grafana puts in the place of these, and our own page.
VARIABLES = {"$__rate_interval": "5m", "$__range": "3h", "$team": ".*", "$model": ".*", "$window": "1m"}


def of_grafana():
    dashboard = json.loads((OBSERVABILITY / "dashboard.json").read_text())
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", ())]
    asked += [annotation["expr"] for annotation in dashboard["annotations"]["list"]]
    return asked


def of_alerts():
    rules = yaml.safe_load((OBSERVABILITY / "alerts.yml").read_text())
    return [rule["expr"] for group in rules["groups"] for rule in group["rules"]]


def of_page():
    return [panel["expr"] for panel in panels()] + [series["expr"] for panel in panels() for series in panel["more"]]


def panels():
    found = json.loads((OBSERVABILITY / "page/panels.json").read_text())
    return [{"more": []} | panel for panel in found]


PLACES = {"dashboard": of_grafana, "alerts": of_alerts, "page": of_page}


@pytest.mark.parametrize("place", PLACES)
def test_each_expression_can_be_read(place, tmp_path):
    rules = [{"record": f"r{number}", "expr": plain(expr)} for number, expr in enumerate(PLACES[place]())]
    assert rules
    path = tmp_path / "rules.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": place, "rules": rules}]}))
    done = subprocess.run(["promtool", "check", "rules", path], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def plain(expression):
    for name, value in VARIABLES.items():
        expression = expression.replace(name, value)
    assert "$" not in expression.replace(r"\$", ""), expression
    return expression


@pytest.mark.parametrize("place", PLACES)
def test_only_metrics_that_exist_are_asked_for(place):
    known = series()
    for expression in PLACES[place]():
        # A name by an expression of its own, such as {__name__=~"envoy_wasm_.+_vm_reload"}, is looked at in the end-to-end tests.
        bare = re.sub(r'__name__=~"[^"]*"', "", expression)
        assert names(bare) <= known, expression


@pytest.mark.parametrize("place", PLACES)
def test_only_labels_that_a_metric_has_are_asked_for(place):
    """By what stands in an expression with one metric alone: more cannot be said without reading all of the language."""
    labels = {name: set(labels) | {"instance", "job", "le", "limit"} for name, (_, labels) in metrics().items()}
    for expression in PLACES[place]():
        asked = {re.sub("_(bucket|sum|count)$", "", name) for name in names(expression)} & labels.keys()
        known = set().union(*[labels[name] for name in asked])
        used = {name for group in re.findall(r"by \(([^)]*)\)", expression) for name in re.split(r",\s*", group)}
        used |= set(re.findall(r'(\w+)(?:=~|!~|!=|=)"', expression)) - {"__name__", "alertname", "alertstate", "job"}
        if asked:
            assert used <= known, (expression, used - known)


def test_each_metric_is_drawn():
    drawn = set().union(*map(names, of_grafana()))
    for name, (kind, _) in metrics().items():
        assert {name, f"{name}_bucket"} & drawn or name in NOT_DRAWN, name


# When something last failed is for the runbook: how often in a row is drawn or watched.
NOT_DRAWN = {"bedrock_credentials_fetched", "bedrock_credentials_failed", "bedrock_credentials_failures", "bedrock_discovery_failed",
             "bedrock_discovery_failures"}


def test_panels_of_the_dashboard_do_not_overlap():
    dashboard = json.loads((OBSERVABILITY / "dashboard.json").read_text())
    taken = set()
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
        assert not cells & taken and place["x"] + place["w"] <= 24, panel["title"]
        taken |= cells
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(ids) == len(set(ids))
