"""Many messages at once to one number in virtual time: what is stored, answered, and how fast."""

import asyncio
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random

import httpx

from orbion.kit.ids import new_trace
from orbion.main.build import running
from orbion.main.world import World
from orbion.simulators.evolution import EvolutionSimulator
from orbion.simulators.evolution_store import Instance, Webhook
from orbion.simulators.faults import EvolutionFaults
from orbion.web.app import create_app
from tests.simulation.life import (
    BEARER,
    HOOK,
    KEY,
    at_once,
    no_lifespan,
    open_work,
    settings,
    slow_disk,
    watched,
    with_state,
)
from tests.support.virtual import Life, SimLoop

STORED = "SELECT count(*) FROM message WHERE direction = 'in'"
TURNS = "SELECT started_at FROM turn ORDER BY started_at"
UNHANDLED = "SELECT count(*) FROM message WHERE direction = 'in' AND outcome = 'open'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Times in ms UTC; `answers` counts the statuses of the webhooks."""

    answers: Counter[int]
    stored: int
    unhandled: int
    turns: Sequence[int]
    sends: Sequence[int]
    bugs: Sequence[str]


@dataclass(kw_only=True)
class Flood:
    """`said` is who writes when: a phone and seconds from the start."""

    said: Sequence[tuple[str, float]]
    folder: Path
    template: Path
    changes: Mapping[str, object]
    faults: EvolutionFaults = field(default_factory=EvolutionFaults)
    web: httpx.AsyncClient | None = None
    answers: Counter[int] = field(default_factory=Counter)
    bugs: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.loop = SimLoop(Random(3))
        self.life = Life(number=1)
        self.database = self.folder / "orbion.db"
        self.gateway = EvolutionSimulator(
            [Instance(name="loja", token="t", webhook=Webhook(url=HOOK, headers=BEARER))],
            api_key=KEY,
            random=Random(5),
            now=self.loop.now,
            faults=self.faults,
            deliver=self._post,
        )

    def run(self) -> Seen:
        self.database.write_bytes(self.template.read_bytes())
        try:
            with watched(self.bugs):
                self.loop.run_until_complete(self._play())
        finally:
            with watched([]):
                self.loop.bury()
        with closing(sqlite3.connect(self.database)) as connection:
            return Seen(
                answers=self.answers,
                stored=connection.execute(STORED).fetchone()[0],
                unhandled=connection.execute(UNHANDLED).fetchone()[0],
                turns=[row[0] for row in connection.execute(TURNS)],
                sends=[accepted.at for accepted in self.gateway.journal],
                bugs=[*self.bugs, *self.loop.failures],
            )

    async def _play(self) -> None:
        living = self.loop.begin(self.life, self._live())
        async with asyncio.TaskGroup() as group:
            for number, (phone, at) in enumerate(self.said):
                group.create_task(self._say(phone, at + 1.0, f"quanto custa o kit {number}?"))
        async with asyncio.timeout(7_200):
            while open_work(self.database):
                await asyncio.sleep(1.0)
        self.bugs += [f"bug: the service ended: {living}"] if living.done() else []
        self.life.kill()

    async def _say(self, phone: str, at: float, text: str) -> None:
        await asyncio.sleep(at)
        self.gateway.customer_says("loja", phone, text)

    async def _live(self) -> None:
        dice = Random(7)
        world = World(
            clock=self.loop,
            random=Random(9),
            transport=httpx.ASGITransport(app=self.gateway),
            executor=lambda _: slow_disk(dice),
            run_blocking=at_once,
        )
        app = create_app(no_lifespan, new_trace=partial(new_trace, Random(1)))
        chosen = settings(self.folder, typing=True, hurry=False, others=self.changes)
        async with running(chosen, world) as service:
            self.web = httpx.AsyncClient(
                transport=httpx.ASGITransport(
                    app=with_state(app, service.state), client=("10.0.0.7", 5000)
                )
            )
            await asyncio.get_running_loop().create_future()

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        status: int = await self.loop.begin(self.life, self._answered(url, headers, body))
        return status

    async def _answered(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        assert self.web is not None
        answer = await self.web.post(url, headers=dict(headers), content=body)
        self.answers[answer.status_code] += 1
        return answer.status_code


def play_flood(
    said: Sequence[tuple[str, float]],
    *,
    template: Path,
    changes: Mapping[str, object],
    faults: EvolutionFaults | None = None,
) -> Seen:
    with tempfile.TemporaryDirectory(prefix="flood-", dir=template.parent) as folder:
        return Flood(
            said=said,
            folder=Path(folder),
            template=template,
            changes=changes,
            faults=faults or EvolutionFaults(),
        ).run()


def busiest(times: Sequence[int], span_ms: int) -> int:
    """The most that any span holds, wherever it starts."""
    return max(sum(at <= other < at + span_ms for other in times) for at in times)
