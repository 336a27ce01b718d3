"""Simulated customers talk to the whole service in virtual time, with and without a model."""

import json
from pathlib import Path

import pytest

from orbion.cli.exits import Exit
from tests.support.commands import run

SHIPPED = Path(__file__).parents[1] / "corpora" / "personas.jsonl"
CHOSEN = ("solar-09", "school-08", "realestate-07")


def chosen(folder: Path, *starts: str) -> Path:
    lines = SHIPPED.read_text(encoding="utf-8").splitlines()
    path = folder / "some.jsonl"
    path.write_text("\n".join(line for line in lines if json.loads(line)["id"].startswith(starts)))
    return path


@pytest.mark.parametrize("model", ["scripted", "openai"])
def test_personas_end_as_expected_within_the_budget_of_calls(model: str, tmp_path: Path) -> None:
    file = chosen(tmp_path, *CHOSEN)
    ran = run(tmp_path, "simulate", "--personas", str(file), "--model", model, "--json")
    found = json.loads(ran.stdout)
    assert (ran.exit_code, found["passed"]) == (Exit.OK, True)
    assert [each["expected"] in each["outcome"] for each in found["personas"]] == [True] * 3
    assert (found["totals"]["calls"] > 0) == (model == "openai")


def test_the_same_customers_say_and_hear_the_same_again(
    tmp_path: Path,
) -> None:
    file = chosen(tmp_path, "solar-03")
    once, again = (
        run(tmp_path, "simulate", "--personas", str(file), "--model", "openai").stdout
        for _ in range(2)
    )
    assert once == again
    assert "solar-03-desconto  handed_over  handed_over" in once


def test_a_gate_that_fails_is_told_by_the_exit_code(
    tmp_path: Path,
) -> None:
    persona = {"id": 1, "vertical": "escola", "goal": "oi", "expected_outcome": "opted_out"}
    file = tmp_path / "one.jsonl"
    file.write_text(json.dumps(persona))
    ran = run(tmp_path, "simulate", "--personas", str(file), "--playbook", "school")
    assert ran.exit_code == Exit.BUG
    assert "FAILS: as expected 0 ≥ 0.9" in ran.stdout


def test_no_customer_of_a_playbook_is_a_fault(
    tmp_path: Path,
) -> None:
    file = chosen(tmp_path, "solar-03")
    ran = run(tmp_path, "simulate", "--personas", str(file), "--playbook", "school")
    assert ran.exit_code == Exit.REJECTED
    assert "no persona is of the vertical 'school'" in ran.stderr
