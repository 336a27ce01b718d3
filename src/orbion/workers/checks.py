"""What the background probes look at, and what /health/detailed shows beside them."""

import shutil
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias

from orbion.agent.catalogues import Look as CatalogueLook
from orbion.domain.accounts import AccountReport, Finding, Verdict
from orbion.domain.errors import FaultCode, OrbionError
from orbion.kit.breaker import BreakerState
from orbion.kit.clock import Clock
from orbion.kit.guard import Guard
from orbion.kit.health import Check, CheckResult, Fact, Status
from orbion.ports import Probe, Provider, Sheet
from orbion.telemetry.metrics import Metrics

RESPONSE_TIME: Final = "responseTime"
CIRCUIT: Final = "circuit"
_LOOK_SECONDS: Final = 60.0
BACKUP_SECONDS: Final = 26 * 3600.0
"""A day and two hours: a daily backup may be late."""
Apart: TypeAlias = Callable[[Callable[[], None]], Awaitable[None]]


def database_check(probe: Probe) -> Check:
    async def look() -> CheckResult:
        try:
            seconds = await probe.write_probe()
        except OrbionError as error:
            return CheckResult(status=Status.unhealthy, summary=error.code)
        return CheckResult(status=Status.healthy, observed=round(seconds * 1000, 2))

    return Check(
        name="database",
        critical=True,
        measures=RESPONSE_TIME,
        unit="ms",
        kind="datastore",
        probe=look,
        every=5.0,
    )


def account_check(latest: Callable[[], AccountReport | None], guard: Guard) -> Check:
    """Show an account's latest report; a fault degrades, it never makes unhealthy."""

    async def look() -> CheckResult:
        circuit = guard.breaker.state
        report = latest()
        if report is None:
            return CheckResult(status=Status.healthy, facts={"circuit": circuit})
        well = not report.faults and circuit is BreakerState.closed
        told = {finding.check: _told(finding) for finding in report.findings}
        return CheckResult(
            status=Status.healthy if well else Status.degraded,
            summary=", ".join(finding.check for finding in report.faults),
            observed=report.connection,
            facts={"circuit": circuit, **told, "checked_ms": report.at},
        )

    return Check(name=guard.name, critical=False, measures="connection", probe=look, every=1.0)


def _told(finding: Finding) -> str:
    is_well = finding.verdict is Verdict.OK
    return finding.verdict if is_well else f"{finding.verdict}: {finding.found}"


def circuit_check(guard: Guard) -> Check:
    """Passive: the breaker has seen the real traffic."""

    async def look() -> CheckResult:
        state = guard.breaker.state
        status = Status.healthy if state is BreakerState.closed else Status.degraded
        return CheckResult(status=status, observed=state)

    return Check(name=guard.name, critical=False, measures=CIRCUIT, probe=look, every=5.0)


def sheet_check(sheet: Sheet, guard: Guard) -> Check:
    """Reach the sheet itself once a minute: that also finds one that was shared again."""

    async def look() -> CheckResult:
        try:
            await sheet.reach()
        except OrbionError as error:
            state = guard.breaker.state
            return CheckResult(status=Status.degraded, summary=error.code, observed=state)
        state = guard.breaker.state
        status = Status.healthy if state is BreakerState.closed else Status.degraded
        return CheckResult(status=status, observed=state)

    return Check(
        name=guard.name, critical=False, measures=CIRCUIT, probe=look, timeout=15.0, every=60.0
    )


def catalogue_check(name: str, latest: Callable[[], CatalogueLook | None]) -> Check:
    """Show how the last reading of a catalogue ended; rows left out are named by their numbers."""

    async def look() -> CheckResult:
        last = latest()
        if last is None:
            return CheckResult(status=Status.healthy, facts={"read": False})
        facts: dict[str, Fact] = {"read": last.found is not None, "looked_ms": last.at}
        if last.found is None:
            summary = "" if last.trouble is None else last.trouble.code
            return CheckResult(status=Status.degraded, summary=summary, facts=facts)
        return CheckResult(
            status=Status.healthy,
            observed=len(last.found.items),
            facts=facts | {"skipped": "; ".join(last.found.skipped)},
        )

    return Check(name=f"catalogue:{name}", critical=False, measures="items", probe=look, every=5.0)


@dataclass(slots=True, kw_only=True)
class ModelCheck:
    """Shows the circuit as it is, and what the provider told when it was looked at last."""

    provider: Provider
    guard: Guard
    model: str
    clock: Clock
    metrics: Metrics
    _next: float = 0.0
    _fault: str = ""
    _latency_ms: float | None = None
    _facts: Mapping[str, Fact] = field(default_factory=dict)

    def check(self) -> Check:
        return Check(
            name=self.guard.name,
            critical=False,
            measures=RESPONSE_TIME,
            unit="ms",
            probe=self._show,
            timeout=15.0,
            every=5.0,
        )

    async def _show(self) -> CheckResult:
        if self.clock.monotonic() >= self._next:
            await self._look()
        state = self.guard.breaker.state
        well = not self._fault and state is BreakerState.closed
        return CheckResult(
            status=Status.healthy if well else Status.degraded,
            summary=self._fault,
            observed=self._latency_ms,
            facts={"model": self.model, "circuit": state, **self._facts},
        )

    async def _look(self) -> None:
        """Once a minute, whether the provider answers, how fast, and whether it has the model."""
        started = self.clock.monotonic()
        self._next = started + _LOOK_SECONDS
        self._fault = FaultCode.OPENAI_TIMEOUT  # what a cancelled look leaves
        self._latency_ms, self._facts = None, {}
        try:
            known: Fact = await self.provider.reach() or "not told"
            seconds = self.clock.monotonic() - started
            self._fault = ""
            self._latency_ms, self._facts = round(seconds * 1000, 1), {"known": known}
            self.metrics.dependency_seconds.observe(seconds, self.guard.name, "reach")
        except OrbionError as error:
            self._fault = error.code
        finally:
            self._facts = {**self._facts, "looked_ms": self.clock.now()}
            self.metrics.model_reachable.set(float(not self._fault), self.model)


def disk_check(folder: Path, reserve: int, metrics: Metrics) -> Check:
    metrics.disk_reserve_bytes.set(reserve)

    async def look() -> CheckResult:
        usage = shutil.disk_usage(folder)
        free = usage.free
        metrics.disk_free_bytes.set(free)
        metrics.disk_size_bytes.set(usage.total)
        status = Status.unhealthy if free < reserve else Status.healthy
        used = 100 * (1 - free / usage.total)
        facts: dict[str, Fact] = {"free_bytes": free, "total_bytes": usage.total}
        return CheckResult(status=status, observed=round(used, 2), facts=facts)

    return Check(
        name="disk",
        critical=True,
        measures="utilization",
        unit="percent",
        kind="system",
        probe=look,
        every=5.0,
    )


def backup_check(folder: Path, metrics: Metrics, now: Callable[[], int], apart: Apart) -> Check:
    """Age of the newest file, whoever writes it; `apart` does what may wait for a disk."""

    async def look() -> CheckResult:
        found: list[float] = []
        await apart(lambda: found.extend(_times(folder)))
        age = now() / 1000 - max(found, default=0.0)  # without one: since 1970
        metrics.backup_age_seconds.set(age)
        if not found:
            return CheckResult(status=Status.degraded, summary="there is none")
        status = Status.healthy if age <= BACKUP_SECONDS else Status.degraded
        return CheckResult(status=status, observed=round(age), facts={"files": len(found)})

    return Check(
        name="backup",
        critical=False,
        measures="age",
        unit="s",
        kind="datastore",
        probe=look,
        timeout=10.0,
        every=60.0,
    )


def _times(folder: Path) -> Iterator[float]:
    """When each file was written last, Unix seconds."""
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.is_file():
            yield path.stat().st_mtime


def circuits(guards: Mapping[str, Guard]) -> Callable[[], Mapping[str, Any]]:
    return lambda: {name: guard.report() for name, guard in guards.items()}
