"""Consent, hand-over and poison end a turn in the way that the customer was promised."""

from dataclasses import replace

from orbion.adapters.db.schema import (
    CONTACT,
    CONVERSATION,
    DEAD,
    HANDOFF,
    MESSAGE,
    SUPPRESSION,
)
from orbion.adapters.db.store import DbStore
from orbion.domain.conversations import Mode, ModeReason
from orbion.domain.lanes import Queue
from orbion.domain.outbox import OutboxState, SendOrder, Skipped
from orbion.domain.turns import Bubble, TurnResult, Verdict
from tests.contract.scenes import (
    BRANCH,
    answer,
    claim_one,
    column,
    decide,
    receive,
    reply,
    rows,
    send,
    take_turn,
    with_accounts,
)
from tests.support.stores import HandClock, hello

OPT_OUT = TurnResult(
    verdict=Verdict.OPTED_OUT, bubbles=(Bubble(text="não escrevo mais", exempt="opt_out"),)
)
HAND_OVER = TurnResult(
    verdict=Verdict.HANDED_OVER,
    bubbles=(Bubble(text="já chamo alguém", exempt="handoff"),),
    handoff="asked",
)


async def test_an_opt_out_pauses_every_number_and_only_its_confirmation_leaves(
    store: DbStore, clock: HandClock
) -> None:
    store = await with_accounts(store, BRANCH)
    await receive(store, hello(1), account=BRANCH.id)
    await answer(store, "oferta")
    await receive(store, hello(2))
    await decide(store, OPT_OUT)
    assert await column(store, CONVERSATION.c.mode) == ["paused", "paused"]
    assert await column(store, CONVERSATION.c.mode_reason) == ["opt_out", "opt_out"]
    ended = {}
    for claim in (await store.claim(Queue.OUT, "w", 9)).claims:
        order = await store.begin_send(claim)
        ended[claim.key] = order.content.text if isinstance(order, SendOrder) else order
    quiet = Skipped(state=OutboxState.SUPPRESSED, reason="opt_out")
    assert ended == {"1": quiet, "2": "não escrevo mais"}
    clock.pass_(1)
    await receive(store, hello(3))
    assert (await decide(store, reply("oi"))).verdict is Verdict.SUPPRESSED_OPT_OUT
    assert (await column(store, MESSAGE.c.reason))[-1] == "suppressed_opt_out"


async def test_an_opt_in_lets_the_bot_speak_again(store: DbStore) -> None:
    await receive(store, hello(1))
    await decide(store, OPT_OUT)
    await send(store, "WA1")
    await receive(store, hello(2))
    await decide(store, replace(reply("que bom!"), verdict=Verdict.OPTED_IN))
    assert await column(store, CONVERSATION.c.mode) == ["bot"]
    assert await send(store, "WA2") == "que bom!"
    (who,) = await rows(store, SUPPRESSION.c.message_id, SUPPRESSION.c.revoked_at)
    assert who[1] is not None
    found = await store.conversation(1)
    assert found is not None
    assert found.opted_out is False


async def test_a_second_opt_out_counts_again(store: DbStore) -> None:
    for number, verdict in enumerate((OPT_OUT, TurnResult(verdict=Verdict.OPTED_IN), OPT_OUT), 1):
        await receive(store, hello(number))
        await decide(store, verdict)
        found = await store.conversation(1)
        assert found is not None
        assert found.opted_out is (verdict is OPT_OUT)
    assert await rows(store, SUPPRESSION.c.message_id, SUPPRESSION.c.revoked_at) == [(4, None)]


async def test_an_opt_in_does_not_end_what_an_operator_paused(store: DbStore) -> None:
    await receive(store, hello(1))
    await store.set_mode(1, Mode.PAUSED, ModeReason.OPERATOR, "ana")
    await decide(store, TurnResult(verdict=Verdict.OPTED_IN))
    assert await column(store, CONVERSATION.c.mode) == ["paused"]


async def test_a_hand_over_sends_its_notice_and_nothing_else(
    store: DbStore, clock: HandClock
) -> None:
    await receive(store, hello(1))
    await decide(store, replace(HAND_OVER, bubbles=(*HAND_OVER.bubbles, Bubble(text="e compre"))))
    assert await rows(store, CONVERSATION.c.mode, CONVERSATION.c.mode_reason) == [
        ("human", "requested")
    ]
    assert await rows(store, HANDOFF.c.reason, HANDOFF.c.actor) == [("requested", "bot")]
    assert await send(store, "WA1") == "já chamo alguém"
    clock.pass_(1)
    skipped = await store.begin_send(await claim_one(store, Queue.OUT))
    assert getattr(skipped, "reason", None) == "human_mode"


async def test_a_loop_hands_over_with_its_own_reason(store: DbStore) -> None:
    await receive(store, hello(1))
    await decide(store, replace(HAND_OVER, verdict=Verdict.LOOP))
    assert await column(store, CONVERSATION.c.mode_reason) == ["loop"]


# Poison


async def test_a_poisoned_message_dies_with_its_reason_and_its_neighbours_are_answered(
    store: DbStore, clock: HandClock
) -> None:
    await receive(store, hello(1), hello(2), hello(3))
    answered: list[str] = []
    died = 0
    for _ in range(30):
        claims = (await store.claim(Queue.IN, "w", 9)).claims
        if not claims:
            break
        given = await store.load_turn(claims[0])
        assert given is not None
        if any(m.text == "mensagem 2" for m in given.batch):
            died += await store.fail(claims[0], "bug", 1)
        else:
            answered += [m.text for m in given.batch]
            await store.finish_turn(claims[0], given, reply("oi"))
        clock.pass_(1)
    assert (answered, died) == (["mensagem 1", "mensagem 3"], 1)
    ends = await rows(store, MESSAGE.c.text, MESSAGE.c.outcome, MESSAGE.c.reason)
    assert ("mensagem 2", "dead", "bug") in ends
    assert await rows(store, DEAD.c.queue, DEAD.c.key, DEAD.c.seq, DEAD.c.error) == [
        ("in", "1", 2, "bug")
    ]


async def test_a_requeued_message_is_answered_together_with_newer_ones(store: DbStore) -> None:
    await receive(store, hello(1))
    for _ in range(store.lane_policy.attempts):
        await store.fail(await claim_one(store, Queue.IN), "bug", 0)
    await receive(store, hello(2))
    assert await store.requeue(Queue.IN, "1", 1, "ana")
    claim, given = await take_turn(store)
    assert [m.text for m in given.batch] == ["mensagem 1", "mensagem 2"]
    await store.finish_turn(claim, given, reply("oi"))
    assert await column(store, MESSAGE.c.outcome) == ["answered", "answered", "queued"]
    assert (await store.claim(Queue.IN, "w", 9)).claims == ()


async def test_a_message_requeued_during_a_turn_waits_for_the_next(
    store: DbStore, clock: HandClock
) -> None:
    await receive(store, hello(1))
    for _ in range(store.lane_policy.attempts):
        await store.fail(await claim_one(store, Queue.IN), "bug", 0)
    await receive(store, hello(2))
    claim, given = await take_turn(store)
    clock.pass_(6)
    assert await store.requeue(Queue.IN, "1", 1, "ana")
    await store.finish_turn(claim, given, reply("oi"))
    assert await column(store, MESSAGE.c.outcome) == ["open", "answered", "queued"]
    _, rest = await take_turn(store)
    assert [m.text for m in rest.batch] == ["mensagem 1"]


async def test_an_opted_out_contact_of_one_business_is_nobody_in_another(store: DbStore) -> None:
    other = replace(BRANCH, id="outra", business="lua")
    store = await with_accounts(store, other)
    await receive(store, hello(1))
    await decide(store, OPT_OUT)
    await receive(store, hello(1), account="outra")
    assert (await answer(store, "oi")).verdict is Verdict.ANSWERED
    assert await column(store, CONTACT.c.id) == [1, 2]
