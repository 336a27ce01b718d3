"""The adaptive limit grows on success, shrinks on overload and is fair and leak-free."""

import asyncio

import pytest

from orbion.kit.concurrency import AdaptiveLimit


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def occupy(limit: AdaptiveLimit, gate: asyncio.Event, order: list[int], me: int) -> None:
    async with limit.slot():
        order.append(me)
        await gate.wait()


async def test_no_more_than_the_limit_run_at_once_and_they_enter_in_order() -> None:
    limit, gate = AdaptiveLimit(start=3), asyncio.Event()
    order: list[int] = []
    tasks = [asyncio.create_task(occupy(limit, gate, order, me)) for me in range(10)]
    await settle()
    assert order == [0, 1, 2]
    assert (limit.used, limit.waiting) == (3, 7)
    gate.set()
    await asyncio.gather(*tasks)
    assert order == list(range(10))
    assert (limit.used, limit.waiting) == (0, 0)


async def test_until_the_first_overload_each_success_adds_a_place() -> None:
    limit = AdaptiveLimit(start=4)
    async with limit.slot(), limit.slot(), limit.slot(), limit.slot():
        pass
    assert limit.limit == 6  # the last two used less than half of it


async def test_after_it_success_at_half_use_grows_the_limit_by_its_inverse() -> None:
    limit = AdaptiveLimit(start=4, decrease=0.5)
    async with limit.slot() as slot:
        slot.overloaded()
    for _ in range(2):
        async with limit.slot():
            pass
    assert limit.limit == 2
    async with limit.slot():
        pass
    assert limit.limit == 3


async def test_success_below_half_use_does_not_grow_the_limit() -> None:
    limit = AdaptiveLimit(start=8)
    for _ in range(100):
        async with limit.slot():
            pass
    assert limit.limit == 8


async def test_the_limit_never_passes_its_bounds() -> None:
    limit = AdaptiveLimit(start=2, most=2)
    for _ in range(10):
        async with limit.slot():
            pass
    assert limit.limit == 2
    for _ in range(10):
        async with limit.slot() as slot:
            slot.overloaded()
    assert limit.limit == 2


async def test_overload_cuts_once_per_round_trip() -> None:
    limit = AdaptiveLimit(start=10)
    async with limit.slot() as first, limit.slot() as second:
        first.overloaded()
        second.overloaded()
    assert limit.limit == 7
    async with limit.slot() as later:
        later.overloaded()
    assert limit.limit == 4


async def test_a_failed_call_neither_grows_nor_cuts() -> None:
    limit = AdaptiveLimit(start=2)
    for _ in range(5):
        with pytest.raises(ValueError, match="no"):
            async with limit.slot():
                raise ValueError("no")
    assert (limit.limit, limit.used) == (2, 0)


async def test_a_cancelled_waiter_leaves_the_queue_and_the_next_one_enters() -> None:
    limit, gate = AdaptiveLimit(start=1, most=1), asyncio.Event()
    order: list[int] = []
    tasks = [asyncio.create_task(occupy(limit, gate, order, me)) for me in range(3)]
    await settle()
    tasks[1].cancel()
    await settle()
    assert limit.waiting == 1
    gate.set()
    await asyncio.gather(tasks[0], tasks[2])
    assert order == [0, 2]
    assert limit.used == 0


async def test_a_place_given_in_the_moment_of_the_cancellation_is_passed_on() -> None:
    limit, gate = AdaptiveLimit(start=1, most=1), asyncio.Event()
    order: list[int] = []
    tasks = [asyncio.create_task(occupy(limit, gate, order, me)) for me in range(3)]
    await settle()
    gate.set()
    await asyncio.sleep(0)  # task 0 leaves: the place is task 1's, which has not run yet
    assert limit.used == 1
    tasks[1].cancel()
    await asyncio.gather(tasks[0], tasks[2])
    assert order == [0, 2]
    assert limit.used == 0


async def test_a_waiter_cancelled_in_the_moment_of_a_leave_is_skipped() -> None:
    limit, gate = AdaptiveLimit(start=1, most=1), asyncio.Event()
    order: list[int] = []
    tasks = [asyncio.create_task(occupy(limit, gate, order, me)) for me in range(3)]
    await settle()
    gate.set()
    tasks[1].cancel()
    await asyncio.gather(tasks[0], tasks[2])
    assert order == [0, 2]
    assert (limit.used, limit.waiting) == (0, 0)


async def test_patience_ends_the_wait() -> None:
    limit = AdaptiveLimit(start=1, most=1)
    async with limit.slot():
        with pytest.raises(TimeoutError):
            async with limit.slot(0.001):
                pytest.fail("entered")
    assert (limit.used, limit.waiting) == (0, 0)
