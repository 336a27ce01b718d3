"""Probe what the service depends on in the background, and watch the event loop itself."""

import asyncio
import math
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from orbion.kit.clock import Clock

Fact = str | int | float | bool | None


class Status(StrEnum):
    healthy = "healthy"
    degraded = "degraded"
    unhealthy = "unhealthy"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """What a probe found, shown to anyone: no secret, no personal data.

    `observed` is the value of what the check measures, None when there is none.
    """

    status: Status
    summary: str = ""
    observed: Fact = None
    facts: Mapping[str, Fact] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A probe run `every` seconds, cut off after `timeout`; only `critical` ones make unhealthy.

    What it looks at is one of a `kind`, and the value that it observes is in `unit`.
    """

    name: str
    critical: bool
    measures: str
    unit: str = ""
    kind: Literal["component", "datastore", "system"] = "component"
    probe: Callable[[], Awaitable[CheckResult]]
    timeout: float = 2.0
    every: float = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """The last result of a check: when it was taken (ms UTC) and the seconds that it took."""

    check: Check
    result: CheckResult
    at: int
    seconds: float


class HealthBoard:
    """The last result of each check; reading it costs nothing outside."""

    def __init__(self, checks: Sequence[Check], *, clock: Clock) -> None:
        self._checks = tuple(checks)
        self._clock = clock
        self._reports: dict[str, CheckReport] = {}

    @property
    def results(self) -> Mapping[str, CheckReport]:
        """By name of the check; a check that has not run yet is missing."""
        return self._reports

    @property
    def status(self) -> Status:
        """The worst of all results, where a check that is not critical can only degrade."""
        statuses = {_weighed(report) for report in self._reports.values()}
        for status in (Status.unhealthy, Status.degraded):
            if status in statuses:
                return status
        return Status.healthy

    async def probe_all(self) -> None:
        """Run each check once, all at the same time."""
        await asyncio.gather(*(self._probe(check) for check in self._checks))

    async def run(self) -> None:
        """Run each check at its own interval until cancelled."""
        async with asyncio.TaskGroup() as group:
            for check in self._checks:
                group.create_task(self._repeat(check))

    async def _repeat(self, check: Check) -> None:
        while True:
            await self._probe(check)
            await asyncio.sleep(check.every)

    async def _probe(self, check: Check) -> None:
        started = self._clock.monotonic()
        try:
            async with asyncio.timeout(check.timeout):
                result = await check.probe()
        except TimeoutError:
            result = CheckResult(status=Status.unhealthy, summary="timed out")
        except Exception as error:  # noqa: BLE001 - a failing probe is a finding; its text may hold secrets
            result = CheckResult(status=Status.unhealthy, summary=type(error).__name__)
        self._reports[check.name] = CheckReport(
            check=check,
            result=result,
            at=self._clock.now(),
            seconds=self._clock.monotonic() - started,
        )


def _weighed(report: CheckReport) -> Status:
    if report.result.status is Status.unhealthy and not report.check.critical:
        return Status.degraded
    return report.result.status


class Heartbeat:
    """When something that must keep going last showed that it does."""

    __slots__ = ("_clock", "_last")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = clock.monotonic()

    def beat(self) -> None:
        self._last = self._clock.monotonic()

    def age(self) -> float:
        """Seconds since the last beat, or since the start."""
        return self._clock.monotonic() - self._last


class LoopMonitor:
    """Measures how late the event loop wakes a sleeper: its lag, over the last `samples`."""

    def __init__(
        self,
        *,
        clock: Clock,
        observe: Callable[[float], None],
        every: float = 0.5,
        samples: int = 120,
    ) -> None:
        self._clock = clock
        self._observe = observe
        self._every = every
        self._lags: deque[float] = deque(maxlen=samples)
        self.heartbeat = Heartbeat(clock)

    @property
    def p99(self) -> float:
        """Seconds; 0.0 before the first sample."""
        if not self._lags:
            return 0.0
        return sorted(self._lags)[math.ceil(len(self._lags) * 0.99) - 1]

    @property
    def worst(self) -> float:
        """Seconds; 0.0 before the first sample."""
        return max(self._lags, default=0.0)

    async def run(self) -> None:
        """Sample until cancelled."""
        while True:
            started = self._clock.monotonic()
            await asyncio.sleep(self._every)
            lag = max(0.0, self._clock.monotonic() - started - self._every)
            self._lags.append(lag)
            self._observe(lag)
            self.heartbeat.beat()
