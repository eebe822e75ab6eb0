"""The alert rules: they can be read, fire where they should, and each has a test and an entry in the runbook."""

import subprocess

import yaml

from metrics import OBSERVABILITY, ROOT
from test_runbook import entries


def promtool(*arguments):
    done = subprocess.run(["promtool", *arguments], cwd=OBSERVABILITY, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def rules():
    groups = yaml.safe_load((OBSERVABILITY / "alerts.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def cases():
    tests = yaml.safe_load((OBSERVABILITY / "alerts.test.yml").read_text())["tests"]
    return [case for test in tests for case in test["alert_rule_test"]]


def test_rules_and_configuration_can_be_read():
    promtool("check", "rules", "alerts.yml")
    promtool("check", "config", "prometheus.yml")


def test_each_alert_fires_where_it_should_and_nowhere_else():
    promtool("test", "rules", "alerts.test.yml")
    alerts = {rule["alert"] for rule in rules()}
    assert {case["alertname"] for case in cases() if "exp_alerts" in case} == alerts
    assert {case["alertname"] for case in cases() if "exp_alerts" not in case} == alerts


def test_each_alert_says_how_bad_it_is_and_where_to_read_on():
    for rule in rules():
        assert rule["labels"]["severity"] in ("critical", "warning", "info"), rule["alert"]
        page, anchor = rule["annotations"]["runbook_url"].split("#")
        assert (ROOT / page).exists() and anchor == rule["alert"].lower()


def test_the_runbook_has_each_alert_and_no_other():
    assert entries("Alerts") == [rule["alert"] for rule in rules()]
