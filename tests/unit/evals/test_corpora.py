"""The written gates hold on Orbion's own labelled sets, the held-out ones included."""

from pathlib import Path

import pytest

from orbion.evals.lines import measure
from orbion.evals.registry import SETS

CORPORA = Path(__file__).parents[2] / "corpora"
LEAST = {"opt-out": 300, "human-request": 200, "entities": 200, "intents": 300}
LEAST |= {"grounding": 300, "action-claims": 200}


@pytest.mark.parametrize("name", LEAST)
def test_the_gate_of_a_set_holds_on_its_corpus(name: str) -> None:
    asked = SETS[name]
    content = (CORPORA / f"{name}.jsonl").read_bytes()
    scores = measure(asked, name, content)
    assert scores.cases >= LEAST[name]
    assert [bound.measure for bound in asked.gate if not bound.holds(scores)] == []


@pytest.mark.parametrize("name", LEAST)
def test_the_gate_of_a_set_holds_on_what_was_held_out(name: str) -> None:
    asked = SETS[name]
    files = sorted(CORPORA.glob(f"{name}-held-out*.jsonl"))
    scores = measure(asked, name, b"".join(file.read_bytes() for file in files))
    assert [bound.measure for bound in asked.gate if not bound.holds(scores)] == []


def test_an_order_that_a_model_obeys_does_no_harm_on_each_sixteenth_attack() -> None:
    lines = (CORPORA / "injection.jsonl").read_bytes().splitlines(keepends=True)
    assert len(lines) >= 200
    scores = measure(SETS["injection"], "injection", b"".join(lines[::16]))
    assert scores.misses == ()
    assert all(bound.holds(scores) for bound in SETS["injection"].gate)
