"""Durable lanes keep their promises on both databases."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import pytest

from orbion.adapters.db import lanes
from orbion.adapters.db.schema import LANE
from orbion.adapters.db.store import DbStore
from orbion.adapters.db.tx import Tx
from orbion.domain.errors import LeaseLostError
from orbion.domain.lanes import Claim, Queue, Requeued
from orbion.kit.limiter import Limiter, Rate
from tests.contract.scenes import rows
from tests.support.stores import HandClock, hello


def task(tx: Tx, key: str) -> int:
    return lanes.enqueue(tx, Queue.OUT, key, kind="send", payload={"n": 1}, trace="t")


async def put(store: DbStore, *keys: str) -> None:
    for key in keys:
        await store.db.write(partial(task, key=key))


async def take(store: DbStore, owner: str = "w1", limit: int = 10) -> Sequence[Claim]:
    return (await store.claim(Queue.OUT, owner, limit)).claims


async def one(store: DbStore, owner: str = "w1") -> Claim:
    (claim,) = await take(store, owner)
    return claim


async def test_of_twenty_concurrent_duplicates_exactly_one_is_stored(store: DbStore) -> None:
    answers = await asyncio.gather(*(store.receive("loja", [hello(1)], "t") for _ in range(20)))
    assert sorted(each.outcomes for each in answers) == [("duplicate",)] * 19 + [("stored",)]
    (claim,) = (await store.claim(Queue.IN, "w", 9)).claims
    assert claim.upto == 1


async def test_a_lane_is_held_by_one_worker_at_a_time(store: DbStore) -> None:
    await put(store, "a", "b")
    first, second = await asyncio.gather(take(store, "w1"), take(store, "w2"))
    assert sorted(claim.key for claim in [*first, *second]) == ["a", "b"]
    assert await take(store, "w3") == ()


async def test_a_claim_takes_everything_that_waits(store: DbStore) -> None:
    await put(store, "a", "a", "a")
    claim = await one(store)
    assert (claim.ack, claim.upto, claim.alone) == (0, 3, False)
    assert [task.seq for task in await store.tasks(claim)] == [1, 2, 3]


async def test_a_late_finisher_is_refused_and_writes_nothing(
    store: DbStore, clock: HandClock
) -> None:
    await put(store, "a")
    late = await one(store)
    clock.pass_(16)
    current = await one(store, "w2")
    with pytest.raises(LeaseLostError):
        await store.finish(late, late.upto)
    with pytest.raises(LeaseLostError):
        await store.snooze(late, 0)
    await store.finish(current, current.upto)
    assert await take(store) == ()


async def test_a_fence_that_fails_rolls_the_whole_body_back(
    store: DbStore, clock: HandClock
) -> None:
    await put(store, "a")
    late = await one(store)
    clock.pass_(16)
    await one(store, "w2")

    def write_then_finish(tx: Tx) -> None:
        lanes.enqueue(tx, Queue.SHEET, "ghost", kind="lead", payload={}, trace="t")
        lanes.finish(tx, late, late.upto)

    with pytest.raises(LeaseLostError):
        await store.db.write(write_then_finish)
    assert (await store.claim(Queue.SHEET, "w", 9)).claims == ()


async def test_an_expired_lease_counts_as_a_crash_and_not_as_an_attempt(
    store: DbStore, clock: HandClock
) -> None:
    await put(store, "a")
    for crashes in range(51):
        claim = await one(store, f"w{crashes}")
        assert claim.attempts == 1
        assert claim.crashes == min(crashes, lanes.CRASH_CAP)
        assert claim.upto == 1
        clock.pass_(16)


async def test_fifty_kills_kill_no_message(store: DbStore) -> None:
    await put(store, "a", "a")
    for _ in range(50):
        await one(store)
        assert await store.db.write(lanes.free_all) == 1
    claim = await one(store)
    assert (claim.upto, claim.attempts) == (2, 1)
    await store.finish(claim, 2)
    assert await store.dead_letters(before=None, limit=9) == []


async def test_a_heartbeat_keeps_the_lease_and_tells_what_was_lost(
    store: DbStore, clock: HandClock
) -> None:
    await put(store, "a", "b")
    kept = {claim.key: claim for claim in await take(store)}
    clock.pass_(10)
    assert await store.heartbeat([kept["a"]]) == []
    clock.pass_(10)
    taken = await one(store, "w2")
    assert taken.key == "b"
    assert await store.heartbeat(list(kept.values())) == [kept["b"]]


async def test_order_is_kept_over_failures(store: DbStore, clock: HandClock) -> None:
    await put(store, "a", "a")
    claim = await one(store)
    assert await store.fail(claim, "bug", 2) is False
    await put(store, "a")
    assert await take(store) == ()
    clock.pass_(2)
    again = await one(store)
    assert (again.ack, again.upto, again.attempts) == (0, 3, 2)


async def test_a_snooze_refunds_the_attempt(store: DbStore, clock: HandClock) -> None:
    await put(store, "a")
    for _ in range(20):
        claim = await one(store)
        assert claim.attempts == 1
        await store.snooze(claim, 1)
        assert await take(store) == ()
        clock.pass_(1)


async def drain(store: DbStore, clock: HandClock, poison: int) -> tuple[list[int], list[int]]:
    """Work like a worker whose handler fails whenever the poisoned task is in its batch."""
    answered: list[int] = []
    died: list[int] = []
    for _ in range(60):
        claims = await take(store)
        if not claims:
            break
        (claim,) = claims
        batch = [task.seq for task in await store.tasks(claim)]
        if poison not in batch:
            answered += batch
            await store.finish(claim, claim.upto)
        elif await store.fail(claim, "bug", 1):
            died += batch
        clock.pass_(1)
    return answered, died


async def test_only_the_poisoned_task_dies_and_its_neighbours_are_answered(
    store: DbStore, clock: HandClock
) -> None:
    await put(store, *["a"] * 5)
    answered, died = await drain(store, clock, poison=4)
    assert answered == [1, 2, 3, 5]
    assert died == [4]
    (letter,) = await store.dead_letters(before=None, limit=9)
    assert (letter.queue, letter.key, letter.seq, letter.error) == ("out", "a", 4, "bug")


async def test_a_dead_letter_is_requeued_once(store: DbStore, clock: HandClock) -> None:
    await put(store, "a")
    await drain(store, clock, poison=1)
    assert await store.requeue(Queue.OUT, "a", 1, "operator") is Requeued.QUEUED
    assert await store.requeue(Queue.OUT, "a", 1, "operator") is Requeued.DONE
    claim = await one(store)
    assert claim.upto == 2
    assert [task.payload for task in await store.tasks(claim)] == [{"n": 1}]


async def test_a_burst_becomes_one_batch_after_the_quiet_time(
    store: DbStore, clock: HandClock
) -> None:
    wait = lanes.Debounce(quiet=2_000, max_wait=6_000)

    async def say() -> None:
        await store.db.write(
            lambda tx: lanes.enqueue(
                tx, Queue.OUT, "a", kind="send", payload={}, trace="t", wait=wait
            )
        )

    await say()
    clock.pass_(1.5)
    await say()
    clock.pass_(1.5)
    assert await take(store) == ()
    assert (await store.claim(Queue.OUT, "w", 1)).next_due == clock.now() + 500
    clock.pass_(0.5)
    claim = await one(store)
    assert claim.upto == 2


async def test_the_debounce_ends_at_its_cap(store: DbStore, clock: HandClock) -> None:
    wait = lanes.Debounce(quiet=2_000, max_wait=6_000)
    for _ in range(6):
        await store.db.write(
            lambda tx: lanes.enqueue(
                tx, Queue.OUT, "a", kind="send", payload={}, trace="t", wait=wait
            )
        )
        clock.pass_(1)
    claim = await one(store)
    assert claim.upto == 6


async def test_what_came_during_the_work_waits_for_its_own_turn(
    store: DbStore, clock: HandClock
) -> None:
    await put(store, "a")
    claim = await one(store)
    await put(store, "a")
    await store.finish(claim, claim.upto)
    clock.pass_(0)
    again = await one(store)
    assert (again.ack, again.upto, again.attempts) == (1, 2, 1)


async def test_an_idle_queue_has_no_next_due(store: DbStore) -> None:
    assert (await store.claim(Queue.OUT, "w", 1)).next_due is None


async def test_a_claim_takes_no_more_than_its_limit(store: DbStore) -> None:
    await put(store, *"abcdef")
    assert len(await take(store, limit=4)) == 4
    assert len(await take(store, "w2", limit=4)) == 2


async def priorities(store: DbStore) -> list[object]:
    found = sorted(await rows(store, LANE.c.queue, LANE.c.key, LANE.c.priority))
    return [priority for queue, _, priority in found if queue == Queue.IN]


async def test_beyond_its_rate_an_account_is_stored_and_worked_after_others(
    store: DbStore, clock: HandClock
) -> None:
    crowded = replace(store, crowd=Limiter([Rate(1, 60.0)], clock=clock))
    for number in (1, 2):
        got = await crowded.receive("loja", [hello(number, phone=f"551190000000{number}")], "t")
        assert got.outcomes == ("stored",)
    assert await priorities(store) == [lanes.NORMAL, lanes.LOW]
    clock.pass_(60)
    await crowded.receive("loja", [hello(3, phone="5511900000002")], "t")
    assert await priorities(store) == [lanes.NORMAL, lanes.NORMAL]
    await crowded.receive("loja", [hello(4, phone="5511900000002")], "t")
    assert await priorities(store) == [lanes.NORMAL, lanes.NORMAL]
    claims = (await store.claim(Queue.IN, "w", 9)).claims
    assert [claim.upto for claim in claims] == [1, 3]
