"""Our own echoes prove our sends, and a person's words stop them at once, on both databases."""

from dataclasses import replace

import pytest

from orbion.adapters.db.schema import CONVERSATION, MESSAGE, OUTBOX
from orbion.adapters.db.store import DbStore
from orbion.domain.conversations import Mode, ModeReason
from orbion.domain.lanes import Queue
from orbion.domain.outbox import (
    OutboxState,
    SendReceipt,
    Skipped,
    VerifyOrder,
)
from orbion.domain.turns import Bubble, TurnResult, Verdict
from tests.contract.scenes import (
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
