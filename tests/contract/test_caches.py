"""What is cached is what a read would find, whoever wrote, and a usual turn needs no read."""

import random
from dataclasses import replace

from orbion.adapters.db.pipeline import DbPipeline
from orbion.adapters.db.store import DbStore
from orbion.domain.leads import Fact, StageMove
from tests.contract.scenes import receive, reply, take_turn
from tests.support.business import RARE, USUAL, Business, other_process
from tests.support.stores import HandClock, hello

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


async def test_a_turn_keeps_no_picture_of_a_lead_that_an_operator_moved_meanwhile(
    store: DbStore,
) -> None:
    await receive(store, hello(1))
    claim, given = await take_turn(store)
    moved = StageMove(to="agendado", reason=None, actor="ana")
    await DbPipeline(db=store.db).move_lead(given.lead.id, moved, check=lambda _: None)
    learned = (Fact(slot="cidade", value="Recife"),)
    await store.finish_turn(claim, given, replace(reply("Certo"), facts=learned))
    await receive(store, hello(2))
    _, later = await take_turn(store)
    assert (later.lead.stage, later.lead.facts) == ("agendado", {"cidade": "Recife"})
