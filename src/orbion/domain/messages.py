"""What was said, by whom, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal


class MessageKind(StrEnum):
    TEXT = "text"
    BUTTON = "button"
    LIST = "list"
    IMAGE = "image"
    AUDIO = "audio"
    VIDEO = "video"
    DOCUMENT = "document"
    STICKER = "sticker"
    LOCATION = "location"
    CONTACT = "contact"
    POLL = "poll"
    ORDER = "order"
    PRODUCT = "product"
    REACTION = "reaction"
    UNSUPPORTED = "unsupported"


Direction = Literal["in", "out"]


class Author(StrEnum):
    CUSTOMER = "customer"
    BOT = "bot"
    PERSON = "person"


class Outcome(StrEnum):
    """How a message ended; an open inbound message waits for its turn (promise P2)."""

    OPEN = "open"
    ANSWERED = "answered"
    SUPPRESSED = "suppressed"
    DEAD = "dead"
    QUEUED = "queued"
    SENT = "sent"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One stored message; order is `seq`, while a prompt sorts by (`occurred_at`, `seq`).

    Times are ms UTC. `payload` holds what the kind needs beside text: location, button id, reaction
    target, order, and of media all that a later fetch needs beside `provider_id`.
    """

    id: int
    seq: int
    direction: Direction
    author: Author
    kind: MessageKind
    text: str
    occurred_at: int
    outcome: Outcome = Outcome.OPEN
    reason: str | None = None
    provider_id: str | None = None
    payload: Mapping[str, Any] | None = None
