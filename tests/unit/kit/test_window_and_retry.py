"""Sliding counts forget by steps; retries stay within jitter and budget."""

import random

import pytest

from orbion.kit.retry import RetryBudget, full_jitter
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
