"""Pruning goes in small steps, and gauges say what the database says."""

import asyncio
from dataclasses import dataclass, field
from typing import NoReturn

import pytest

from orbion.domain.listing import StoreFacts
from orbion.simulators.virtual import elapsed, virtually
from orbion.telemetry.metrics import Metrics
from orbion.workers.upkeep import Upkeep
from tests.unit.workers.doubles import gauges


@dataclass(slots=True)
class ScriptedProbe:
    old: list[int] = field(default_factory=list)
    known: StoreFacts = field(
        default_factory=lambda: StoreFacts(
            depth={"in": 3, "sheet": 1},
            oldest_seconds={"in": 2.5},
            outbox={"unknown": 4},
            messages={},
            dead=5,
            quarantined=6,
            schema="0001",
        )
    )
    pruned: list[float] = field(default_factory=list)
    measured: list[float] = field(default_factory=list)

    async def prune(self) -> int:
        self.pruned.append(round(elapsed(), 3))
        return self.old.pop(0) if self.old else 0

    async def facts(self) -> StoreFacts:
        self.measured.append(elapsed())
        return self.known

    async def write_probe(self) -> NoReturn:
        raise NotImplementedError


async def cut_off(work: asyncio.Task[None], seconds: float) -> None:
    await asyncio.sleep(seconds)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work


def test_as_long_as_there_is_something_old_it_is_pruned_without_a_long_pause() -> None:
    async def scenario() -> None:
        probe = ScriptedProbe(old=[500, 500])
        await cut_off(asyncio.create_task(Upkeep(probe=probe, metrics=Metrics()).prune()), 70)
        assert probe.pruned == [0, 0.05, 0.1, 60.1]

    virtually(scenario)


def test_gauges_show_the_database_and_zero_for_what_it_does_not_name() -> None:
    async def scenario() -> None:
        probe, metrics = ScriptedProbe(), Metrics()
        metrics.outbox_rows.set(9, "pending")
        await cut_off(asyncio.create_task(Upkeep(probe=probe, metrics=metrics).measure()), 11)
        assert probe.measured == [0, 5, 10]
        assert gauges(metrics, "lane_depth") == {"in": 3, "out": 0, "sheet": 1, "notice": 0}
        assert gauges(metrics, "lane_oldest_seconds") == {
            "in": 2.5,
            "out": 0,
            "sheet": 0,
            "notice": 0,
        }
        assert gauges(metrics, "dead_letters_waiting") == {"": 5}
        assert gauges(metrics, "quarantine_waiting") == {"": 6}
        assert gauges(metrics, "outbox_rows") == {"pending": 0, "sending": 0, "unknown": 4}

    virtually(scenario)
