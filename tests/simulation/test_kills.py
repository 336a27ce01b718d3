"""No promise breaks when the service is killed between any two of its steps."""

from pathlib import Path

import pytest

from tests.simulation.mutants import MUTANTS
from tests.simulation.run import play

# More than 200 kills; each eighth seed is crowded, and the last two once broke P9 and I2b.
SEEDS = (*range(28), 47, 95)
MOST_SEEDS = 40


@pytest.mark.parametrize("seed", SEEDS)
def test_a_killed_service_keeps_every_promise(seed: int, migrated: Path) -> None:
    verdict = play(seed, template=migrated)
    assert not verdict.violations, verdict.explain()
    assert verdict.kills
    assert verdict.acknowledged


def test_a_seed_replays_identically(migrated: Path) -> None:
    first, second = (play(3, template=migrated) for _ in range(2))
    assert first.story == second.story


@pytest.mark.parametrize("name", MUTANTS)
def test_a_broken_promise_is_caught(name: str, migrated: Path) -> None:
    parts, invariant = MUTANTS[name]
    verdicts = (play(seed, template=migrated, parts=parts()) for seed in range(MOST_SEEDS))
    caught = (each for verdict in verdicts for each in verdict.violations)
    assert any(each.startswith(f"{invariant} ") for each in caught)
