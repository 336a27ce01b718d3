"""Live, ready and healthy each answer their own question (rows S0-03, S0-04, S0-05, S0-06)."""

from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from tests.simulation.checkups import COLUMNS, DOCUMENT, HEAD, TAIL, WRONG, examine, row
from tests.simulation.drill_table import line

STORAGE = {"the disk is full", "the database is locked by another process"}
STORAGE |= {"the database is read-only"}
EXPECTED: Mapping[str, tuple[int, int, str]] = {
    "nothing": (200, 200, "healthy"),
    **dict.fromkeys(sorted(STORAGE), (200, 503, "unhealthy")),
    "a dispatcher's task was killed": (503, 200, "healthy"),
    "the service drains": (200, 503, "healthy"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_each_path_answers_its_own_question_and_asks_nobody_outside(
    wrong: str, playing: tuple[ProcessPoolExecutor, Path]
) -> None:
    found = examine(wrong, template=playing[1])
    live, ready, word = EXPECTED.get(wrong, (200, 200, "degraded"))
    assert (found.bugs, found.outside) == ([], 0)
    assert found.answers["/health/live"][0] == live
    assert found.answers["/health/ready"][0] == ready
    assert found.answers["/health"] == (503 if word == "unhealthy" else 200, word)
    assert found.answers["/health/detailed"][1] == word
    assert row(wrong, found) in DOCUMENT.read_text(), "run make drills"


def test_the_document_holds_every_row_and_nothing_else() -> None:
    text = DOCUMENT.read_text()
    assert text.startswith(HEAD + line(COLUMNS))
    assert text.endswith(TAIL)
    assert text.count("\n| ") == len(WRONG) + 2
