"""A conversation with the use case that replies, on a real store."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from orbion.adapters.db.schema import (
    OUTBOX,
    TURN,
)
from orbion.adapters.db.store import DbStore
from orbion.domain.lanes import Queue
from orbion.domain.messages import Message
from orbion.domain.turns import Bubble, TurnInput, TurnResult, Verdict
from orbion.telemetry.metrics import Metrics
from orbion.usecases.reply import Reply, ReplyPolicy
from tests.contract.scenes import claim_one, column, receive
from tests.support.playbooks import solar
from tests.support.stores import HandClock, hello
from tests.usecases.stage import counted, nothing


@dataclass(slots=True)
class Talk:
    """The use case on a real store; `meanwhile` happens while the agent thinks."""

    store: DbStore
    clock: HandClock
    meanwhile: Callable[[], Awaitable[object]] = nothing
    asked: list[tuple[TurnInput, Sequence[Message]]] = field(default_factory=list)
    metrics: Metrics = field(default_factory=Metrics)
    woken: list[Queue] = field(default_factory=list)
    heard: int = 0
    owner: str | None = None

    async def hear(self, *texts: str) -> None:
        for text in texts:
            self.heard += 1
            await receive(self.store, hello(self.heard, text=text))

    async def work(self) -> None:
        await self.reply(await claim_one(self.store, Queue.IN))

    async def turn(self, *texts: str) -> str:
        """Hear these, take one turn and return its verdict."""
        await self.hear(*texts)
        await self.work()
        return str((await column(self.store, TURN.c.verdict))[-1])

    def turns(self, verdict: Verdict) -> float:
        return counted(self.metrics, "turns_total", verdict)

    @property
    def reply(self) -> Reply:
        return Reply(
            turns=self.store,
            lanes=self.store,
            answer=self._answer,
            playbooks={"loja": solar()},
            owner_of=lambda _account: self.owner,
            policy=ReplyPolicy(turns_per_minute=3),
            clock=self.clock,
            metrics=self.metrics,
            wake=self.woken.append,
        )

    async def _answer(
        self, turn_id: int, given: TurnInput, history: Sequence[Message]
    ) -> TurnResult:
        assert turn_id == len(await column(self.store, TURN.c.id))
        self.asked.append((given, history))
        self.clock.pass_(2)
        await self.meanwhile()
        return TurnResult(verdict=Verdict.ANSWERED, bubbles=(Bubble(text="olá"),))


async def bubbles(talk: Talk) -> list[object]:
    return await column(talk.store, OUTBOX.c.text)
