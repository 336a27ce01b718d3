"""When gaps are healed: for a reason at once, every few minutes, and again after a failure."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest

from orbion.domain.accounts import Gap
from orbion.domain.errors import FaultCode, UnavailableError
from orbion.domain.events import PastPage
from orbion.ports import Received
from orbion.simulators.virtual import elapsed, now, virtually
from orbion.telemetry.metrics import Metrics
from orbion.usecases.heal_gap import HealGap, HealPolicy
from orbion.workers.healing import Healing
from tests.support.stores import LOJA


@dataclass(slots=True)
class Patient:
    """A number whose gaps take `parts` runs, or fail with `error`; `runs` has the time of each."""

    parts: int = 0
    error: Exception | None = None
    runs: list[float] = field(default_factory=list)

    async def gap(self, account: str) -> Gap | None:
        assert account == "loja"
        self.runs.append(round(elapsed(), 2))
        if self.error is not None:
            raise self.error
        return Gap(opened_at=0, healed_at=now() - 10_000)

    async def healed(self, account: str, until: int, found: object) -> None:
        assert (account, found) == ("loja", [])
        self.parts -= until < now()

    async def page(self, since: int, until: int, number: int) -> PastPage:
        assert since < until
        assert number
        return PastPage(records=(), pages=2 if self.parts > 0 else 0)

    async def receive(self, account: str, events: object, trace: str) -> Received:
        raise NotImplementedError(account, events, trace)

    async def quarantine(self, account: str, reason: str, raw: bytes) -> None:
        raise NotImplementedError(account, reason, raw)


def healing(patient: Patient) -> Healing:
    heal = HealGap(
        accounts={"loja": LOJA},
        archives={"loja": patient},
        gaps=patient,
        inbox=patient,
        policy=HealPolicy(pages=1, spans=1, shortest=1_000),
        now=now,
        new_trace=lambda: "t",
        wake=lambda _: None,
        metrics=Metrics(),
    )
    return Healing(heal, "loja", random=Random(3))


def scene(patient: Patient, play: Callable[[Healing], Coroutine[Any, Any, None]]) -> list[float]:
    async def whole() -> None:
        worker = healing(patient)
        running = asyncio.create_task(worker.run())
        await play(worker)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    virtually(whole)
    return patient.runs


def test_without_a_reason_it_runs_every_five_minutes_and_not_in_step() -> None:
    async def play(_: Healing) -> None:
        await asyncio.sleep(3_600)

    runs = scene(Patient(), play)
    gaps = [later - earlier for earlier, later in zip([0.0, *runs], runs, strict=False)]
    assert len(runs) in range(10, 14)
    assert 270 <= min(gaps) < max(gaps) <= 330


def test_a_reason_makes_it_run_at_once_and_many_make_it_run_once() -> None:
    async def play(worker: Healing) -> None:
        await asyncio.sleep(10)
        for _ in range(5):
            worker.wake()
        await asyncio.sleep(60)

    assert scene(Patient(), play) == [10.0]


def test_a_long_gap_is_healed_part_after_part_with_a_breath_between() -> None:
    async def play(worker: Healing) -> None:
        worker.wake()
        await asyncio.sleep(60)

    runs = scene(Patient(parts=3), play)
    assert len(runs) == 4
    assert runs[-1] < 10


def test_after_a_failure_it_tries_again_in_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    async def play(worker: Healing) -> None:
        worker.wake()
        await asyncio.sleep(100)

    failing = Patient(error=UnavailableError(FaultCode.WHATSAPP_UNREACHABLE, "down"))
    runs = scene(failing, play)
    assert len(runs) == 2
    assert 54 <= runs[1] - runs[0] <= 66
    assert {each.getMessage() for each in caplog.records} == {"account.healed"}
