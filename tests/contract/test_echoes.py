"""Our own echoes prove our sends, and a person's words stop them at once, on both databases."""

from dataclasses import replace

import pytest
from sqlalchemy import update

from orbion.adapters.db.schema import ACCOUNT, CONVERSATION, MESSAGE, OUTBOX
from orbion.adapters.db.store import DbStore
from orbion.adapters.db.tx import Statement
from orbion.domain.conversations import Mode, ModeReason
from orbion.domain.events import DeliveryStatus, StatusChanged
from orbion.domain.identity import Identity
from orbion.domain.lanes import Claim, Queue
from orbion.domain.outbox import (
    OutboxState,
    SendReceipt,
    Skipped,
    VerifyOrder,
)
from orbion.domain.turns import Bubble, TurnResult, Verdict
from tests.contract.scenes import (
    answer,
    begin_send,
    claim_one,
    column,
    decide,
    end_of_head,
    queue_answer,
    receive,
    rows,
    send,
)
from tests.support.stores import HandClock, echo, hello

OPENED_LONG_AGO = Statement(update(ACCOUNT).values(opened_at=1))


async def resend(store: DbStore) -> None:
    """Send the head, hear nothing, find nothing, and send it again."""
    claim, order = await begin_send(store)
    await store.unknown(claim, order.row_id, "whatsapp.unknown_outcome", 0)
    claim = await claim_one(store, Queue.OUT)
    assert isinstance(await store.begin_send(claim), VerifyOrder)
    await store.not_sent(claim, order.row_id, "not_found", 0)


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


async def test_words_from_long_before_a_row_prove_nothing_of_it(
    store: DbStore, clock: HandClock
) -> None:
    old = replace(echo("oi", by_api=False), occurred_at=clock.now() - 30 * 60_000)
    await receive(store, hello(1))
    await store.db.write(lambda tx: tx.run(OPENED_LONG_AGO))
    await answer(store, "oi")
    await begin_send(store)
    assert await receive(store, old) == ("takeover",)
    assert await column(store, OUTBOX.c.provider_id) == [None]


async def test_a_record_of_what_was_accepted_long_ago_is_ours(
    store: DbStore, clock: HandClock
) -> None:
    await queue_answer(store, "oi")
    await resend(store)
    await send(store, "WA2")
    record = replace(echo("oi", number=1), occurred_at=clock.now())
    clock.pass_(40 * 60)
    assert await receive(store, record) == ("echo",)
    assert await column(store, CONVERSATION.c.mode) == ["bot"]


async def test_the_same_words_long_after_a_resend_are_a_persons(
    store: DbStore, clock: HandClock
) -> None:
    await queue_answer(store, "oi")
    await resend(store)
    await send(store, "WA2")
    clock.pass_(16 * 60)
    said = replace(echo("oi", number=1, by_api=False), occurred_at=clock.now())
    assert await receive(store, said) == ("takeover",)


async def test_a_status_of_the_id_that_a_row_proposed_proves_it(
    store: DbStore, clock: HandClock
) -> None:
    await queue_answer(store, "oi")
    claim, order = await begin_send(store)
    await store.unknown(claim, order.row_id, "whatsapp.unknown_outcome", 2)
    told = StatusChanged(provider_id=order.message_id, status=DeliveryStatus.DELIVERED)
    other = StatusChanged(provider_id="3EB0OTHER", status=DeliveryStatus.DELIVERED)
    clock.pass_(2)
    await receive(store, other, told)
    assert await end_of_head(store) == Skipped(state=OutboxState.SENT, reason="status")
    proved = await rows(store, OUTBOX.c.state, OUTBOX.c.provider_id, OUTBOX.c.delivery)
    assert proved == [("sent", order.message_id, DeliveryStatus.DELIVERED)]


async def test_a_status_of_the_proposed_id_also_keeps_a_row_from_being_sent_again(
    store: DbStore,
) -> None:
    await queue_answer(store, "oi")
    claim, order = await begin_send(store)
    await store.not_sent(claim, order.row_id, "not_found", 0)
    await receive(store, StatusChanged(provider_id=order.message_id, status=DeliveryStatus.SENT))
    assert await end_of_head(store) == Skipped(state=OutboxState.SENT, reason="status")


async def test_a_row_is_looked_for_under_every_address_of_its_contact(store: DbStore) -> None:
    hidden = Identity(
        address="123456789012345@lid", phone="5531988887777", lid="123456789012345@lid"
    )
    await receive(store, replace(hello(1), sender=hidden))
    await answer(store, "oi")
    claim, order = await begin_send(store)
    await store.unknown(claim, order.row_id, "whatsapp.unknown_outcome", 0)
    looked_for = await store.begin_send(await claim_one(store, Queue.OUT))
    assert isinstance(looked_for, VerifyOrder)
    assert looked_for.addresses[0] == "123456789012345@lid"
    assert set(looked_for.addresses[1:]) == {"553188887777@s.whatsapp.net"}


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


async def in_doubt(store: DbStore) -> tuple[Claim, int]:
    """Send and hear nothing; the head is claimed again, to be looked for."""
    claim, order = await begin_send(store)
    await store.unknown(claim, order.row_id, "whatsapp.unknown_outcome", 0)
    claim = await claim_one(store, Queue.OUT)
    assert isinstance(await store.begin_send(claim), VerifyOrder)
    return claim, order.row_id


@pytest.mark.parametrize("again", [2.0, None])
async def test_a_row_in_doubt_ends_when_a_person_has_taken_over(
    store: DbStore, again: float | None
) -> None:
    await queue_answer(store, "oi")
    claim, row_id = await in_doubt(store)
    await receive(store, echo("aqui é a Ana", by_api=False))
    ended = await store.not_found(claim, row_id, "whatsapp.unreachable", again)
    assert ended == Skipped(state=OutboxState.SUPPRESSED, reason="human_mode")
    assert await rows(store, OUTBOX.c.state, OUTBOX.c.error) == [("suppressed", "human_mode")]
    assert (await store.claim(Queue.OUT, "w", 9)).claims == ()


async def test_the_late_echo_of_a_row_that_ended_in_doubt_is_ours_and_it_was_sent_after_all(
    store: DbStore, clock: HandClock
) -> None:
    await queue_answer(store, "oi")
    claim, row_id = await in_doubt(store)
    await receive(store, echo("aqui é a Ana", number=7, by_api=False))
    await store.not_found(claim, row_id, "not_found", None)
    clock.pass_(60)
    assert await receive(store, echo("oi")) == ("echo",)
    proved = (await rows(store, OUTBOX.c.state, OUTBOX.c.error, OUTBOX.c.provider_id))[0]
    assert proved == ("sent", None, echo("oi").provider_id)
    assert (await rows(store, MESSAGE.c.text, MESSAGE.c.outcome, MESSAGE.c.reason))[1] == (
        "oi",
        "sent",
        None,
    )


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
