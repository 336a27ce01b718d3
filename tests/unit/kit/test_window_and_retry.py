"""Sliding counts forget by steps; retries stay within jitter and budget."""

import random

import pytest

from orbion.kit.clock import SystemClock
from orbion.kit.retry import Retries, RetryBudget, full_jitter, retry_after
from orbion.kit.window import SlidingCounts
from tests.unit.kit.manual_clock import ManualClock


def test_counts_leave_the_window_step_by_step() -> None:
    counts = SlidingCounts(2, seconds=10, buckets=5)
    counts.add(0.0, 1, 10)
    counts.add(3.0, 2, 20)
    assert counts.totals(9.9) == [3, 30]
    assert counts.totals(10.0) == [2, 20]
    assert counts.totals(12.0) == [0, 0]


def test_a_long_silence_empties_the_window_at_once() -> None:
    counts = SlidingCounts(1, seconds=10)
    counts.add(5.0, 3)
    assert counts.add(1e9, 1) == [1]


def test_cleared_counts_are_zero() -> None:
    counts = SlidingCounts(1, seconds=10)
    counts.add(5.0, 3)
    counts.clear()
    assert counts.totals(5.0) == [0]
    assert counts.totals(16.0) == [0]


@pytest.mark.parametrize(("attempt", "most"), [(0, 1.0), (1, 1.0), (2, 2.0), (4, 8.0), (99, 20.0)])
def test_full_jitter_is_uniform_up_to_the_doubled_and_capped_base(
    attempt: int, most: float
) -> None:
    seeded = random.Random(3)
    waits = [full_jitter(attempt, base=1.0, cap=20.0, random=seeded) for _ in range(500)]
    assert 0.0 <= min(waits) < most * 0.05
    assert most * 0.95 < max(waits) <= most


def test_retries_are_a_fifth_of_the_calls() -> None:
    budget = RetryBudget(clock=ManualClock())
    for _ in range(100):
        budget.called()
    assert sum(budget.take() for _ in range(100)) == 20


def test_a_quiet_service_may_still_retry_a_little() -> None:
    budget = RetryBudget(clock=ManualClock())
    budget.called()
    assert [budget.take() for _ in range(5)] == [True, True, True, False, False]


def test_the_budget_comes_back_with_time() -> None:
    clock = ManualClock()
    budget = RetryBudget(clock=clock, floor=1)
    assert budget.take()
    assert not budget.take()
    clock.advance(31)
    assert budget.take()


NOON = "Wed, 21 Oct 2026 12:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "Wed, 21 Oct 2026 12:00:30 GMT", "date": NOON}, 30.0),
        ({"retry-after": "Wed, 21 Oct 2026 11:00:00 GMT", "date": NOON}, 0.0),
        ({"retry-after": "Wed, 21 Oct 2026 12:00:30 GMT"}, None),
        ({"retry-after": "Wed, 21 Oct 2026 12:00:30 GMT", "date": "today"}, None),
        ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
        ({"retry-after-ms": "?", "retry-after": "1"}, 1.0),
        ({"x-ratelimit-reset-requests": "6m0s"}, 360.0),
        ({"x-ratelimit-reset-requests": "1h2m3.5s"}, 3723.5),
        ({"x-ratelimit-reset-tokens": "20ms"}, 0.02),
        ({"x-ratelimit-reset-requests": "1s", "x-ratelimit-reset-tokens": "2s"}, 2.0),
        ({"x-ratelimit-reset-requests": "later"}, None),
        ({"x-ratelimit-reset-requests": "6m0"}, None),
        ({"x-ratelimit-reset-requests": "6m0s", "x-ratelimit-remaining-requests": "41"}, None),
        ({"x-ratelimit-reset-requests": "6m0s", "x-ratelimit-remaining-requests": "0"}, 360.0),
        ({"retry-after": "2", "x-ratelimit-reset-requests": "6m0s"}, 2.0),
    ],
)
def test_every_form_of_retry_after_is_read(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == (None if seconds is None else pytest.approx(seconds))


class HiccupError(Exception):
    """Says in seconds when to come back; None = never."""

    def __init__(self, wait: float | None) -> None:
        super().__init__(wait)
        self.wait = wait


def wait_of(error: Exception) -> float | None:
    return error.wait if isinstance(error, HiccupError) else None


class Flaky:
    """Fails with each of its waits, then answers how often it was asked."""

    def __init__(self, *waits: float | None) -> None:
        self.waits = list(waits)
        self.asked = 0

    async def __call__(self) -> int:
        self.asked += 1
        if self.waits:
            raise HiccupError(self.waits.pop(0))
        return self.asked


def retries(clock: ManualClock | SystemClock, *, deadline: float = 20.0) -> Retries:
    budget = RetryBudget(clock=clock)
    return Retries(budget, clock=clock, random=random.Random(1), deadline=deadline, base=0.0)


async def test_what_passes_is_tried_again_twice_at_most() -> None:
    again, patient, hopeless = retries(ManualClock()), Flaky(0.0, 0.0), Flaky(0.0, 0.0, 0.0)
    assert await again(patient, wait_of) == 3
    with pytest.raises(HiccupError):
        await retries(ManualClock())(hopeless, wait_of)
    assert hopeless.asked == 3


async def test_what_will_not_pass_is_tried_once() -> None:
    refused = Flaky(None)
    with pytest.raises(HiccupError):
        await retries(ManualClock())(refused, wait_of)
    assert refused.asked == 1


async def test_a_wait_that_is_asked_for_is_kept_if_the_deadline_leaves_time() -> None:
    clock = SystemClock()
    started = clock.monotonic()
    assert await retries(clock, deadline=1.0)(Flaky(0.05), wait_of) == 2
    assert clock.monotonic() - started >= 0.05
    late = Flaky(0.51)
    with pytest.raises(HiccupError):
        await retries(clock, deadline=1.0)(late, wait_of)
    assert late.asked == 1


async def test_an_outage_is_asked_at_most_a_fifth_oftener() -> None:
    again = retries(ManualClock())
    calls = [Flaky(0.0, 0.0, 0.0) for _ in range(1_000)]
    for each in calls:
        with pytest.raises(HiccupError):
            await again(each, wait_of)
    assert sum(each.asked for each in calls) <= 1.2 * len(calls) + 3


async def test_each_repetition_is_told_with_its_reason() -> None:
    heard: list[Exception] = []
    clock = ManualClock()
    again = Retries(
        RetryBudget(clock=clock),
        clock=clock,
        random=random.Random(1),
        deadline=20.0,
        base=0.0,
        told=heard.append,
    )
    assert await again(Flaky(0.0, 0.0), wait_of) == 3
    assert [type(each) for each in heard] == [HiccupError, HiccupError]
