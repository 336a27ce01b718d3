"""A wake-up ends one wait of its own queue, whenever it came."""

import asyncio

import pytest

from orbion.domain.lanes import Queue
from orbion.simulators.virtual import elapsed, virtually
from orbion.workers.wakeups import Wakeups


def test_without_a_wake_up_a_wait_lasts_its_time() -> None:
    async def scenario() -> None:
        await Wakeups().wait(Queue.IN, 1.5)
        assert elapsed() == pytest.approx(1.5)

    virtually(scenario)


def test_a_wake_up_ends_a_wait() -> None:
    async def scenario() -> None:
        wakeups = Wakeups()
        waiting = asyncio.create_task(wakeups.wait(Queue.IN, 60))
        await asyncio.sleep(2)
        wakeups(Queue.IN)
        await waiting
        assert elapsed() == pytest.approx(2)

    virtually(scenario)


def test_a_wake_up_before_the_wait_is_not_lost_and_two_are_one() -> None:
    async def scenario() -> None:
        wakeups = Wakeups()
        wakeups(Queue.IN)
        wakeups(Queue.IN)
        await wakeups.wait(Queue.IN, 60)
        assert elapsed() == 0
        await wakeups.wait(Queue.IN, 1)
        assert elapsed() == pytest.approx(1)

    virtually(scenario)


def test_another_queue_sleeps_on() -> None:
    async def scenario() -> None:
        wakeups = Wakeups()
        wakeups(Queue.OUT)
        await wakeups.wait(Queue.IN, 1)
        assert elapsed() == pytest.approx(1)
        await wakeups.wait(Queue.OUT, 60)
        assert elapsed() == pytest.approx(1)

    virtually(scenario)
