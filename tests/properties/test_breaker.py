"""The breaker agrees with a plain reference machine over any stream of events."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from orbion.kit.breaker import Breaker, BreakerOpenError, BreakerPolicy, BreakerState, Permit
from tests.unit.kit.manual_clock import ManualClock

POLICY = BreakerPolicy(slow_after=2.0, jitter=0.0)
STEP = POLICY.window / POLICY.buckets


@dataclass
class Reference:
    """Keeps every result for ever and counts from scratch: slow, plain and obviously right."""

    now: float = 0.0
    state: str = "closed"
    generation: int = 0
    results: list[tuple[int, bool, bool]] = field(default_factory=list)
    trips: int = 0
    open_until: float = 0.0
    held_until: float = 0.0
    probes_out: int = 0

    def admits(self) -> bool:
        if self.now < self.held_until:
            return False
        if self.state == "open":
            return self.now >= self.open_until
        return self.state == "closed" or self.probes_out < 3

    def admit(self) -> int:
        if self.state == "open":
            self.become("half_open")
        if self.state == "half_open":
            self.probes_out += 1
        return self.generation

    def end(self, generation: int, *, failed: bool, slow: bool) -> None:
        if generation != self.generation:
            return
        self.results.append((int(self.now / STEP), failed, slow))
        if self.state == "half_open":
            self.judge_probes()
        elif self.is_bad():
            self.trip()

    def release(self, generation: int) -> None:
        if generation == self.generation and self.state == "half_open":
            self.probes_out -= 1

    def is_bad(self) -> bool:
        oldest = int(self.now / STEP) - POLICY.buckets
        recent = [result for result in self.results if result[0] > oldest]
        if len(self.results) >= 5 and all(failed for _, failed, _ in self.results[-5:]):
            return True
        failures = sum(failed for _, failed, _ in recent)
        slows = sum(slow for _, _, slow in recent)
        return len(recent) >= 10 and (
            failures / len(recent) >= 0.5 or slows / len(recent) >= POLICY.slow_rate
        )

    def judge_probes(self) -> None:
        failures = sum(failed for _, failed, _ in self.results)
        slows = sum(slow for _, _, slow in self.results)
        if failures >= 2 or slows >= 3:
            self.trip()
        elif len(self.results) - failures >= 2 and len(self.results) > slows:
            self.trips = 0
            self.become("closed")

    def trip(self) -> None:
        self.open_until = self.now + min(30.0 * 2**self.trips, 300.0)
        self.trips += 1
        self.become("open")

    def become(self, state: str) -> None:
        self.state = state
        self.generation += 1
        self.results = []
        self.probes_out = 0


ENDINGS = ["ok", "failed", "timed_out", "slow", "released"]
INTERVENTIONS: list[tuple[str, str | float]] = [("hold", 2.0), ("hold", 40.0), ("reset", "")]
WAITS = [0.5, 1.0, 2.9, 3.0, 9.0, 27.0, 30.0, 61.0, 300.0]


def stream(seed: int) -> Iterator[tuple[str, str | float]]:
    """A thousand events in spells, each with its own mood of the service and of its callers."""
    chance = random.Random(seed)
    for _ in range(25):
        moods = [chance.random() ** 2 for _ in ENDINGS]
        pace = chance.random() ** 3
        for _ in range(40):
            [how] = chance.choices(ENDINGS, moods)
            yield chance.choice([("call", how), ("call", how), ("begin", ""), ("end", how)])
            if chance.random() < pace:
                yield "wait", chance.choice(WAITS)
        if chance.random() < 0.3:
            yield chance.choice(INTERVENTIONS)


class Pair:
    """The breaker and the reference, fed alike."""

    def __init__(self) -> None:
        self.clock = ManualClock(start=0.0)
        self.reference = Reference()
        self.changes: list[BreakerState] = []
        self.breaker = Breaker(
            "any",
            policy=POLICY,
            clock=self.clock,
            random=random.Random(0),
            on_change=lambda change: self.changes.append(change.after),
        )
        self.under_way: list[tuple[Permit, int]] = []
        self.ended = self.released = self.refused = 0

    def begin(self) -> bool:
        admits = self.reference.admits()
        try:
            permit = self.breaker.acquire()
        except BreakerOpenError as error:
            self.refused += 1
            return self.agree(admits=admits, wait=error.retry_after)
        self.agree(admits=admits, wait=0.0)
        self.under_way.append((permit, self.reference.admit()))
        return True

    @staticmethod
    def agree(*, admits: bool, wait: float) -> bool:
        assert admits == (wait == 0.0)
        return admits

    def end(self, permit: Permit, generation: int, how: str) -> None:
        if how == "released":
            permit.release()
            self.reference.release(generation)
            self.released += 1
            return
        self.ended += 1
        seconds = 3.0 if how == "slow" else 0.1
        if how in {"failed", "timed_out"}:
            permit.failure(seconds, timed_out=how == "timed_out")
        else:
            permit.success(seconds)
        failed = how in {"failed", "timed_out"}
        self.reference.end(generation, failed=failed, slow=how == "slow")

    def apply(self, event: str, value: str | float) -> None:
        match event, value:
            case "call", str(how):
                if self.begin():
                    self.end(*self.under_way.pop(), how)
            case "begin", _:
                self.begin()
            case "end", str(how) if self.under_way:
                self.end(*self.under_way.pop(0), how)
            case "wait", float(seconds):
                self.clock.advance(seconds)
                self.reference.now += seconds
            case "hold", float(seconds):
                self.breaker.hold(self.clock.monotonic() + seconds)
                until = self.reference.now + seconds
                self.reference.held_until = max(self.reference.held_until, until)
            case "reset", _:
                self.breaker.reset()
                self.reference.trips = 0
                self.reference.open_until = self.reference.held_until = 0.0
                self.reference.become("closed")
            case _:
                pass

    def compare(self) -> None:
        assert self.breaker.state == self.reference.state
        assert (self.breaker.retry_after == 0.0) == self.reference.admits()
        statistics = self.breaker.statistics
        assert statistics.ok + statistics.failed == self.ended
        assert statistics.rejected == self.refused
        assert statistics.total == self.refused + self.ended + self.released + len(self.under_way)
        if self.changes:
            assert self.changes[-1] == self.breaker.state


@given(seed=st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_the_breaker_agrees_with_the_reference(seed: int) -> None:
    pair = Pair()
    for event, value in stream(seed):
        pair.apply(event, value)
        pair.compare()


@given(seed=st.integers(0, 2**32), failing=st.floats(0.0, 1.0))
@settings(max_examples=100, deadline=None)
def test_a_service_that_heals_is_reached_again_after_the_open_time_and_its_probes(
    seed: int, failing: float
) -> None:
    pair, chance = Pair(), random.Random(seed)
    for _ in range(300):
        how = "failed" if chance.random() < failing else "ok"
        pair.apply("call", how)
        pair.apply("wait", chance.choice([0.01, 1.0, 20.0]))
    pair.apply("wait", pair.breaker.retry_after)
    calls = 0
    while pair.breaker.state != "closed":
        calls += 1
        pair.apply("call", "ok")
    assert calls <= 3
