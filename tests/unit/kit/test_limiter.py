"""Rates are held exactly, per key, in bounded memory."""

import pytest

from orbion.kit.limiter import Limiter, Rate
from tests.unit.kit.manual_clock import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def test_a_burst_passes_then_one_per_interval(clock: ManualClock) -> None:
    limiter = Limiter([Rate(5, 2.5)], clock=clock)
    verdicts = [limiter.take("k") for _ in range(6)]
    assert [verdict.allowed for verdict in verdicts] == [True] * 5 + [False]
    assert [verdict.remaining for verdict in verdicts] == [4, 3, 2, 1, 0, 0]
    assert verdicts[5].wait == pytest.approx(0.5)
    assert verdicts[5].reset_after == pytest.approx(2.5)
    clock.advance(0.5)
    assert limiter.take("k").allowed
    assert not limiter.take("k").allowed


def test_ten_seconds_give_the_rate_and_one_burst_exactly(clock: ManualClock) -> None:
    limiter = Limiter([Rate(1, 0.01)], clock=clock)
    allowed = 0
    for _ in range(10_000):
        allowed += limiter.take("k").allowed
        clock.advance(0.001)
    assert abs(allowed - 1000) <= 1


def test_keys_do_not_share(clock: ManualClock) -> None:
    limiter = Limiter([Rate(1, 1.0)], clock=clock)
    assert limiter.take("a").allowed
    assert limiter.take("b").allowed
    assert not limiter.take("a").allowed


def test_the_least_recently_seen_key_is_forgotten_even_if_it_was_refused(
    clock: ManualClock,
) -> None:
    limiter = Limiter([Rate(1, 1.0)], clock=clock, keys=2)
    limiter.take("a")
    limiter.take("b")
    assert not limiter.take("a").allowed
    limiter.take("c")
    assert not limiter.take("a").allowed
    assert limiter.take("b").allowed


def test_a_flood_of_keys_is_bounded(clock: ManualClock) -> None:
    limiter = Limiter([Rate(1, 60.0)], clock=clock)
    limiter.take("first")
    for number in range(100_000):
        limiter.take(f"{number}")
    assert limiter.take("first").allowed
    assert not limiter.take("99999").allowed


def test_all_rates_are_taken_or_none(clock: ManualClock) -> None:
    second, minute = Rate(2, 1.0), Rate(3, 60.0)
    limiter = Limiter([second, minute], clock=clock)
    assert [limiter.take("k").wait for _ in range(2)] == [0.0, 0.0]
    refused = [limiter.take("k") for _ in range(3)]
    assert {(each.wait, each.rate) for each in refused} == {(0.5, second)}
    clock.advance(0.5)
    last = limiter.take("k")
    assert (last.allowed, last.rate, last.remaining) == (True, minute, 0)
    assert limiter.take("other").allowed
    waiting = limiter.take("k")
    assert (waiting.allowed, waiting.rate, waiting.remaining) == (False, minute, 0)
    assert waiting.wait == pytest.approx(19.5)
    clock.advance(19.5)
    assert limiter.take("k").allowed


def test_a_place_is_kept_for_whoever_waits_for_it(clock: ManualClock) -> None:
    limiter = Limiter([Rate(2, 2.0)], clock=clock)
    verdicts = [limiter.reserve("k", at_most=3.0) for _ in range(6)]
    assert [each.wait for each in verdicts] == [0.0, 0.0, 1.0, 2.0, 3.0, 4.0]
    assert [each.allowed for each in verdicts] == [True] * 5 + [False]
    clock.advance(2.5)
    assert limiter.look("k").wait == pytest.approx(1.5)
    assert not limiter.take("k").allowed


def test_looking_takes_nothing(clock: ManualClock) -> None:
    limiter = Limiter([Rate(1, 4.0)], clock=clock)
    assert [limiter.look("k").allowed for _ in range(3)] == [True] * 3
    assert limiter.take("k").allowed
    refused = limiter.look("k")
    assert (refused.allowed, refused.wait, refused.remaining) == (False, 4.0, 0)


def test_with_a_burst_no_span_holds_more_than_the_count(clock: ManualClock) -> None:
    rate = Rate(10, 60.0, burst=4)
    limiter = Limiter([rate], clock=clock)
    assert [limiter.take("k").allowed for _ in range(5)] == [True] * 4 + [False]
    taken = [clock.seconds] * 4
    for _ in range(200):
        clock.advance(1.0)
        if limiter.take("k").allowed:
            taken.append(clock.seconds)
    assert max(sum(at <= other < at + 60 for other in taken) for at in taken) == 10


@pytest.mark.parametrize("rates", [[], [Rate(5, 1.0, burst=6)], [Rate(5, 1.0, burst=0)]])
def test_a_rate_that_means_nothing_is_refused(rates: list[Rate], clock: ManualClock) -> None:
    with pytest.raises(ValueError, match="needs rates"):
        Limiter(rates, clock=clock)
