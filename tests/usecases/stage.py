"""A gateway and a sheet that answer what a test decides, dice that fall high, and counts."""

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import NoReturn

from orbion.adapters.db.schema import LANE
from orbion.adapters.db.store import DbStore
from orbion.domain.events import WebhookRequest
from orbion.domain.lanes import Queue
from orbion.domain.leads import LeadRow
from orbion.domain.outbox import SendReceipt, SentRecord
from orbion.domain.outgoing import Outgoing
from orbion.telemetry.metrics import Metrics
from tests.contract.scenes import rows


async def nothing() -> None:
    """Happen not."""


@dataclass(slots=True)
class ScriptedChannel:
    """Answers each send with the next of `answers`, then with accepts WA1, WA2 …"""

    answers: deque[SendReceipt | Exception] = field(default_factory=deque)
    remembers: Sequence[SentRecord] | Exception = ()
    on_typing: Callable[[], Awaitable[None]] = nothing
    on_send: Callable[[], Awaitable[None]] = nothing
    on_read: Callable[[], Awaitable[None]] = nothing
    on_look: Callable[[], Awaitable[None]] = nothing
    outgoing: list[Outgoing] = field(default_factory=list)
    read: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    happened: list[str] = field(default_factory=list)
    shown: list[tuple[str, float]] = field(default_factory=list)
    looked: list[tuple[tuple[str, ...], int, int]] = field(default_factory=list)

    @property
    def sent(self) -> list[str]:
        return [what.removeprefix("send ") for what in self.happened if what.startswith("send ")]

    async def send(self, address: str, outgoing: Outgoing) -> SendReceipt:
        assert address.endswith("@s.whatsapp.net")
        self.happened.append(f"send {outgoing.content.text}")
        self.outgoing.append(outgoing)
        await self.on_send()
        given = self.answers.popleft() if self.answers else None
        if isinstance(given, Exception):
            raise given
        return given or SendReceipt(provider_id=f"WA{len(self.sent)}")

    async def typing(self, address: str, seconds: float) -> None:
        self.happened.append("typing")
        self.shown.append((address, seconds))
        await self.on_typing()

    async def mark_read(self, address: str, provider_ids: Sequence[str]) -> None:
        self.read.append((address, tuple(provider_ids)))
        await self.on_read()

    async def find_sent(
        self, addresses: Sequence[str], *, since: int, until: int, message_id: str
    ) -> Sequence[SentRecord]:
        assert message_id == self.outgoing[-1].message_id if self.outgoing else message_id
        self.looked.append((tuple(addresses), since, until))
        await self.on_look()
        if isinstance(self.remembers, Exception):
            raise self.remembers
        return self.remembers

    def verify(self, request: WebhookRequest) -> NoReturn:
        raise NotImplementedError(request)

    def parse(self, body: bytes) -> NoReturn:
        raise NotImplementedError(body)


@dataclass(slots=True)
class ScriptedSheet:
    writes: list[Sequence[LeadRow]] = field(default_factory=list)
    error: Exception | None = None
    again: frozenset[int] = frozenset()

    async def upsert(self, rows: Sequence[LeadRow]) -> frozenset[int]:
        if self.error is not None:
            raise self.error
        self.writes.append(rows)
        return self.again

    async def read(self, business: str) -> NoReturn:
        raise NotImplementedError(business)

    async def cells(self, business: str, tab: str, area: str) -> NoReturn:
        raise NotImplementedError(business, tab, area)

    async def reach(self) -> NoReturn:
        raise NotImplementedError


class HighDice(Random):
    """Jitter is always as long as it may be."""

    def uniform(self, a: float, b: float) -> float:
        return max(a, b)


def counted(metrics: Metrics, name: str, *labels: str) -> float:
    """Read one sample; 0.0 if it was never counted."""
    for metric in metrics.collect():
        for sample in metric.samples:
            if sample.name == f"orbion_{name}" and set(labels) <= set(sample.labels.values()):
                return sample.value
    return 0.0


async def due(store: DbStore, queue: Queue) -> int | None:
    """When the only lane of the queue wants to run, ms UTC; None = idle."""
    found = await rows(store, LANE.c.queue, LANE.c.due_at)
    ((_, at),) = [row for row in found if row[0] == queue]
    assert at is None or isinstance(at, int)
    return at
