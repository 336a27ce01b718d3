"""Leads reach the sheet in one write, and their lanes end only after it."""

from collections.abc import Sequence

import pytest

from orbion.adapters.db.schema import LANE
from orbion.adapters.db.store import DbStore
from orbion.domain.errors import FaultCode, LeaseLostError, UnavailableError
from orbion.domain.lanes import Claim, Queue
from orbion.telemetry.metrics import Metrics
from orbion.usecases.sync_lead import SyncLeads
from tests.contract.scenes import answer, receive, rows
from tests.support.stores import HandClock, hello
from tests.usecases.stage import ScriptedSheet, counted

PHONES = ("5511900000001", "5511900000002", "5511900000003")


@pytest.fixture
async def claims(sqlite_store: DbStore, clock: HandClock) -> Sequence[Claim]:
    """Claim the leads of three customers, each of whom was answered."""
    for number, phone in enumerate(PHONES, 1):
        await receive(sqlite_store, hello(number, phone=phone))
        await answer(sqlite_store, "olá")
    clock.pass_(1)
    return (await sqlite_store.claim(Queue.SHEET, "w", 50)).claims


def syncing(store: DbStore, sheet: ScriptedSheet, metrics: Metrics) -> SyncLeads:
    return SyncLeads(leads=store, lanes=store, sheet_of=lambda _: sheet, metrics=metrics)


async def open_lanes(store: DbStore) -> int:
    found = await rows(store, LANE.c.queue, LANE.c.owner)
    return sum(queue == Queue.SHEET and owner is not None for queue, owner in found)


async def test_many_leads_are_one_write(sqlite_store: DbStore, claims: Sequence[Claim]) -> None:
    sheet, metrics = ScriptedSheet(), Metrics()
    await syncing(sqlite_store, sheet, metrics)(claims)
    (written,) = sheet.writes
    assert [(row.lead_id, row.columns["nome"]) for row in written] == [
        (number, "Maria") for number in (1, 2, 3)
    ]
    assert {row.business for row in written} == {"sol"}
    assert counted(metrics, "sheet_rows_total", "written") == 3
    assert await open_lanes(sqlite_store) == 0


async def test_leads_that_the_sheet_did_not_take_wait_and_are_due_again(
    sqlite_store: DbStore, claims: Sequence[Claim], clock: HandClock
) -> None:
    sheet = ScriptedSheet(
        error=UnavailableError(FaultCode.SHEETS_UNREACHABLE, "down", retry_after=300)
    )
    metrics = Metrics()
    await syncing(sqlite_store, sheet, metrics)(claims)
    assert counted(metrics, "sheet_rows_total", "written") == 0
    assert counted(metrics, "sheet_rows_total", "put_off") == 3
    clock.pass_(59)
    assert not (await sqlite_store.claim(Queue.SHEET, "w", 50)).claims
    clock.pass_(1)
    waited = (await sqlite_store.claim(Queue.SHEET, "w", 50)).claims
    assert [claim.key for claim in waited] == [claim.key for claim in claims]
    sheet.error = None
    await syncing(sqlite_store, sheet, metrics)(waited)
    assert await open_lanes(sqlite_store) == 0


async def test_leads_that_a_person_was_in_the_way_of_are_written_again(
    sqlite_store: DbStore, claims: Sequence[Claim], clock: HandClock
) -> None:
    sheet = ScriptedSheet(again=frozenset({2, 99}))
    await syncing(sqlite_store, sheet, Metrics())(claims)
    clock.pass_(1)
    again = (await sqlite_store.claim(Queue.SHEET, "w", 50)).claims
    assert [claim.key for claim in again] == ["2"]


async def test_a_worker_that_lost_one_lead_acknowledges_none(
    sqlite_store: DbStore, claims: Sequence[Claim], clock: HandClock
) -> None:
    clock.pass_(16)
    await sqlite_store.claim(Queue.SHEET, "w2", 1)
    with pytest.raises(LeaseLostError):
        await syncing(sqlite_store, ScriptedSheet(), Metrics())(claims)
    assert await open_lanes(sqlite_store) == 3
