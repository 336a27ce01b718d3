"""Lanes and handlers that do what a test says and note it, on the virtual loop's clock."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NoReturn

from orbion.domain.lanes import Claim, Claimed, Queue
from orbion.simulators.virtual import VirtualClock, elapsed
from orbion.telemetry.metrics import Metrics
from orbion.workers.loop import Handler, LoopParts, LoopPolicy, QueueLoop
from orbion.workers.wakeups import Wakeups
from tests.usecases.stage import HighDice, counted

LAST_ATTEMPT = 4


def lane(key: str, *, attempts: int = 1) -> Claim:
    return Claim(
        queue=Queue.OUT,
        key=key,
        owner="w",
        token=1,
        ack=0,
        upto=1,
        attempts=attempts,
        crashes=0,
        alone=False,
    )


@dataclass(slots=True)
class ScriptedLanes:
    """`settled` has (verb, key, seconds) in order; `errors` are raised by the verb of their name.

    An error is raised once, then the verb works again.
    """

    waiting: list[Claim] = field(default_factory=list)
    next_due: int | None = None
    lost: set[str] = field(default_factory=set)
    errors: dict[str, Exception] = field(default_factory=dict)
    asked: list[tuple[float, int]] = field(default_factory=list)
    renewed: list[tuple[float, list[str]]] = field(default_factory=list)
    settled: list[tuple[str, str, float]] = field(default_factory=list)

    def put(self, *keys: str, attempts: int = 1) -> None:
        self.waiting += [lane(key, attempts=attempts) for key in keys]

    async def claim(self, queue: Queue, owner: str, limit: int) -> Claimed:
        assert (queue, owner) == (Queue.OUT, "w")
        self.asked.append((round(elapsed(), 3), limit))
        self._fail("claim")
        taken, self.waiting = self.waiting[:limit], self.waiting[limit:]
        return Claimed(claims=tuple(taken), next_due=self.next_due)

    async def heartbeat(self, claims: Sequence[Claim]) -> Sequence[Claim]:
        self.renewed.append((elapsed(), [claim.key for claim in claims]))
        self._fail("heartbeat")
        return [claim for claim in claims if claim.key in self.lost]

    async def snooze(self, claim: Claim, seconds: float) -> None:
        self.settled.append(("snooze", claim.key, seconds))
        self._fail("snooze")

    async def fail(self, claim: Claim, error: str, seconds: float) -> bool:
        self.settled.append((error, claim.key, seconds))
        self._fail("fail")
        return claim.attempts >= LAST_ATTEMPT

    async def finish(self, claim: Claim, ack: int) -> NoReturn:
        raise NotImplementedError(claim, ack)

    async def tasks(self, claim: Claim) -> NoReturn:
        raise NotImplementedError(claim)

    def _fail(self, verb: str) -> None:
        if verb in self.errors:
            raise self.errors.pop(verb)


class Work:
    """A handler that takes `seconds`, then raises `error` if there is one."""

    def __init__(self, seconds: float = 0.0, error: Exception | None = None) -> None:
        self.seconds = seconds
        self.error = error
        self.batches: list[list[str]] = []
        self.finished: list[tuple[float, str]] = []
        self.cancelled: list[tuple[float, str]] = []
        self.most = 0
        self._now = 0

    async def __call__(self, claims: Sequence[Claim]) -> None:
        self.batches.append([claim.key for claim in claims])
        self._now += 1
        self.most = max(self.most, self._now)
        try:
            await asyncio.sleep(self.seconds)
            if self.error is not None:
                raise self.error
            self.finished += [(elapsed(), claim.key) for claim in claims]
        except asyncio.CancelledError:
            self.cancelled += [(elapsed(), claim.key) for claim in claims]
            raise
        finally:
            self._now -= 1


def gauges(metrics: Metrics, name: str) -> dict[str, float]:
    return {
        next(iter(sample.labels.values()), ""): sample.value
        for metric in metrics.collect()
        for sample in metric.samples
        if sample.name == f"orbion_{name}"
    }


@dataclass(slots=True)
class Bench:
    """One loop over scripted lanes; make it inside the virtual loop."""

    lanes: ScriptedLanes = field(default_factory=ScriptedLanes)
    wakeups: Wakeups = field(default_factory=Wakeups)
    metrics: Metrics = field(default_factory=Metrics)
    policy: LoopPolicy = field(default_factory=lambda: LoopPolicy(slots=2))

    def loop(self, handler: Handler) -> QueueLoop:
        return QueueLoop(
            Queue.OUT,
            handler,
            policy=self.policy,
            parts=LoopParts(
                lanes=self.lanes,
                owner="w",
                wakeups=self.wakeups,
                clock=VirtualClock(),
                random=HighDice(),
                metrics=self.metrics,
            ),
        )

    async def run(self, handler: Handler, *, seconds: float, grace: float = 60) -> float:
        """Work until `seconds` have passed, stop, and return how long the stop took."""
        loop = self.loop(handler)
        running = asyncio.create_task(loop.run(grace))
        await asyncio.sleep(seconds)
        loop.stop()
        stopped = elapsed()
        await running
        return elapsed() - stopped

    def counted(self, name: str, *labels: str) -> float:
        return counted(self.metrics, name, *labels)
