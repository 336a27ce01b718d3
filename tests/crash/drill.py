"""kill -9 in the middle of conversations: what was lost, doubled, mixed up, and for how long?"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from orbion.adapters.http import build_client
from orbion.kit.clock import SystemClock
from orbion.simulators.evolution import EvolutionSimulator
from orbion.simulators.faults import SheetFaults
from tests.crash import faults
from tests.crash.databases import Database
from tests.crash.outside import (
    KEY,
    MODEL_KEY,
    SECRET,
    Addresses,
    Outside,
    google_key,
    wrong_rows,
)
from tests.crash.points import Point, Points
from tests.crash.process import Process, free_port
from tests.crash.report import Plan, Report
from tests.crash.service import GOOGLE
from tests.crash.zygote import Spawn
from tests.support.hidden import fates
from tests.support.judge import Evidence, Judge, Said
from tests.support.playbooks import solar_at_any_hour
from tests.support.sheets import SPREADSHEET
from tests.support.tokens import token

SEND_TIMEOUT, GRACE = 1.5, 3.0
PATIENCE_MS = 4_000  # a little less than both together
DIRECT_MS = 1_000
SETTLE_MS = 500
LEAST_START_MS = 60  # from spawn to the first byte it could send; a third of the fastest seen
DRAIN_S = 180.0
MESSAGES = 3
MODEL_DEADLINE = 15.0
LEASE = 3.0  # on PostgreSQL a killed process' lanes wait so long
POINT_S = 1.0
DOWN_S = 2.0
FUSES = (0.0, 0.0, 0.003, 0.015)
A_START_S = 0.25
A_MOMENT_S = 0.02


@dataclass(slots=True, kw_only=True)
class Gap:
    """When a life, or a database, ended, and when the next could do something; ms."""

    died_at: int
    born_at: int


@dataclass(slots=True, kw_only=True)
class Drill:
    """Everything but the service lives in this process and survives.

    The first life of each process is a program of its own; `spawn` starts the later ones.
    """

    plan: Plan
    folder: Path
    database: Database
    spawn: Spawn
    outage: Callable[[float], Awaitable[None]] = asyncio.sleep
    sheet: SheetFaults = faults.SHEET
    random: Random = field(init=False)
    clock: SystemClock = field(default_factory=SystemClock)
    evidence: Evidence = field(init=False)
    points: Counter[str] = field(default_factory=Counter)
    gaps: list[Gap] = field(default_factory=list)
    outages: list[Gap] = field(default_factory=list)
    lag: float = 0.0

    def __post_init__(self) -> None:
        self.random = Random(self.plan.seed)
        self.evidence = Evidence(patience=PATIENCE_MS, direct=DIRECT_MS, settle=SETTLE_MS)

    async def run(self) -> Report:
        ports = [free_port() for _ in range(self.plan.replicas)]
        async with build_client(connections=200) as client:
            outside = Outside(random=self.random, now=self.clock.now, port=ports[0], client=client)
            outside.sheet.faults = self.sheet
            async with outside.listening() as addresses:
                processes = [self._process(addresses, port) for port in ports]
                feeling = asyncio.create_task(self._feel_the_load())
                try:
                    drained = await self._play(outside, processes)
                    for each in processes:
                        await each.count_claims()
                finally:
                    feeling.cancel()
                    for each in processes:
                        each.kill()
        outside.tell(self.evidence)
        self._tell()
        return await asyncio.to_thread(self._report, outside, processes, drained)

    def _tell(self) -> None:
        """Hand over when nothing could be committed: no process was there, or no database."""
        gaps = sorted(self.gaps + self.outages, key=lambda each: each.died_at)
        self.evidence.deaths = [each.died_at for each in gaps]
        self.evidence.births = [each.born_at for each in gaps]
        self.evidence.settle += round(self.lag * 1000)

    def _process(self, addresses: Addresses, port: int) -> Process:
        usual = settings(self.folder, self.database.url, addresses.gateway, port)
        return Process(
            folder=self.folder,
            settings={**usual, **modelled(addresses), **mirrored(self.folder)},
            port=port,
            now=self.clock.now,
            waiting=self.database.waiting,
            environment={GOOGLE: addresses.google},
        )

    async def _play(self, outside: Outside, processes: Sequence[Process]) -> float | None:
        await asyncio.gather(*(each.start() for each in processes))
        for each in processes:
            each.spawn = self.spawn
        async with asyncio.TaskGroup() as group:
            for number in range(self.plan.conversations):
                group.create_task(self._customer(outside.gateway, number))
            group.create_task(self._kills(outside, processes))
            group.create_task(self._outages())
        outside.heal()
        return await self._drain(outside.gateway)

    async def _customer(self, gateway: EvolutionSimulator, number: int) -> None:
        dice, phone = Random(self.random.random()), f"551198{number:07d}"
        await asyncio.sleep(dice.uniform(0, self.plan.span))
        for index in range(MESSAGES):
            word = token(number, index)
            key_id = gateway.customer_says("loja", phone, f"oi {word}")
            at = self.clock.now()
            said = Said(phone=phone, index=index, token=word, key_id=key_id, at=at)
            self.evidence.said.append(said)
            await asyncio.sleep(dice.choice((0.05, 0.5, 2.0)) * dice.random() * 2)

    async def _kills(self, outside: Outside, processes: Sequence[Process]) -> None:
        pause, places = self.plan.span / self.plan.kills, list(Point)
        while self.points.total() < self.plan.kills:
            started = time.monotonic()
            process, point = self.random.choice(processes), self.random.choice(places)
            await asyncio.sleep(self.random.uniform(0, 0.5) * pause)
            await process.count_claims()
            if point is Point.STARTING:
                self._die(process, Point.ANY)
                await process.begin()
                self._born(process)
                await asyncio.sleep(self.random.uniform(0, A_START_S))
                self._die(process, point)
            else:
                await self._kill_at(outside.points, process, point)
            await process.start()
            self._born(process)
            left = self.random.uniform(0.5, 1.5) * pause - (time.monotonic() - started)
            await asyncio.sleep(max(0.0, left))

    async def _outages(self) -> None:
        """Let the database server crash again and again, and come back."""
        pause = self.plan.span / max(1, self.plan.restarts)
        for _ in range(self.plan.restarts):
            await asyncio.sleep(self.random.uniform(0.2, 1.0) * pause)
            started = self.clock.now()
            await self.outage(self.random.uniform(0, DOWN_S))
            self.outages.append(Gap(died_at=started, born_at=self.clock.now()))

    async def _feel_the_load(self) -> None:
        """Note how late this process runs: what the service has to do is as late."""
        while True:
            started = time.monotonic()
            await asyncio.sleep(A_MOMENT_S)
            late = time.monotonic() - started - A_MOMENT_S
            self.lag = max(self.lag, late)

    async def _kill_at(self, points: Points, process: Process, point: Point) -> None:
        """Kill in the step that reaches the point, or a moment later; else at any instant."""
        died = asyncio.Event()
        fuse = self.random.choice(FUSES) * self.random.random()

        def die() -> None:
            self._die(process, point)
            died.set()

        def burn() -> None:
            asyncio.get_running_loop().call_later(fuse, die)

        points.arm(point, burn if fuse else die)
        try:
            async with asyncio.timeout(POINT_S if point is not Point.ANY else 0):
                await died.wait()
        except TimeoutError:
            if points.disarm():
                self._die(process, Point.ANY)
            else:
                await died.wait()

    def _die(self, process: Process, point: Point) -> None:
        process.strike()
        died_at = self.clock.now()
        self.gaps.append(Gap(died_at=died_at, born_at=died_at))
        self.points[point] += 1

    def _born(self, process: Process) -> None:
        """What a living replica sends after a death is not the dead one's."""
        if self.plan.replicas == 1:
            self.gaps[-1].born_at = process.born_at
        self.gaps[-1].born_at += LEAST_START_MS

    async def _drain(self, gateway: EvolutionSimulator) -> float | None:
        """Seconds until nothing waits any more; None when that takes too long."""
        started = time.monotonic()
        while time.monotonic() - started < DRAIN_S:
            pending = any(each.outcome == "pending" for each in gateway.deliveries)
            if not pending and await asyncio.to_thread(self.database.open_work) == 0:
                return time.monotonic() - started
            await asyncio.sleep(0.1)
        return None

    def _report(
        self, outside: Outside, processes: Sequence[Process], drained: float | None
    ) -> Report:
        judge = Judge(evidence=self.evidence)
        late = [] if drained is not None else [f"I4 not drained after {DRAIN_S} s"]
        phones = {each.phone for each in self.evidence.said}
        rows = wrong_rows(outside.sheet, phones)
        failed = sum(each.failed_starts for each in processes) if not self.plan.restarts else 0
        ended = [f"bug: {failed} starts failed"] if failed else []
        return Report(
            plan=self.plan,
            said=len(self.evidence.said),
            acknowledged=sum(each.key_id in judge.acknowledged for each in self.evidence.said),
            accepted=len(self.evidence.journal),
            duplicates=judge.duplicates()[0],
            by_playbook=sum(map(judge.fell_back, self.evidence.said)),
            hidden=fates(judge),
            points=self.points,
            faults=outside.fates(),
            starts=[start for each in processes for start in each.starts],
            claimed=[each.claimed for each in processes],
            drained=drained,
            violations=[*late, *ended, *judge.violations(), *rows, *self.database.damage()],
        )


def settings(folder: Path, database: str, gateway: str, port: int) -> dict[str, str]:
    return {
        "port": str(port),
        "database_url": database,
        "sheets_folder": f"{folder}/leads",
        "account": "loja",
        "playbook": str(solar_at_any_hour(folder)),
        "business": "sol",
        "evolution_url": gateway,
        "evolution_instance": "loja",
        "evolution_api_key": KEY,
        "evolution_webhook_secret": SECRET,
        "log_level": "WARNING",
        "quiet_min": "0.1",
        "quiet_max": "0.4",
        "quiet_cap": "1.0",
        "typing_speed": "0",
        "send_timeout": str(SEND_TIMEOUT),
        "unknown_grace": str(GRACE),
        "breaker_open": "1.0",
        "lease": str(LEASE),
        "sends_per_second": "1000",
        "sends_per_minute": "60000",
        "sends_per_hour": "1000000",
        "turns_per_minute": "600",
        "disk_reserve": "0",
    }


def modelled(addresses: Addresses) -> Mapping[str, str]:
    """Settings of a service whose answers a model words."""
    return {
        "llm": "openai",
        "openai_base_url": addresses.model,
        "openai_api_key": MODEL_KEY,
        "model_deadline": str(MODEL_DEADLINE),
    }


def mirrored(folder: Path) -> Mapping[str, str]:
    """Settings of a service whose leads go to Google."""
    return {"sheet_id": SPREADSHEET, "google_key_file": google_key(folder)}
