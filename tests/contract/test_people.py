"""Who holds a conversation, how long, and what gives it back, on both databases (promise P9)."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from orbion.adapters.db.schema import AUTO_GREETING, CONVERSATION, HANDOFF, LANE, MESSAGE, OUTBOX
from orbion.adapters.db.store import DbStore
from orbion.domain.conversations import Mode, ModeReason
from orbion.domain.events import MessageEchoed, MessageReceived
from orbion.domain.lanes import Queue
from orbion.domain.messages import Author
from orbion.domain.turns import TurnResult, Verdict
from tests.contract.scenes import answer, column, decide, receive, rows, send, take_turn
from tests.support.stores import LOJA, HandClock, echo, hello

HOUR = 3_600
GREETING = "Olá! Já respondemos."
SILENT = TurnResult(verdict=Verdict.HUMAN_MODE)
Says = Callable[..., MessageEchoed]


def customer(clock: HandClock, number: int, *, of: int) -> MessageReceived:
    said = hello(number, phone=f"55119000000{of:02d}")
    return replace(said, occurred_at=clock.now())


def business(clock: HandClock, text: str, number: int, *, to: int) -> MessageEchoed:
    """Something that left our own number, from the phone."""
    said = echo(text, number=number, by_api=False)
    recipient = customer(clock, 0, of=to).sender
    return replace(said, recipient=recipient, occurred_at=clock.now())


async def greeted(store: DbStore, clock: HandClock, of: int, *, text: str = GREETING) -> str:
    """A customer opens a conversation, and a second later this is written."""
    await receive(store, customer(clock, of, of=of))
    clock.pass_(1)
    (outcome,) = await receive(store, business(clock, text, of, to=of))
    return outcome


def releasing(store: DbStore, seconds: float) -> DbStore:
    """The same store, where a person holds no longer than this."""
    policy = replace(store.inbox_policy, idle_release=round(seconds * 1000))
    return replace(store, inbox_policy=policy)


async def modes(store: DbStore) -> list[tuple[object, ...]]:
    return list(await rows(store, CONVERSATION.c.mode, CONVERSATION.c.mode_reason))


async def test_a_greeting_holds_until_it_is_known_and_then_nothing_it_held_stays_silent(
    store: DbStore, clock: HandClock
) -> None:
    assert await greeted(store, clock, 1) == "takeover"
    await decide(store, SILENT)
    assert await greeted(store, clock, 2) == "takeover"
    await decide(store, SILENT)
    assert await modes(store) == [("human", "takeover")] * 2
    clock.pass_(60)
    assert await greeted(store, clock, 3) == "learned:auto_greeting"
    assert await modes(store) == [("bot", None)] * 3
    assert await column(store, CONVERSATION.c.person_at) == [None] * 3
    inbound = await rows(store, MESSAGE.c.direction, MESSAGE.c.outcome, MESSAGE.c.reason)
    assert [row for row in inbound if row[0] == "in"] == [("in", "open", None)] * 3
    claims = (await store.claim(Queue.IN, "w", 9)).claims
    assert {claim.key for claim in claims} == {"1", "2", "3"}
    assert await greeted(store, clock, 4) == "stored:auto_greeting"
    stored = (await rows(store, MESSAGE.c.author, MESSAGE.c.text, MESSAGE.c.reason))[-1]
    assert stored == (Author.PERSON, GREETING, "auto_greeting")


async def test_what_wakes_for_a_learned_greeting_is_worked_at_once(
    store: DbStore, clock: HandClock
) -> None:
    for number in (1, 2):
        await greeted(store, clock, number)
    await receive(store, customer(clock, 3, of=3))
    received = await store.receive("loja", [business(clock, GREETING, 3, to=3)], "t")
    assert received.outcomes == ("learned:auto_greeting",)
    assert received.wake == {Queue.IN}


async def test_an_answer_that_the_greeting_took_back_is_given_after_all(
    store: DbStore, clock: HandClock
) -> None:
    await receive(store, customer(clock, 1, of=1))
    await answer(store, "custa 10")
    clock.pass_(1)
    assert await receive(store, business(clock, GREETING, 1, to=1)) == ("takeover",)
    assert await rows(store, OUTBOX.c.state, OUTBOX.c.error) == [("suppressed", "takeover")]
    for number in (2, 3):
        await greeted(store, clock, number)
    assert (await rows(store, MESSAGE.c.outcome))[0] == ("open",)


async def test_an_answer_of_which_a_part_has_left_is_not_given_again(
    store: DbStore, clock: HandClock
) -> None:
    await receive(store, customer(clock, 1, of=1))
    await answer(store, "custa 10", "quer um?")
    await send(store, "WA1")
    await receive(store, business(clock, GREETING, 1, to=1))
    for number in (2, 3):
        await greeted(store, clock, number)
    assert (await rows(store, MESSAGE.c.outcome))[0] == ("answered",)


@pytest.mark.parametrize("late", [4, 600])
async def test_a_stock_phrase_that_people_also_write_later_stays_a_persons(
    store: DbStore, clock: HandClock, late: int
) -> None:
    for number in (1, 2):
        await greeted(store, clock, number)
    await receive(store, customer(clock, 3, of=3))
    clock.pass_(late)
    assert await receive(store, business(clock, GREETING, 3, to=3)) == ("takeover",)
    assert await greeted(store, clock, 4) == "takeover"
    assert await modes(store) == [("human", "takeover")] * 4
    assert await rows(store, AUTO_GREETING.c.text, AUTO_GREETING.c.seen) == [(GREETING, 1)]


async def test_the_same_in_the_middle_of_a_conversation_is_no_greeting(
    store: DbStore, clock: HandClock
) -> None:
    for number in (1, 2, 3):
        await receive(store, customer(clock, number, of=number))
        clock.pass_(HOUR)
        await receive(store, customer(clock, number + 10, of=number))
        clock.pass_(1)
        said = business(clock, GREETING, number, to=number)
        assert await receive(store, said) == ("takeover",)


async def test_a_greeting_whose_customer_is_not_heard_yet_says_nothing_of_its_kind(
    store: DbStore, clock: HandClock
) -> None:
    for number in (1, 2):
        await greeted(store, clock, number)
    assert await receive(store, business(clock, GREETING, 3, to=3)) == ("takeover",)
    assert await greeted(store, clock, 4) == "learned:auto_greeting"


async def test_one_conversation_teaches_once_however_often_it_is_opened(
    store: DbStore, clock: HandClock
) -> None:
    for day in range(4):
        await receive(store, customer(clock, day, of=1))
        clock.pass_(1)
        assert await receive(store, business(clock, GREETING, day, to=1)) == ("takeover",)
        clock.pass_(24 * HOUR)


async def test_what_a_person_wrote_beside_the_greeting_still_holds(
    store: DbStore, clock: HandClock
) -> None:
    await greeted(store, clock, 1)
    await receive(store, business(clock, "aqui é a Ana", 11, to=1))
    for number in (2, 3):
        await greeted(store, clock, number)
    assert await modes(store) == [("human", "takeover"), ("bot", None), ("bot", None)]


async def test_who_had_asked_for_a_person_goes_on_waiting_for_one(
    store: DbStore, clock: HandClock
) -> None:
    await receive(store, customer(clock, 1, of=1))
    await decide(store, TurnResult(verdict=Verdict.HANDED_OVER, handoff="requested"))
    clock.pass_(1)
    await receive(store, business(clock, GREETING, 1, to=1))
    for number in (2, 3):
        await greeted(store, clock, number)
    assert (await modes(store))[0] == ("human", "requested")


async def test_a_configured_greeting_never_holds_and_what_it_held_is_free_after_a_start(
    store: DbStore, clock: HandClock
) -> None:
    assert await greeted(store, clock, 1, text=f" {GREETING}\n") == "takeover"
    account = replace(LOJA, auto_greetings=frozenset({GREETING}))
    told = replace(store, accounts={"loja": account})
    await told.start()
    assert await modes(store) == [("bot", None)]
    assert await greeted(told, clock, 2, text=GREETING.replace(" ", "  ")) == "stored:auto_greeting"
    assert await modes(store) == [("bot", None)] * 2


async def test_an_idle_hold_ends_when_the_customer_writes_next(
    store: DbStore, clock: HandClock
) -> None:
    store = releasing(store, 12 * HOUR)
    await receive(store, customer(clock, 1, of=1))
    await store.set_mode(1, Mode.HUMAN, ModeReason.OPERATOR, "ana")
    clock.pass_(HOUR)
    await receive(store, business(clock, "aqui é a Ana", 1, to=1))
    spoke_at = clock.now()
    clock.pass_(12 * HOUR - 1)
    assert await receive(store, customer(clock, 2, of=1)) == ("stored",)
    clock.pass_(1)
    assert await receive(store, customer(clock, 3, of=1)) == ("released",)
    assert await modes(store) == [("bot", "idle")]
    assert await column(store, CONVERSATION.c.person_at) == [spoke_at]
    assert await column(store, HANDOFF.c.released_at) == [clock.now()]
    _, given = await take_turn(store)
    assert given.conversation.mode is Mode.BOT
    assert [message.author for message in await store.history(1, 99)].count(Author.PERSON) == 1


async def test_a_person_who_was_asked_for_and_never_came_is_waited_for_as_long(
    store: DbStore, clock: HandClock
) -> None:
    store = releasing(store, 12 * HOUR)
    await receive(store, customer(clock, 1, of=1))
    await decide(store, TurnResult(verdict=Verdict.HANDED_OVER, handoff="requested"))
    clock.pass_(12 * HOUR)
    assert await receive(store, customer(clock, 2, of=1)) == ("released",)


async def test_without_an_idle_rule_a_person_holds_for_ever(
    store: DbStore, clock: HandClock
) -> None:
    await receive(store, customer(clock, 1, of=1))
    await receive(store, business(clock, "aqui é a Ana", 1, to=1))
    clock.pass_(365 * 24 * HOUR)
    assert await receive(store, customer(clock, 2, of=1)) == ("stored",)
    assert await modes(store) == [("human", "takeover")]


async def test_words_that_come_late_hold_from_when_they_were_said(
    store: DbStore, clock: HandClock
) -> None:
    store = releasing(store, 12 * HOUR)
    await receive(store, customer(clock, 1, of=1))
    said = business(clock, "aqui é a Ana", 1, to=1)
    clock.pass_(11 * HOUR)
    assert await receive(store, said) == ("takeover",)
    assert await column(store, CONVERSATION.c.mode_at) == [said.occurred_at]
    clock.pass_(HOUR)
    assert await receive(store, customer(clock, 2, of=1)) == ("released",)


async def test_words_older_than_the_idle_time_are_kept_and_hold_nothing(
    store: DbStore, clock: HandClock
) -> None:
    store = releasing(store, 12 * HOUR)
    await receive(store, customer(clock, 1, of=1))
    said = business(clock, "aqui é a Ana", 1, to=1)
    clock.pass_(12 * HOUR)
    assert await receive(store, said) == ("stored:person",)
    assert await modes(store) == [("bot", None)]
    assert await column(store, CONVERSATION.c.person_at) == [said.occurred_at]
    assert (await rows(store, MESSAGE.c.author, MESSAGE.c.text))[-1] == ("person", "aqui é a Ana")
    assert await column(store, LANE.c.queue) == ["in"]
