"""A guarded call: who is told what, for each way it can end."""

import asyncio
import random

import pytest

from orbion.kit.breaker import (
    Breaker,
    BreakerMode,
    BreakerOpenError,
    BreakerPolicy,
    NotAttemptedError,
)
from orbion.kit.concurrency import AdaptiveLimit
from orbion.kit.guard import Guard, Outcome, Verdict
from tests.unit.kit.manual_clock import ManualClock


class AnswerError(Exception):
    def __init__(self, status: int, retry_after: float = 0.0) -> None:
        super().__init__(status)
        self.status = status
        self.retry_after = retry_after


def judge(error: BaseException) -> Verdict:
    if not isinstance(error, AnswerError):
        return Verdict(outcome=Outcome.failure)
    match error.status:
        case 429:
            return Verdict(outcome=Outcome.overload, retry_after=error.retry_after)
        case 401:
            return Verdict(outcome=Outcome.forbidden, reason="401")
        case 499:
            return Verdict(outcome=Outcome.neutral)
        case status if status < 500:
            return Verdict(outcome=Outcome.success)
        case _:
            return Verdict(outcome=Outcome.failure)


class Bench:
    def __init__(self, *, timeout: float = 5.0, start: float = 8) -> None:
        self.clock = ManualClock()
        self.limit = AdaptiveLimit(start=start, least=1)
        self.seen: list[Outcome] = []
        self.breaker = Breaker(
            "gateway",
            policy=BreakerPolicy(),
            clock=self.clock,
            random=random.Random(1),
            on_change=lambda _: None,
        )
        self.guard = Guard(
            "gateway",
            breaker=self.breaker,
            limit=self.limit,
            clock=self.clock,
            timeout=timeout,
            judge=judge,
            observe=lambda outcome, _: self.seen.append(outcome),
        )

    async def answer(self, status: int, *, times: int = 1, retry_after: float = 0.0) -> None:
        async def call() -> None:
            raise AnswerError(status, retry_after)

        for _ in range(times):
            with pytest.raises(AnswerError):
                await self.guard(call)


async def fine() -> str:
    return "fine"


async def hang() -> None:
    await asyncio.Event().wait()


async def test_a_result_passes_through_and_counts_as_success() -> None:
    bench = Bench()
    assert await bench.guard(fine) == "fine"
    assert bench.seen == ["success"]
    assert bench.guard.statistics.success == 1
    assert bench.breaker.statistics.ok == 1


async def test_the_seconds_of_a_call_are_observed() -> None:
    bench = Bench()
    seconds: list[float] = []
    guard = Guard(
        "gateway",
        breaker=bench.breaker,
        limit=bench.limit,
        clock=bench.clock,
        timeout=5.0,
        judge=judge,
        observe=lambda _, took: seconds.append(took),
    )

    async def call() -> None:
        bench.clock.advance(1.5)

    await guard(call)
    assert seconds == [1.5]


async def test_fifty_bad_requests_do_not_open_it() -> None:
    bench = Bench()
    await bench.answer(400, times=50)
    assert bench.breaker.state == "closed"
    assert bench.breaker.statistics.ok == 50


async def test_five_server_errors_open_it_and_the_sixth_call_is_not_made() -> None:
    bench = Bench()
    await bench.answer(500, times=5)
    with pytest.raises(BreakerOpenError):
        await bench.guard(fine)
    assert bench.seen[-1] == "rejected"
    assert bench.guard.statistics.rejected == 1
    assert bench.limit.used == 0


async def test_a_hang_becomes_a_timeout_and_an_overload() -> None:
    bench = Bench(timeout=0.001)
    with pytest.raises(TimeoutError):
        await bench.guard(hang)
    assert bench.seen == ["timeout"]
    assert bench.breaker.statistics.timed_out == 1
    assert bench.limit.limit == 5


async def test_a_timeout_raised_by_the_call_itself_is_the_judges() -> None:
    bench = Bench()

    async def call() -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        await bench.guard(call)
    assert bench.seen == ["failure"]


async def test_cancellation_is_neutral() -> None:
    bench = Bench()
    tasks = [asyncio.create_task(bench.guard(hang)) for _ in range(6)]
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(each, asyncio.CancelledError) for each in ended)
    assert bench.seen == ["neutral"] * 6
    assert bench.breaker.state == "closed"
    assert bench.breaker.statistics.failed == 0
    assert (bench.limit.used, bench.limit.limit) == (0, 8)


async def test_a_429_holds_the_breaker_and_cuts_the_limit() -> None:
    bench = Bench()
    await bench.answer(429, retry_after=17.0)
    assert bench.breaker.state == "closed"
    assert bench.breaker.statistics.failed == 0
    assert bench.breaker.retry_after == pytest.approx(17.0)
    assert bench.limit.limit == 5


async def test_a_429_without_a_time_holds_for_a_second() -> None:
    bench = Bench()
    await bench.answer(429)
    assert bench.breaker.retry_after == pytest.approx(1.0)


async def test_a_refused_credential_forces_it_open() -> None:
    bench = Bench()
    await bench.answer(401)
    assert bench.breaker.mode == "forced_open"
    bench.clock.advance(1e6)
    with pytest.raises(BreakerOpenError):
        await bench.guard(fine)


async def test_a_neutral_answer_moves_nothing() -> None:
    bench = Bench()
    await bench.answer(499, times=20)
    assert bench.breaker.state == "closed"
    assert bench.breaker.statistics.ok == bench.breaker.statistics.failed == 0


async def test_an_open_breaker_refuses_at_once_although_stalled_calls_hold_every_slot() -> None:
    bench = Bench(timeout=30.0, start=1)
    await bench.answer(500, times=5)
    async with bench.limit.slot(), asyncio.timeout(1.0):
        with pytest.raises(BreakerOpenError):
            await bench.guard(fine)
    assert bench.guard.statistics.rejected == bench.breaker.statistics.rejected == 1


async def test_a_call_that_finds_no_slot_in_time_was_not_attempted() -> None:
    bench = Bench(timeout=0.001, start=1)
    async with bench.limit.slot():
        with pytest.raises(NotAttemptedError) as refused:
            await bench.guard(fine)
    assert refused.value.name == "gateway"
    assert bench.seen == ["rejected"]
    assert bench.breaker.statistics.total == 0


async def test_an_order_stands_whatever_recovers_and_the_report_shows_it() -> None:
    guard = Bench().guard
    guard.breaker.force_open("401")
    guard.order(BreakerMode.forced_open, "operator")
    guard.recover()
    held = guard.report()
    assert (held.name, held.state, held.mode) == ("gateway", "open", "forced_open")
    assert (held.limit, held.in_flight, held.retry_after) == (8, 0, 300.0)
    guard.order(BreakerMode.automatic, "operator")
    guard.recover()
    assert guard.report().state == "closed"
    assert guard.statistics == guard.report().calls
    assert not guard.is_forbidden
