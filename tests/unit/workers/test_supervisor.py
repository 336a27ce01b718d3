"""What fails is started again after a pause, and a stop ends everything in order."""

import asyncio

import pytest

from orbion.domain.errors import FaultCode, UnavailableError
from orbion.domain.lanes import Queue
from orbion.simulators.virtual import elapsed, virtually
from orbion.workers.supervisor import Supervisor
from tests.unit.workers.doubles import Bench, Work


class Duty:
    """Background work that raises `errors` in turn, then runs until it is cancelled."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.started: list[float] = []
        self.ended = 0

    async def __call__(self) -> None:
        self.started.append(round(elapsed(), 3))
        if self.errors:
            raise self.errors.pop(0)
        try:
            await asyncio.Event().wait()
        finally:
            self.ended += 1


DOWN = UnavailableError(FaultCode.DB_BUSY, "busy")


def test_a_background_that_fails_is_started_again_after_a_growing_pause() -> None:
    async def scenario() -> None:
        duty = Duty(*[DOWN, ZeroDivisionError()] * 4)
        supervisor = Supervisor([], [duty], grace=1)
        supervisor.start()
        await asyncio.sleep(60)
        await supervisor.stop()
        assert duty.started == [0, 0.1, 0.3, 0.7, 1.5, 3.1, 6.3, 11.3, 16.3]
        assert duty.ended == 1

    virtually(scenario)


def test_a_background_that_ends_is_not_started_again_and_the_others_go_on() -> None:
    async def scenario() -> None:
        runs = []

        async def once() -> None:
            runs.append(elapsed())

        duty = Duty()
        supervisor = Supervisor([], [once, duty], grace=1)
        supervisor.start()
        await asyncio.sleep(60)
        assert (runs, duty.ended) == ([0], 0)
        await supervisor.stop()
        assert duty.ended == 1

    virtually(scenario)


def test_a_loop_that_fails_gives_its_work_back_and_is_started_again() -> None:
    async def scenario() -> None:
        bench, work = Bench(), Work(60.0)
        bench.lanes.put("a")
        supervisor = Supervisor([bench.loop(work)], [], grace=1)
        supervisor.start()
        await asyncio.sleep(0.5)
        work.seconds = 0
        bench.lanes.errors["claim"] = ZeroDivisionError("a bug")
        await asyncio.sleep(1)
        assert bench.lanes.settled == [("snooze", "a", 0)]
        bench.lanes.put("b")
        await asyncio.sleep(1)
        await supervisor.stop()
        assert [key for _, key in work.finished] == ["b"]

    virtually(scenario)


def test_a_stop_lets_running_work_end_before_the_background_does() -> None:
    async def scenario() -> None:
        bench, work, duty = Bench(), Work(3.0), Duty()
        bench.lanes.put("a")
        supervisor = Supervisor([bench.loop(work)], [duty], grace=10)
        supervisor.start()
        await asyncio.sleep(1)
        stopping = asyncio.create_task(supervisor.stop())
        await asyncio.sleep(1)
        assert duty.ended == 0
        await stopping
        assert elapsed() == pytest.approx(3)
        assert (work.finished, duty.ended) == ([(3, "a")], 1)

    virtually(scenario)


def test_a_stop_takes_no_longer_than_the_grace() -> None:
    async def scenario() -> None:
        bench, work = Bench(), Work(60.0)
        bench.lanes.put("a")
        supervisor = Supervisor([bench.loop(work)], [], grace=2)
        supervisor.start()
        await asyncio.sleep(1)
        await supervisor.stop()
        assert elapsed() == pytest.approx(3)
        assert bench.lanes.settled == [("snooze", "a", 0)]

    virtually(scenario)


def test_stopping_twice_is_the_same_as_once() -> None:
    async def scenario() -> None:
        bench, duty = Bench(), Duty()
        supervisor = Supervisor([bench.loop(Work())], [duty], grace=1)
        supervisor.start()
        await asyncio.sleep(0.5)
        await supervisor.stop()
        await supervisor.stop()
        assert duty.ended == 1

    virtually(scenario)


def test_stopping_before_the_start_is_harmless() -> None:
    async def scenario() -> None:
        duty = Duty()
        await Supervisor([Bench().loop(Work())], [duty], grace=1).stop()
        assert duty.started == []

    virtually(scenario)


def test_liveness_sees_the_slowest_loop() -> None:
    async def scenario() -> None:
        stuck, busy = Bench().loop(Work()), Bench().loop(Work())
        supervisor = Supervisor([stuck, busy], [], grace=1)
        await asyncio.sleep(7)
        busy.heartbeat.beat()
        assert supervisor.oldest_beat() == pytest.approx(7)
        assert Supervisor([], [], grace=1).oldest_beat() == 0

    virtually(scenario)


def test_the_loops_of_a_supervisor_work_their_queue() -> None:
    async def scenario() -> None:
        bench, work = Bench(), Work()
        supervisor = Supervisor([bench.loop(work)], [], grace=1)
        supervisor.start()
        await asyncio.sleep(0.2)
        bench.lanes.put("a")
        bench.wakeups(Queue.OUT)
        await asyncio.sleep(0.1)
        await supervisor.stop()
        assert work.finished == [(0.2, "a")]

    virtually(scenario)
