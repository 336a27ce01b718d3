"""No promise breaks when the service is killed between any two of its steps."""

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from tests.simulation.mutants import MUTANTS, SLOW_BUT_HONEST, hunt
from tests.simulation.run import play, play_story, story_of
from tests.simulation.story import Story, shortest
from tests.simulation.verdict import Verdict

Playing = tuple[ProcessPoolExecutor, Path]
KINDS = 8
EIGHTS = range(12)
KILLS = 2_000
MOST_SEEDS = range(40)
ROUND = 900  # seconds, on any machine


def seeds_of(eight: int) -> Sequence[int]:
    """One seed of each kind."""
    return range(eight * KINDS, (eight + 1) * KINDS)


@pytest.mark.timeout(ROUND)
@pytest.mark.parametrize("eight", EIGHTS)
def test_a_killed_service_keeps_every_promise(eight: int, playing: Playing) -> None:
    pool, template = playing
    found = list(pool.map(partial(play, template=template), seeds_of(eight)))
    for verdict in found:
        assert not verdict.violations, verdict.explain()
        assert verdict.kills == len(story_of(verdict.seed).kills)
        assert verdict.acknowledged
        assert not verdict.unexplained, verdict.explain()
        assert verdict.heals == (verdict.rested is not None)
    assert sum(each.busy for each in found) > sum(each.kills for each in found) / 2


def test_the_kills_are_many() -> None:
    seeds = (seed for eight in EIGHTS for seed in seeds_of(eight))
    assert sum(len(story_of(seed).kills) for seed in seeds) >= KILLS


@pytest.mark.timeout(ROUND)
def test_a_seed_replays_identically(playing: Playing) -> None:
    pool, template = playing
    first, second = (pool.submit(play, 2, template=template) for _ in range(2))
    assert first.result().story == second.result().story


@pytest.mark.timeout(ROUND)
@pytest.mark.parametrize("name", MUTANTS)
def test_a_broken_promise_is_caught(name: str, playing: Playing) -> None:
    pool, template = playing
    assert pool.submit(hunt, name, MOST_SEEDS, template).result() is not None


@pytest.mark.timeout(ROUND)
def test_a_model_slower_than_a_lease_breaks_nothing(playing: Playing) -> None:
    """The world of the mutant whose leases are never renewed, without the mutant."""
    _, template = playing
    verdict = play(1, template=template, parts=SLOW_BUT_HONEST)
    assert not verdict.violations, verdict.explain()


def told(story: Story) -> Verdict:
    """Break I1 whenever kill 5 meets conversation 2 on a day with lost echoes."""
    broken = 5 in story.kills and 2 in story.conversations and "unechoed" not in story.calm
    return Verdict(
        seed=story.seed,
        heals=True,
        kills=len(story.kills),
        busy=0,
        rested=None,
        violations=["I1 lost"] if broken else [],
        story=[],
        acknowledged=0,
        duplicates=0,
        unprovable=0,
    )


def test_the_shortest_story_holds_only_what_breaks_the_promise() -> None:
    found = shortest(story_of(1), told)
    assert found is not None
    story, verdict, _ = found
    assert (story.kills, story.conversations) == ((5,), (2,))
    assert str(story).endswith("kinds of faults: unechoed")
    assert verdict.violations == ["I1 lost"]
    assert shortest(story, lambda _: told(whole_without(story))) is None


def whole_without(story: Story) -> Story:
    return replace(story_of(1), kills=tuple(set(story_of(1).kills) - set(story.kills)))


@pytest.mark.timeout(ROUND)
def test_a_shorter_story_is_played_by_the_same_service(playing: Playing) -> None:
    _, template = playing
    whole = story_of(1)
    short = Story(seed=1, kills=(0,), conversations=(0,), calm=("send", "weather"))
    verdict = play_story(short, template=template)
    assert (verdict.kills, verdict.violations) == (1, [])
    assert 0 < verdict.acknowledged < len(whole.conversations) * 3
