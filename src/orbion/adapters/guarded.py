"""Put the guard of its service around each outside call of a port."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

from orbion.adapters.http import AnswerLostError
from orbion.domain.accounts import QrCode
from orbion.domain.errors import (
    FaultCode,
    OrbionError,
    RefusedError,
    UnavailableError,
    UnknownOutcomeError,
)
from orbion.domain.events import ConnectionState, Event, PastPage, WebhookRequest
from orbion.domain.gateway_webhook import Webhook
from orbion.domain.leads import LeadRow
from orbion.domain.mirror import SheetTable
from orbion.domain.notices import Posted
from orbion.domain.outbox import SendReceipt, SentRecord
from orbion.domain.outgoing import Outgoing
from orbion.domain.prompt import Prompt
from orbion.domain.turns import Completion
from orbion.kit.breaker import BreakerState, NotAttemptedError
from orbion.kit.guard import Guard, Outcome, Verdict
from orbion.kit.limiter import Limiter
from orbion.kit.retry import Retries
from orbion.ports import LLM, Archive, Channel, Events, Gateway, Provider, Sheet

T = TypeVar("T")

_QUOTA_SECONDS = 300.0
_PACE_SECONDS = 0.5  # a bubble that waits has already looked whether a person took over

_PASSING = frozenset(
    {
        FaultCode.OPENAI_RATE_LIMIT,
        FaultCode.OPENAI_SERVER,
        FaultCode.OPENAI_CONNECTION,
        FaultCode.EVENTS_UNREACHABLE,
    }
)
_OUTCOMES: Mapping[FaultCode, Outcome] = {
    FaultCode.WHATSAPP_DISCONNECTED: Outcome.failure,
    FaultCode.WHATSAPP_UNREACHABLE: Outcome.failure,
    FaultCode.WHATSAPP_SERVER: Outcome.failure,
    FaultCode.WHATSAPP_RATE_LIMIT: Outcome.overload,
    FaultCode.WHATSAPP_AUTH: Outcome.forbidden,
    FaultCode.WHATSAPP_INSTANCE_MISSING: Outcome.forbidden,
    FaultCode.WHATSAPP_UNLICENSED: Outcome.forbidden,
    FaultCode.OPENAI_RATE_LIMIT: Outcome.overload,
    FaultCode.OPENAI_QUOTA: Outcome.overload,
    FaultCode.OPENAI_TIMEOUT: Outcome.timeout,
    FaultCode.OPENAI_SERVER: Outcome.failure,
    FaultCode.OPENAI_CONNECTION: Outcome.failure,
    FaultCode.OPENAI_AUTH: Outcome.forbidden,
    FaultCode.BUDGET_SPENT: Outcome.neutral,
    FaultCode.EVENTS_UNREACHABLE: Outcome.failure,
    FaultCode.EVENTS_RATE_LIMIT: Outcome.overload,
    FaultCode.SHEETS_QUOTA: Outcome.overload,
    FaultCode.SHEETS_AUTH: Outcome.forbidden,
    FaultCode.SHEETS_MISSING: Outcome.forbidden,
    FaultCode.SHEETS_UNREACHABLE: Outcome.failure,
}


def judge(error: BaseException) -> Verdict:
    """Say what an error tells about its service (contracts/evolution section 7, last column).

    A refusal of one request is a success of the service; a bug of ours says nothing about it.
    """
    if not isinstance(error, OrbionError):
        return Verdict(outcome=Outcome.neutral)
    if isinstance(error.__cause__, AnswerLostError) and error.__cause__.timed_out:
        return Verdict(outcome=Outcome.timeout)
    otherwise = Outcome.success if isinstance(error, RefusedError) else Outcome.neutral
    wait = error.retry_after if isinstance(error, UnavailableError) else 0.0
    return Verdict(
        outcome=_OUTCOMES.get(error.code, otherwise),
        retry_after=_QUOTA_SECONDS if error.code is FaultCode.OPENAI_QUOTA else wait,
        reason=error.code,
    )


class GuardedChannel:
    """A channel whose sends and look-ups pass the guard of its (service, account).

    Its sends keep `pace` to the byte: whoever sends has reserved a place of the same rates before,
    so only what a commit or a wait for a slot has shifted since is straightened here.
    """

    def __init__(self, inner: Channel, guard: Guard, pace: Limiter) -> None:
        self._inner = inner
        self._guard = guard
        self._pace = pace

    def verify(self, request: WebhookRequest) -> None:
        self._inner.verify(request)

    def parse(self, body: bytes) -> Sequence[Event]:
        return self._inner.parse(body)

    async def send(self, address: str, outgoing: Outgoing) -> SendReceipt:
        late = UnknownOutcomeError(
            FaultCode.WHATSAPP_UNREACHABLE, "the gateway did not answer in time"
        )

        async def send() -> SendReceipt:
            place = self._pace.reserve(self._guard.name, at_most=_PACE_SECONDS)
            if not place.allowed:
                raise NotAttemptedError(self._guard.name, place.wait)
            if place.wait > 0:
                await asyncio.sleep(place.wait)
            return await self._inner.send(address, outgoing)

        return await _through(self._guard, send, late)

    async def typing(self, address: str, seconds: float) -> None:
        await self._courtesy(lambda: self._inner.typing(address, seconds))

    async def mark_read(self, address: str, provider_ids: Sequence[str]) -> None:
        await self._courtesy(lambda: self._inner.mark_read(address, provider_ids))

    async def _courtesy(self, call: Callable[[], Awaitable[None]]) -> None:
        """Skip it unless the circuit is closed; it is never counted and never an error."""
        if self._guard.breaker.state is not BreakerState.closed:
            return
        try:
            await call()
        except OrbionError:
            return

    async def find_sent(
        self, addresses: Sequence[str], *, since: int, until: int, message_id: str
    ) -> Sequence[SentRecord]:
        late = UnavailableError(
            FaultCode.WHATSAPP_UNREACHABLE, "the gateway did not answer in time"
        )

        async def look() -> Sequence[SentRecord]:
            return await self._inner.find_sent(
                addresses, since=since, until=until, message_id=message_id
            )

        return await _through(self._guard, look, late)


class GuardedArchive:
    """What a gateway keeps, read behind the guard that the account's sends pass too."""

    def __init__(self, inner: Archive, guard: Guard) -> None:
        self._inner = inner
        self._guard = guard

    async def page(self, since: int, until: int, number: int) -> PastPage:
        late = UnavailableError(
            FaultCode.WHATSAPP_UNREACHABLE, "the gateway did not answer in time"
        )
        return await _through(self._guard, lambda: self._inner.page(since, until, number), late)


class GuardedGateway:
    """The care of an account, behind the guard that its sends pass too."""

    def __init__(self, inner: Gateway, guard: Guard) -> None:
        self._inner = inner
        self._guard = guard
        self._state = ConnectionState.UNKNOWN

    async def connection(self) -> ConnectionState:
        """Ask past the breaker: this is the probe that finds a repaired account again.

        Any answer proves that the credential is accepted; a number that has become connected
        needs no longer to wait for what its sends suffered before.
        """
        before, self._state = self._state, ConnectionState.UNKNOWN
        self._state = state = await self._inner.connection()
        opened = state is ConnectionState.OPEN and before is not ConnectionState.OPEN
        if opened or self._guard.is_forbidden:
            self._guard.recover()
        return state

    async def version(self) -> str:
        """Ask past the breaker as well: the answer says nothing about sends."""
        return await self._inner.version()

    async def webhook(self) -> Webhook | None:
        return await self._guarded(self._inner.webhook)

    async def set_webhook(self, wanted: Webhook) -> None:
        await self._guarded(lambda: self._inner.set_webhook(wanted))

    async def qr_code(self) -> QrCode | None:
        return await self._guarded(self._inner.qr_code)

    async def _guarded(self, call: Callable[[], Awaitable[T]]) -> T:
        late = UnavailableError(
            FaultCode.WHATSAPP_UNREACHABLE, "the gateway did not answer in time"
        )
        return await _through(self._guard, call, late)


class GuardedLLM:
    """A model provider behind its guard, asked again when a moment may help."""

    def __init__(self, inner: LLM, guard: Guard, retries: Retries) -> None:
        self._inner = inner
        self._guard = guard
        self._retries = retries

    async def complete(self, prompt: Prompt) -> Completion:
        late = UnavailableError(FaultCode.OPENAI_TIMEOUT, "the model did not answer in time")

        async def attempt() -> Completion:
            return await _through(self._guard, lambda: self._inner.complete(prompt), late)

        return await self._retries(attempt, _passing)


class GuardedProvider:
    """Looks at the provider beside the guard that the model's calls pass."""

    def __init__(self, inner: Provider, guard: Guard) -> None:
        self._inner = inner
        self._guard = guard

    async def reach(self) -> bool:
        """Ask past the breaker: this is the probe that finds a key that works again."""
        told = await self._inner.reach()
        if self._guard.is_forbidden:
            self._guard.recover()
        return told


class GuardedEvents:
    """Another system behind its guard, tried again when a moment may help: it knows the id."""

    def __init__(self, inner: Events, guard: Guard, retries: Retries) -> None:
        self._inner = inner
        self._guard = guard
        self._retries = retries

    async def post(self, event: Posted) -> None:
        late = UnavailableError(FaultCode.EVENTS_UNREACHABLE, "the receiver did not answer in time")

        async def attempt() -> None:
            await _through(self._guard, lambda: self._inner.post(event), late)

        await self._retries(attempt, _passing)


class GuardedSheet:
    """A lead mirror behind its guard."""

    def __init__(self, inner: Sheet, guard: Guard) -> None:
        self._inner = inner
        self._guard = guard

    async def upsert(self, rows: Sequence[LeadRow]) -> frozenset[int]:
        return await self._guarded(lambda: self._inner.upsert(rows))

    async def read(self, business: str) -> SheetTable | None:
        return await self._guarded(lambda: self._inner.read(business))

    async def cells(self, business: str, tab: str, area: str) -> Sequence[Sequence[str]]:
        return await self._guarded(lambda: self._inner.cells(business, tab, area))

    async def reach(self) -> None:
        """Ask past the breaker: this is the probe that finds a sheet that was shared again."""
        await self._inner.reach()
        if self._guard.is_forbidden:
            self._guard.recover()

    async def _guarded(self, call: Callable[[], Awaitable[T]]) -> T:
        late = UnavailableError(FaultCode.SHEETS_UNREACHABLE, "the sheet did not answer in time")
        return await _through(self._guard, call, late)


def _passing(error: Exception) -> float | None:
    """Seconds to wait before it is asked again, None if that is no use."""
    if isinstance(error, UnavailableError) and error.code in _PASSING:
        return error.retry_after
    return None


async def _through(guard: Guard, call: Callable[[], Awaitable[T]], late: OrbionError) -> T:
    """Translate the guard's own endings; `late` is what running out of time means here."""
    try:
        return await guard(call)
    except NotAttemptedError as error:
        raise UnavailableError(
            FaultCode.CIRCUIT_OPEN, str(error), retry_after=error.retry_after
        ) from error
    except TimeoutError as error:
        raise late from error
