"""What a webhook can tell, after a channel has parsed it and before anything is stored."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any

from orbion.domain.identity import Identity
from orbion.domain.messages import MessageKind


class DeliveryStatus(IntEnum):
    """Ranks of an outgoing message; a status only ever raises it, whatever the order of arrival."""

    NONE = 0
    PENDING = 1
    SENT = 2
    DELIVERED = 3
    READ = 4
    FAILED = 9


class ConnectionState(StrEnum):
    UNKNOWN = "unknown"
    CONNECTING = "connecting"
    OPEN = "open"
    CLOSE = "close"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageReceived:
    """A customer wrote."""

    provider_id: str
    sender: Identity
    kind: MessageKind
    text: str
    occurred_at: int
    payload: Mapping[str, Any] | None = None
    quoted_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageEchoed:
    """Something left our own number: our send, another API client's, or a person on the phone."""

    provider_id: str
    recipient: Identity
    kind: MessageKind
    text: str
    occurred_at: int
    by_api: bool
    payload: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChanged:
    provider_id: str
    status: DeliveryStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageEdited:
    provider_id: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageDeleted:
    provider_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionChanged:
    state: ConnectionState
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventIgnored:
    """A known event that never leads to a turn: a group, a broadcast, a contact card."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EventQuarantined:
    """An item that could not be read; `raw` is its redacted JSON, kept for replay."""

    reason: str
    raw: bytes


Event = (
    MessageReceived
    | MessageEchoed
    | StatusChanged
    | MessageEdited
    | MessageDeleted
    | ConnectionChanged
    | EventIgnored
    | EventQuarantined
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRequest:
    """One POST as it came: lower-case header names, `tail` the path segments after the account."""

    headers: Mapping[str, str]
    tail: tuple[str, ...]
    body: bytes
