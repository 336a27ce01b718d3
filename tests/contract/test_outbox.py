"""Answers leave in order and effectively once."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

import pytest

from orbion.adapters.db import lanes
from orbion.adapters.db.outbox import TOO_OLD_MS
from orbion.adapters.db.schema import DEAD, MESSAGE, OUTBOX, TURN
from orbion.adapters.db.store import DbStore
from orbion.domain.errors import LeaseLostError
from orbion.domain.lanes import Claim, Queue, Requeued
from orbion.domain.messages import MessageKind
from orbion.domain.outbox import (
    Draft,
    OutboxState,
    SendOrder,
    SendReceipt,
    Skipped,
    VerifyOrder,
)
from orbion.domain.outgoing import Text
from orbion.domain.turns import Bubble, TurnResult, Verdict
from tests.contract.scenes import (
    BRANCH,
    answer,
    begin_send,
    claim_one,
    column,
    decide,
    end_of_head,
    everything,
    queue_answer,
    receive,
    rows,
    send,
    take_turn,
    with_accounts,
)
from tests.support.stores import HandClock, echo, hello

# Order


async def test_bubbles_leave_in_order_and_one_at_a_time(store: DbStore) -> None:
    await queue_answer(store, "um", "dois", "três")
    left = []
    for number in range(3):
        claim, order = await begin_send(store)
        assert (await store.claim(Queue.OUT, "w2", 9)).claims == ()
        assert (await column(store, OUTBOX.c.state)).count("sending") == 1
        await store.sent(claim, order.row_id, SendReceipt(provider_id=f"WA{number}"))
        left.append(order.content.text)
    assert left == ["um", "dois", "três"]
    assert await column(store, OUTBOX.c.state) == ["sent"] * 3


async def test_an_order_tells_where_to_what_and_since_when(
    store: DbStore, clock: HandClock
) -> None:
    heard = clock.now()
    await receive(store, hello(1))
    clock.pass_(1)
    await answer(store, "oi")
    clock.pass_(1)
    claim = await claim_one(store, Queue.OUT)
    draft = await store.draft(claim)
    address = "5511900000001@s.whatsapp.net"
    assert draft == Draft(
        row_id=1,
        account="loja",
        address=address,
        kind=MessageKind.TEXT,
        text="oi",
        state=OutboxState.PENDING,
        unread=(hello(1).provider_id,),
    )
    assert await store.begin_send(claim) == SendOrder(
        row_id=1,
        account="loja",
        address=address,
        content=Text(text="oi"),
        attempts=1,
        trace="t",
        queued_at=heard + 1_000,
        received_at=heard,
    )


async def test_the_row_is_sending_before_anything_may_leave(
    store: DbStore, clock: HandClock
) -> None:
    await queue_answer(store, "oi")
    await begin_send(store)
    assert await rows(store, OUTBOX.c.state, OUTBOX.c.sending_at, OUTBOX.c.attempts) == [
        ("sending", clock.now(), 1)
    ]


ACTS: Mapping[str, Callable[[DbStore, Claim], Awaitable[object]]] = {
    "begin": lambda store, late: store.begin_send(late),
    "sent": lambda store, late: store.sent(late, 1, SendReceipt(provider_id="WA1")),
    "not_sent": lambda store, late: store.not_sent(late, 1, "whatsapp.unreachable", 1),
    "unknown": lambda store, late: store.unknown(late, 1, "whatsapp.unknown_outcome", 1),
    "refused": lambda store, late: store.refused(late, 1, "whatsapp.refused"),
}


@pytest.mark.parametrize("verb", ACTS)
async def test_a_worker_that_lost_its_lease_changes_nothing(
    store: DbStore, clock: HandClock, verb: str
) -> None:
    await queue_answer(store, "oi")
    late = await claim_one(store, Queue.OUT)
    if verb != "begin":
        await store.begin_send(late)
    clock.pass_(16)
    await claim_one(store, Queue.OUT, "w2")
    before = await everything(store)
    act = ACTS[verb]
    with pytest.raises(LeaseLostError):
        await act(store, late)
    assert await everything(store) == before


# Settling


async def test_an_accepted_bubble_is_history_with_its_gateway_id(
    store: DbStore, clock: HandClock
) -> None:
    await queue_answer(store, "oi")
    before = await store.conversation(1)
    clock.pass_(3)
    await send(store, "WA1")
    assert await rows(store, OUTBOX.c.state, OUTBOX.c.provider_id, OUTBOX.c.settled_at) == [
        ("sent", "WA1", clock.now())
    ]
    assert (await rows(store, MESSAGE.c.outcome, MESSAGE.c.provider_id))[-1] == ("sent", "WA1")
    after = await store.conversation(1)
    assert before is not None
    assert after is not None
    assert after.last_out_at == clock.now()
    assert after.version > before.version


async def test_what_was_provably_not_accepted_is_sent_again_later(
    store: DbStore, clock: HandClock
) -> None:
    await queue_answer(store, "oi", "tudo bem?")
    claim, order = await begin_send(store)
    await store.not_sent(claim, order.row_id, "whatsapp.unreachable", 5)
    assert await column(store, OUTBOX.c.error) == ["whatsapp.unreachable", None]
    nothing = await store.claim(Queue.OUT, "w", 9)
    assert (nothing.claims, nothing.next_due) == ((), clock.now() + 5_000)
    clock.pass_(5)
    _, again = await begin_send(store)
    assert (again.content.text, again.attempts) == ("oi", 2)


async def test_a_row_found_sending_is_looked_for_and_not_sent_again(
    store: DbStore, clock: HandClock
) -> None:
    await queue_answer(store, "oi")
    await begin_send(store)
    sent_at = clock.now()
    clock.pass_(16)
    order = await store.begin_send(await claim_one(store, Queue.OUT, "w2"))
    assert order == VerifyOrder(
        row_id=1,
        account="loja",
        address="5511900000001@s.whatsapp.net",
        content=Text(text="oi"),
        queued_at=sent_at,
        received_at=sent_at,
        sending_at=sent_at,
        addresses=("5511900000001@s.whatsapp.net", "551100000001@s.whatsapp.net"),
        attempts=1,
        trace="t",
    )
    assert await rows(store, OUTBOX.c.state, OUTBOX.c.error) == [("unknown", "crashed")]


async def test_an_unknown_row_that_was_found_is_sent(store: DbStore, clock: HandClock) -> None:
    await queue_answer(store, "oi")
    claim, order = await begin_send(store)
    await store.unknown(claim, order.row_id, "whatsapp.unknown_outcome", 2)
    clock.pass_(2)
    claim = await claim_one(store, Queue.OUT)
    assert isinstance(await store.begin_send(claim), VerifyOrder)
    assert await store.sent(claim, order.row_id, SendReceipt(provider_id="WA1"))
    assert await column(store, OUTBOX.c.state) == ["sent"]
    assert (await store.claim(Queue.OUT, "w", 9)).claims == ()


async def test_a_gateway_id_belongs_to_one_row(store: DbStore) -> None:
    await queue_answer(store, "oi", "oi")
    await send(store, "WA1")
    claim, order = await begin_send(store)
    before = await everything(store)
    assert await store.sent(claim, order.row_id, SendReceipt(provider_id="WA1")) is False
    assert await everything(store) == before
    assert await store.sent(claim, order.row_id, SendReceipt(provider_id="WA2")) is True


async def test_an_accept_is_kept_for_the_next_owner_of_the_lane(
    store: DbStore, clock: HandClock
) -> None:
    await queue_answer(store, "oi")
    _, order = await begin_send(store)
    clock.pass_(16)
    assert isinstance(order, SendOrder)
    await store.keep_receipt(order, SendReceipt(provider_id="WA1"))
    assert await column(store, OUTBOX.c.state) == ["sending"]
    skipped = await store.begin_send(await claim_one(store, Queue.OUT, "w2"))
    assert skipped == Skipped(state=OutboxState.SENT, reason="echo")
    assert await rows(store, OUTBOX.c.state, OUTBOX.c.provider_id) == [("sent", "WA1")]


async def test_an_accept_of_an_earlier_attempt_changes_nothing(store: DbStore) -> None:
    await queue_answer(store, "oi", "oi")
    await send(store, "WA1")
    claim, order = await begin_send(store)
    assert isinstance(order, SendOrder)
    await store.not_sent(claim, order.row_id, "x", 0)
    await begin_send(store)
    before = await everything(store)
    await store.keep_receipt(order, SendReceipt(provider_id="WA2"))
    await store.keep_receipt(replace(order, attempts=2), SendReceipt(provider_id="WA1"))
    assert await everything(store) == before


async def test_a_bubble_is_settled_once(store: DbStore) -> None:
    await queue_answer(store, "oi")
    claim, order = await begin_send(store)
    receipt = SendReceipt(provider_id="WA1")
    assert await store.sent(claim, order.row_id, receipt)
    with pytest.raises(LeaseLostError):
        await store.sent(claim, order.row_id, receipt)


async def test_two_accounts_may_have_the_same_gateway_id(store: DbStore) -> None:
    store = await with_accounts(store, BRANCH)
    await queue_answer(store, "oi")
    await send(store, "WA1")
    await receive(store, hello(1), account=BRANCH.id)
    await answer(store, "oi")
    assert await send(store, "WA1") == "oi"


async def test_ids_of_rows_and_of_people_are_claimed(store: DbStore) -> None:
    await queue_answer(store, "oi")
    await send(store, "WA1")
    person = echo("sou a Ana", by_api=False)
    await receive(store, person)
    asked = ["WA1", person.provider_id, "WA9"]
    assert await store.claimed_ids("loja", asked) == {"WA1", person.provider_id}
    assert await store.claimed_ids("filial", asked) == frozenset()


async def test_a_refused_bubble_is_a_dead_letter_and_the_next_one_leaves(store: DbStore) -> None:
    await queue_answer(store, "um", "dois")
    claim, order = await begin_send(store)
    await store.refused(claim, order.row_id, "whatsapp.number_invalid")
    assert await rows(store, OUTBOX.c.state, OUTBOX.c.error) == [
        ("dead", "whatsapp.number_invalid"),
        ("pending", None),
    ]
    ends = await rows(store, MESSAGE.c.outcome, MESSAGE.c.reason)
    assert ends[1] == ("dead", "whatsapp.number_invalid")
    assert await rows(store, DEAD.c.queue, DEAD.c.seq, DEAD.c.error) == [
        ("out", 1, "whatsapp.number_invalid")
    ]
    assert await send(store, "WA1") == "dois"


async def test_a_bubble_whose_handling_always_fails_is_dead_and_not_pending_for_ever(
    store: DbStore,
) -> None:
    await queue_answer(store, "um")
    for _ in range(store.lane_policy.attempts):
        await store.fail(await claim_one(store, Queue.OUT), "bug", 0)
    assert await rows(store, OUTBOX.c.state, OUTBOX.c.error) == [("dead", "bug")]
    assert (await rows(store, MESSAGE.c.outcome, MESSAGE.c.reason))[1] == ("dead", "bug")


async def test_a_requeued_bubble_leaves(store: DbStore) -> None:
    await queue_answer(store, "um")
    claim, order = await begin_send(store)
    await store.refused(claim, order.row_id, "whatsapp.refused")
    assert await store.requeue(Queue.OUT, "1", 1, "ana") is Requeued.QUEUED
    assert (await rows(store, MESSAGE.c.outcome, MESSAGE.c.reason))[1] == ("queued", None)
    assert await send(store, "WA1") == "um"


async def test_a_requeued_bubble_that_left_leaves_again_only_by_force(store: DbStore) -> None:
    await queue_answer(store, "um")
    claim, order = await begin_send(store)
    await store.refused(claim, order.row_id, "whatsapp.refused")
    await store.requeue(Queue.OUT, "1", 1, "ana")
    await send(store, "WA1")
    assert await store.requeue(Queue.OUT, "1", 1, "ana") is Requeued.DONE
    assert await store.requeue(Queue.OUT, "1", 1, "ana", force=True) is Requeued.QUEUED
    assert await send(store, "WA2") == "um"
    assert await rows(store, OUTBOX.c.state, OUTBOX.c.provider_id) == [("sent", "WA2")]


async def test_a_task_without_a_row_is_skipped(store: DbStore) -> None:
    await store.db.write(
        lambda tx: lanes.enqueue(tx, Queue.OUT, "1", kind="send", payload={}, trace="t")
    )
    claim = await claim_one(store, Queue.OUT)
    assert await store.draft(claim) is None
    assert await store.begin_send(claim) == Skipped(state=OutboxState.DEAD, reason="no_row")
    assert (await store.claim(Queue.OUT, "w", 9)).claims == ()


# Too old


async def test_an_answer_that_waited_too_long_is_replaced_by_a_fresh_turn(
    store: DbStore, clock: HandClock
) -> None:
    await queue_answer(store, "um", "dois")
    clock.pass_(TOO_OLD_MS / 1000 + 1)
    assert await end_of_head(store) == Skipped(state=OutboxState.SUPERSEDED, reason="too_old")
    assert await column(store, OUTBOX.c.state) == ["superseded", "superseded"]
    assert await column(store, TURN.c.verdict) == ["superseded"]
    _, given = await take_turn(store)
    assert [m.text for m in given.batch] == ["mensagem 1"]
    assert (await end_of_head(store)).state is OutboxState.SUPERSEDED


async def test_an_answer_that_began_to_leave_is_finished_however_old(
    store: DbStore, clock: HandClock
) -> None:
    await queue_answer(store, "um", "dois")
    await send(store, "WA1")
    clock.pass_(TOO_OLD_MS / 1000 + 1)
    assert await send(store, "WA2") == "dois"


async def test_a_confirmation_is_never_too_old(store: DbStore, clock: HandClock) -> None:
    await receive(store, hello(1))
    bye = TurnResult(verdict=Verdict.OPTED_OUT, bubbles=(Bubble(text="ok", exempt="opt_out"),))
    await decide(store, bye)
    clock.pass_(TOO_OLD_MS / 1000 + 1)
    assert await send(store, "WA1") == "ok"
    assert (await store.claim(Queue.OUT, "w", 9)).claims == ()
