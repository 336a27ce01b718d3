"""Rates are held exactly, per key, in bounded memory."""

import pytest

from orbion.kit.limiter import Gcra, Rate, TokenBuckets
from tests.unit.kit.manual_clock import ManualClock


def test_a_burst_passes_then_one_per_interval() -> None:
    gcra = Gcra(2.0, 5)
    verdicts = [gcra.check("k", 100.0) for _ in range(6)]
    assert [verdict.allowed for verdict in verdicts] == [True] * 5 + [False]
    assert [verdict.remaining for verdict in verdicts] == [4, 3, 2, 1, 0, 0]
    assert verdicts[5].retry_after == pytest.approx(0.5)
    assert verdicts[5].reset_after == pytest.approx(2.5)
    assert gcra.check("k", 100.5).allowed
    assert not gcra.check("k", 100.5).allowed


def test_ten_seconds_give_the_rate_and_one_burst_exactly() -> None:
    gcra = Gcra(100.0, 1)
    allowed = sum(gcra.check("k", 50 + step / 1000).allowed for step in range(10_000))
    assert abs(allowed - 1000) <= 1


def test_keys_do_not_share() -> None:
    gcra = Gcra(1.0, 1)
    assert gcra.check("a", 0.0).allowed
    assert gcra.check("b", 0.0).allowed
    assert not gcra.check("a", 0.0).allowed


def test_the_least_recently_seen_key_is_forgotten_even_if_it_was_refused() -> None:
    gcra = Gcra(1.0, 1, keys=2)
    gcra.check("a", 0.0)
    gcra.check("b", 0.0)
    assert not gcra.check("a", 0.0).allowed
    gcra.check("c", 0.0)
    assert not gcra.check("a", 0.0).allowed
    assert gcra.check("b", 0.0).allowed


def test_all_rates_are_taken_or_none() -> None:
    clock = ManualClock()
    buckets = TokenBuckets([Rate(2, 1.0), Rate(3, 60.0)], clock=clock)
    assert [buckets.take("k") for _ in range(2)] == [0.0, 0.0]
    assert buckets.take("k") == pytest.approx(0.5)
    assert buckets.take("k") == pytest.approx(0.5)
    clock.advance(0.5)
    assert buckets.take("k") == 0.0
    assert buckets.take("other") == 0.0
    assert buckets.take("k") == pytest.approx(19.5)
    clock.advance(19.5)
    assert buckets.take("k") == 0.0


def test_no_rates_never_wait() -> None:
    assert TokenBuckets([], clock=ManualClock()).take("k") == 0.0
