"""Each probe says what it saw in few words, and only what is critical can make unhealthy."""

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import NoReturn

import pytest

from orbion.agent.catalogues import Look
from orbion.domain.accounts import AccountReport, Finding, fault, note, ok
from orbion.domain.catalogue_sheet import Catalogue
from orbion.domain.errors import FaultCode, OrbionError, RefusedError, UnavailableError
from orbion.domain.events import ConnectionState
from orbion.kit.breaker import Breaker, BreakerPolicy
from orbion.kit.concurrency import AdaptiveLimit
from orbion.kit.guard import Guard, Outcome, Verdict
from orbion.kit.health import Check, CheckResult, Fact, Status
from orbion.telemetry.metrics import Metrics
from orbion.workers.checks import (
    ModelCheck,
    account_check,
    backup_check,
    catalogue_check,
    circuit_check,
    circuits,
    database_check,
    disk_check,
)
from tests.support.stores import HandClock
from tests.unit.workers.doubles import gauges


@dataclass(slots=True)
class TimedProbe:
    seconds: float | OrbionError

    async def write_probe(self) -> float:
        if isinstance(self.seconds, OrbionError):
            raise self.seconds
        return self.seconds

    async def facts(self) -> NoReturn:
        raise NotImplementedError

    async def prune(self) -> NoReturn:
        raise NotImplementedError


def guard_of(clock: HandClock) -> Guard:
    breaker = Breaker(
        "whatsapp:loja",
        policy=BreakerPolicy(),
        clock=clock,
        random=Random(1),
        on_change=lambda _: None,
    )
    return Guard(
        "whatsapp:loja",
        breaker=breaker,
        limit=AdaptiveLimit(),
        clock=clock,
        timeout=1.0,
        judge=lambda _: Verdict(outcome=Outcome.failure),
        observe=lambda _outcome, _seconds: None,
    )


@pytest.mark.parametrize(
    ("last", "shown"),
    [
        (None, CheckResult(status=Status.healthy, facts={"read": False})),
        (
            Look(at=7, found=Catalogue(items=(), version="v", skipped=("row 2 …", "row 5 …"))),
            CheckResult(
                status=Status.healthy,
                observed=0,
                facts={"read": True, "looked_ms": 7, "skipped": "row 2 …; row 5 …"},
            ),
        ),
        (
            Look(at=8, trouble=UnavailableError(FaultCode.SHEETS_RANGE, "of whom")),
            CheckResult(
                status=Status.degraded,
                summary="sheets.range",
                facts={"read": False, "looked_ms": 8},
            ),
        ),
    ],
)
async def test_a_catalogue_shows_its_last_reading(last: Look | None, shown: CheckResult) -> None:
    check = catalogue_check("sol/Preços", lambda: last)
    assert (check.name, check.critical) == ("catalogue:sol/Preços", False)
    assert await check.probe() == shown


@dataclass(slots=True)
class Told:
    """A provider that tells what is given, and takes a quarter of a second for it."""

    clock: HandClock
    answer: bool | OrbionError
    looks: int = 0

    async def reach(self) -> bool:
        self.looks += 1
        self.clock.pass_(0.25)
        if isinstance(self.answer, OrbionError):
            raise self.answer
        return self.answer


def model_check(provider: Told, metrics: Metrics, guard: Guard | None = None) -> Check:
    return ModelCheck(
        provider=provider,
        guard=guard or guard_of(provider.clock),
        model="gpt-4.1-mini",
        clock=provider.clock,
        metrics=metrics,
    ).check()


@pytest.mark.parametrize(("answer", "known"), [(True, True), (False, "not told")])
async def test_a_model_that_is_reached_shows_how_fast_and_whether_it_is_known(
    clock: HandClock, *, answer: bool, known: Fact
) -> None:
    metrics = Metrics()
    check = model_check(Told(clock, answer), metrics)
    assert not check.critical
    found = await check.probe()
    assert found.status is Status.healthy
    assert (found.observed, check.unit) == (250.0, "ms")
    assert found.facts == {
        "model": "gpt-4.1-mini",
        "circuit": "closed",
        "known": known,
        "looked_ms": clock.now(),
    }
    assert gauges(metrics, "model_reachable") == {"gpt-4.1-mini": 1.0}


async def test_a_model_that_is_not_known_degrades(clock: HandClock) -> None:
    metrics = Metrics()
    unknown = RefusedError(FaultCode.OPENAI_MODEL_UNKNOWN, "OpenAI answered 404")
    found = await model_check(Told(clock, unknown), metrics).probe()
    assert (found.status, found.summary) == (Status.degraded, "openai.model_unknown")
    assert gauges(metrics, "model_reachable") == {"gpt-4.1-mini": 0.0}


async def test_the_provider_is_looked_at_once_a_minute_and_its_circuit_at_once(
    clock: HandClock,
) -> None:
    provider, guard = Told(clock, answer=True), guard_of(clock)
    check = model_check(provider, Metrics(), guard)
    assert (await check.probe()).status is Status.healthy
    guard.breaker.force_open("test")
    assert (await check.probe()).status is Status.degraded
    assert provider.looks == 1
    clock.pass_(60)
    await check.probe()
    assert provider.looks == 2


async def test_a_look_that_is_cut_off_leaves_a_time_out(clock: HandClock) -> None:
    class Hangs(Told):
        async def reach(self) -> bool:
            raise asyncio.CancelledError

    metrics = Metrics()
    check = model_check(Hangs(clock, answer=True), metrics)
    with pytest.raises(asyncio.CancelledError):
        await check.probe()
    found = await check.probe()
    assert (found.status, found.summary) == (Status.degraded, "openai.timeout")
    assert gauges(metrics, "model_reachable") == {"gpt-4.1-mini": 0.0}


def a_day(hours: float) -> int:
    return round((1_800_000_000 + hours * 3600) * 1000)


async def at_once(work: Callable[[], None]) -> None:
    work()


@pytest.mark.parametrize(
    ("hours", "status"), [(1, Status.healthy), (26, Status.healthy), (27, Status.degraded)]
)
async def test_the_newest_backup_tells_its_age(
    tmp_path: Path, hours: float, status: Status
) -> None:
    metrics = Metrics()
    for name, written in (("old.db", -500.0), ("new.db", 0.0)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (a_day(written) / 1000,) * 2)
    (tmp_path / "folder").mkdir()
    check = backup_check(tmp_path, metrics, lambda: a_day(hours), at_once)
    found = await check.probe()
    assert not check.critical
    assert found == CheckResult(status=status, observed=round(hours * 3600), facts={"files": 2})
    assert gauges(metrics, "backup_age_seconds") == {"": hours * 3600}


@pytest.mark.parametrize("name", ["", "missing"])
async def test_without_any_backup_its_age_is_that_of_time(tmp_path: Path, name: str) -> None:
    metrics = Metrics()
    found = await backup_check(tmp_path / name, metrics, lambda: a_day(0), at_once).probe()
    assert (found.status, found.summary) == (Status.degraded, "there is none")
    assert gauges(metrics, "backup_age_seconds") == {"": a_day(0) / 1000}


async def test_a_database_that_takes_a_write_is_healthy() -> None:
    check = database_check(TimedProbe(0.0123))
    assert check.critical
    assert await check.probe() == CheckResult(status=Status.healthy, observed=12.3)


async def test_a_database_that_takes_none_is_unhealthy_and_says_why() -> None:
    check = database_check(TimedProbe(UnavailableError(FaultCode.DB_FULL, "disk full at /data")))
    assert await check.probe() == CheckResult(status=Status.unhealthy, summary="db.full")


def report_of(*findings: Finding, state: ConnectionState = ConnectionState.OPEN) -> AccountReport:
    return AccountReport(account="loja", at=7, connection=state, findings=findings)


async def test_an_account_shows_each_verdict_and_only_a_fault_degrades(clock: HandClock) -> None:
    found = report_of(
        ok("gateway", "answers"), note("version", "9.0: newer"), fault("webhook", "off", "set it")
    )
    guard = guard_of(clock)
    check = account_check(lambda: found, guard)
    assert (check.name, check.critical) == ("whatsapp:loja", False)
    assert await check.probe() == CheckResult(
        status=Status.degraded,
        summary="webhook",
        observed=ConnectionState.OPEN,
        facts={
            "circuit": guard.breaker.state,
            "gateway": "ok",
            "version": "note: 9.0: newer",
            "webhook": "fault: off",
            "checked_ms": 7,
        },
    )


async def test_an_account_with_notes_only_is_healthy_until_its_circuit_opens(
    clock: HandClock,
) -> None:
    guard = guard_of(clock)
    check = account_check(lambda: report_of(note("version", "9.0")), guard)
    assert (await check.probe()).status is Status.healthy
    guard.breaker.force_open("test")
    assert (await check.probe()).status is Status.degraded


async def test_an_account_that_was_not_looked_at_yet_is_no_fault(clock: HandClock) -> None:
    guard = guard_of(clock)
    found = await account_check(lambda: None, guard).probe()
    assert found == CheckResult(status=Status.healthy, facts={"circuit": guard.breaker.state})


async def test_a_circuit_that_is_not_closed_degrades(clock: HandClock) -> None:
    guard = guard_of(clock)
    check = circuit_check(guard)
    assert (check.name, check.critical) == ("whatsapp:loja", False)
    assert (await check.probe()).status is Status.healthy
    guard.breaker.force_open("test")
    assert await check.probe() == CheckResult(status=Status.degraded, observed=guard.breaker.state)


@pytest.mark.parametrize(("reserve", "status"), [(0, Status.healthy), (2**62, Status.unhealthy)])
async def test_a_disk_below_its_reserve_is_unhealthy(
    reserve: int, status: Status, tmp_path: Path
) -> None:
    metrics = Metrics()
    check = disk_check(tmp_path, reserve, metrics)
    found = await check.probe()
    assert (check.critical, found.status) == (True, status)
    free, size, kept = (
        gauges(metrics, f"disk_{name}_bytes")[""] for name in ("free", "size", "reserve")
    )
    assert found.facts == {"free_bytes": free, "total_bytes": size}
    assert found.observed == pytest.approx(100 * (size - free) / size, abs=0.01)
    assert 0 < free < size
    assert kept == reserve


async def test_the_details_show_each_circuit_as_it_is_now(clock: HandClock) -> None:
    guard = guard_of(clock)
    look = circuits({"whatsapp:loja": guard})
    seen = []

    async def work() -> None:
        seen.append(look()["whatsapp:loja"].in_flight)

    await guard(work)
    assert seen == [1]
    found = look()["whatsapp:loja"]
    assert (found.state, found.in_flight, found.retry_after) == ("closed", 0, 0.0)
    assert found.limit == 8
    assert found.calls.success == 1
