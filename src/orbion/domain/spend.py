"""What a model call costs, and what a business lets its conversations, days and months cost."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final, Literal

from orbion.domain.playbook import Budget
from orbion.domain.turns import Completion

Scope = Literal["conversation", "day", "month"]
ALARMS: Final = (50, 80, 100)
"""Percents of a budget at which the owner is told, once each."""

_MILLION: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Payer:
    """For whom a model is asked."""

    business: str
    conversation_id: int
    trace: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """Micro-dollars per million tokens, from the day `since` on."""

    model: str
    since: date
    input: int
    cached: int
    output: int

    def cost(self, *, tokens_in: int, tokens_cached: int, tokens_out: int) -> int:
        """Micro-dollars, rounded up; `tokens_in` holds the cached ones too."""
        fresh = max(0, tokens_in - tokens_cached)
        parts = fresh * self.input + tokens_cached * self.cached + tokens_out * self.output
        return math.ceil(parts / _MILLION)


@dataclass(frozen=True, slots=True)
class PriceTable:
    """At least one price."""

    prices: Sequence[Price]

    def of(self, model: str, day: date) -> Price:
        """The price of a model, or of the one that it is a dated form of, on that day.

        A model without a price costs as much as the dearest: a budget must hold all the same.
        """
        known = [each for each in self.prices if each.since <= day] or list(self.prices)
        named = [each for each in known if model == each.model or _is_dated(model, each.model)]
        if named:
            return max(named, key=lambda each: (len(each.model), each.since))
        return max(known, key=lambda each: (each.output, each.input))


def _is_dated(model: str, family: str) -> bool:
    rest = model.removeprefix(f"{family}-")
    return rest != model and rest.replace("-", "").isdigit()


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A model call that is about to be made; `reserved` is the most it may cost, micro-dollars."""

    payer: Payer
    task: str
    model: str
    day: date
    reserved: int

    @property
    def keys(self) -> Mapping[Scope, str]:
        """The name of each budget that pays for it."""
        return {
            "conversation": str(self.payer.conversation_id),
            "day": self.day.isoformat(),
            "month": f"{self.day:%Y-%m}",
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """A budget has reached so many percent, for the first time."""

    business: str
    scope: Scope
    key: str
    percent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """`call_id` None = a budget is spent and the call must not be made.

    `left` is the share of each limited budget that is still free, 0.0 to 1.0.
    """

    call_id: int | None
    alarms: tuple[Alarm, ...] = ()
    left: Mapping[Scope, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Calls of one day under one name; money in micro-dollars."""

    name: str
    calls: int
    cost: int
    tokens_in: int
    tokens_cached: int
    tokens_out: int
    unsettled: int


def renewed(scope: Scope, day: date) -> date:
    """The first day of the budget that follows the one of `day`."""
    if scope == "month":
        return (day.replace(day=1) + timedelta(days=31)).replace(day=1)
    return day + timedelta(days=1)


def reached(held: int, limit: int, told: int) -> int | None:
    """The highest alarm that is due and was not `told` yet, in percent."""
    due = [percent for percent in ALARMS if told < percent and held * 100 >= limit * percent]
    return due[-1] if due else None


def tightest(
    limits: Mapping[Scope, int], own: Budget, *, brl_per_usd: float
) -> Mapping[Scope, int]:
    """The lower limit of each scope, micro-dollars: the operator's or the business's `own`."""
    centavos: Mapping[Scope, int | None] = {"conversation": own.conversation, "day": own.day}
    mine = {
        scope: round(limit / 100 / brl_per_usd * _MILLION)
        for scope, limit in centavos.items()
        if limit is not None
    }
    both = [*limits.items(), *mine.items()]
    return {scope: min(each for name, each in both if name == scope) for scope, _ in both}


def settled_cost(prices: PriceTable, call: Call, said: Completion) -> int:
    """What the provider will charge for the answered call, micro-dollars."""
    return prices.of(said.model, call.day).cost(
        tokens_in=said.tokens_in, tokens_cached=said.tokens_cached, tokens_out=said.tokens_out
    )
