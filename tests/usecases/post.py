"""The delivery on a real store, between a scripted gateway and the test's own clock."""

from dataclasses import dataclass, field
from typing import TypeVar

from orbion.adapters.db.schema import OUTBOX
from orbion.adapters.db.store import DbStore
from orbion.adapters.db.tx import Body, Database
from orbion.domain.errors import (
    FaultCode,
    UnavailableError,
    UnknownOutcomeError,
)
from orbion.domain.lanes import Queue
from orbion.kit.limiter import Limiter, OwnPace, Rate
from orbion.telemetry.metrics import Metrics
from orbion.usecases.deliver import Deliver, DeliveryPolicy
from tests.contract.scenes import answer, claim_one, receive, rows
from tests.support.stores import HandClock, hello
from tests.usecases.stage import HighDice, ScriptedChannel, counted

MARIA = "5511900000001@s.whatsapp.net"
T = TypeVar("T")
LOST = UnknownOutcomeError(FaultCode.WHATSAPP_UNKNOWN_OUTCOME, "no answer")
DOWN = UnavailableError(FaultCode.WHATSAPP_UNREACHABLE, "no connection", retry_after=7.0)


@dataclass(slots=True)
class Busy:
    """A database that refuses the next `times` writes, and says to come again in `seconds`."""

    inner: Database
    times: int = 0
    seconds: float = 0.0

    async def read(self, body: Body[T]) -> T:
        return await self.inner.read(body)

    async def write(self, body: Body[T]) -> T:
        if self.times:
            self.times -= 1
            raise UnavailableError(FaultCode.DB_BUSY, "busy", retry_after=self.seconds)
        return await self.inner.write(body)


@dataclass(slots=True)
class Post:
    """What may be set, is set before the first `work`."""

    store: DbStore
    clock: HandClock
    policy: DeliveryPolicy = field(default_factory=lambda: DeliveryPolicy(characters_per_second=0))
    rate: Rate = field(default_factory=lambda: Rate(100, 1.0))
    channel: ScriptedChannel = field(default_factory=ScriptedChannel)
    metrics: Metrics = field(default_factory=Metrics)
    woken: list[Queue] = field(default_factory=list)
    made: list[Deliver] = field(default_factory=list)

    async def work(self) -> None:
        """Claim what is due and deliver it."""
        if not self.made:
            self.made.append(self._make())
        await self.made[0](await claim_one(self.store, Queue.OUT))

    async def queue(self, *texts: str, number: int = 1) -> None:
        await receive(self.store, hello(number))
        await answer(self.store, *texts)

    def outcomes(self, *words: str) -> list[float]:
        return [counted(self.metrics, "outbound_total", word) for word in words]

    def resolved(self, how: str) -> float:
        return counted(self.metrics, "outbound_ambiguous_total", how)

    def _make(self) -> Deliver:
        return Deliver(
            outbox=self.store,
            lanes=self.store,
            channels={"loja": self.channel},
            pacing=OwnPace(Limiter([self.rate], clock=self.clock)),
            policy=self.policy,
            clock=self.clock,
            random=HighDice(),
            metrics=self.metrics,
            wake=self.woken.append,
        )


async def settled(post: Post) -> list[tuple[object, ...]]:
    return list(await rows(post.store, OUTBOX.c.state, OUTBOX.c.error, OUTBOX.c.provider_id))
