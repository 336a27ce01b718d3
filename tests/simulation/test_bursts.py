"""One burst is one answer, soon, and never one that holds another account's words (row X-02)."""

from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from tests.simulation.bursts import Shard, play_bursts

Playing = tuple[ProcessPoolExecutor, Path]
ROUND = 900  # seconds: it may wait for seeds that play before it


@pytest.mark.timeout(ROUND)
def test_a_burst_is_one_answer(playing: Playing) -> None:
    pool, template = playing
    shards = [pool.submit(play_bursts, seed, count=80, template=template) for seed in (1, 2)]
    total = sum((each.result() for each in shards), Shard())
    assert total.is_met(), str(total)
    assert total.superseded, "no burst was slow enough to overtake its answer"
    assert total.answers > total.bursts


@pytest.mark.timeout(ROUND)
def test_without_a_quiet_time_the_judge_sees_several_answers(playing: Playing) -> None:
    pool, template = playing
    hasty = pool.submit(play_bursts, 1, count=20, template=template, quiet=(0.0, 0.0, 0.0)).result()
    assert hasty.calm_answers > hasty.calm
    assert not hasty.is_met()
