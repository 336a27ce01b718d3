"""The simulated gateway of the load runs, its customers, and what became of their messages."""

import asyncio
import sqlite3
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

from loadtests.http1 import HOST, Pool
from loadtests.processes import GATEWAY_KEY
from loadtests.webhooks import ACCOUNT, AUTHENTIC, PATH
from orbion.kit.clock import SystemClock
from orbion.simulators.evolution import EvolutionSimulator
from orbion.simulators.evolution_shapes import person
from orbion.simulators.evolution_store import Instance, Webhook
from orbion.simulators.faults import EvolutionFaults
from orbion.simulators.tcp import serve

PATIENCE_SECONDS: Final = 60.0
SETTLING_SECONDS: Final = 1.5
QUESTIONS: Final = (
    "Oi, boa tarde",
    "Quanto custa um kit de energia solar?",
    "Minha conta vem uns R$ 450 por mês",
    "Vocês atendem em Campinas?",
    "Qual é o horário de vocês?",
    "Onde fica a loja?",
    "Dá pra parcelar?",
    "Quanto tempo demora a instalação?",
    "É casa própria, telhado de cerâmica",
    "Tem garantia?",
)


@dataclass(slots=True, kw_only=True)
class Question:
    """A customer's message; times from the performance counter, None = not yet."""

    jid: str
    asked_at: float
    answered_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What the gateway's own journal says at the end; all times in seconds."""

    sent: int
    acknowledged: int
    answered: int
    bubbles: int
    repeated: int
    disordered: int
    acks: Sequence[float]
    answers: Sequence[float]

    @property
    def lost(self) -> int:
        return self.sent - self.answered


class Customers:
    """Customers of one number behind the simulated gateway, which posts to `service_port`."""

    def __init__(self, service_port: int) -> None:
        self._pool = Pool()
        self._acks: list[float] = []
        self._read = 0
        self._questions: list[Question] = []
        self._open: defaultdict[str, list[tuple[Question, asyncio.Future[None]]]]
        self._open = defaultdict(list)
        webhook = Webhook(url=f"http://{HOST}:{service_port}{PATH}", headers=dict(AUTHENTIC))
        self.simulator = EvolutionSimulator(
            [Instance(name=ACCOUNT, token="a-token", webhook=webhook)],  # noqa: S106 simulated
            api_key=GATEWAY_KEY,
            random=Random(1),
            now=SystemClock().now,
            faults=EvolutionFaults(),
            deliver=self._deliver,
        )

    @asynccontextmanager
    async def listening(self, port: int) -> AsyncGenerator[None]:
        """Serve the gateway's side and watch for answers until the end."""
        async with serve(self.simulator, host=HOST, port=port):
            watching = asyncio.create_task(self._watch())
            try:
                yield
            finally:
                watching.cancel()
                self.simulator.close()
                self._pool.close()

    async def ask(self, phone: str, text: str) -> Question:
        """Write and wait for the first bubble, at most `PATIENCE_SECONDS`."""
        question = Question(jid=person(phone), asked_at=time.perf_counter())
        answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._questions.append(question)
        self._open[question.jid].append((question, answered))
        self.simulator.customer_says(ACCOUNT, phone, text, name="Cliente")
        await asyncio.wait({answered}, timeout=PATIENCE_SECONDS)
        return question

    async def settled(self) -> None:
        """Wait until nobody waits for an answer any more and nothing is on its way."""
        waiting = [answered for asked in self._open.values() for _, answered in asked]
        if waiting:
            await asyncio.wait(waiting, timeout=PATIENCE_SECONDS)
        await asyncio.sleep(SETTLING_SECONDS)
        await self.simulator.drained()

    def tally(self, database: Path) -> Tally:
        """Count; the service's own rows tell which of the gateway's accepts were one too many."""
        arrivals = [each for each in self.simulator.deliveries if each.event == "messages.upsert"]
        rows = _rows_sent(database)
        waits = [q.answered_at - q.asked_at for q in self._questions if q.answered_at is not None]
        return Tally(
            sent=len(self._questions),
            acknowledged=sum(each.outcome == "delivered" for each in arrivals),
            answered=len(waits),
            bubbles=len(self.simulator.journal),
            repeated=len(self.simulator.journal) - len(rows),
            disordered=self._disordered(rows),
            acks=self._acks,
            answers=waits,
        )

    async def _deliver(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        started = time.perf_counter()
        status = await self._pool.post(url, headers, body)
        self._acks.append(time.perf_counter() - started)
        return status

    async def _watch(self) -> None:
        journal = self.simulator.journal
        while True:
            await self.simulator.wait_for(lambda: len(journal) > self._read)
            for accepted in journal[self._read :]:
                for question, answered in self._open.pop(accepted.jid, ()):
                    question.answered_at = time.perf_counter()
                    answered.set_result(None)
            self._read = len(journal)

    def _disordered(self, rows: Mapping[str, int]) -> int:
        """Bubbles that reached their customer before one that was written earlier."""
        last: dict[str, int] = {}
        count = 0
        for accepted in self.simulator.journal:
            row = rows.get(accepted.id, 0)
            count += row < last.get(accepted.jid, 0)
            last[accepted.jid] = max(row, last.get(accepted.jid, 0))
        return count


def _rows_sent(database: Path) -> Mapping[str, int]:
    """The service's rows that were tried, by their gateway id or, without one, by their own."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return dict(
            connection.execute(
                "SELECT coalesce(provider_id, 'row ' || id), id FROM outbox"
                " WHERE sending_at IS NOT NULL"
            ).fetchall()
        )
