"""No promise breaks when the service is killed between any two of its steps."""

from collections.abc import Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from tests.simulation.mutants import MUTANTS, SLOW_BUT_HONEST, hunt
from tests.simulation.run import play, play_story, story_of
from tests.simulation.story import Story, shortest
from tests.simulation.verdict import Verdict

Playing = tuple[ProcessPoolExecutor, Path]
SEEDS = range(44)
KILLS = 300
MOST_SEEDS = range(40)
ROUND = 900  # seconds: whoever asks first waits for those that play before it, on any machine


@pytest.fixture(scope="session")
def verdicts(playing: Playing) -> Mapping[int, Future[Verdict]]:
    pool, template = playing
    return {seed: pool.submit(play, seed, template=template) for seed in SEEDS}


@pytest.fixture(scope="session")
def hunts(playing: Playing) -> Mapping[str, Future[int | None]]:
    pool, template = playing
    return {name: pool.submit(hunt, name, MOST_SEEDS, template) for name in MUTANTS}


@pytest.mark.timeout(ROUND)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_killed_service_keeps_every_promise(
    seed: int, verdicts: Mapping[int, Future[Verdict]]
) -> None:
    verdict = verdicts[seed].result()
    assert not verdict.violations, verdict.explain()
    assert verdict.kills
    assert verdict.acknowledged
    assert verdict.heals == (verdict.rested is not None)


@pytest.mark.timeout(ROUND)
def test_the_kills_are_many_and_most_interrupt_work(
    verdicts: Mapping[int, Future[Verdict]],
) -> None:
    found = [each.result() for each in verdicts.values()]
    kills = sum(each.kills for each in found)
    assert kills >= KILLS
    assert sum(each.busy for each in found) > kills / 2


@pytest.mark.timeout(ROUND)
def test_a_seed_replays_identically(playing: Playing) -> None:
    pool, template = playing
    first, second = (pool.submit(play, 2, template=template) for _ in range(2))
    assert first.result().story == second.result().story


@pytest.mark.timeout(ROUND)
@pytest.mark.parametrize("name", MUTANTS)
def test_a_broken_promise_is_caught(name: str, hunts: Mapping[str, Future[int | None]]) -> None:
    assert hunts[name].result() is not None


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
