"""Edits and deletions reach the message, the open batch and the answer that has not left."""

import itertools
from collections.abc import Sequence
from dataclasses import replace

import pytest

from orbion.adapters.db.schema import EARLY_CHANGE, MESSAGE, OUTBOX, TURN
from orbion.adapters.db.store import DbStore
from orbion.domain.events import Event, MessageDeleted, MessageEdited, MessageReceived
from orbion.domain.lanes import Queue
from orbion.domain.messages import MessageKind
from orbion.domain.turns import TurnResult, Verdict
from tests.contract.scenes import (
    answer,
    begin_send,
    claim_one,
    column,
    end_of_head,
    receive,
    reply,
    rows,
    send,
    take_turn,
)
from tests.support.stores import HandClock, echo, hello

DAY = 24 * 60 * 60


def edited(number: int, text: str, *, at: int | None = None) -> MessageEdited:
    return MessageEdited(provider_id=hello(number).provider_id, text=text, at=at)


def deleted(number: int) -> MessageDeleted:
    return MessageDeleted(provider_id=hello(number).provider_id)


async def ends(store: DbStore) -> Sequence[tuple[object, ...]]:
    return await rows(store, MESSAGE.c.outcome, MESSAGE.c.reason)


async def open_texts(store: DbStore) -> list[str]:
    return [message.text for message in (await take_turn(store))[1].batch]


async def nothing_to_answer(store: DbStore) -> bool:
    return await store.load_turn(await claim_one(store, Queue.IN)) is None


# An open message


async def test_a_deleted_message_is_not_answered(store: DbStore) -> None:
    await receive(store, hello(1), hello(2))
    got = await store.receive("loja", [deleted(1)], "t")
    assert (got.outcomes, got.wake) == (("deleted",), frozenset({Queue.IN}))
    assert await ends(store) == [("suppressed", "deleted"), ("open", None)]
    assert await open_texts(store) == ["mensagem 2"]


async def test_with_its_only_message_deleted_a_turn_has_nothing_to_answer(store: DbStore) -> None:
    await receive(store, hello(1), deleted(1))
    assert await nothing_to_answer(store)
    assert await column(store, TURN.c.id) == []


async def test_a_deleted_message_is_in_no_history_that_a_model_sees(store: DbStore) -> None:
    await receive(store, hello(1))
    await answer(store, "oi")
    await send(store, "WA1")
    await receive(store, hello(2), deleted(1), MessageDeleted(provider_id="WA1", from_me=True))
    found = await store.conversation(1)
    assert found is not None
    assert [each.text for each in await store.history(1, found.version)] == ["mensagem 2"]
    assert [each.text for each in await store.messages(1, 9)] == ["mensagem 1", "oi", "mensagem 2"]


async def test_of_two_edits_the_later_one_counts_in_any_order(store: DbStore) -> None:
    await receive(store, hello(1), edited(1, "três", at=30), edited(1, "dois", at=20))
    assert await open_texts(store) == ["três"]


async def test_the_same_edit_again_changes_nothing_but_is_as_new_as_its_last_news(
    store: DbStore,
) -> None:
    await receive(store, hello(1), edited(1, "três", at=30))
    before = await store.conversation(1)
    await receive(store, edited(1, "três", at=90), edited(1, "três", at=60))
    assert await store.conversation(1) == before
    await receive(store, edited(1, "dois", at=80))
    assert await open_texts(store) == ["três"]


async def test_a_deleted_message_cannot_be_edited(store: DbStore) -> None:
    await receive(store, hello(1), deleted(1), edited(1, "x"))
    assert await column(store, MESSAGE.c.text) == ["mensagem 1"]


async def test_our_side_and_the_customers_are_told_apart_by_more_than_the_id(
    store: DbStore,
) -> None:
    ours = replace(echo("nossa", by_api=False), provider_id=hello(1).provider_id)
    await receive(store, hello(1), ours)
    await receive(store, replace(edited(1, "outra"), from_me=True))
    assert await column(store, MESSAGE.c.text) == ["mensagem 1", "outra"]
    await receive(store, replace(deleted(1), from_me=True))
    assert [outcome for outcome, _ in await ends(store)] == ["open", "sent"]
    assert await column(store, EARLY_CHANGE.c.at) == []


# A turn that is running


async def test_a_deletion_during_the_turn_ends_it_silent(store: DbStore, clock: HandClock) -> None:
    await receive(store, hello(1))
    claim, given = await take_turn(store)
    await store.begin_turn(claim, given)
    clock.pass_(100)  # far beyond the cap within which a newer message would be merged
    await receive(store, deleted(1))
    done = await store.finish_turn(claim, given, reply("sobre a apagada"))
    assert done == TurnResult(verdict=Verdict.SILENT)
    assert await column(store, OUTBOX.c.id) == []
    assert await ends(store) == [("suppressed", "deleted")]
    assert await nothing_to_answer(store)


async def test_a_deletion_of_one_of_two_runs_a_fresh_turn_about_the_other(
    store: DbStore, clock: HandClock
) -> None:
    await receive(store, hello(1), hello(2))
    claim, given = await take_turn(store)
    clock.pass_(100)
    await receive(store, deleted(1))
    done = await store.finish_turn(claim, given, reply("sobre as duas"))
    assert done.verdict is Verdict.SUPERSEDED
    assert await open_texts(store) == ["mensagem 2"]


async def test_an_edit_during_the_turn_is_answered_in_its_new_form(store: DbStore) -> None:
    await receive(store, hello(1))
    claim, given = await take_turn(store)
    await receive(store, edited(1, "na verdade, 5"))
    done = await store.finish_turn(claim, given, reply("sobre a velha"))
    assert done.verdict is Verdict.SUPERSEDED
    assert await open_texts(store) == ["na verdade, 5"]


async def test_a_wish_to_stop_is_kept_although_its_message_was_deleted(store: DbStore) -> None:
    await receive(store, hello(1, text="pare"))
    claim, given = await take_turn(store)
    await receive(store, deleted(1))
    await store.finish_turn(claim, given, replace(reply("ok"), verdict=Verdict.OPTED_OUT))
    found = await store.conversation(1)
    assert found is not None
    assert found.opted_out


# An answer that waits to be sent


async def test_a_deletion_takes_the_unsent_answer_back_whenever_it_comes(
    store: DbStore, clock: HandClock
) -> None:
    await receive(store, hello(1))
    await answer(store, "um", "dois")
    clock.pass_(600)
    await receive(store, deleted(1))
    assert await column(store, OUTBOX.c.state) == ["superseded", "superseded"]
    assert await nothing_to_answer(store)
    assert (await ends(store))[0] == ("suppressed", "deleted")


async def test_the_rest_of_a_batch_is_answered_after_all(store: DbStore) -> None:
    await receive(store, hello(1), hello(2), hello(3))
    await answer(store, "sobre todas")
    await receive(store, deleted(1))
    assert await open_texts(store) == ["mensagem 2", "mensagem 3"]


async def test_what_was_deleted_before_is_not_opened_again(
    store: DbStore, clock: HandClock
) -> None:
    await receive(store, hello(1), hello(2))
    await answer(store, "oi")
    claim, order = await begin_send(store)
    await receive(store, deleted(1))
    await store.not_sent(claim, order.row_id, "whatsapp.unreachable", 0)
    clock.pass_(16 * 60)
    assert (await end_of_head(store)).reason == "too_old"
    assert [outcome for outcome, _ in await ends(store)][:2] == ["answered", "open"]


async def test_an_edit_takes_the_unsent_answer_back_only_within_the_cap(
    store: DbStore, clock: HandClock
) -> None:
    await receive(store, hello(1))
    await answer(store, "velha")
    await receive(store, edited(1, "outra", at=1))
    assert await open_texts(store) == ["outra"]
    clock.pass_(20)
    await answer(store, "nova")
    clock.pass_(20)
    await receive(store, edited(1, "mais outra", at=2))
    assert await column(store, OUTBOX.c.state) == ["superseded", "pending"]
    assert await column(store, MESSAGE.c.text) == ["mais outra", "velha", "nova"]


async def test_an_answer_that_left_stays_and_the_history_shows_the_edit(store: DbStore) -> None:
    await receive(store, hello(1))
    await answer(store, "oi")
    await send(store, "WA1")
    await receive(store, edited(1, "corrigida"))
    assert await column(store, OUTBOX.c.state) == ["sent"]
    assert (await store.claim(Queue.IN, "w", 9)).claims == ()
    found = await store.conversation(1)
    assert found is not None
    assert [each.text for each in await store.history(1, found.version)] == ["corrigida", "oi"]


# Changes that come before their message


CHANGES: tuple[Event, ...] = (edited(1, "dois", at=20), edited(1, "três", at=30))


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
async def test_edits_and_their_message_end_alike_in_any_order(
    store: DbStore, order: tuple[int, ...]
) -> None:
    events = (hello(1), *CHANGES)
    for each in order:
        await receive(store, events[each])
    assert await open_texts(store) == ["três"]
    assert await column(store, MESSAGE.c.text) == ["três"]
    assert await column(store, EARLY_CHANGE.c.text) == []
    assert await receive(store, hello(1)) == ("duplicate",)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
async def test_a_deletion_wins_in_any_order(store: DbStore, order: tuple[int, ...]) -> None:
    events = (hello(1), deleted(1), edited(1, "x", at=2_000_000_000_000))
    for each in order:
        await receive(store, events[each])
    assert await ends(store) == [("suppressed", "deleted")]
    assert await nothing_to_answer(store)


async def test_an_early_change_makes_no_contact_and_is_forgotten_in_time(
    store: DbStore, clock: HandClock
) -> None:
    await receive(store, deleted(1), edited(2, "x"))
    assert await column(store, MESSAGE.c.id) == []
    assert await store.conversations(before=None, limit=9) == []
    clock.pass_(10 * DAY)
    await store.prune()
    assert await column(store, EARLY_CHANGE.c.provider_id) == []


async def test_a_late_message_keeps_all_that_its_edit_did_not_tell(store: DbStore) -> None:
    photo = replace(hello(1), kind=MessageKind.IMAGE, payload={"url": "https://x"})
    assert isinstance(photo, MessageReceived)
    await receive(store, edited(1, "nova legenda"))
    assert await receive(store, photo) == ("stored",)
    (message,) = await store.messages(1, 9)
    assert (message.kind, message.text) == (MessageKind.IMAGE, "nova legenda")
    assert message.payload == {"url": "https://x"}
