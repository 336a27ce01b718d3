"""SIGTERM under load, again and again: is every request on an accepted connection answered?"""

import argparse
import asyncio
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from loadtests.webhooks import SECRET, captured_requests
from orbion.kit.clock import SystemClock
from orbion.simulators.evolution import EvolutionSimulator
from orbion.simulators.evolution_store import Instance
from orbion.simulators.faults import EvolutionFaults
from orbion.simulators.tcp import serve
from tests.crash.databases import SqliteFile
from tests.crash.drill import settings
from tests.crash.outside import KEY
from tests.crash.process import ORBION, Process, free_port
from tests.crash.zygote import Spawn
from tests.support.wire import connected

LINES = 12
GRACE_S = 10.0
LAST_REQUESTS_S = 6.0  # the server's own limit for its last requests, and its tick
DRAIN_S = 60.0
READY = b"GET /health/ready HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n"
STORED = "SELECT count(*) FROM message WHERE direction = 'in'"


@dataclass(slots=True, kw_only=True)
class Round:
    """One life: what its clients were told, and how it ended; seconds from SIGTERM to its end."""

    statuses: Counter[int] = field(default_factory=Counter)
    ready: Counter[int] = field(default_factory=Counter)
    unanswered: int = 0
    seconds: float = 0.0
    exit_code: int | None = None

    def violations(self) -> Iterator[str]:
        if self.unanswered:
            yield f"{self.unanswered} requests on accepted connections were not answered"
        for status in self.statuses.keys() - {200}:
            yield f"{self.statuses[status]} webhooks were answered with {status}"
        for status in self.ready.keys() - {200, 503}:
            yield f"readiness was answered with {status}"
        if self.exit_code != 0:
            yield f"it ended with {self.exit_code}"
        if self.seconds > GRACE_S + LAST_REQUESTS_S:
            yield f"it took {self.seconds:.1f} s to end"


@dataclass(slots=True, kw_only=True)
class Report:
    rounds: Sequence[Round]
    stored: int
    violations: Sequence[str]

    def __str__(self) -> str:
        answered = sum(each.statuses[200] for each in self.rounds)
        slowest = max(each.seconds for each in self.rounds)
        draining = sum(each.ready[503] for each in self.rounds)
        unanswered = sum(each.unanswered for each in self.rounds)
        told = f"{answered} webhooks answered with 200, {self.stored} stored"
        lines = [
            f"{len(self.rounds)} x SIGTERM, {told}, {unanswered} unanswered",
            f"readiness 503 while draining {draining} times, slowest end {slowest:.2f} s",
            *self.violations[:20],
        ]
        return "\n".join(lines)


@dataclass(slots=True, kw_only=True)
class Drill:
    folder: Path
    rounds: int
    spawn: Spawn = ORBION
    seed: int = 1
    random: Random = field(init=False)
    database: SqliteFile = field(init=False)
    requests: Iterator[bytes] = field(default_factory=captured_requests)

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        self.database = SqliteFile(path=self.folder / "orbion.db")

    async def run(self) -> Report:
        gateway = EvolutionSimulator(
            [Instance(name="loja", token="token")],
            api_key=KEY,
            random=Random(self.random.random()),
            now=SystemClock().now,
            faults=EvolutionFaults(latency_ms=(5, 200)),
            deliver=_nowhere,
        )
        port = free_port()
        async with serve(gateway) as url:
            given = settings(self.folder, self.database.url, url, port) | {
                "evolution_webhook_secret": SECRET,
                "grace": str(GRACE_S),
            }
            process = Process(
                folder=self.folder,
                settings=given,
                port=port,
                now=SystemClock().now,
                waiting=self.database.waiting,
                spawn=self.spawn,
            )
            try:
                rounds = [await self._round(process) for _ in range(self.rounds)]
                await process.start()
                drained = await self._drained()
            finally:
                process.kill()
                gateway.close()
        return self._report(rounds, drained=drained)

    async def _round(self, process: Process) -> Round:
        seen = Round()
        await process.start()
        async with asyncio.TaskGroup() as group:
            for _ in range(LINES):
                group.create_task(self._customer(process.port, seen))
            group.create_task(self._prober(process.port, seen))
            await asyncio.sleep(self.random.choice((0.04, 1.0)) * self.random.random())
            started = time.monotonic()
            seen.exit_code = await process.stop(GRACE_S + LAST_REQUESTS_S + 5)
            seen.seconds = time.monotonic() - started
        return seen

    async def _customer(self, port: int, seen: Round) -> None:
        """Post on one kept connection until it is told to close; mostly at once, at times later."""
        dice = Random(self.random.random())
        async with connected(port) as wire:
            stays = True
            while stays:
                try:
                    status, stays = await wire.ask(next(self.requests))
                except (OSError, EOFError):
                    seen.unanswered += 1
                    return
                seen.statuses[status] += 1
                await asyncio.sleep(dice.choice((0.0, 0.0, 0.0, 0.01, 0.2)) * dice.random())

    async def _prober(self, port: int, seen: Round) -> None:
        """Look at readiness as an orchestrator does, each time on a new connection."""
        with suppress(OSError, EOFError):
            while True:
                async with connected(port) as wire:
                    seen.ready[(await wire.ask(READY))[0]] += 1
                await asyncio.sleep(0.02)

    async def _drained(self) -> bool:
        started = time.monotonic()
        while time.monotonic() - started < DRAIN_S:
            if self.database.open_work() == 0:
                return True
            await asyncio.sleep(0.1)
        return False

    def _report(self, rounds: Sequence[Round], *, drained: bool) -> Report:
        with closing(sqlite3.connect(self.database.path)) as connection:
            stored = int(connection.execute(STORED).fetchone()[0])
        answered = sum(each.statuses[200] for each in rounds)
        unanswered = sum(each.unanswered for each in rounds)
        found = [
            f"round {number}: {what}"
            for number, each in enumerate(rounds, 1)
            for what in each.violations()
        ]
        if not answered <= stored <= answered + unanswered:
            found.append(f"{answered} webhooks were answered with 200, {stored} are stored")
        if not drained:
            found.append(f"work was left {DRAIN_S} s after the last start")
        return Report(rounds=rounds, stored=stored, violations=[*found, *self.database.damage()])


async def _nowhere(_url: str, _headers: object, _body: bytes) -> int:
    return 200


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="orbion-sigterm-") as folder:
        drill = Drill(folder=Path(folder), rounds=given.rounds, seed=given.seed)
        report = asyncio.run(drill.run())
    sys.stdout.write(f"{report}\n")
    return 1 if report.violations else 0


if __name__ == "__main__":
    sys.exit(main())
