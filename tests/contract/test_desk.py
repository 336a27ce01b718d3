"""What operators list has no gaps and no repeats, and what they decide happens once."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest

from orbion.adapters.db.migrate import HEAD
from orbion.adapters.db.schema import AUDIT, DEAD, HANDOFF, OUTBOX, PROBE, QUARANTINE, TASK
from orbion.adapters.db.store import DbStore
from orbion.adapters.db.upkeep import DAY_MS, DEDUP_DAYS, TASK_DAYS
from orbion.domain.conversations import Mode, ModeReason
from orbion.domain.lanes import Queue, Requeued
from tests.contract.scenes import (
    answer,
    begin_send,
    claim_one,
    column,
    receive,
    rows,
    send,
    take_turn,
)
from tests.support.stores import HandClock, echo, hello

Page = Callable[[int | None], Awaitable[list[int]]]


async def walk(page: Page) -> list[int]:
    """Follow the pages to their end; each key is the `before` of the next page."""
    found: list[int] = []
    before = None
    while keys := await page(before):
        found += keys
        before = keys[-1]
        assert len(found) < 100
    return found


async def kill(store: DbStore, number: int) -> None:
    """Let a customer's message die, all in the same millisecond of the clock."""
    await receive(store, hello(number, phone=f"55119000001{number:02d}"))
    for _ in range(store.lane_policy.attempts):
        await store.fail(await claim_one(store, Queue.IN), "bug", 0)


async def test_pages_of_conversations_have_no_gaps_and_no_repeats(store: DbStore) -> None:
    for number in range(1, 8):
        await receive(store, hello(number, phone=f"55119000001{number:02d}"))

    async def page(before: int | None) -> list[int]:
        return [line.id for line in await store.conversations(before=before, limit=3)]

    assert await walk(page) == [7, 6, 5, 4, 3, 2, 1]


async def test_pages_of_dead_letters_that_died_together_have_no_gaps(store: DbStore) -> None:
    for number in range(1, 8):
        await kill(store, number)
    keys: list[str] = []

    async def page(before: int | None) -> list[int]:
        letters = await store.dead_letters(before=before, limit=3)
        keys.extend(letter.key for letter in letters)
        return [letter.died_at for letter in letters]

    await walk(page)
    assert keys == ["7", "6", "5", "4", "3", "2", "1"]


async def test_pages_of_the_quarantine_have_no_gaps_and_no_repeats(store: DbStore) -> None:
    for number in range(7):
        await store.quarantine("loja", f"shape {number}", b"{}")

    async def page(before: int | None) -> list[int]:
        return [line.id for line in await store.quarantined(before=before, limit=3)]

    assert await walk(page) == [7, 6, 5, 4, 3, 2, 1]


async def test_a_line_shows_the_last_words_and_what_waits(store: DbStore, clock: HandClock) -> None:
    await receive(store, hello(1), hello(2))
    (line,) = await store.conversations(before=None, limit=9)
    assert (line.name, line.phone, line.account) == ("Maria", "551100000001", "loja")
    assert (line.last_text, line.last_at, line.waiting) == ("mensagem 2", clock.now(), 2)
    await answer(store, "oi")
    (line,) = await store.conversations(before=None, limit=9)
    assert (line.mode, line.mode_reason) == (Mode.BOT, None)
    assert (line.last_text, line.waiting) == ("oi", 0)


async def test_an_unknown_conversation_is_none_and_changes_nothing(store: DbStore) -> None:
    assert await store.conversation(7) is None
    assert await store.set_mode(7, Mode.HUMAN, ModeReason.OPERATOR, "ana") is False
    assert await column(store, AUDIT.c.id) == []


async def test_messages_are_the_last_ones_oldest_first(store: DbStore) -> None:
    await receive(store, *(hello(number) for number in range(1, 6)))
    assert [m.seq for m in await store.messages(1, 3)] == [3, 4, 5]


async def test_every_change_of_mode_is_audited_and_a_hand_over_has_its_row(
    store: DbStore, clock: HandClock
) -> None:
    await receive(store, hello(1))
    assert await store.set_mode(1, Mode.HUMAN, ModeReason.OPERATOR, "ana")
    begun = clock.now()
    clock.pass_(60)
    assert await store.set_mode(1, Mode.BOT, None, "bia")
    handoff = (HANDOFF.c.reason, HANDOFF.c.actor, HANDOFF.c.at, HANDOFF.c.released_at)
    assert await rows(store, *handoff) == [("operator", "ana", begun, begun + 60_000)]
    assert await rows(store, AUDIT.c.actor, AUDIT.c.action, AUDIT.c.subject) == [
        ("ana", "conversation.human", "1"),
        ("bia", "conversation.bot", "1"),
    ]
    await answer(store, "voltei")
    assert await send(store, "WA1") == "voltei"


async def test_the_bot_speaks_again_after_a_takeover_was_released(store: DbStore) -> None:
    await receive(store, hello(1))
    await receive(store, echo("sou a Ana", by_api=False))
    await store.set_mode(1, Mode.BOT, None, "ana")
    assert (await answer(store, "voltei")).answers


async def test_ten_operators_requeue_a_dead_letter_once(store: DbStore) -> None:
    await kill(store, 1)
    asked = (store.requeue(Queue.IN, "1", 1, "ana") for _ in range(10))
    told = Counter(await asyncio.gather(*asked))
    assert told == {Requeued.QUEUED: 1, Requeued.WAITING: 9}
    assert await column(store, AUDIT.c.action) == ["dead.requeue"]
    _, given = await take_turn(store)
    assert [m.text for m in given.batch] == ["mensagem 1"]
    (letter,) = await store.dead_letters(before=None, limit=9)
    assert letter.redriven_at is not None
    assert await store.discard_dead(Queue.IN, "1", 1, "ana") is False


async def test_what_was_answered_meanwhile_is_answered_again_only_by_force(store: DbStore) -> None:
    await kill(store, 1)
    await store.requeue(Queue.IN, "1", 1, "ana")
    await answer(store, "resposta")
    assert await store.requeue(Queue.IN, "1", 1, "ana") is Requeued.DONE
    assert await store.requeue(Queue.IN, "1", 1, "ana", force=True) is Requeued.QUEUED
    _, given = await take_turn(store)
    assert [m.text for m in given.batch] == ["mensagem 1"]
    assert await column(store, AUDIT.c.action) == ["dead.requeue"] * 2


async def test_what_died_again_is_requeued_under_either_name(store: DbStore) -> None:
    await kill(store, 1)
    await store.requeue(Queue.IN, "1", 1, "ana")
    for _ in range(store.lane_policy.attempts):
        await store.fail(await claim_one(store, Queue.IN), "bug", 0)
    assert [letter.seq for letter in await store.dead_letters(before=None, limit=9)] == [2, 1]
    assert await store.requeue(Queue.IN, "1", 1, "ana") is Requeued.QUEUED
    assert await store.requeue(Queue.IN, "1", 2, "ana") is Requeued.WAITING


async def test_a_discarded_letter_is_gone_for_good(store: DbStore) -> None:
    await kill(store, 1)
    assert await store.discard_dead(Queue.IN, "1", 1, "ana") is True
    assert await store.discard_dead(Queue.IN, "1", 1, "ana") is False
    assert await store.requeue(Queue.IN, "1", 1, "ana") is Requeued.MISSING
    assert await store.dead_letters(before=None, limit=9) == []
    assert await rows(store, AUDIT.c.actor, AUDIT.c.action, AUDIT.c.subject) == [
        ("ana", "dead.discard", "in/1/1")
    ]


@pytest.mark.parametrize("how", ["replayed", "discarded"])
async def test_quarantine_ends_once(store: DbStore, clock: HandClock, how: str) -> None:
    await store.quarantine("loja", "shape", b"\xff{")
    (line,) = await store.quarantined(before=None, limit=9)
    assert (line.account, line.reason, line.raw, line.ended) == ("loja", "shape", b"\xff{", None)
    assert await store.end_quarantine(line.id, how, "ana") is True
    assert await store.end_quarantine(line.id, "discarded", "bia") is False
    assert await rows(store, QUARANTINE.c.ended, QUARANTINE.c.ended_at) == [(how, clock.now())]
    assert await column(store, AUDIT.c.action) == [f"quarantine.{how}"]


async def test_the_facts_count_what_is_unfinished(store: DbStore, clock: HandClock) -> None:
    empty = await store.facts()
    assert (empty.depth, empty.outbox, empty.messages) == ({}, {}, {"open": 0})
    await receive(store, hello(1), hello(2))
    await answer(store, "um", "dois")
    await begin_send(store)
    await receive(store, hello(3))
    await store.quarantine("loja", "shape", b"{}")
    clock.pass_(30)
    found = await store.facts()
    assert found.depth == {"in": 1, "out": 2, "sheet": 1}
    assert found.oldest_seconds == {"in": 30.0, "out": 30.0, "sheet": 30.0}
    assert found.outbox == {"pending": 1, "sending": 1}
    assert (found.messages, found.dead, found.quarantined) == ({"open": 1}, 0, 1)
    assert found.schema == HEAD


async def test_only_a_waiting_dead_letter_and_quarantine_row_is_counted(store: DbStore) -> None:
    for number in (1, 2, 3):
        await kill(store, number)
        await store.quarantine("loja", "shape", b"{}")
    await store.requeue(Queue.IN, "1", 1, "ana")
    await store.discard_dead(Queue.IN, "2", 1, "ana")
    await store.end_quarantine(1, "discarded", "ana")
    found = await store.facts()
    assert (found.dead, found.quarantined) == (1, 2)
    assert len(await column(store, DEAD.c.key)) == 3


async def test_the_write_probe_commits_one_row_for_ever(store: DbStore, clock: HandClock) -> None:
    assert await store.write_probe() == 0.0
    clock.pass_(9)
    await store.write_probe()
    assert await rows(store, PROBE.c.id, PROBE.c.at) == [(1, clock.now())]


async def test_pruning_takes_only_what_nothing_can_ask_for_again(
    store: DbStore, clock: HandClock
) -> None:
    await receive(store, hello(1))
    await answer(store, "oi")
    clock.pass_(TASK_DAYS * DAY_MS / 1000 + 1)
    await receive(store, hello(2))
    assert await store.prune() == 1
    assert await rows(store, TASK.c.queue, TASK.c.seq) == [("in", 2), ("out", 1), ("sheet", 1)]
    assert await receive(store, hello(1)) == ("duplicate",)
    clock.pass_((DEDUP_DAYS - TASK_DAYS) * DAY_MS / 1000)
    assert await store.prune() == 1
    assert await receive(store, hello(1)) == ("stored",)
    assert await receive(store, hello(2)) == ("duplicate",)
    assert await column(store, OUTBOX.c.state) == ["pending"]
