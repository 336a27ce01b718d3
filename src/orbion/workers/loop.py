"""The loop of one queue: claim what is due, work it, keep the leases, stop gracefully."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from random import Random

from orbion.domain.errors import FaultCode, LeaseLostError, UnavailableError, code_of
from orbion.domain.lanes import Claim, Queue
from orbion.kit.clock import Clock
from orbion.kit.health import Heartbeat
from orbion.kit.retry import full_jitter
from orbion.ports import Lanes
from orbion.telemetry.logs import LEASE_LOST, TASK_DEAD, TASK_FAILED, WORKER_FAILED, log
from orbion.telemetry.metrics import Metrics
from orbion.workers.wakeups import Wakeups

Handler = Callable[[Sequence[Claim]], Awaitable[None]]
_BREATH = 0.01  # seconds between looks at a due lane that another worker has just locked


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopPolicy:
    """`slots` handlers run at once, each with up to `portion` lanes; times in seconds."""

    slots: int
    portion: int = 1
    poll: float = 1.0
    lease: float = 15.0
    retry_base: float = 1.0
    retry_cap: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopParts:
    """What all loops of a process share; `owner` is the name its leases carry."""

    lanes: Lanes
    owner: str
    wakeups: Wakeups
    clock: Clock
    random: Random
    metrics: Metrics


class QueueLoop:
    """Holds the running claims of one queue; `run` returns only after they ended."""

    def __init__(
        self, queue: Queue, handler: Handler, *, policy: LoopPolicy, parts: LoopParts
    ) -> None:
        self.queue = queue
        self.heartbeat = Heartbeat(parts.clock)
        self._handle = handler
        self._policy = policy
        self._lanes = parts.lanes
        self._owner = parts.owner
        self._wakeups = parts.wakeups
        self._clock = parts.clock
        self._random = parts.random
        self._metrics = parts.metrics
        self._running: dict[asyncio.Task[None], Sequence[Claim]] = {}
        self._stopping = False

    def stop(self) -> None:
        """Claim nothing more; what runs may finish."""
        self._stopping = True
        self._wakeups(self.queue)

    async def run(self, grace: float) -> None:
        """Work until `stop`, wait `grace` seconds, then give the rest back, attempts refunded."""
        renewing = asyncio.create_task(self._renew())
        try:
            while not self._stopping:
                self.heartbeat.beat()
                await self._wakeups.wait(self.queue, await self._claim())
            if self._running:
                await asyncio.wait(self._running, timeout=grace)
        finally:
            renewing.cancel()
            await self._abandon()

    async def _claim(self) -> float:
        """Start what is due; returns the seconds until there may be more.

        A store that is down must not cost what runs its lease: wait and ask it again.
        """
        policy = self._policy
        free = policy.slots - len(self._running)
        if free <= 0:
            return policy.poll
        limit = free * policy.portion
        try:
            claimed = await self._lanes.claim(self.queue, self._owner, limit)
        except UnavailableError as error:
            self._metrics.failures.add(error, error.code, self._clock.now())
            log(WORKER_FAILED, logging.WARNING, queue=self.queue, error_code=error.code)
            return error.retry_after
        for start in range(0, len(claimed.claims), policy.portion):
            self._start(claimed.claims[start : start + policy.portion])
        if len(claimed.claims) == limit:
            return policy.poll
        if claimed.next_due is None:
            return policy.poll
        return min(policy.poll, max(_BREATH, (claimed.next_due - self._clock.now()) / 1000))

    def _start(self, claims: Sequence[Claim]) -> None:
        self._metrics.tasks_claimed.inc(
            self.queue, amount=sum(claim.upto - claim.ack for claim in claims)
        )
        task = asyncio.create_task(self._work(claims))
        self._running[task] = claims
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._running[task]
        self._wakeups(self.queue)
        if task.cancelled() or (error := task.exception()) is None:
            return
        if isinstance(error, LeaseLostError):
            self._lost(1)
        else:
            log(TASK_FAILED, logging.ERROR, error, queue=self.queue, settled=False)

    async def _work(self, claims: Sequence[Claim]) -> None:
        try:
            await self._handle(claims)
        except LeaseLostError:
            self._lost(len(claims))
        except UnavailableError as error:
            for claim in claims:
                await self._lanes.snooze(claim, error.retry_after)
        except Exception as error:  # noqa: BLE001 a bug: logged, retried a few times, then dead
            for claim in claims:
                await self._fail(claim, error)

    async def _fail(self, claim: Claim, error: Exception) -> None:
        code = code_of(error)
        if code is FaultCode.BUG:  # what came from outside its guard has counted
            self._metrics.failures.add(error, code, self._clock.now())
        wait = full_jitter(
            claim.attempts,
            base=self._policy.retry_base,
            cap=self._policy.retry_cap,
            random=self._random,
        )
        try:
            died = await self._lanes.fail(claim, code, wait)
        except LeaseLostError:  # or the handler settled this one before another failed
            self._lost(1)
            return
        if died:
            self._metrics.dead_letters.inc(self.queue, code)
        log(
            TASK_DEAD if died else TASK_FAILED,
            logging.ERROR,
            error,
            queue=self.queue,
            lane=claim.key,
            attempts=claim.attempts,
            error_code=code,
        )

    async def _renew(self) -> None:
        """Heartbeat all leases in one write; the handler of a lost one is cancelled."""
        while True:
            await asyncio.sleep(self._policy.lease / 3)
            held = [claim for claims in self._running.values() for claim in claims]
            if not held:
                continue
            try:
                lost = set(await self._lanes.heartbeat(held))
            except UnavailableError as error:
                log(LEASE_LOST, logging.WARNING, queue=self.queue, error_code=error.code)
                continue
            for task, claims in list(self._running.items()):
                if lost.intersection(claims):
                    task.cancel()
                    self._lost(len(claims))

    def _lost(self, lanes: int) -> None:
        self._metrics.lane_lost.inc(self.queue, amount=lanes)
        log(LEASE_LOST, logging.WARNING, queue=self.queue, lanes=lanes)

    async def _abandon(self) -> None:
        """Cancel what is left and give its lanes back at once."""
        left = dict(self._running)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        for claim in [claim for claims in left.values() for claim in claims]:
            try:
                await self._lanes.snooze(claim, 0)
            except (LeaseLostError, UnavailableError):
                self._lost(1)
