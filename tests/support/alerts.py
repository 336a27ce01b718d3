"""The alert rules as they lie in docker/, and the programs of Prometheus that judge them."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.support.source import ROOT

PROMETHEUS: Final = ROOT / "docker" / "prometheus"
RULES: Final = tuple(sorted((PROMETHEUS / "rules").glob("*.yml")))
CASES: Final = tuple(sorted((PROMETHEUS / "tests").glob("*.yml")))
DASHBOARDS: Final = tuple(sorted((ROOT / "docker" / "grafana" / "dashboards").glob("*.json")))
RUNBOOK: Final = ROOT / "docs" / "runbook.md"

_DURATION: Final = re.compile(r"(\[|for: )(\d+)([mhd])")
_SECONDS: Final = {"m": 60, "h": 3600, "d": 86_400}


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One alert; `runbook` is the anchor of its section."""

    name: str
    expr: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]

    @property
    def runbook(self) -> str:
        return self.annotations["runbook_url"].partition("#")[2]


def rules() -> Iterator[Mapping[str, Any]]:
    """Every rule of every group, recordings too."""
    for path in RULES:
        for group in yaml.safe_load(path.read_text())["groups"]:
            yield from group["rules"]


def alerts() -> list[Alert]:
    return [
        Alert(
            name=rule["alert"],
            expr=rule["expr"],
            labels=rule["labels"],
            annotations=rule["annotations"],
        )
        for rule in rules()
        if "alert" in rule
    ]


def panel_queries() -> list[tuple[str, str]]:
    """Each (panel, expression) of every dashboard."""
    return [
        (f"{dashboard['title']}: {panel['title']}", target["expr"])
        for path in DASHBOARDS
        for dashboard in [json.loads(path.read_text())]
        for panel in dashboard["panels"]
        for target in panel.get("targets", ())
    ]


def program(*names: str) -> str:
    """The path of the first of `names` that is installed; skips the test when none is."""
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"{names[0]} is not installed (Debian: prometheus, prometheus-alertmanager)")
    return found


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 — a program of the machine on files of the repository
        [str(part) for part in command], capture_output=True, text=True, check=False, timeout=120
    )


def shortened(text: str) -> str:
    """The same rules sixty times faster, each window and each wait; thresholds stay.

    No wait gets below three seconds, or one late scrape on a busy machine would be an outage.
    """

    def faster(found: re.Match[str]) -> str:
        seconds = int(found[2]) * _SECONDS[found[3]] / 60
        least = 3 if found[1].startswith("for") else 1
        return f"{found[1]}{max(least, round(seconds))}s"

    return _DURATION.sub(faster, text)
