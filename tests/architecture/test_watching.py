"""Alerts, runbooks and dashboards speak of metrics and labels that exist, and of commands that exist."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from gateway.__main__ import main as pouch
from gateway.core.reason import Reason
from gateway.core.transmission import Task
from monitoring.metrics import (
    DOORS,
    FAMILIES,
    OUTCOMES,
    POOL_STATES,
    QUEUE_STATES,
    STAGES,
    SUBJECTS,
    WITNESS_ANSWERS,
    WITNESSED,
)

#: Labels of Prometheus itself, and of a target.
OF_PROMETHEUS = {"job", "instance", "le", "alertname", "severity"}
CLOSED = {
    "door": DOORS,
    "stage": STAGES,
    "subject": SUBJECTS,
    "outcome": OUTCOMES,
    "state": {*QUEUE_STATES, *POOL_STATES},
    "reason": {reason.code for reason in Reason},
    "task": {task.value for task in Task},
    "verdict": WITNESS_ANSWERS | WITNESSED,
}


@pytest.fixture(scope="module")
def rules(root: Path) -> list[Any]:
    [group] = yaml.safe_load((root / "monitoring/alerts.yml").read_text())["groups"]
    return group["rules"]


@pytest.fixture(scope="module")
def expressions(root: Path, rules: list[Any]) -> list[str]:
    """Every query of alerts, dashboards and runbooks."""
    found = [rule["expr"] for rule in rules]
    for board in (root / "monitoring/dashboards").glob("*.json"):
        for panel in json.loads(board.read_text())["panels"]:
            found += [target["expr"] for target in panel["targets"]]
    for page in (root / "monitoring/runbooks").glob("*.md"):
        found += [code for code in re.findall(r"`([^`]+)`", page.read_text()) if "pouch_" in code]
    return found


def selectors(expression: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Give each metric with the label matchers that stand behind it."""
    for name, matchers in re.findall(r"\b(pouch_\w+)(?:\{([^}]*)\})?", expression):
        yield name, dict(re.findall(r'(\w+)\s*=~?\s*"([^"]*)"', matchers))


def test_every_metric_exists_under_the_name_it_is_shown(expressions: list[str]) -> None:
    shown = {name for family in FAMILIES for name in family.shown()}
    histograms = {family.name for family in FAMILIES if family.kind == "histogram"}
    named = {name for expression in expressions for name, _ in selectors(expression)}
    assert named - shown - histograms == set()
    assert len(named) > 10


def test_every_label_is_one_of_its_metric(expressions: list[str]) -> None:
    labels = {name: {*family.labels} for family in FAMILIES for name in (*family.shown(), family.name)}
    for expression in expressions:
        grouped = set()
        for group in re.findall(r"\b(?:by|ignoring|on)\s*\(([^)]*)\)", expression):
            grouped |= {label.strip() for label in group.split(",")}
        known = set().union(*(labels[name] for name, _ in selectors(expression)), OF_PROMETHEUS)
        assert grouped <= known, expression
        for name, matchers in selectors(expression):
            assert set(matchers) <= labels[name] | OF_PROMETHEUS, expression


def test_every_value_that_is_matched_can_occur(expressions: list[str]) -> None:
    for expression in expressions:
        for _, matchers in selectors(expression):
            for label, pattern in matchers.items():
                for alternative in pattern.split("|") if label in CLOSED else ():
                    assert any(re.fullmatch(alternative, value) for value in CLOSED[label]), expression


def test_every_alert_has_its_page_and_every_page_its_alert(root: Path, rules: list[Any]) -> None:
    pages = {path.stem for path in (root / "monitoring/runbooks").glob("*.md")}
    assert pages == {rule["alert"] for rule in rules}
    for rule in rules:
        name = rule["alert"]
        assert rule["annotations"]["runbook"] == f"runbooks/{name}.md"
        assert rule["annotations"]["summary"].endswith(".")
        assert rule["labels"]["severity"] in {"page", "today"}
        text = (root / f"monitoring/runbooks/{name}.md").read_text()
        assert text.startswith(f"# {name}\n")
        assert all(f"**{part}.**" in text for part in ("Means", "Look", "Do")) or name == "CertificateExpires"


def test_every_alert_is_tried(root: Path, rules: list[Any]) -> None:
    tried = (root / "monitoring/alerts_test.yml").read_text()
    assert [rule["alert"] for rule in rules if f'alertname="{rule["alert"]}"' not in tried] == []


def test_runbooks_name_commands_and_reasons_that_exist(root: Path) -> None:
    assert isinstance(pouch, click.Group)
    commands = set(pouch.list_commands(click.Context(pouch)))
    codes = {reason.code for reason in Reason}
    for page in (root / "monitoring/runbooks").glob("*.md"):
        text = page.read_text()
        assert set(re.findall(r"`pouch (\w+)", text)) <= commands, page.name
        assert set(re.findall(r"\b([1-59]0\d\d)\b", text)) <= codes, page.name


@pytest.mark.debian("prometheus")
@pytest.mark.parametrize(
    "words",
    [("check", "config", "prometheus.yml"), ("check", "rules", "alerts.yml"), ("test", "rules", "alerts_test.yml")],
)
def test_prometheus_takes_them(root: Path, words: tuple[str, str, str]) -> None:
    run = subprocess.run(["promtool", *words], cwd=root / "monitoring", capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
