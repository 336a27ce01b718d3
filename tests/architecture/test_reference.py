"""What is generated from the code is what lies in the repository."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from scripts.dashboards import dashboards
from scripts.documents import documents
from tests.support.source import ROOT


@pytest.fixture(scope="module")
def generated() -> Mapping[Path, str]:
    return documents()


GENERATED = (
    ".env.example",
    "docs/reference.md",
    "docs/architecture.md",
    "docs/evolution-events.md",
    "docs/evolution-sends.md",
    "docker/k8s/sqlite/rules.yaml",
    *(f"docker/grafana/dashboards/{name}" for name in dashboards()),
)


@pytest.mark.parametrize("name", GENERATED)
def test_a_generated_document_is_up_to_date(name: str, generated: Mapping[Path, str]) -> None:
    path = ROOT / name
    assert path.read_text() == generated[path], "run `make docs`"


def test_every_setting_route_and_metric_is_explained(generated: Mapping[Path, str]) -> None:
    rows = generated[ROOT / "docs" / "reference.md"].splitlines()
    assert [row for row in rows if row.endswith("|  |")] == []
