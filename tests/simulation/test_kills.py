"""No promise breaks when the service is killed between any two of its steps."""

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import chain, count, islice
from pathlib import Path

import pytest

from tests.simulation.mutants import MUTANTS, SLOW_BUT_HONEST, hunt
from tests.simulation.run import HAILED_SEEDS, play, play_story, story_of
from tests.simulation.story import Story, shortest
from tests.simulation.verdict import Verdict

Playing = tuple[ProcessPoolExecutor, Path]
KINDS = 8
EIGHTS = range(4)
HAILS = 42  # more seeds of the kind that kills most
LOT = 7
KILLS = 2_000
MOST_SEEDS = range(40)
ROUND = 900  # seconds, on any machine


def lots() -> Sequence[Sequence[int]]:
    """Some seeds of each kind, then many with a hail of kills."""
    eights = [range(eight * KINDS, (eight + 1) * KINDS) for eight in EIGHTS]
    later = (seed for seed in count(len(EIGHTS) * KINDS) if seed % KINDS in HAILED_SEEDS)
    hails = list(islice(later, HAILS))
    return [*eights, *(hails[start : start + LOT] for start in range(0, HAILS, LOT))]


@pytest.mark.timeout(ROUND)
@pytest.mark.parametrize("lot", range(len(lots())))
def test_a_killed_service_keeps_every_promise(lot: int, playing: Playing) -> None:
    pool, template = playing
    found = list(pool.map(partial(play, template=template), lots()[lot]))
    for verdict in found:
        assert not verdict.violations, verdict.explain()
        assert verdict.kills == len(story_of(verdict.seed).kills)
        assert verdict.acknowledged
        assert not verdict.unexplained, verdict.explain()
        assert verdict.heals == (verdict.rested is not None)
    assert sum(each.busy for each in found) > sum(each.kills for each in found) / 2


def test_the_kills_are_many() -> None:
    seeds = chain.from_iterable(lots())
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
