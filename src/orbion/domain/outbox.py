"""An answer on its way out, and what a gateway's reply makes of it (DESIGN section 7)."""

from dataclasses import dataclass
from enum import StrEnum


class OutboxState(StrEnum):
    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    UNKNOWN = "unknown"
    DEAD = "dead"
    SUPERSEDED = "superseded"
    SUPPRESSED = "suppressed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The head of a recipient's lane before anything is sent: enough to pace and to type."""

    row_id: int
    account: str
    address: str
    text: str
    state: OutboxState


@dataclass(frozen=True, slots=True, kw_only=True)
class SendOrder:
    """A row committed as `sending`: the only thing that may reach the wire."""

    row_id: int
    account: str
    address: str
    text: str
    attempts: int
    trace: str
    queued_at: int
    received_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyOrder:
    """A row whose accept is unknown since `sending_at`: look before anything else. Times are ms."""

    row_id: int
    account: str
    address: str
    text: str
    queued_at: int
    received_at: int
    sending_at: int
    attempts: int
    trace: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """Nothing to send: the row ended as `state` inside the same write."""

    state: OutboxState
    reason: str


Order = SendOrder | VerifyOrder | Skipped


@dataclass(frozen=True, slots=True, kw_only=True)
class SendReceipt:
    """A gateway's accept; `address` may differ from the one asked for (ninth digit, LID)."""

    provider_id: str
    address: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SentRecord:
    """An outgoing message that the gateway remembers; `sent_at` has its one-second resolution."""

    provider_id: str
    text: str
    sent_at: int
