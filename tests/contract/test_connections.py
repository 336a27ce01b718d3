"""A disconnected number keeps its outbox, untouched, until it is connected again."""

import pytest

from orbion.adapters.db.schema import ACCOUNT, LANE, OUTBOX
from orbion.adapters.db.store import DbStore
from orbion.domain.accounts import Receipts
from orbion.domain.conversations import Mode, ModeReason
from orbion.domain.events import (
    ConnectionChanged,
    ConnectionState,
    DeliveryStatus,
    StatusChanged,
)
from orbion.domain.lanes import Queue
from orbion.domain.outbox import OutboxState, Skipped
from tests.contract.scenes import (
    BRANCH,
    answer,
    begin_send,
    claim_one,
    column,
    end_of_head,
    queue_answer,
    receive,
    rows,
    send,
    with_accounts,
)
from tests.support.stores import HandClock, hello

CLOSED = ConnectionChanged(state=ConnectionState.CLOSE, reason="401")
OPENED = ConnectionChanged(state=ConnectionState.OPEN, reason="200")
DOWN = [ConnectionState.CLOSE, ConnectionState.CONNECTING, ConnectionState.REFUSED]
UP = [ConnectionState.OPEN, ConnectionState.UNKNOWN]


@pytest.mark.parametrize("state", DOWN)
async def test_a_bubble_of_a_disconnected_number_waits_without_an_attempt(
    store: DbStore, state: ConnectionState
) -> None:
    await queue_answer(store, "oi")
    await receive(store, ConnectionChanged(state=state))
    claim = await claim_one(store, Queue.OUT)
    assert await store.draft(claim) is None
    skipped = await store.begin_send(claim)
    assert skipped == Skipped(state=OutboxState.PENDING, reason="disconnected")
    assert await rows(store, OUTBOX.c.state, OUTBOX.c.attempts) == [("pending", 0)]
    assert (await store.claim(Queue.OUT, "w", 9)).claims == ()
    assert (await rows(store, LANE.c.queue, LANE.c.attempts))[1] == ("out", 0)


@pytest.mark.parametrize("state", UP)
async def test_a_number_that_may_be_connected_sends(store: DbStore, state: ConnectionState) -> None:
    await queue_answer(store, "oi")
    await receive(store, ConnectionChanged(state=state))
    claim = await claim_one(store, Queue.OUT)
    assert await store.draft(claim) is not None


async def test_the_pause_ends_by_itself_within_a_minute(store: DbStore, clock: HandClock) -> None:
    await queue_answer(store, "oi")
    await receive(store, CLOSED)
    await end_of_head(store)
    await receive(store, OPENED)
    clock.pass_(60)
    _, order = await begin_send(store)
    assert order.attempts == 1


async def test_what_waited_is_due_at_once_when_it_is_resumed(store: DbStore) -> None:
    await queue_answer(store, "um", "dois")
    await receive(store, CLOSED)
    await end_of_head(store)
    assert await store.note_connection("loja", ConnectionState.OPEN)
    assert not await store.resume("loja")
    assert [await send(store, "WA1"), await send(store, "WA2")] == ["um", "dois"]


async def test_the_answer_that_replaces_a_waiting_one_need_not_wait_in_its_place(
    store: DbStore,
) -> None:
    await queue_answer(store, "um")
    await receive(store, CLOSED)
    await end_of_head(store)
    await receive(store, hello(2))
    await store.note_connection("loja", ConnectionState.OPEN)
    await store.resume("loja")
    await answer(store, "dois")
    assert (await end_of_head(store)).state is OutboxState.SUPERSEDED
    assert await send(store, "WA1") == "dois"


async def test_only_the_account_itself_is_resumed(store: DbStore) -> None:
    both = await with_accounts(store, BRANCH)
    await queue_answer(both, "oi")
    await receive(both, CLOSED)
    await end_of_head(both)
    await both.resume(BRANCH.id)
    assert (await both.claim(Queue.OUT, "w", 9)).claims == ()


async def test_a_lane_that_is_being_worked_is_left_alone(store: DbStore) -> None:
    await queue_answer(store, "oi")
    await begin_send(store)
    before = await rows(store, LANE.c.queue, LANE.c.due_at)
    await store.resume("loja")
    assert await rows(store, LANE.c.queue, LANE.c.due_at) == before


async def test_who_must_not_write_is_told_so_although_the_number_is_down(store: DbStore) -> None:
    await queue_answer(store, "oi")
    await receive(store, CLOSED)
    await store.set_mode(1, Mode.HUMAN, ModeReason.OPERATOR, "ana")
    assert await store.note_connection("loja", ConnectionState.OPEN)
    await receive(store, CLOSED)
    skipped = await end_of_head(store)
    assert skipped.state is OutboxState.SUPPRESSED


async def test_an_answer_that_waited_too_long_is_made_anew_only_once_connected(
    store: DbStore, clock: HandClock
) -> None:
    await queue_answer(store, "oi")
    await receive(store, CLOSED)
    clock.pass_(16 * 60)
    assert (await end_of_head(store)).state is OutboxState.PENDING
    await store.note_connection("loja", ConnectionState.OPEN)
    await store.resume("loja")
    assert (await end_of_head(store)).reason == "too_old"


async def test_only_a_change_of_the_connection_is_written(store: DbStore, clock: HandClock) -> None:
    assert await store.note_connection("loja", ConnectionState.OPEN)
    noted = clock.now()
    clock.pass_(50)
    assert not await store.note_connection("loja", ConnectionState.OPEN)
    assert await rows(store, ACCOUNT.c.state, ACCOUNT.c.state_reason) == [("open", None)]
    assert await column(store, ACCOUNT.c.state_at) == [noted]


async def test_a_number_is_ours_from_its_first_open_connection_on(
    store: DbStore, clock: HandClock
) -> None:
    await store.note_connection("loja", ConnectionState.CONNECTING)
    assert await column(store, ACCOUNT.c.opened_at) == [None]
    await store.note_connection("loja", ConnectionState.OPEN)
    since = clock.now()
    clock.pass_(50)
    await store.note_connection("loja", ConnectionState.CLOSE)
    await store.note_connection("loja", ConnectionState.OPEN)
    assert await column(store, ACCOUNT.c.opened_at) == [since]


async def test_a_send_is_stuck_when_nobody_confirmed_it_for_a_minute(
    store: DbStore, clock: HandClock
) -> None:
    await queue_answer(store, *"abcd")
    for number in range(4):
        await send(store, f"WA{number}")
    assert await store.receipts("loja") == Receipts(sends=0, stuck=0)
    clock.pass_(61)
    ack = StatusChanged(provider_id="WA0", status=DeliveryStatus.SENT)
    pending = StatusChanged(provider_id="WA1", status=DeliveryStatus.PENDING)
    failed = StatusChanged(provider_id="WA2", status=DeliveryStatus.FAILED)
    await receive(store, ack, pending, failed)
    assert await store.receipts("loja") == Receipts(sends=4, stuck=2)
    assert await store.receipts("outra") == Receipts(sends=0, stuck=0)
    clock.pass_(3_600)
    assert await store.receipts("loja") == Receipts(sends=0, stuck=0)


async def test_the_receipts_of_an_account_without_sends_are_none(store: DbStore) -> None:
    await queue_answer(store, "oi")
    await send(store, "WA1")
    assert await store.receipts("loja") == Receipts(sends=0, stuck=0)


async def test_what_a_webhook_wrote_last_is_remembered(store: DbStore, clock: HandClock) -> None:
    assert await store.last_heard("loja") is None
    await store.note_connection("loja", ConnectionState.OPEN)
    assert await store.last_heard("loja") is None
    await receive(store, hello(1))
    heard = clock.now()
    clock.pass_(5)
    await answer(store, "oi")
    assert await store.last_heard("loja") == heard
    clock.pass_(5)
    await receive(store, CLOSED)
    assert await store.last_heard("loja") == clock.now()
