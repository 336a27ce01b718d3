"""Checks run behind, are cut off and weighed; the loop is watched; phases move forward."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from orbion.kit.health import (
    Check,
    CheckResult,
    HealthBoard,
    Heartbeat,
    LoopMonitor,
    Status,
)
from orbion.kit.lifecycle import Lifecycle
from tests.unit.kit.manual_clock import ManualClock


def found(status: Status) -> Callable[[], Awaitable[CheckResult]]:
    async def probe() -> CheckResult:
        return CheckResult(status=status)

    return probe


def board(*checks: Check) -> HealthBoard:
    return HealthBoard(checks, clock=ManualClock())


def check(name: str, *, critical: bool, status: Status) -> Check:
    return Check(name=name, critical=critical, measures="age", probe=found(status))


@pytest.mark.parametrize(
    ("critical", "informational", "whole"),
    [
        (Status.healthy, Status.healthy, Status.healthy),
        (Status.healthy, Status.degraded, Status.degraded),
        (Status.healthy, Status.unhealthy, Status.degraded),
        (Status.degraded, Status.healthy, Status.degraded),
        (Status.degraded, Status.unhealthy, Status.degraded),
        (Status.unhealthy, Status.healthy, Status.unhealthy),
        (Status.unhealthy, Status.unhealthy, Status.unhealthy),
    ],
)
async def test_only_a_critical_check_makes_the_whole_unhealthy(
    critical: Status, informational: Status, whole: Status
) -> None:
    checks = board(
        check("database", critical=True, status=critical),
        check("sheets", critical=False, status=informational),
    )
    await checks.probe_all()
    assert checks.status is whole


async def test_nothing_configured_is_healthy() -> None:
    checks = board()
    await checks.probe_all()
    await checks.run()
    assert checks.status is Status.healthy
    assert checks.results == {}


async def test_a_hanging_probe_is_cut_off() -> None:
    async def hang() -> CheckResult:
        await asyncio.Event().wait()
        raise AssertionError

    checks = board(Check(name="db", critical=True, measures="age", probe=hang, timeout=0.001))
    await checks.probe_all()
    assert checks.results["db"].result.summary == "timed out"
    assert checks.status is Status.unhealthy


async def test_a_failing_probe_tells_its_kind_and_not_its_text() -> None:
    async def fail() -> CheckResult:
        raise OSError("postgres://user:secret@host")

    checks = board(Check(name="db", critical=False, measures="age", probe=fail))
    await checks.probe_all()
    report = checks.results["db"]
    assert report.result == CheckResult(status=Status.unhealthy, summary="OSError")
    assert report.at == 1_000_000


async def test_checks_repeat_at_their_interval_until_cancelled() -> None:
    thrice = asyncio.Event()
    runs = 0

    async def probe() -> CheckResult:
        nonlocal runs
        runs += 1
        if runs == 3:
            thrice.set()
        return CheckResult(status=Status.healthy)

    checks = board(Check(name="db", critical=True, measures="age", probe=probe, every=0.001))
    running = asyncio.create_task(checks.run())
    await thrice.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert runs == 3


def test_a_heartbeat_ages_from_its_last_beat() -> None:
    clock = ManualClock()
    heartbeat = Heartbeat(clock)
    clock.advance(4)
    assert heartbeat.age() == 4
    heartbeat.beat()
    clock.advance(1)
    assert heartbeat.age() == 1


class ScriptedClock(ManualClock):
    """Answers each reading with the next of the given seconds."""

    def __init__(self, readings: list[float]) -> None:
        super().__init__()
        self._readings = iter(readings)

    def monotonic(self) -> float:
        return next(self._readings)


async def test_the_monitor_measures_how_late_the_loop_is() -> None:
    samples = [(1.0, 1.001, 1.001), (2.0, 2.251, 2.251), (3.0, 3.001, 3.001)]
    clock = ScriptedClock([0.0, *(each for sample in samples for each in sample), 4.0, 7.001])
    lags: list[float] = []
    thrice = asyncio.Event()

    def observe(lag: float) -> None:
        lags.append(lag)
        if len(lags) == 3:
            thrice.set()

    monitor = LoopMonitor(clock=clock, observe=observe, every=0.001)
    assert (monitor.p99, monitor.worst) == (0.0, 0.0)
    running = asyncio.create_task(monitor.run())
    await thrice.wait()
    running.cancel()
    assert lags == pytest.approx([0.0, 0.25, 0.0])
    assert monitor.worst == monitor.p99 == pytest.approx(0.25)
    assert monitor.heartbeat.age() == pytest.approx(4.0)


async def test_phases_only_move_forward() -> None:
    lifecycle = Lifecycle()
    assert lifecycle.phase == "starting"
    lifecycle.ready()
    assert lifecycle.phase == "ready"
    waiting = asyncio.create_task(lifecycle.wait_draining())
    await asyncio.sleep(0)
    assert not waiting.done()
    lifecycle.drain()
    lifecycle.drain()
    await waiting
    lifecycle.ready()
    assert lifecycle.phase == "draining"
    lifecycle.stop()
    lifecycle.drain()
    assert lifecycle.phase == "stopped"


async def test_a_stop_without_a_drain_frees_those_who_wait_for_it() -> None:
    lifecycle = Lifecycle()
    lifecycle.stop()
    await lifecycle.wait_draining()
    assert lifecycle.phase == "stopped"
