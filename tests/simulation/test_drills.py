"""Every neighbour breaks in every way: nothing is lost, doubled or mixed up (row S2-03)."""

from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from tests.simulation.drill_table import COLUMNS, DEAD, DOCUMENT, HEAD, MATRIX, TAIL, line, row
from tests.simulation.drills import Drill, play
from tests.simulation.neighbours import Trouble

REFUSES = (Trouble.DOWN, Trouble.LIMITED, Trouble.GARBAGE, Trouble.FLAPPING)
ROWS = (*MATRIX, DEAD)


def name_of(drill: Drill) -> str:
    return f"{'-'.join(drill.broken)}-{drill.trouble}"


@pytest.mark.parametrize("drill", ROWS, ids=name_of)
def test_a_drill_ends_well_and_as_it_is_written(
    drill: Drill, playing: tuple[ProcessPoolExecutor, Path]
) -> None:
    seen = play(drill, template=playing[1])
    assert (seen.bugs, seen.lost, seen.twice, seen.mirror_is_right) == ([], 0, 0, True)
    assert seen.health["/live"] == {"200 pass"}
    assert seen.afterwards == {"answered"}
    if "disk" in drill.broken:
        assert (503 in seen.webhooks) == (drill.trouble in REFUSES)
        assert not seen.webhooks - {200, 503}
    else:
        assert seen.webhooks == {200}
        assert seen.health["/ready"] == {"200 pass"}
        assert seen.health[""] <= {"200 healthy", "200 degraded"}
        assert seen.misplaced == 0
    assert row(drill, seen) in DOCUMENT.read_text(), "run make drills"


def test_the_document_holds_every_row_and_nothing_else() -> None:
    text = DOCUMENT.read_text()
    assert text.startswith(HEAD + line(COLUMNS))
    assert text.endswith(TAIL)
    assert text.count("\n| ") == len(ROWS) + 2
