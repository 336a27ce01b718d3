"""Put one outside call behind its concurrency limit, its breaker and its time-out."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from orbion.kit.breaker import (
    Breaker,
    BreakerMode,
    BreakerOpenError,
    BreakerState,
    BreakerStatistics,
    NotAttemptedError,
    Permit,
)
from orbion.kit.clock import Clock
from orbion.kit.concurrency import AdaptiveLimit, Slot

T = TypeVar("T")

_HOLD_SECONDS = 1.0  # for a 429 that names no time


class Outcome(StrEnum):
    """What a call says about the service; `rejected` = never attempted, not for judges."""

    success = "success"
    failure = "failure"
    timeout = "timeout"
    overload = "overload"
    forbidden = "forbidden"
    neutral = "neutral"
    rejected = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A judge's reading of an exception; `retry_after` in seconds, 0.0 = not said."""

    outcome: Outcome
    retry_after: float = 0.0
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardStatistics:
    """Calls since the start, one count per outcome."""

    success: int
    failure: int
    timeout: int
    overload: int
    forbidden: int
    neutral: int
    rejected: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardReport:
    """How a guard is now: `retry_after` in seconds, `limit` and `in_flight` in calls at once."""

    name: str
    state: BreakerState
    mode: BreakerMode
    retry_after: float
    limit: int
    in_flight: int
    calls: GuardStatistics
    breaker: BreakerStatistics


class Guard:
    """Slot, then breaker, then the call under its time-out.

    `timeout` (seconds) bounds the attempt and, separately, the wait for a slot, which the limit's
    own patience may shorten. `observe` is told the outcome and seconds of each call, rejected ones
    with 0.0.
    """

    def __init__(
        self,
        name: str,
        *,
        breaker: Breaker,
        limit: AdaptiveLimit,
        clock: Clock,
        timeout: float,
        judge: Callable[[BaseException], Verdict],
        observe: Callable[[Outcome, float], None],
    ) -> None:
        self.name = name
        self.breaker = breaker
        self.limit = limit
        self._clock = clock
        self._timeout = timeout
        self._patience = min(timeout, limit.patience)
        self._judge = judge
        self._observe = observe
        self._counts = dict.fromkeys(Outcome, 0)
        self._forbidden = False

    @property
    def statistics(self) -> GuardStatistics:
        return GuardStatistics(**{outcome.value: count for outcome, count in self._counts.items()})

    @property
    def is_forbidden(self) -> bool:
        """The service refused our credential, and nothing has worked since."""
        return self._forbidden

    def report(self) -> GuardReport:
        return GuardReport(
            name=self.name,
            state=self.breaker.state,
            mode=self.breaker.mode,
            retry_after=round(self.breaker.retry_after, 1),
            limit=self.limit.limit,
            in_flight=self.limit.used,
            calls=self.statistics,
            breaker=self.breaker.statistics,
        )

    def order(self, mode: BreakerMode, reason: str) -> None:
        """Do what an operator says: it stands until the next order, whatever recovers meanwhile."""
        self._forbidden = False
        self.breaker.set_mode(mode, reason)

    def recover(self) -> None:
        """Close the breaker, because the service is known to work; an operator's mode stays."""
        forbidden, self._forbidden = self._forbidden, False
        if forbidden or self.breaker.mode is BreakerMode.automatic:
            self.breaker.reset()

    async def __call__(self, call: Callable[[], Awaitable[T]]) -> T:
        """Raises NotAttemptedError when no byte left, TimeoutError when the attempt took too long.

        The call's own exceptions pass unchanged.
        """
        began = False
        self._refuse_early()
        try:
            async with self.limit.slot(self._patience) as slot:
                began = True
                return await self._attempt(call, slot)
        except TimeoutError as error:
            if began:
                raise
            self._record(Outcome.rejected, 0.0)
            raise NotAttemptedError(self.name, self._patience) from error

    def _refuse_early(self) -> None:
        """Whom the breaker would refuse does not wait for a slot that stalled calls may hold."""
        if self.limit.is_full and self.breaker.retry_after > 0.0:
            self._permit().release()

    async def _attempt(self, call: Callable[[], Awaitable[T]], slot: Slot) -> T:
        permit = self._permit()
        started = self._clock.monotonic()
        deadline = asyncio.timeout(self._timeout)
        try:
            async with deadline:
                result = await call()
        except Exception as error:
            verdict = Verdict(outcome=Outcome.timeout) if deadline.expired() else self._judge(error)
            self._settle(verdict, permit, slot, self._clock.monotonic() - started)
            raise
        except BaseException:
            neutral = Verdict(outcome=Outcome.neutral)
            self._settle(neutral, permit, slot, self._clock.monotonic() - started)
            raise
        success = Verdict(outcome=Outcome.success)
        self._settle(success, permit, slot, self._clock.monotonic() - started)
        return result

    def _permit(self) -> Permit:
        try:
            return self.breaker.acquire()
        except BreakerOpenError:
            self._record(Outcome.rejected, 0.0)
            raise

    def _settle(self, verdict: Verdict, permit: Permit, slot: Slot, seconds: float) -> None:
        match verdict.outcome:
            case Outcome.success:
                permit.success(seconds)
            case Outcome.failure:
                permit.failure(seconds)
            case Outcome.timeout:
                slot.overloaded()
                permit.failure(seconds, timed_out=True)
            case Outcome.overload:
                slot.overloaded()
                permit.release()
                wait = verdict.retry_after or _HOLD_SECONDS
                self.breaker.hold(self._clock.monotonic() + wait)
            case Outcome.forbidden:
                permit.release()
                self._forbidden = True
                self.breaker.force_open(verdict.reason or "credential refused")
            case _:
                permit.release()
        self._record(verdict.outcome, seconds)

    def _record(self, outcome: Outcome, seconds: float) -> None:
        self._counts[outcome] += 1
        self._observe(outcome, seconds)
