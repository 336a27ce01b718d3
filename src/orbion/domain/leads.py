"""What a business wants to know about a customer, each value traceable to a message."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A slot's value with the customer's words that prove it."""

    slot: str
    value: str
    message_id: int | None = None
    quote: str | None = None
    confidence: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Referral:
    """What brought a customer: `source` in WhatsApp's word (`ctwa_ad`), `details` of the ad."""

    source: str
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """`asked` says how often the question of each slot was put; each change is a new `version`."""

    id: int
    contact_id: int
    stage: str
    score: int
    version: int = 1
    facts: Mapping[str, str] = field(default_factory=dict)
    asked: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StageMove:
    """Where a person moves a lead, and why if it is lost."""

    to: str
    reason: str | None
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StageChange:
    """Who moved a lead when (ms UTC), and why if it was lost."""

    before: str
    after: str
    actor: str
    reason: str | None
    turn_id: int | None
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadFile:
    """A lead with the history of its stages, oldest first; `value` in centavos, if one is known."""

    lead: Lead
    business: str
    value: int | None = None
    changes: tuple[StageChange, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """What a business has: leads by stage, conversations of the last day by who answers.

    `new` of the leads came within the last 30 days; models took `cost` micro-dollars in these.
    """

    business: str
    leads: Mapping[str, int]
    conversations: Mapping[str, int]
    new: int
    cost: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadRow:
    """A lead as the sheet shows it; `columns` keeps the order in which they are written."""

    lead_id: int
    business: str
    columns: Mapping[str, str]
