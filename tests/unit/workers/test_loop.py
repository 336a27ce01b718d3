"""The loop of a queue works what is due, keeps its leases and loses nothing when it stops."""

import asyncio

import pytest

from orbion.domain.errors import (
    FaultCode,
    LeaseLostError,
    OrbionError,
    RefusedError,
    UnavailableError,
)
from orbion.domain.lanes import Queue
from orbion.simulators.virtual import now, virtually
from orbion.workers.loop import LoopPolicy
from tests.unit.workers.doubles import Bench, Work

DOWN = UnavailableError(FaultCode.DB_BUSY, "busy", retry_after=7.0)


# What runs at once


def test_no_more_handlers_run_at_once_than_there_are_slots() -> None:
    async def scenario() -> None:
        bench, work = Bench(), Work(1.0)
        bench.lanes.put("a", "b", "c", "d", "e")
        await bench.run(work, seconds=4)
        assert work.most == 2
        assert work.finished == [(1, "a"), (1, "b"), (2, "c"), (2, "d"), (3, "e")]
        assert bench.lanes.settled == []
        assert bench.counted("tasks_claimed_total", "out") == 5

    virtually(scenario)


def test_a_portion_of_lanes_is_one_call() -> None:
    async def scenario() -> None:
        bench, work = Bench(policy=LoopPolicy(slots=1, portion=2)), Work(0.1)
        bench.lanes.put("a", "b", "c", "d", "e")
        await bench.run(work, seconds=1)
        assert work.batches == [["a", "b"], ["c", "d"], ["e"]]
        assert bench.lanes.asked[0] == (0, 2)

    virtually(scenario)


def test_with_all_slots_busy_nothing_is_claimed_until_one_is_free() -> None:
    async def scenario() -> None:
        bench, work = Bench(policy=LoopPolicy(slots=1)), Work(2.5)
        bench.lanes.put("a", "b")
        await bench.run(work, seconds=4)
        assert bench.lanes.asked[:2] == [(0, 1), (2.5, 1)]

    virtually(scenario)


# When it looks


def test_an_idle_queue_is_polled() -> None:
    async def scenario() -> None:
        bench = Bench()
        await bench.run(Work(), seconds=2.5)
        assert [at for at, _ in bench.lanes.asked] == [0, 1, 2]

    virtually(scenario)


def test_the_next_due_lane_is_not_kept_waiting_for_the_poll() -> None:
    async def scenario() -> None:
        bench = Bench()
        bench.lanes.next_due = now() + 300
        running = asyncio.create_task(bench.run(Work(), seconds=1.2))
        await asyncio.sleep(0.2)
        assert [at for at, _ in bench.lanes.asked] == [0]
        await asyncio.sleep(0.101)
        bench.lanes.next_due = now() + 3_600_000
        await running
        assert [at for at, _ in bench.lanes.asked][:2] == [0, 0.3]

    virtually(scenario)


def test_a_due_lane_that_is_another_workers_is_not_asked_for_without_a_breath() -> None:
    async def scenario() -> None:
        bench = Bench()
        bench.lanes.next_due = now() - 1_000
        await bench.run(Work(), seconds=0.995)
        assert len(bench.lanes.asked) == 100

    virtually(scenario)


def test_a_due_date_far_away_does_not_delay_the_poll() -> None:
    async def scenario() -> None:
        bench = Bench()
        bench.lanes.next_due = now() + 3_600_000
        await bench.run(Work(), seconds=2.5)
        assert [at for at, _ in bench.lanes.asked] == [0, 1, 2]

    virtually(scenario)


def test_a_wake_up_is_faster_than_the_poll() -> None:
    async def scenario() -> None:
        bench, work = Bench(), Work()
        running = asyncio.create_task(bench.run(work, seconds=0.9))
        await asyncio.sleep(0.25)
        bench.lanes.put("a")
        bench.wakeups(Queue.OUT)
        await running
        assert work.finished == [(0.25, "a")]

    virtually(scenario)


def test_a_look_is_a_heart_beat() -> None:
    async def scenario() -> None:
        bench = Bench()
        loop = bench.loop(Work())
        running = asyncio.create_task(loop.run(0))
        await asyncio.sleep(5.5)
        assert loop.heartbeat.age() == pytest.approx(0.5)
        loop.stop()
        await running

    virtually(scenario)


# How a handler may end


def test_what_is_unavailable_is_put_off_without_costing_an_attempt() -> None:
    async def scenario() -> None:
        bench = Bench(policy=LoopPolicy(slots=1, portion=2))
        bench.lanes.put("a", "b")
        await bench.run(Work(error=DOWN), seconds=0.5)
        assert bench.lanes.settled == [("snooze", "a", 7.0), ("snooze", "b", 7.0)]
        assert bench.counted("dead_letters_total") == 0

    virtually(scenario)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ZeroDivisionError("a bug"), "bug"),
        (RefusedError(FaultCode.SHEETS_AUTH, "no"), "sheets.auth"),
    ],
)
@pytest.mark.parametrize(("attempts", "wait"), [(1, 1.0), (2, 2.0), (3, 4.0)])
def test_a_failure_is_tried_again_ever_later(
    error: OrbionError | ZeroDivisionError, code: str, attempts: int, wait: float
) -> None:
    async def scenario() -> None:
        bench = Bench()
        bench.lanes.put("a", attempts=attempts)
        await bench.run(Work(error=error), seconds=0.5)
        assert bench.lanes.settled == [(code, "a", wait)]
        assert bench.counted("dead_letters_total") == 0

    virtually(scenario)


def test_after_its_last_attempt_it_is_a_dead_letter() -> None:
    async def scenario() -> None:
        bench = Bench()
        bench.lanes.put("a", attempts=4)
        await bench.run(Work(error=ZeroDivisionError()), seconds=0.5)
        assert bench.lanes.settled == [("bug", "a", 8.0)]
        assert bench.counted("dead_letters_total", "out", "bug") == 1

    virtually(scenario)


def test_who_lost_the_lease_settles_nothing() -> None:
    async def scenario() -> None:
        bench = Bench()
        bench.lanes.put("a")
        await bench.run(Work(error=LeaseLostError("gone")), seconds=0.5)
        assert bench.lanes.settled == []
        assert bench.counted("lane_lost_total", "out") == 1

    virtually(scenario)


@pytest.mark.parametrize(
    ("verb", "error"), [("snooze", DOWN), ("fail", ZeroDivisionError("a bug"))]
)
@pytest.mark.parametrize(("settling", "lost"), [(LeaseLostError("gone"), 1), (DOWN, 0)])
def test_a_settlement_that_fails_leaves_the_lane_to_its_lease_and_the_loop_goes_on(
    verb: str, error: Exception, settling: Exception, lost: int
) -> None:
    async def scenario() -> None:
        bench, work = Bench(), Work(error=error)
        bench.lanes.put("a")
        bench.lanes.errors[verb] = settling
        running = asyncio.create_task(bench.run(work, seconds=1))
        await asyncio.sleep(0.5)
        work.error = None
        bench.lanes.put("b")
        await running
        assert [key for _, key in work.finished] == ["b"]
        assert [key for _, key, _ in bench.lanes.settled] == ["a"]
        assert bench.counted("lane_lost_total", "out") == lost

    virtually(scenario)


def test_a_store_that_is_down_for_claims_does_not_disturb_what_runs() -> None:
    async def scenario() -> None:
        bench, work = Bench(), Work(3.0)
        bench.lanes.put("a")
        running = asyncio.create_task(bench.run(work, seconds=9))
        await asyncio.sleep(0.5)
        bench.lanes.errors["claim"] = DOWN
        bench.lanes.put("b")
        await running
        assert work.cancelled == []
        assert [key for _, key in work.finished] == ["a", "b"]

    virtually(scenario)


# Leases


def test_all_leases_are_renewed_in_one_write_and_none_when_nothing_runs() -> None:
    async def scenario() -> None:
        bench, work = Bench(), Work(12.0)
        bench.lanes.put("a", "b")
        await bench.run(work, seconds=40)
        assert bench.lanes.renewed == [(5, ["a", "b"]), (10, ["a", "b"])]
        assert len(work.finished) == 2

    virtually(scenario)


def test_the_handler_of_a_lost_lease_is_cancelled_and_the_others_go_on() -> None:
    async def scenario() -> None:
        bench, work = Bench(), Work(12.0)
        bench.lanes.put("a", "b")
        bench.lanes.lost.add("a")
        await bench.run(work, seconds=20)
        assert work.cancelled == [(5, "a")]
        assert work.finished == [(12, "b")]
        assert bench.counted("lane_lost_total", "out") == 1
        assert bench.lanes.settled == []

    virtually(scenario)


def test_a_store_that_is_down_for_heart_beats_is_asked_again() -> None:
    async def scenario() -> None:
        bench, work = Bench(), Work(12.0)
        bench.lanes.put("a")
        bench.lanes.errors["heartbeat"] = DOWN
        await bench.run(work, seconds=20)
        assert [at for at, _ in bench.lanes.renewed] == [5, 10]
        assert work.finished == [(12, "a")]

    virtually(scenario)


# Stopping


def test_a_stop_waits_for_what_runs_and_claims_nothing_more() -> None:
    async def scenario() -> None:
        bench, work = Bench(), Work(4.0)
        bench.lanes.put("a")
        running = asyncio.create_task(bench.run(work, seconds=1.5, grace=10))
        await asyncio.sleep(1.4)
        bench.lanes.put("b")
        assert await running == pytest.approx(2.5)
        assert work.finished == [(4, "a")]
        assert bench.lanes.settled == []
        assert bench.lanes.asked[-1][0] < 1.5

    virtually(scenario)


def test_leases_are_still_renewed_while_a_stop_waits() -> None:
    async def scenario() -> None:
        bench, work = Bench(), Work(12.0)
        bench.lanes.put("a")
        await bench.run(work, seconds=1, grace=20)
        assert [at for at, _ in bench.lanes.renewed] == [5, 10]

    virtually(scenario)


def test_what_is_not_done_within_the_grace_is_given_back_unharmed() -> None:
    async def scenario() -> None:
        bench, work = Bench(), Work(60.0)
        bench.lanes.put("a", "b")
        assert await bench.run(work, seconds=1, grace=3) == pytest.approx(3)
        assert work.cancelled == [(4, "a"), (4, "b")]
        assert bench.lanes.settled == [("snooze", "a", 0), ("snooze", "b", 0)]

    virtually(scenario)


@pytest.mark.parametrize("error", [LeaseLostError("gone"), DOWN])
def test_what_cannot_be_given_back_does_not_hold_up_the_stop(error: Exception) -> None:
    async def scenario() -> None:
        bench, work = Bench(), Work(60.0)
        bench.lanes.put("a", "b")
        bench.lanes.errors["snooze"] = error
        await bench.run(work, seconds=1, grace=3)
        assert [key for _, key, _ in bench.lanes.settled] == ["a", "b"]
        assert bench.counted("lane_lost_total", "out") == 1

    virtually(scenario)


def test_an_idle_loop_stops_at_once_and_leaves_nothing_running() -> None:
    async def scenario() -> None:
        assert await Bench().run(Work(), seconds=0.5) == 0
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    virtually(scenario)
