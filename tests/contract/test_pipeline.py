"""A lead's way through the pipeline is kept as rows: from, to, who, why, and in which turn."""

from dataclasses import replace

import pytest

from orbion.adapters.db.schema import AUDIT
from orbion.adapters.db.store import DbStore
from orbion.domain.errors import FaultCode, RefusedError
from orbion.domain.leads import Lead
from orbion.domain.pipeline import LOST, LossReason
from orbion.domain.turns import Bubble, TurnResult, Verdict
from tests.contract.scenes import column, decide, receive
from tests.support.stores import hello

ANSWER = TurnResult(verdict=Verdict.ANSWERED, bubbles=(Bubble(text="oi"),))


def anything(_lead: Lead) -> None:
    """Let it go anywhere."""


def nothing(lead: Lead) -> None:
    raise RefusedError(FaultCode.CONFLICT, f"{lead.id} stays")


async def test_each_change_of_stage_is_kept_with_actor_reason_and_turn(store: DbStore) -> None:
    await receive(store, hello(1))
    await decide(store, replace(ANSWER, stage="interessado", score=20))
    await receive(store, hello(2))
    await decide(store, replace(ANSWER, stage=LOST, loss=LossReason.PRICE))
    await store.move_lead(1, "interessado", None, "cli", check=anything)
    await store.move_lead(1, "interessado", None, "cli", check=anything)
    found = await store.lead_file(1)
    assert found is not None
    assert (found.lead.stage, found.lead.score, found.business) == ("interessado", 20, "sol")
    assert [(c.before, c.after, c.actor, c.reason, c.turn_id) for c in found.changes] == [
        ("novo", "interessado", "bot", None, 1),
        ("interessado", "perdeu", "bot", "preco", 2),
        ("perdeu", "interessado", "cli", None, None),
    ]
    assert await column(store, AUDIT.c.action) == ["lead.move"]


async def test_what_may_not_be_moved_stays_where_it_is(store: DbStore) -> None:
    await receive(store, hello(1))
    with pytest.raises(RefusedError):
        await store.move_lead(1, LOST, "preco", "cli", check=nothing)
    found = await store.lead_file(1)
    assert found is not None
    assert (found.lead.stage, found.changes) == ("novo", ())


async def test_a_lead_that_is_not_there_is_neither_shown_nor_moved(store: DbStore) -> None:
    assert await store.lead_file(9) is None
    with pytest.raises(LookupError):
        await store.move_lead(9, LOST, "preco", "cli", check=anything)
