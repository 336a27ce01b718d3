"""Rows of what operators list: conversations, quarantined bodies, accounts."""

from collections.abc import Mapping
from dataclasses import dataclass

from orbion.domain.conversations import Mode, ModeReason


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationLine:
    """One row of an operator's list."""

    id: int
    account: str
    name: str | None
    phone: str | None
    mode: Mode
    mode_reason: ModeReason | None
    last_text: str
    last_at: int
    waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineLine:
    id: int
    account: str
    reason: str
    at: int
    raw: bytes
    ended: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountLine:
    """How a number is connected and since when; `opened_at` = first seen open. Times are ms UTC."""

    id: str
    business: str
    channel: str
    state: str
    reason: str | None
    state_at: int | None
    opened_at: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLine:
    """A document of a business; `origin` is who brought it."""

    name: str
    title: str
    origin: str
    passages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreFacts:
    """Measured by the store itself, so they survive restarts (PROOF section 3.2)."""

    depth: Mapping[str, int]
    oldest_seconds: Mapping[str, float]
    outbox: Mapping[str, int]
    messages: Mapping[str, int]
    dead: int
    quarantined: int
    schema: str
