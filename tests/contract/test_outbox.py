"""Answers leave in order and effectively once, and a person's words stop them at once."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

import pytest

from orbion.adapters.db import lanes
from orbion.adapters.db.outbox import TOO_OLD_MS
from orbion.adapters.db.schema import CONVERSATION, DEAD, MESSAGE, OUTBOX, TURN
from orbion.adapters.db.store import DbStore
from orbion.domain.conversations import Mode, ModeReason
from orbion.domain.errors import LeaseLostError
from orbion.domain.lanes import Claim, Queue
from orbion.domain.outbox import (
    Draft,
    OutboxState,
    SendOrder,
    SendReceipt,
    Skipped,
    VerifyOrder,
)
from orbion.domain.turns import Bubble, TurnResult, Verdict
from tests.contract.scenes import (
    BRANCH,
    answer,
    begin_send,
    claim_one,
    column,
    decide,
    everything,
    receive,
    rows,
    send,
    take_turn,
    with_accounts,
)
from tests.support.stores import HandClock, echo, hello


async def queue_answer(store: DbStore, *texts: str) -> None:
    await receive(store, hello(1))
    await answer(store, *texts)


async def resend(store: DbStore) -> None:
    """Send the head, hear nothing, find nothing, and send it again."""
    claim, order = await begin_send(store)
    await store.unknown(claim, order.row_id, "whatsapp.unknown_outcome", 0)
    claim = await claim_one(store, Queue.OUT)
    assert isinstance(await store.begin_send(claim), VerifyOrder)
    await store.not_sent(claim, order.row_id, "not_found", 0)


async def end_of_head(store: DbStore) -> Skipped:
    skipped = await store.begin_send(await claim_one(store, Queue.OUT))
    assert isinstance(skipped, Skipped)
    return skipped


# Order


async def test_bubbles_leave_in_order_and_one_at_a_time(store: DbStore) -> None:
    await queue_answer(store, "um", "dois", "três")
    left = []
    for number in range(3):
        claim, order = await begin_send(store)
        assert (await store.claim(Queue.OUT, "w2", 9)).claims == ()
        assert (await column(store, OUTBOX.c.state)).count("sending") == 1
        await store.sent(claim, order.row_id, SendReceipt(provider_id=f"WA{number}"))
        left.append(order.text)
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
        row_id=1, account="loja", address=address, text="oi", state=OutboxState.PENDING
    )
    assert await store.begin_send(claim) == SendOrder(
        row_id=1,
        account="loja",
        address=address,
        text="oi",
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
    assert (again.text, again.attempts) == ("oi", 2)


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
        text="oi",
        queued_at=sent_at,
        received_at=sent_at,
        sending_at=sent_at,
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
    assert await store.requeue(Queue.OUT, "1", 1, "ana")
    assert (await rows(store, MESSAGE.c.outcome, MESSAGE.c.reason))[1] == ("queued", None)
    assert await send(store, "WA1") == "um"


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


# Echoes


async def test_an_echo_of_a_sent_row_is_ours(store: DbStore) -> None:
    await queue_answer(store, "oi")
    await send(store, echo("oi").provider_id)
    assert await receive(store, echo("oi")) == ("echo",)
    assert await column(store, CONVERSATION.c.mode) == ["bot"]
    assert len(await column(store, MESSAGE.c.id)) == 2


@pytest.mark.parametrize("lost", [False, True])
async def test_an_echo_that_comes_first_proves_the_row(
    store: DbStore, clock: HandClock, *, lost: bool
) -> None:
    await queue_answer(store, "oi", "tudo bem?")
    claim, order = await begin_send(store)
    if lost:
        await store.unknown(claim, order.row_id, "whatsapp.unknown_outcome", 0)
    assert await receive(store, echo("oi")) == ("echo",)
    clock.pass_(16)
    assert await end_of_head(store) == Skipped(state=OutboxState.SENT, reason="echo")
    proved = (await rows(store, OUTBOX.c.state, OUTBOX.c.provider_id))[0]
    assert proved == ("sent", echo("oi").provider_id)
    assert await column(store, CONVERSATION.c.mode) == ["bot"]
    assert await send(store, "WA2") == "tudo bem?"


async def test_the_answer_of_the_gateway_may_come_after_its_echo(store: DbStore) -> None:
    await queue_answer(store, "oi")
    claim, order = await begin_send(store)
    await receive(store, echo("oi"))
    receipt = SendReceipt(provider_id=echo("oi").provider_id)
    assert await store.sent(claim, order.row_id, receipt) is True


async def test_one_echo_proves_one_row_only(store: DbStore) -> None:
    await queue_answer(store, "oi")
    await begin_send(store)
    assert await receive(store, echo("oi", number=1)) == ("echo",)
    assert await receive(store, echo("oi", number=2)) == ("takeover",)


async def test_an_echo_after_the_row_was_given_up_still_prevents_the_second_send(
    store: DbStore,
) -> None:
    await queue_answer(store, "oi")
    await resend(store)
    assert await receive(store, echo("oi")) == ("echo",)
    assert await end_of_head(store) == Skipped(state=OutboxState.SENT, reason="echo")


async def test_the_late_echo_of_a_row_sent_twice_is_ours(store: DbStore) -> None:
    await queue_answer(store, "oi")
    await resend(store)
    await send(store, "WA2")
    assert await receive(store, echo("oi", number=1)) == ("echo",)
    assert await column(store, CONVERSATION.c.mode) == ["bot"]


async def test_the_same_words_are_a_persons_when_nothing_was_sent_twice(store: DbStore) -> None:
    await queue_answer(store, "oi")
    await send(store, "WA1")
    assert await receive(store, echo("oi", by_api=False)) == ("takeover",)


async def test_the_same_words_to_somebody_else_prove_nothing(store: DbStore) -> None:
    await queue_answer(store, "oi")
    await begin_send(store)
    other = replace(echo("oi"), recipient=hello(1, phone="5511900000002").sender)
    assert await receive(store, other) == ("takeover",)
    assert await column(store, OUTBOX.c.provider_id) == [None]


@pytest.mark.parametrize("by_api", [False, True])
async def test_foreign_words_hold_the_outbox_for_the_person(
    store: DbStore, clock: HandClock, *, by_api: bool
) -> None:
    await queue_answer(store, "um", "dois")
    await send(store, "WA1")
    foreign = echo("aqui é a Ana", by_api=by_api)
    assert await receive(store, foreign) == ("takeover",)
    assert await receive(store, foreign) == ("duplicate",)
    mode = (CONVERSATION.c.mode, CONVERSATION.c.mode_reason, CONVERSATION.c.mode_at)
    assert await rows(store, *mode) == [("human", "takeover", clock.now())]
    assert await rows(store, OUTBOX.c.state, OUTBOX.c.error) == [
        ("sent", None),
        ("suppressed", "takeover"),
    ]
    last = (await rows(store, MESSAGE.c.author, MESSAGE.c.text, MESSAGE.c.outcome))[-2:]
    assert last == [("bot", "dois", "suppressed"), ("person", "aqui é a Ana", "sent")]
    assert await end_of_head(store) == Skipped(state=OutboxState.SUPPRESSED, reason="takeover")


async def test_a_person_also_silences_the_notice_of_a_hand_over(store: DbStore) -> None:
    await receive(store, hello(1))
    notice = (Bubble(text="já chamo alguém", exempt="handoff"),)
    await decide(store, TurnResult(verdict=Verdict.HANDED_OVER, bubbles=notice, handoff="asked"))
    await receive(store, echo("oi, sou a Ana", by_api=False))
    assert await column(store, CONVERSATION.c.mode_reason) == ["takeover"]
    assert (await end_of_head(store)).reason == "takeover"


async def test_an_unknown_row_is_not_sent_again_after_a_takeover(store: DbStore) -> None:
    await queue_answer(store, "oi")
    claim, order = await begin_send(store)
    await store.unknown(claim, order.row_id, "whatsapp.unknown_outcome", 0)
    await receive(store, echo("aqui é a Ana", by_api=False))
    claim = await claim_one(store, Queue.OUT)
    assert isinstance(await store.begin_send(claim), VerifyOrder)
    await store.not_sent(claim, order.row_id, "not_found", 0)
    assert await end_of_head(store) == Skipped(state=OutboxState.SUPPRESSED, reason="human_mode")


async def test_a_takeover_leaves_the_reason_of_what_was_silent_before(store: DbStore) -> None:
    await queue_answer(store, "oi")
    await store.set_mode(1, Mode.HUMAN, ModeReason.REQUESTED, "ana")
    assert (await end_of_head(store)).reason == "human_mode"
    assert await receive(store, echo("sou a Ana", by_api=False)) == ("takeover",)
    assert (await rows(store, MESSAGE.c.text, MESSAGE.c.reason))[1] == ("oi", "human_mode")


async def test_an_operator_who_takes_over_stops_what_waits(store: DbStore) -> None:
    await queue_answer(store, "oi")
    before = await store.conversation(1)
    await store.set_mode(1, Mode.HUMAN, ModeReason.OPERATOR, "ana")
    assert await end_of_head(store) == Skipped(state=OutboxState.SUPPRESSED, reason="human_mode")
    assert (await rows(store, MESSAGE.c.outcome, MESSAGE.c.reason))[1] == (
        "suppressed",
        "human_mode",
    )
    after = await store.conversation(1)
    assert before is not None
    assert after is not None
    assert after.version > before.version + 1
