"""Bubbles of every kind, quotes and what is still unread, on both databases."""

from dataclasses import replace

import pytest

from orbion.adapters.db.schema import MESSAGE, OUTBOX
from orbion.adapters.db.store import DbStore
from orbion.domain.conversations import Mode, ModeReason
from orbion.domain.events import MessageEchoed
from orbion.domain.lanes import Queue
from orbion.domain.outbox import OutboxState, SendOrder, Skipped
from orbion.domain.outgoing import (
    Choices,
    ContactCard,
    Content,
    Location,
    Media,
    Reaction,
    Text,
    VoiceNote,
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

SHOP = Location(latitude=-23.5, longitude=-46.6, name="Loja", address="Rua 1")
CONTENTS: dict[str, Content] = {
    "text": Text(text="oi"),
    "image": Media(medium="image", source="https://x.test/a", mimetype="image/png", caption="kit"),
    "document": Media(
        medium="document", source="JVBE", mimetype="application/pdf", file_name="a.pdf"
    ),
    "audio": VoiceNote(source="https://x.test/a.ogg"),
    "location": SHOP,
    "reaction": Reaction(emoji="👍", target="3A01"),
    "contact": ContactCard(name="Ana", phone="5511900000002"),
    "choices": Choices(question="Qual?", options=("Manhã", "Tarde")),
}
ECHOES: dict[str, dict[str, object]] = {
    "text": {},
    "image": {"mimetype": "image/png"},
    "document": {"mimetype": "application/pdf", "file_name": "a.pdf"},
    "audio": {"mimetype": "audio/ogg; codecs=opus", "ptt": True},
    "location": {"latitude": -23.5, "longitude": -46.6},
    "reaction": {"target": "3A01"},
    "contact": {"contacts": [{"name": "Ana", "vcard": "BEGIN:VCARD"}]},
    "choices": {},
}


def saying(*contents: Content, answers: str | None = None) -> TurnResult:
    bubbles = (
        Bubble(content=each, answers=None if place else answers)
        for place, each in enumerate(contents)
    )
    return TurnResult(verdict=Verdict.ANSWERED, bubbles=tuple(bubbles))


def echo_of(name: str, *, number: int = 1) -> MessageEchoed:
    content = CONTENTS[name]
    found = echo(content.text, number=number)
    return replace(found, kind=content.kind, payload=ECHOES[name] or None)


async def in_flight(store: DbStore, *contents: Content) -> None:
    await receive(store, hello(1))
    await decide(store, saying(*contents))
    await begin_send(store)


@pytest.mark.parametrize("name", CONTENTS)
async def test_an_order_has_the_content_that_the_turn_decided(store: DbStore, name: str) -> None:
    content = CONTENTS[name]
    await receive(store, hello(1))
    await decide(store, saying(content))
    claim = await claim_one(store, Queue.OUT)
    draft = await store.draft(claim)
    assert draft is not None
    assert (draft.kind, draft.text) == (content.kind, content.text)
    order = await store.begin_send(claim)
    assert isinstance(order, SendOrder)
    assert order.content == content
    assert (await rows(store, MESSAGE.c.kind, MESSAGE.c.text))[-1] == (content.kind, content.text)


async def test_an_order_proposes_the_same_id_at_each_attempt(store: DbStore) -> None:
    await receive(store, hello(1))
    await decide(store, saying(SHOP))
    claim, order = await begin_send(store)
    assert order.content == order.outgoing.content == SHOP
    await store.not_sent(claim, order.row_id, "whatsapp.unreachable", 0)
    _, again = await begin_send(store)
    assert again.outgoing == order.outgoing
    assert order.outgoing.message_id.startswith("3EB0")


async def test_what_no_database_can_hold_is_not_stored(store: DbStore) -> None:
    await receive(store, hello(1))
    await decide(store, saying(Choices(question="a\0?", options=("b\0", "c\x07"))))
    _, order = await begin_send(store)
    assert order.content == Choices(question="a?", options=("b", "c"))


@pytest.mark.parametrize("name", CONTENTS)
async def test_an_echo_proves_a_row_of_its_kind(store: DbStore, name: str) -> None:
    await in_flight(store, CONTENTS[name])
    assert await receive(store, echo_of(name)) == ("echo",)
    assert await column(store, OUTBOX.c.provider_id) == [echo_of(name).provider_id]


async def test_an_echo_of_another_kind_or_place_is_a_persons(store: DbStore) -> None:
    await in_flight(store, SHOP)
    elsewhere = replace(echo_of("location"), payload={"latitude": 1.0, "longitude": -46.6})
    assert await receive(store, elsewhere) == ("takeover",)
    assert await column(store, OUTBOX.c.provider_id) == [None]


async def test_an_echo_with_the_id_that_a_row_proposed_is_that_rows(store: DbStore) -> None:
    await receive(store, hello(1))
    await decide(store, saying(Text(text="oi")))
    _, order = await begin_send(store)
    changed = replace(echo("o gateway mudou o texto"), provider_id=order.message_id)
    assert await receive(store, changed) == ("echo",)
    assert await column(store, OUTBOX.c.provider_id) == [order.message_id]


async def test_the_late_echo_of_a_file_sent_twice_is_ours(store: DbStore) -> None:
    await receive(store, hello(1))
    await decide(store, saying(CONTENTS["audio"]))
    claim, order = await begin_send(store)
    await store.unknown(claim, order.row_id, "whatsapp.unknown_outcome", 0)
    claim = await claim_one(store, Queue.OUT)
    await store.begin_send(claim)
    await store.not_sent(claim, order.row_id, "not_found", 0)
    await send(store, "WA2")
    assert await receive(store, echo_of("audio")) == ("echo",)


# Quotes


async def test_an_answer_right_under_its_question_quotes_nothing(store: DbStore) -> None:
    await receive(store, hello(1))
    await decide(store, saying(Text(text="oi"), answers=hello(1).provider_id))
    _, order = await begin_send(store)
    assert order.outgoing.quoted_id is None


async def test_an_answer_below_a_newer_message_quotes_its_question(
    store: DbStore, clock: HandClock
) -> None:
    await receive(store, hello(1))
    await decide(store, saying(Text(text="um"), Text(text="dois"), answers=hello(1).provider_id))
    clock.pass_(7)  # too late for the newer message to replace the answer
    await receive(store, hello(2))
    claim, order = await begin_send(store)
    assert order.outgoing.quoted_id == hello(1).provider_id
    await store.unknown(claim, order.row_id, "whatsapp.unknown_outcome", 0)
    claim = await claim_one(store, Queue.OUT)
    await store.begin_send(claim)
    await store.not_sent(claim, order.row_id, "not_found", 0)
    assert await send(store, "WA1") == "um"
    _, second = await begin_send(store)
    assert second.outgoing.quoted_id is None


# What is unread, and when nobody types


async def test_the_first_bubble_knows_which_messages_it_answers(store: DbStore) -> None:
    await receive(store, hello(1), hello(2))
    await answer(store, "um", "dois")
    claim = await claim_one(store, Queue.OUT)
    draft = await store.draft(claim)
    assert draft is not None
    assert set(draft.unread) == {hello(1).provider_id, hello(2).provider_id}
    order = await store.begin_send(claim)
    assert not isinstance(order, Skipped)
    await store.not_sent(claim, order.row_id, "whatsapp.unreachable", 0)
    again = await store.draft(await claim_one(store, Queue.OUT))
    assert again is not None
    assert again.unread == ()


async def test_the_second_bubble_and_other_turns_have_nothing_to_read(
    store: DbStore, clock: HandClock
) -> None:
    await queue_answer(store, "um", "dois")
    await send(store, "WA1")
    second = await store.draft(await claim_one(store, Queue.OUT))
    assert second is not None
    assert second.unread == ()
    clock.pass_(16)
    await send(store, "WA2")
    await receive(store, hello(3))
    await answer(store, "três")
    third = await store.draft(await claim_one(store, Queue.OUT))
    assert third is not None
    assert third.unread == (hello(3).provider_id,)


async def test_a_bubble_that_must_not_leave_shows_nothing_as_read(store: DbStore) -> None:
    await queue_answer(store, "oi")
    await store.set_mode(1, Mode.HUMAN, ModeReason.OPERATOR, "ana")
    claim = await claim_one(store, Queue.OUT)
    draft = await store.draft(claim)
    assert draft is not None
    assert (draft.state, draft.unread) == (OutboxState.SUPPRESSED, ())
    assert await store.begin_send(claim) == Skipped(
        state=OutboxState.SUPPRESSED, reason="human_mode"
    )


async def test_what_an_echo_has_proved_is_not_typed_again(store: DbStore) -> None:
    await queue_answer(store, "oi")
    claim, order = await begin_send(store)
    await store.not_sent(claim, order.row_id, "whatsapp.unreachable", 0)
    await receive(store, echo("oi"))
    draft = await store.draft(await claim_one(store, Queue.OUT))
    assert draft is not None
    assert draft.state is OutboxState.SENT


async def test_what_is_too_old_is_not_typed(store: DbStore, clock: HandClock) -> None:
    await queue_answer(store, "oi")
    clock.pass_(15 * 60 + 1)
    claim = await claim_one(store, Queue.OUT)
    draft = await store.draft(claim)
    assert draft is not None
    assert draft.state is OutboxState.SUPERSEDED
    clock.pass_(16)
    assert (await end_of_head(store)).state is OutboxState.SUPERSEDED
