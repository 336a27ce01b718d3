"""A second after a person wrote nothing of the bot leaves any more, whatever it was doing (P9)."""

from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from tests.simulation.takeover import measure

Playing = tuple[ProcessPoolExecutor, Path]
COUNT = 60
ROUND = 900  # seconds: it may wait for seeds that play before it


@pytest.mark.timeout(ROUND)
def test_a_person_may_write_at_any_instant_of_a_turn(playing: Playing) -> None:
    pool, template = playing
    found = pool.submit(measure, 5, template=template, count=COUNT).result()
    assert found.violations == []
    assert found.interleavings == COUNT
    assert all(found.kinds.values())
    assert max(found.after, default=0) <= 1_000
