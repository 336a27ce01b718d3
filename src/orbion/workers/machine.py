"""Measures the process and the machine that it runs on, for whoever asks how they are."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Final

import psutil

from orbion.kit.clock import Clock
from orbion.kit.health import LoopMonitor

EVERY: Final = 5.0
SAMPLES: Final = 12
"""The processor's use is that of the last minute, however often somebody looks."""


class Machine:
    """`cpu_seconds` tells what the process has taken of processors since its start."""

    def __init__(
        self, monitor: LoopMonitor, *, clock: Clock, cpu_seconds: Callable[[], float]
    ) -> None:
        self.monitor = monitor
        self._clock = clock
        self._process = psutil.Process()
        self._cpu_seconds = cpu_seconds
        self._started = clock.monotonic()
        self._samples = deque([(self._started, cpu_seconds())], maxlen=SAMPLES)

    async def run(self) -> None:
        """Sample until cancelled."""
        while True:
            await asyncio.sleep(EVERY)
            self._samples.append((self._clock.monotonic(), self._cpu_seconds()))

    def look(self) -> Mapping[str, Any]:
        """Memory in the machine and of the process, processor, threads, event-loop lag."""
        monitor, now = self.monitor, self._clock.monotonic()
        memory = psutil.virtual_memory()
        since, spent_before = self._samples[0]
        spent = self._cpu_seconds() - spent_before
        with self._process.oneshot():
            return {
                "rss_bytes": self._process.memory_info().rss,
                "memory_total_bytes": memory.total,
                "memory_available_bytes": memory.available,
                "memory_percent": memory.percent,
                "cpu_percent": round(100 * spent / (now - since), 1) if now > since else 0.0,
                "cpu_over_seconds": round(now - since, 1),
                "threads": self._process.num_threads(),
                "uptime_seconds": round(now - self._started, 1),
                "loop_lag_p99_ms": round(monitor.p99 * 1000, 2),
                "loop_lag_worst_ms": round(monitor.worst * 1000, 2),
            }
