"""A lead's way through the pipeline is kept as rows: from, to, who, why, and in which turn."""

from dataclasses import replace

import pytest

from orbion.adapters.db.pipeline import DbPipeline
from orbion.adapters.db.schema import AUDIT
from orbion.adapters.db.store import DbStore
from orbion.domain.errors import FaultCode, RefusedError
from orbion.domain.forecast import StageSum
from orbion.domain.leads import Lead, StageMove
from orbion.domain.pipeline import LOST, WON, LossReason
from orbion.domain.turns import Bubble, TurnResult, Verdict
from tests.contract.scenes import column, decide, receive
from tests.support.stores import hello

BACK = StageMove(to="interessado", reason=None, actor="cli")
GONE = StageMove(to=LOST, reason="preco", actor="cli")
WIN = StageMove(to=WON, reason=None, actor="cli")
ANSWER = TurnResult(verdict=Verdict.ANSWERED, bubbles=(Bubble(text="oi"),))


def anything(_lead: Lead) -> None:
    """Let it go anywhere."""


def nothing(lead: Lead) -> None:
    raise RefusedError(FaultCode.CONFLICT, f"{lead.id} stays")


async def test_each_change_of_stage_is_kept_with_actor_reason_and_turn(store: DbStore) -> None:
    pipeline = DbPipeline(db=store.db)
    await receive(store, hello(1))
    await decide(store, replace(ANSWER, stage="interessado", score=20))
    await receive(store, hello(2))
    await decide(store, replace(ANSWER, stage=LOST, loss=LossReason.PRICE))
    await pipeline.move_lead(1, BACK, check=anything)
    await pipeline.move_lead(1, BACK, check=anything)
    found = await pipeline.lead_file(1)
    assert found is not None
    assert (found.lead.stage, found.lead.score, found.business) == ("interessado", 20, "sol")
    assert [(c.before, c.after, c.actor, c.reason, c.turn_id) for c in found.changes] == [
        ("novo", "interessado", "bot", None, 1),
        ("interessado", "perdeu", "bot", "preco", 2),
        ("perdeu", "interessado", "cli", None, None),
    ]
    assert await column(store, AUDIT.c.action) == ["lead.move"]


async def test_what_may_not_be_moved_stays_where_it_is(store: DbStore) -> None:
    pipeline = DbPipeline(db=store.db)
    await receive(store, hello(1))
    with pytest.raises(RefusedError):
        await pipeline.move_lead(1, GONE, check=nothing)
    found = await pipeline.lead_file(1)
    assert found is not None
    assert (found.lead.stage, found.changes) == ("novo", ())


async def test_a_lead_that_is_not_there_is_neither_shown_nor_moved(store: DbStore) -> None:
    pipeline = DbPipeline(db=store.db)
    assert await pipeline.lead_file(9) is None
    assert not await pipeline.value_lead(9, 100, "cli")
    with pytest.raises(LookupError):
        await pipeline.move_lead(9, GONE, check=anything)


async def test_what_a_lead_is_worth_is_kept_shown_in_the_sheet_and_summed(store: DbStore) -> None:
    pipeline = DbPipeline(db=store.db)
    await receive(store, hello(1), hello(2, phone="5511900000002"))
    assert await pipeline.value_lead(1, 1_750_000, "cli")
    found = await pipeline.lead_file(1)
    assert found is not None
    assert found.value == 1_750_000
    (row,) = (row for row in await store.leads(9) if row.lead_id == 1)
    assert row.columns["valor"] == "R$ 17.500,00"
    sums, records = await pipeline.stage_sums()
    assert list(sums) == [
        StageSum(business="sol", stage="novo", leads=2, valued=1, value=1_750_000)
    ]
    assert list(records) == []
    assert await column(store, AUDIT.c.subject) == ["1 1750000"]
    await pipeline.value_lead(1, None, "cli")
    assert "valor" not in (await store.leads(9))[-1].columns


async def test_what_became_of_leads_is_counted_for_each_stage_they_stood_in(store: DbStore) -> None:
    pipeline = DbPipeline(db=store.db)
    await receive(store, hello(1), hello(2, phone="5511900000002"), hello(3, phone="5511900000003"))
    for lead, ways in {1: (BACK, GONE, BACK, WIN), 2: (BACK, GONE), 3: (BACK,)}.items():
        for way in ways:
            await pipeline.move_lead(lead, way, check=anything)
    _, records = await pipeline.stage_sums()
    assert {(each.stage, each.ended, each.won) for each in records} == {
        ("novo", 2, 1),
        ("interessado", 2, 1),
    }
