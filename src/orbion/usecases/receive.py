"""Take a webhook: know who sent it, read it, store it durably, wake the workers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from orbion.domain.conversations import Account
from orbion.domain.errors import FaultCode, RejectedError, UnavailableError
from orbion.domain.events import (
    ConnectionChanged,
    Event,
    EventIgnored,
    EventQuarantined,
    MessageEchoed,
    MessageReceived,
    WebhookRequest,
)
from orbion.domain.lanes import Queue
from orbion.ports import Channel, Inbox
from orbion.telemetry.metrics import Metrics
from orbion.usecases.tally import tally

TOO_LARGE = "too_large"

_MAY_BE_MESSAGES = frozenset({"not_json", "unreadable_item", TOO_LARGE})


class WebhookOutcome(StrEnum):
    """One word for a whole webhook, the most important of its events'."""

    STORED = "stored"
    DUPLICATE = "duplicate"
    QUARANTINED = "quarantined"
    IGNORED = "ignored"
    DROPPED = "dropped"


_LESSER: Mapping[str, WebhookOutcome] = {
    outcome.value: outcome for outcome in WebhookOutcome if outcome is not WebhookOutcome.STORED
}
_NOTHING = WebhookOutcome.IGNORED


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`outcomes` has one word per event, in order; `duplicate` = nothing in it was new."""

    outcome: WebhookOutcome
    duplicate: bool
    outcomes: tuple[str, ...]


def _nobody(_account: str, /) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receive:
    """`last_seen` is when each account's last authentic webhook came, ms UTC.

    Of a known account, `refused` is told of a bad credential, `accepted` of a good one, `missed` of
    a message that could not be read, and `connection_changed` of a stored change of its link to
    WhatsApp.
    """

    channels: Mapping[str, Channel]
    accounts: Mapping[str, Account]
    inbox: Inbox
    wake: Callable[[Queue], None]
    metrics: Metrics
    now: Callable[[], int]
    last_seen: dict[str, int] = field(default_factory=dict)
    refused: Callable[[str], None] = _nobody
    accepted: Callable[[str], None] = _nobody
    missed: Callable[[str], None] = _nobody
    connection_changed: Callable[[str], None] = _nobody

    async def __call__(self, account: str, request: WebhookRequest, *, trace: str) -> Answer:
        """Return once everything is durable.

        Raises:
            RejectedError: unknown account or bad credential; nothing is stored.
            UnavailableError: a message could not be stored; the gateway must send it again.
        """
        self.verify(account, request)
        events = self.channels[account].parse(request.body)
        return await self._store(account, events, trace)

    def verify(self, account: str, request: WebhookRequest) -> None:
        """Look at headers and path only; an unknown account has no credential to be right."""
        channel = self.channels.get(account)
        if channel is None:
            raise RejectedError(
                FaultCode.ACCOUNT_UNKNOWN, "unknown account: use an id of the accounts file"
            )
        try:
            channel.verify(request)
        except RejectedError:
            self.refused(account)
            raise
        self.last_seen[account] = self.now()
        self.accepted(account)

    async def too_large(self, account: str, size: int) -> Answer:
        """Note an authentic body over the limit, of which only the size is known."""
        await self.inbox.quarantine(account, TOO_LARGE, b'{"bytes":%d}' % size)
        self.metrics.quarantine.inc(self._channel_of(account), TOO_LARGE)
        self.missed(account)
        return _answer([f"quarantined:{TOO_LARGE}"])

    async def replay(self, account: str, raw: bytes, *, trace: str) -> Answer:
        """Take a quarantined body again, without a credential.

        Raises:
            RejectedError: it still cannot be read, or the account is gone.
            UnavailableError: the store is down.
        """
        channel = self.channels.get(account)
        if channel is None:
            raise RejectedError(FaultCode.ACCOUNT_UNKNOWN, f"account {account} is not configured")
        events = channel.parse(raw)
        flaws = [event.reason for event in events if isinstance(event, EventQuarantined)]
        if flaws:
            raise RejectedError(FaultCode.PAYLOAD_BAD, f"still unreadable: {', '.join(flaws)}")
        return await self._store(account, events, trace)

    async def _store(self, account: str, events: Sequence[Event], trace: str) -> Answer:
        if all(isinstance(event, EventIgnored) for event in events):
            return _answer([_ignored(event) for event in events])
        try:
            received = await self.inbox.receive(account, events, trace)
        except UnavailableError:
            if any(map(_must_survive, events)):
                raise
            return _answer([WebhookOutcome.DROPPED] * len(events))
        for queue in received.wake:
            self.wake(queue)
        if any(isinstance(event, ConnectionChanged) for event in events):
            self.connection_changed(account)
        self._count(account, events, received.outcomes)
        return _answer(received.outcomes, duplicate=received.duplicate)

    def _count(self, account: str, events: Sequence[Event], outcomes: Sequence[str]) -> None:
        known = sum(outcome == WebhookOutcome.DUPLICATE for outcome in outcomes)
        if known:
            self.metrics.duplicates.inc(self._channel_of(account), amount=known)
        tally(self.metrics, self.accounts[account], events, outcomes)

    def _channel_of(self, account: str) -> str:
        return self.accounts[account].channel


def _must_survive(event: Event) -> bool:
    """Say whether an event is, or may hide, a message, and so is worth a 503.

    For any other event a 503 would freeze the instance's queue (contracts/evolution section 1.5).
    """
    if isinstance(event, EventQuarantined):
        return event.reason in _MAY_BE_MESSAGES
    return isinstance(event, MessageReceived | MessageEchoed)


def _ignored(event: Event) -> str:
    return f"ignored:{event.reason}" if isinstance(event, EventIgnored) else "ignored"


def _answer(outcomes: Sequence[str], *, duplicate: bool = False) -> Answer:
    words = [outcome.partition(":")[0] for outcome in outcomes]
    return Answer(
        outcome=_overall(words),
        duplicate=duplicate,
        outcomes=tuple(outcomes),
    )


def _overall(words: Sequence[str]) -> WebhookOutcome:
    if any(word not in _LESSER for word in words):
        return WebhookOutcome.STORED
    return next((outcome for outcome in _LESSER.values() if outcome in words), _NOTHING)
