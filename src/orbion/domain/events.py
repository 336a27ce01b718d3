"""What a webhook can tell, after a channel has parsed it and before anything is stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any

from orbion.domain.identity import Identity
from orbion.domain.leads import Referral
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
    referral: Referral | None = None


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


Spoken = MessageReceived | MessageEchoed
"""What one side said to the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryReceived:
    """A message of the past, from either side: it is remembered and never answered."""

    message: Spoken


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChanged:
    provider_id: str
    status: DeliveryStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageEdited:
    """`at` is when it was edited, ms UTC; of two edits the later one counts, not the last to come.

    `from_me` tells whose message it is, here and in a deletion: ids are unique per side only.
    """

    provider_id: str
    text: str
    at: int | None = None
    from_me: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageDeleted:
    provider_id: str
    from_me: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionChanged:
    state: ConnectionState
    reason: str | None = None

    def reason_after(self, state: str, reason: str | None) -> str | None:
        """The reason to keep where `reason` was known of `state`: what says more stays.

        A logout is told by up to three events in any order; a code says more than that it was a
        logout, and that the instance was removed says most.
        """
        same_end = state == self.state == ConnectionState.CLOSE
        return reason if same_end and _weight(reason) > _weight(self.reason) else self.reason


def _weight(reason: str | None) -> int:
    match reason:
        case None:
            return 0
        case "logout":
            return 1
        case "removed":
            return 3
        case _:
            return 2


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
    | HistoryReceived
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


@dataclass(frozen=True, slots=True, kw_only=True)
class PastPage:
    """A page of what was said, newest first: of each record the events that its webhooks told."""

    records: tuple[Sequence[Event], ...]
    pages: int
