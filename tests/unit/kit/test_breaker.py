"""The breaker's rules, one by one."""

import asyncio
import random

import pytest

from orbion.kit.breaker import (
    Breaker,
    BreakerChange,
    BreakerMode,
    BreakerOpenError,
    BreakerPolicy,
    BreakerState,
)
from tests.unit.kit.manual_clock import ManualClock


class Bench:
    """A breaker, its clock and what it told."""

    def __init__(self, policy: BreakerPolicy | None = None) -> None:
        self.clock = ManualClock()
        self.changes: list[BreakerChange] = []
        self.breaker = Breaker(
            "gateway",
            policy=policy or BreakerPolicy(),
            clock=self.clock,
            random=random.Random(7),
            on_change=self.changes.append,
        )

    def succeed(self, seconds: float = 0.1) -> None:
        self.breaker.acquire().success(seconds)

    def fail(self, seconds: float = 0.1) -> None:
        self.breaker.acquire().failure(seconds)

    def trip(self) -> None:
        for _ in range(5):
            self.fail()
        assert self.breaker.state == "open"

    def wait_out(self) -> None:
        self.clock.advance(self.breaker.retry_after)


def test_five_consecutive_failures_open_it() -> None:
    bench = Bench()
    for _ in range(4):
        bench.fail()
    assert bench.breaker.state == "closed"
    bench.fail()
    assert bench.breaker.state == "open"
    with pytest.raises(BreakerOpenError) as refused:
        bench.breaker.acquire()
    assert 27 <= refused.value.retry_after <= 33
    assert refused.value.name == "gateway"


def test_eighty_percent_failures_with_a_success_every_fifth_open_it() -> None:
    bench = Bench()
    calls = 0
    while bench.breaker.state == "closed":
        calls += 1
        bench.succeed() if calls % 5 == 0 else bench.fail()
    assert calls == 10


def test_a_failure_rate_below_half_leaves_it_closed() -> None:
    bench = Bench()
    for call in range(100):
        bench.fail() if call % 3 == 0 else bench.succeed()
    assert bench.breaker.state == "closed"


def test_fewer_calls_than_the_minimum_do_not_open_it() -> None:
    bench = Bench()
    for _ in range(4):
        bench.fail()
    bench.succeed()
    for _ in range(4):
        bench.fail()
    assert bench.breaker.state == "closed"
    bench.succeed()
    assert bench.breaker.state == "open"


def test_failures_older_than_the_window_are_forgotten() -> None:
    bench = Bench()
    for _ in range(4):
        bench.fail()
    bench.succeed()
    bench.clock.advance(31)
    for _ in range(4):
        bench.fail()
    for _ in range(5):
        bench.succeed()
    assert bench.breaker.state == "closed"


def test_slow_calls_open_it_though_they_succeed() -> None:
    bench = Bench(BreakerPolicy(slow_after=2.0))
    for _ in range(2):
        bench.succeed()
    for _ in range(8):
        bench.succeed(2.0)
    assert bench.breaker.state == "open"
    assert bench.changes[-1].reason == "slow rate"
    assert bench.breaker.statistics.slow == 8


def test_it_recovers_once_the_service_has_healed() -> None:
    bench = Bench()
    bench.trip()
    bench.wait_out()
    bench.succeed()
    assert bench.breaker.state == "half_open"
    bench.succeed()
    assert bench.breaker.state == "closed"
    assert [change.after for change in bench.changes] == ["open", "half_open", "closed"]


def test_half_open_lets_three_of_a_hundred_concurrent_calls_in() -> None:
    bench = Bench()
    bench.trip()
    bench.wait_out()
    permits = [bench.breaker.acquire() for _ in range(3)]
    for _ in range(97):
        with pytest.raises(BreakerOpenError) as refused:
            bench.breaker.acquire()
        assert refused.value.retry_after == 1.0
    assert len(permits) == 3


def test_one_failed_probe_of_three_is_forgiven_and_two_are_not() -> None:
    bench = Bench()
    bench.trip()
    bench.wait_out()
    bench.fail()
    bench.succeed()
    bench.succeed()
    assert bench.breaker.state == "closed"
    bench.trip()
    bench.wait_out()
    bench.succeed()
    bench.fail()
    bench.fail()
    assert bench.breaker.state == "open"


def test_slow_probes_open_it_again() -> None:
    bench = Bench(BreakerPolicy(slow_after=2.0))
    bench.trip()
    bench.wait_out()
    for _ in range(3):
        bench.succeed(5.0)
    assert bench.breaker.state == "open"


def test_the_open_time_doubles_up_to_its_limit_and_starts_anew_after_recovery() -> None:
    bench = Bench(BreakerPolicy(jitter=0.0))
    bench.trip()
    waits = [bench.breaker.retry_after]
    for _ in range(1100):
        bench.wait_out()
        bench.fail()
        bench.fail()
        waits.append(bench.breaker.retry_after)
    assert waits[:6] == pytest.approx([30, 60, 120, 240, 300, 300])
    assert waits[-1] == pytest.approx(300)
    bench.wait_out()
    bench.succeed()
    bench.succeed()
    bench.trip()
    assert bench.breaker.retry_after == pytest.approx(30)


def test_the_open_time_is_jittered_by_at_most_a_tenth() -> None:
    bench = Bench()
    waits = set()
    for _ in range(50):
        bench.breaker.reset()
        bench.trip()
        waits.add(bench.breaker.retry_after)
    assert len(waits) == 50
    assert 27 <= min(waits) < 28
    assert 32 < max(waits) <= 33


def test_a_result_of_an_older_generation_is_counted_but_not_judged() -> None:
    bench = Bench()
    late = [bench.breaker.acquire() for _ in range(5)]
    bench.trip()
    bench.wait_out()
    probe = bench.breaker.acquire()
    for permit in late:
        permit.failure(40.0)
    assert bench.breaker.state == "half_open"
    probe.success(0.1)
    bench.succeed()
    assert bench.breaker.state == "closed"
    assert bench.breaker.statistics.failed == 10


def test_a_cancelled_probe_gives_its_permit_back() -> None:
    bench = Bench()
    bench.trip()
    bench.wait_out()
    for _ in range(10):
        bench.breaker.acquire().release()
    assert bench.breaker.state == "half_open"
    bench.succeed()
    bench.succeed()
    assert bench.breaker.state == "closed"


def test_a_permit_of_an_older_generation_gives_no_probe_back() -> None:
    bench = Bench()
    late = bench.breaker.acquire()
    bench.trip()
    bench.wait_out()
    probes = [bench.breaker.acquire() for _ in range(3)]
    late.release()
    with pytest.raises(BreakerOpenError):
        bench.breaker.acquire()
    assert len(probes) == 3


def test_only_the_first_word_on_a_permit_counts() -> None:
    bench = Bench()
    permit = bench.breaker.acquire()
    permit.success(0.1)
    permit.failure(0.1)
    permit.release()
    statistics = bench.breaker.statistics
    assert (statistics.ok, statistics.failed) == (1, 0)


def test_a_hold_refuses_until_its_time_and_leaves_the_state() -> None:
    bench = Bench()
    bench.breaker.hold(bench.clock.monotonic() + 20)
    bench.breaker.hold(bench.clock.monotonic() + 5)
    assert bench.breaker.state == "closed"
    with pytest.raises(BreakerOpenError) as refused:
        bench.breaker.acquire()
    assert refused.value.retry_after == pytest.approx(20)
    bench.clock.advance(20)
    bench.succeed()
    assert bench.changes == []


def test_an_absurd_retry_after_holds_for_an_hour_at_most() -> None:
    bench = Bench()
    bench.breaker.hold(bench.clock.monotonic() + 1e12)
    assert bench.breaker.retry_after == pytest.approx(3600)


def test_a_refused_credential_keeps_it_open_until_reset() -> None:
    bench = Bench()
    bench.breaker.force_open("401")
    bench.clock.advance(1e6)
    with pytest.raises(BreakerOpenError) as refused:
        bench.breaker.acquire()
    assert refused.value.retry_after == 300
    assert bench.changes[-1] == BreakerChange(
        name="gateway",
        before=BreakerState.closed,
        after=BreakerState.open,
        mode=BreakerMode.forced_open,
        reason="401",
    )
    bench.breaker.reset()
    assert bench.breaker.mode == "automatic"
    bench.succeed()


def test_an_operators_mode_is_stronger_than_a_refused_credential() -> None:
    bench = Bench(BreakerPolicy(mode=BreakerMode.shadow))
    bench.breaker.force_open("401")
    assert bench.breaker.mode == "shadow"
    bench.breaker.reset()
    assert bench.breaker.mode == "shadow"


def test_forced_closed_lets_everything_through_and_still_counts() -> None:
    bench = Bench(BreakerPolicy(mode=BreakerMode.forced_closed))
    bench.breaker.hold(bench.clock.monotonic() + 60)
    for _ in range(50):
        bench.fail()
    assert bench.breaker.state == "closed"
    assert bench.breaker.statistics.failed == 50


def test_disabled_counts_nothing() -> None:
    bench = Bench(BreakerPolicy(mode=BreakerMode.disabled))
    for _ in range(50):
        bench.fail()
    assert bench.breaker.state == "closed"
    assert bench.breaker.statistics.total == bench.breaker.statistics.failed == 0


def test_shadow_judges_and_tells_but_refuses_nothing() -> None:
    bench = Bench(BreakerPolicy(mode=BreakerMode.shadow))
    for _ in range(8):
        bench.fail()
    assert bench.breaker.state == "open"
    assert bench.breaker.statistics.rejected == 3
    assert bench.breaker.statistics.failed == 8
    bench.wait_out()
    bench.succeed()
    bench.succeed()
    assert bench.breaker.state == "closed"


def test_a_change_of_mode_makes_results_under_way_worthless() -> None:
    bench = Bench()
    late = [bench.breaker.acquire() for _ in range(5)]
    bench.breaker.set_mode(BreakerMode.forced_open, "operator")
    bench.breaker.set_mode(BreakerMode.automatic, "operator")
    for permit in late:
        permit.failure(0.1)
    assert bench.breaker.state == "closed"


def test_statistics_add_up() -> None:
    bench = Bench()
    bench.breaker.acquire().failure(1.0, timed_out=True)
    bench.succeed()
    bench.trip()
    with pytest.raises(BreakerOpenError):
        bench.breaker.acquire()
    statistics = bench.breaker.statistics
    assert statistics.total == statistics.ok + statistics.failed + statistics.rejected
    assert (statistics.ok, statistics.rejected, statistics.timed_out) == (1, 1, 1)


async def test_a_hundred_tasks_share_three_probes() -> None:
    bench = Bench()
    bench.trip()
    bench.wait_out()
    gate = asyncio.Event()

    async def call() -> bool:
        try:
            permit = bench.breaker.acquire()
        except BreakerOpenError:
            return False
        await gate.wait()
        permit.success(0.1)
        return True

    tasks = [asyncio.create_task(call()) for _ in range(100)]
    await asyncio.sleep(0)
    gate.set()
    assert sum(await asyncio.gather(*tasks)) == 3
    assert bench.breaker.state == "closed"
