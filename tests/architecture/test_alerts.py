"""Each alert is sound, proved by its cases, explained in the runbook, and about a real metric."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from orbion.telemetry.metrics import Metrics
from tests.support.alerts import (
    CASES,
    RULES,
    RUNBOOK,
    Alert,
    alerts,
    panel_queries,
    program,
    rules,
    run,
)

ALERTS = alerts()
SEVERITIES = {"page": "**page**", "ticket": "*ticket*", "none": "none"}
SLOS = {"S1-ack", "S2-answer", "S3-correctness", "none"}
QUERIED = re.compile(r'alertname="(\w+)"')


def slug(title: str) -> str:
    """The anchor that a heading gets on GitHub."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


@cache
def sections() -> Mapping[str, str]:
    titles = re.findall(r"^## (.+)$", RUNBOOK.read_text(), re.MULTILINE)
    return {slug(title): title for title in titles}


def checks() -> list[tuple[str, Any]]:
    """Each (alert, expected samples) that some case of promtool looks at."""
    return [
        (found[1], check["exp_samples"])
        for path in CASES
        for case in yaml.safe_load(path.read_text())["tests"]
        for check in case["promql_expr_test"]
        if (found := QUERIED.search(check["expr"]))
    ]


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_an_alert_says_how_bad_it_is_what_it_endangers_and_what_to_do(alert: Alert) -> None:
    assert re.fullmatch(r"Orbion\w+", alert.name)
    assert set(alert.labels) == {"severity", "slo"}
    assert alert.labels["severity"] in SEVERITIES
    assert alert.labels["slo"] in SLOS
    assert alert.annotations["summary"].endswith(".")
    assert alert.annotations["runbook_url"] == f"docs/runbook.md#{alert.runbook}"
    severity = SEVERITIES[alert.labels["severity"]]
    title = sections()[alert.runbook]
    row = f"| `{alert.name}` | {severity} | [{title}](#{alert.runbook}) |"
    assert row in RUNBOOK.read_text().splitlines()


def test_the_runbook_knows_no_other_alert() -> None:
    rows = re.findall(r"^\| `(Orbion\w+)` \|", RUNBOOK.read_text(), re.MULTILINE)
    assert sorted(rows) == sorted(alert.name for alert in ALERTS)


def test_each_alert_is_proved_to_fire_and_to_stay_silent() -> None:
    seen = checks()
    names = {alert.name for alert in ALERTS}
    assert {name for name, expected in seen if expected} == names
    assert {name for name, expected in seen if not expected} == names - {"OrbionWatchdog"}


def test_rules_speak_of_exported_metrics_only() -> None:
    known = {doc.name for doc in Metrics().describe()}
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    for rule in rules():
        for name in re.findall(r"(?:orbion|gen_ai)[_:][\w:]+", rule["expr"]):
            plain = re.sub(r"_(bucket|count|sum)$", "", name)
            assert {name, plain} & (known | recorded), name


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.name)
def test_promtool_accepts_the_rules(path: Path) -> None:
    done = run(program("promtool"), "check", "rules", path)
    assert done.returncode == 0, done.stderr


@pytest.mark.timeout(180)
@pytest.mark.parametrize("path", CASES, ids=lambda path: path.name)
def test_each_alert_fires_at_its_minute_is_silent_on_the_almost_fault_and_ends(path: Path) -> None:
    done = run(program("promtool"), "test", "rules", path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_metric_is_on_a_panel_or_in_an_alert_and_panels_name_only_such() -> None:
    metrics = {doc.name for doc in Metrics().describe()}
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    panels = " ".join(expr for _, expr in panel_queries())
    used = set(re.findall(r"(?:orbion|gen_ai_client)[_:][\w:]+", panels))
    named = {re.sub(r"_(bucket|count|sum)$", "", each) for each in used}
    assert named <= metrics | recorded
    in_rules = " ".join(rule["expr"] for rule in rules())
    assert {each for each in metrics - named if each not in in_rules} == set()
