"""The written gates hold on Orbion's own labelled sets, the held-out ones included."""

from pathlib import Path

import pytest

from orbion.evals.lines import measure
from orbion.evals.registry import SETS

CORPORA = Path(__file__).parents[2] / "corpora"
LEAST = {"opt-out": 300, "human-request": 200, "entities": 200, "intents": 300}


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
