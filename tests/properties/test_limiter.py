"""The limiter agrees with buckets that are counted from scratch, and keeps its promise of spans."""

from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from orbion.kit.limiter import Limiter, Rate
from tests.unit.kit.manual_clock import ManualClock

RATES = st.builds(
    Rate, st.sampled_from([1, 2, 4, 8]), st.sampled_from([0.5, 1.0, 4.0, 64.0])
) | st.sampled_from([Rate(4, 8.0, burst=1), Rate(8, 64.0, burst=5), Rate(3, 2.0, burst=2)])
STEPS = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.0, 0.0625, 0.25, 1.0, 8.0, 100.0]),
        st.sampled_from("aab"),
        st.sampled_from([0.0, 0.0, 0.0, 0.5, 4.0]),
    ),
    max_size=60,
)


@dataclass
class Buckets:
    """Replays every place ever taken into a full bucket: slow, plain and obviously right."""

    rates: list[Rate]
    taken: dict[str, list[Fraction]] = field(default_factory=lambda: defaultdict(list))

    def tokens(self, rate: Rate, key: str, at: Fraction) -> Fraction:
        """Count what is in the bucket at `at`, after all that were taken up to then."""
        left, before = Fraction(rate.at_once), Fraction(0)
        for place in [*self.taken[key], at]:
            refilled = left + (place - before) / Fraction(rate.interval)
            left, before = min(Fraction(rate.at_once), refilled) - 1, place
        return left + 1

    def wait(self, key: str, now: Fraction) -> Fraction:
        """No place is given before one that is taken already."""
        at = max([now, *self.taken[key]])
        short = [(1 - self.tokens(rate, key, at)) * Fraction(rate.interval) for rate in self.rates]
        return at + max(Fraction(0), *short) - now

    def reserve(self, key: str, now: Fraction, at_most: float) -> Fraction:
        wait = self.wait(key, now)
        if wait <= at_most:
            self.taken[key].append(now + wait)
        return wait


@given(st.lists(RATES, min_size=1, max_size=3), STEPS)
def test_it_agrees_with_buckets_counted_from_scratch(
    rates: list[Rate], steps: list[tuple[float, str, float]]
) -> None:
    clock = ManualClock()
    limiter, model = Limiter(rates, clock=clock), Buckets(rates)
    for pause, key, at_most in steps:
        clock.advance(pause)
        looked, now = limiter.look(key), Fraction(clock.seconds)
        if max([now, *model.taken[key]]) == now:
            assert looked.remaining == int(model.tokens(looked.rate, key, now))
        found = limiter.reserve(key, at_most=at_most)
        expected = model.reserve(key, now, at_most)
        assert {Fraction(looked.wait), Fraction(found.wait)} == {expected}
        assert found.allowed is (expected <= at_most)
        assert looked.allowed is (expected == 0)


@given(
    st.integers(1, 40),
    st.floats(0.5, 100.0),
    st.data(),
)
def test_no_span_holds_more_than_the_count(count: int, seconds: float, data: st.DataObject) -> None:
    rate = Rate(count, seconds, burst=data.draw(st.integers(1, count)))
    clock = ManualClock(start=0.0)
    limiter, taken = Limiter([rate], clock=clock), list[float]()
    for pause in data.draw(st.lists(st.floats(0.0, seconds), max_size=80)):
        clock.advance(pause)
        while (found := limiter.reserve("k", at_most=seconds / 2)).allowed:
            taken.append(clock.seconds + found.wait)
    span = seconds - 1e-6
    assert all(after - at >= span for at, after in zip(taken, taken[count:], strict=False))
