"""A contact on an account: who is answering, and since when."""

from dataclasses import dataclass
from enum import StrEnum

from orbion.domain.language import Language


class Mode(StrEnum):
    """Who may write to the customer; only `bot` lets the outbox send."""

    BOT = "bot"
    HUMAN = "human"
    PAUSED = "paused"
    CLOSED = "closed"


class ModeReason(StrEnum):
    REQUESTED = "requested"
    TAKEOVER = "takeover"
    OPERATOR = "operator"
    OPT_OUT = "opt_out"
    LOOP = "loop"
    IDLE = "idle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One WhatsApp number of one business, as the accounts file declares it.

    `auto_greetings` are what the app writes by itself, in the form of `domain.greetings`;
    `owner_phone` is who is told of hand-offs, digits with the country code.
    """

    id: str
    business: str
    channel: str
    instance: str
    playbook: str
    auto_greetings: frozenset[str] = frozenset()
    owner_phone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """`version` grows with every stored change, so (id, version) is a key that is never stale.

    `language` is the contact's, once it is clear.

    `person_at` is when a person of the business last wrote here, ms UTC like the other times.
    """

    id: int
    business: str
    account: str
    contact_id: int
    address: str
    name: str | None
    phone: str | None
    mode: Mode
    mode_reason: ModeReason | None
    version: int
    opted_out: bool
    open_slot: str | None = None
    last_in_at: int | None = None
    last_out_at: int | None = None
    person_at: int | None = None
    language: Language | None = None
