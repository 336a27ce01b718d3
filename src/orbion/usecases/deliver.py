"""Send one bubble effectively once: commit as sending, send, settle, or look before resending."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from itertools import count
from random import Random
from typing import Any

from orbion.domain.errors import (
    FaultCode,
    LeaseLostError,
    RefusedError,
    UnavailableError,
    UnknownOutcomeError,
)
from orbion.domain.lanes import Claim, Queue
from orbion.domain.messages import MessageKind
from orbion.domain.outbox import (
    Draft,
    OutboxState,
    SendOrder,
    SendReceipt,
    SentRecord,
    Skipped,
    VerifyOrder,
)
from orbion.domain.outgoing import is_file, is_same
from orbion.kit.clock import Clock
from orbion.kit.limiter import Pace
from orbion.kit.retry import full_jitter
from orbion.ports import Channel, Lanes, Outbox
from orbion.telemetry.logs import DELIVERY, log
from orbion.telemetry.metrics import Metrics
from orbion.usecases.reply import Wake

_CLOCK_SKEW_MS = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryPolicy:
    """Seconds, except `characters_per_second`: how fast a person would type (0 = no typing).

    `courtesy` is how long a receipt or a presence may be late before it is given up. A place in
    the account's pace is waited for while it is near, `nearest` before the typing begins and
    `near` after it; for one that is farther away the lane makes room.
    """

    send_timeout: float = 35.0
    file_timeout: float = 120.0
    grace: float = 10.0
    first_look: float = 2.0
    retry_base: float = 1.0
    retry_cap: float = 60.0
    characters_per_second: float = 25.0
    typing_least: float = 0.6
    typing_most: float = 4.0
    courtesy: float = 1.0
    nearest: float = 1.0
    near: float = 4.0
    read_receipts: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliver:
    """Works the head of one recipient's lane; order and «one in flight» are the lane's."""

    outbox: Outbox
    lanes: Lanes
    channels: Mapping[str, Channel]
    pacing: Pace
    policy: DeliveryPolicy
    clock: Clock
    random: Random
    metrics: Metrics
    wake: Wake

    async def __call__(self, claim: Claim) -> None:
        draft = await self.outbox.draft(claim)
        if draft is None or draft.state is not OutboxState.PENDING:
            await self._decide(claim, draft)
            return
        ahead = await self.pacing.look(draft.account)
        if ahead.wait > self.policy.nearest:
            await self.lanes.snooze(claim, ahead.wait)
            return
        async with self._reading(draft):
            await self._type(draft)
            place = await self.pacing.reserve(draft.account, at_most=self.policy.near)
            if not place.allowed:
                await self.lanes.snooze(claim, place.wait)
                return
            if place.wait > 0:
                await asyncio.sleep(place.wait)
            await self._decide(claim, draft)

    async def _decide(self, claim: Claim, draft: Draft | None) -> None:
        match await self.outbox.begin_send(claim):
            case SendOrder() as order:
                await self._send(claim, order)
            case VerifyOrder() as order:
                await self._verify(claim, order)
            case skipped:
                self._skipped(draft, skipped)
        self.wake(Queue.OUT)

    def _reading(self, draft: Draft) -> AbstractAsyncContextManager[None]:
        """Show what this answers as read, while it is typed and sent: it waits for no receipt."""
        if not (self.policy.read_receipts and draft.unread):
            return nullcontext()
        channel = self.channels[draft.account]
        return self._beside(channel.mark_read(draft.address, draft.unread))

    async def _type(self, draft: Draft) -> None:
        """Show «typing…» for as long as a person would need; a failure here means nothing."""
        policy = self.policy
        if policy.characters_per_second <= 0 or draft.kind is MessageKind.REACTION:
            return
        natural = len(draft.text) / policy.characters_per_second
        seconds = min(max(natural, policy.typing_least), policy.typing_most)
        channel = self.channels[draft.account]
        async with self._beside(channel.typing(draft.address, seconds)):
            await asyncio.sleep(seconds)

    @asynccontextmanager
    async def _beside(self, courtesy: Coroutine[Any, Any, None]) -> AsyncGenerator[None]:
        """Run it beside the block, let it be a little late, then give it up."""
        running = asyncio.ensure_future(courtesy)
        try:
            yield
            await asyncio.wait({running}, timeout=self.policy.courtesy)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    async def _send(self, claim: Claim, order: SendOrder) -> None:
        """From here the row is `sending`: whatever is not proved is unknown."""
        try:
            receipt = await self.channels[order.account].send(order.address, order.outgoing)
        except UnavailableError as error:
            await self.outbox.not_sent(
                claim, order.row_id, error.code, self._delay(order.attempts, error.retry_after)
            )
            self._settled(order, error.code)
        except RefusedError as error:
            await self.outbox.refused(claim, order.row_id, error.code)
            self.metrics.dead_letters.inc(Queue.OUT, error.code)
            self._settled(order, error.code)
        except UnknownOutcomeError as error:
            await self._unknown(claim, order, error.code)
        except Exception as error:  # noqa: BLE001 after the first byte even a bug may have sent it
            log(DELIVERY, logging.ERROR, error, trace=order.trace, outcome="bug")
            await self._unknown(claim, order, FaultCode.BUG)
        else:
            await _to_its_end(self._keep(claim, order, receipt))

    async def _keep(self, claim: Claim, order: SendOrder, receipt: SendReceipt) -> None:
        """Settle as sent; neither a lost lane nor a busy database may cost what is known."""
        until = self.clock.monotonic() + self.policy.send_timeout
        try:
            await self._insist(lambda: self._sent(claim, order, receipt), until)
        except LeaseLostError:
            await self._insist(lambda: self.outbox.keep_receipt(order, receipt), until)
            raise

    async def _insist(self, write: Callable[[], Awaitable[object]], until: float) -> None:
        """Write again while the database is away: what only this process knows is not on disk."""
        for attempt in count(1):
            try:
                await write()
            except UnavailableError as error:
                wait = self._delay(attempt, error.retry_after)
                if self.clock.monotonic() + wait > until:
                    raise
                log(DELIVERY, logging.WARNING, outcome="not_settled", error_code=error.code)
                await asyncio.sleep(wait)
            else:
                return

    async def _sent(
        self, claim: Claim, order: SendOrder | VerifyOrder, receipt: SendReceipt
    ) -> bool:
        if not await self.outbox.sent(claim, order.row_id, receipt):
            await self._unknown(claim, order, FaultCode.CONFLICT)
            return False
        latency = (self.clock.now() - order.received_at) / 1000
        self.metrics.reply_latency_seconds.observe(latency)
        self._settled(order, "sent")
        return True

    async def _unknown(self, claim: Claim, order: SendOrder | VerifyOrder, code: FaultCode) -> None:
        await self.outbox.unknown(claim, order.row_id, code, self.policy.first_look)
        self._settled(order, "unknown")

    async def _verify(self, claim: Claim, order: VerifyOrder) -> None:
        """Found → sent; a reachable gateway that has nothing → pending; unreachable → unknown."""
        try:
            found = await self._look(order)
        except (UnavailableError, RefusedError, UnknownOutcomeError) as error:
            wait = self._delay(order.attempts, self.policy.first_look)
            await self._not_found(claim, order, error.code, again=wait)
            self._resolved("unreachable")
            return
        if found is not None:
            if await self._sent(claim, order, SendReceipt(provider_id=found.provider_id)):
                self._resolved("found")
        elif self.clock.now() < self._looks_until(order):
            doubt = FaultCode.WHATSAPP_UNKNOWN_OUTCOME
            await self._not_found(claim, order, doubt, again=self.policy.first_look)
        else:
            ended = await self._not_found(claim, order, FaultCode.NOT_FOUND, again=None)
            is_sent = ended is not None and ended.state is OutboxState.SENT
            self._resolved("found" if is_sent else "not_found")

    async def _not_found(
        self, claim: Claim, order: VerifyOrder, code: FaultCode, *, again: float | None
    ) -> Skipped | None:
        ended = await self.outbox.not_found(claim, order.row_id, code, again)
        if ended is not None:
            self._skipped(order, ended)
        return ended

    async def _look(self, order: VerifyOrder) -> SentRecord | None:
        since = order.queued_at - _CLOCK_SKEW_MS
        until = self.clock.now() + _CLOCK_SKEW_MS
        channel = self.channels[order.account]
        records = await channel.find_sent(
            order.addresses, since=since, until=until, message_id=order.message_id
        )
        candidates = [record for record in records if _may_be(order, record)]
        ids = [record.provider_id for record in candidates]
        claimed = await self.outbox.claimed_ids(order.account, ids)
        free = [each for each in candidates if each.provider_id not in claimed]
        free.sort(key=lambda record: record.provider_id != order.message_id)
        return free[0] if free else None

    def _looks_until(self, order: VerifyOrder) -> int:
        policy = self.policy
        timeout = policy.file_timeout if is_file(order.content) else policy.send_timeout
        return order.sending_at + round((timeout + policy.grace) * 1000)

    def _delay(self, attempts: int, at_least: float) -> float:
        policy = self.policy
        wait = full_jitter(
            attempts, base=policy.retry_base, cap=policy.retry_cap, random=self.random
        )
        return max(wait, at_least)

    def _settled(self, order: SendOrder | VerifyOrder, outcome: str) -> None:
        self.metrics.outbound.inc("whatsapp", outcome)
        log(
            DELIVERY,
            trace=order.trace,
            outcome=outcome,
            attempts=order.attempts,
            ms=self.clock.now() - order.queued_at,
        )

    def _resolved(self, how: str) -> None:
        self.metrics.outbound_ambiguous.inc("whatsapp", how)

    def _skipped(self, what: Draft | VerifyOrder | None, how: Skipped) -> None:
        self.metrics.outbound.inc("whatsapp", how.state)
        log(DELIVERY, outcome=how.state, reason=how.reason, row=what.row_id if what else None)


async def _to_its_end(work: Coroutine[Any, Any, None]) -> None:
    """Let the work end although its caller is cancelled, as the handler of a lost lane is."""
    working = asyncio.ensure_future(work)
    try:
        await asyncio.shield(working)
    except asyncio.CancelledError:
        await asyncio.gather(working, return_exceptions=True)
        raise


def _may_be(order: VerifyOrder, record: SentRecord) -> bool:
    """By the id that the row proposed, else by what it says."""
    return record.provider_id == order.message_id or is_same(order.content, record)
