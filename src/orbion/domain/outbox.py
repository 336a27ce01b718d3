"""An answer on its way out, and what a gateway's reply makes of it (DESIGN section 7)."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from orbion.domain.messages import MessageKind
from orbion.domain.outgoing import Content, Outgoing
from orbion.kit.ids import digest


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
    """The head of a recipient's lane before anything is sent: enough to pace, to read and to type.

    `state` is what the row is, or what the next write will make of it if the bot must be quiet.
    `unread` are the gateway ids of the messages that it answers, before its first attempt only.
    """

    row_id: int
    account: str
    address: str
    kind: MessageKind
    text: str
    state: OutboxState
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    """What an outbox row says, times in ms."""

    row_id: int
    account: str
    address: str
    content: Content
    attempts: int
    trace: str
    queued_at: int
    received_at: int

    @property
    def message_id(self) -> str:
        return message_id(self.account, self.row_id, self.queued_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class SendOrder(_Order):
    """A row committed as `sending`: the only thing that may reach the wire."""

    quoted_id: str | None = None

    @property
    def outgoing(self) -> Outgoing:
        return Outgoing(content=self.content, message_id=self.message_id, quoted_id=self.quoted_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyOrder(_Order):
    """A row whose accept is unknown since `sending_at`: look before anything else.

    `addresses` are all forms of the recipient: a send to one may be stored under another.
    """

    sending_at: int
    addresses: tuple[str, ...]


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
    kind: MessageKind = MessageKind.TEXT
    payload: Mapping[str, Any] | None = None


def message_id(account: str, row_id: int, queued_at: int) -> str:
    """The id that a row proposes to WhatsApp at each attempt, in the form of WhatsApp Web's own.

    A gateway that takes it (Evolution from 2.4 on) makes a second attempt harmless and its echo
    recognisable. The time keeps a database that was made anew from using an old id again.
    """
    return f"3EB0{digest(account, str(row_id), str(queued_at)).hex()[:18].upper()}"
