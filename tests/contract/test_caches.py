"""What is cached is what a read would find, whoever wrote, and a usual turn needs no read."""

import random

from orbion.adapters.db.store import DbStore
from tests.support.business import RARE, USUAL, Business, other_process
from tests.support.stores import HandClock

STEPS = 200


async def test_no_turn_of_one_process_reads_what_is_stale(store: DbStore, clock: HandClock) -> None:
    business = Business([store], clock, random.Random(1))
    for _ in range(STEPS):
        await business.step(USUAL | RARE)
    assert len(business.done) == len(USUAL | RARE)


async def test_no_turn_of_two_processes_reads_what_is_stale(
    store: DbStore, clock: HandClock
) -> None:
    business = Business([store, other_process(store, clock)], clock, random.Random(2))
    for _ in range(STEPS):
        await business.step(USUAL | RARE)


async def test_usual_turns_are_hits(store: DbStore, clock: HandClock) -> None:
    business = Business([store], clock, random.Random(3))
    for number in range(STEPS // 8):
        await business.says()
        await business.step({"turn": 1})
        while business.done["send"] < 3 * number:
            await business.step({"send": 1})
    found = store.histories.statistics
    assert found.hits / (found.hits + found.misses) >= 0.9
