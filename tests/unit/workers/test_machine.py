"""The process and its machine are measured; the processor over a minute, however often asked."""

import asyncio
import threading
from dataclasses import dataclass

import pytest

from orbion.kit.health import LoopMonitor
from orbion.simulators.virtual import VirtualClock, virtually
from orbion.workers.machine import Machine
from tests.support.stores import HandClock

HALF_A_CPU_UNTIL_S = 63.0


@dataclass(slots=True)
class Spent:
    """Half of a processor for about a minute, then none."""

    clock: VirtualClock

    def __call__(self) -> float:
        return min(self.clock.monotonic(), HALF_A_CPU_UNTIL_S) / 2


def test_the_details_show_the_process_and_the_memory_of_the_machine(clock: HandClock) -> None:
    monitor = LoopMonitor(clock=clock, observe=lambda _: None)
    machine = Machine(monitor, clock=clock, cpu_seconds=lambda: 0.0)
    at_once = machine.look()
    assert (at_once["cpu_percent"], at_once["cpu_over_seconds"]) == (0, 0)
    clock.pass_(12.34)
    found = machine.look()
    assert 1_000_000 < found["rss_bytes"] < found["memory_total_bytes"]
    assert 0 < found["memory_available_bytes"] < found["memory_total_bytes"]
    assert 0 < found["memory_percent"] <= 100
    assert found["threads"] >= threading.active_count()
    assert found["uptime_seconds"] == 12.3
    assert (found["loop_lag_p99_ms"], found["loop_lag_worst_ms"]) == (0, 0)


def test_the_processor_is_that_of_the_last_minute_however_often_somebody_looks() -> None:
    async def scenario() -> None:
        clock = VirtualClock()
        monitor = LoopMonitor(clock=clock, observe=lambda _: None)
        machine = Machine(monitor, clock=clock, cpu_seconds=Spent(clock))
        sampling = asyncio.create_task(machine.run())
        found = []
        for pause in (3.0, 60.0, 0.001, 28.999, 60.0):
            await asyncio.sleep(pause)
            seen = machine.look()
            found.append((seen["cpu_percent"], seen["cpu_over_seconds"]))
        sampling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sampling
        assert found == [(50.0, 3.0), (50.0, 58.0), (50.0, 58.0), (24.6, 57.0), (0.0, 57.0)]

    virtually(scenario)
