"""A second after a person wrote nothing of the bot leaves any more, whatever it was doing (P9)."""

from pathlib import Path

from tests.simulation.takeover import measure

COUNT = 60


def test_a_person_may_write_at_any_instant_of_a_turn(migrated: Path) -> None:
    found = measure(5, template=migrated, count=COUNT)
    assert found.violations == []
    assert found.interleavings == COUNT
    assert all(found.kinds.values())
    assert max(found.after, default=0) <= 1_000
