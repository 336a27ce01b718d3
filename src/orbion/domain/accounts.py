"""How a WhatsApp number stands at its gateway: what was looked at, what was found, what to do."""

from dataclasses import dataclass, field
from enum import StrEnum

from orbion.domain.events import ConnectionState


class Verdict(StrEnum):
    OK = "ok"
    NOTE = "note"
    FAULT = "fault"


class AccountCheck(StrEnum):
    """What is looked at, in the order in which it is told."""

    GATEWAY = "gateway"
    KEY = "key"
    INSTANCE = "instance"
    LICENCE = "licence"
    VERSION = "version"
    CONNECTION = "connection"
    WEBHOOK = "webhook"
    LAST_WEBHOOK = "last webhook"
    REFUSED_WEBHOOKS = "refused webhooks"
    RECEIPTS = "receipts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`found` and `fix` hold no secret; `fix` is what to do, empty when there is nothing to do."""

    check: str
    verdict: Verdict
    found: str
    fix: str = ""


def ok(check: str, found: str) -> Finding:
    return Finding(check=check, verdict=Verdict.OK, found=found)


def note(check: str, found: str, fix: str = "") -> Finding:
    return Finding(check=check, verdict=Verdict.NOTE, found=found, fix=fix)


def fault(check: str, found: str, fix: str) -> Finding:
    return Finding(check=check, verdict=Verdict.FAULT, found=found, fix=fix)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountReport:
    """`connection` is `UNKNOWN` when the gateway did not say; `at` is ms UTC."""

    account: str
    at: int
    connection: ConnectionState
    findings: tuple[Finding, ...]

    @property
    def faults(self) -> tuple[Finding, ...]:
        return tuple(each for each in self.findings if each.verdict is Verdict.FAULT)


@dataclass(frozen=True, slots=True, kw_only=True)
class QrCode:
    """What links a phone. `count` grows with each new code; an empty `code` has yet to come."""

    count: int
    code: str = field(repr=False)
    pairing_code: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Since when something said to a number may be missing here, ms UTC.

    `opened_at` is when it was first seen open, `healed_at` up to when nothing is missing.
    """

    opened_at: int | None
    healed_at: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipts:
    """Of the latest sends of an account: how many, and how many WhatsApp never confirmed."""

    sends: int
    stuck: int
