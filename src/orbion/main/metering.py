"""Holds the most that a model call may cost before it is made, and settles what it did cost."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from orbion.config import Settings
from orbion.domain.errors import FaultCode, RefusedError, UnavailableError
from orbion.domain.price_file import read_prices
from orbion.domain.prompt import Models, Prompt
from orbion.domain.spend import (
    ALARMS,
    Call,
    PriceTable,
    Reservation,
    Scope,
    renewed,
    settled_cost,
    tightest,
)
from orbion.domain.turns import Completion
from orbion.kit.clock import Clock
from orbion.ports import LLM, Ledger
from orbion.telemetry.logs import BUDGET, log
from orbion.telemetry.metrics import Metrics

PRICES: Final = Path(__file__).resolve().parent.parent / "prices.toml"
TOOL_BYTES: Final = 6_000
"""More than the tools and the reply's schema take in a request."""

BYTES_PER_TOKEN: Final = 2
"""Fewer than any Portuguese text takes, so that what is held is enough."""

_MAYBE_CHARGED: Final = frozenset({FaultCode.OPENAI_TIMEOUT, FaultCode.OPENAI_CONNECTION})


@dataclass(frozen=True, slots=True, kw_only=True)
class MeteredLLM:
    """Stands inside the guard: a call that the guard refuses holds no money.

    `models` names one for every task.

    `limits` in micro-dollars by scope; a playbook may set lower ones. What a call that was
    cancelled or never answered holds stays held: the provider may charge it.
    """

    inner: LLM
    ledger: Ledger
    prices: PriceTable
    models: Models
    max_output_tokens: int
    limits: Mapping[Scope, int]
    brl_per_usd: float
    clock: Clock
    metrics: Metrics

    async def complete(self, prompt: Prompt) -> Completion:
        """Raises what the provider raises; without money `RefusedError` (budget.spent)."""
        call = self._call(prompt)
        own = prompt.playbook.budget
        limits = tightest(self.limits, own, brl_per_usd=self.brl_per_usd)
        reserved = await self.ledger.reserve(call, limits)
        self._tell(call, reserved, ZoneInfo(prompt.playbook.timezone))
        if reserved.call_id is None:
            raise RefusedError(FaultCode.BUDGET_SPENT, "no budget is left for a model")
        try:
            said = await self.inner.complete(prompt)
        except (UnavailableError, RefusedError) as error:
            if error.code not in _MAYBE_CHARGED:
                await self.ledger.settle(reserved.call_id, call, None, 0)
            raise
        cost = settled_cost(self.prices, call, said)
        await self.ledger.settle(reserved.call_id, call, said, cost)
        self.metrics.llm_cost.inc(call.model, amount=cost)
        return said

    def _tell(self, call: Call, reserved: Reservation, zone: ZoneInfo) -> None:
        """Log each step towards the end of a budget; the ledger has stored it to be told."""
        for scope, share in reserved.left.items():
            if scope != "conversation":
                again = datetime.combine(renewed(scope, call.day), time.min, zone).timestamp()
                self.metrics.budget_remaining.set(share, call.payer.business, scope)
                self.metrics.budget_renewal.set(again, call.payer.business, scope)
        for alarm in reserved.alarms:
            level = logging.ERROR if alarm.percent == ALARMS[-1] else logging.WARNING
            log(
                BUDGET,
                level,
                business=alarm.business,
                scope=alarm.scope,
                budget=alarm.key,
                percent=alarm.percent,
                trace=call.payer.trace,
            )

    def _call(self, prompt: Prompt) -> Call:
        zone = ZoneInfo(prompt.playbook.timezone)
        day = datetime.fromtimestamp(self.clock.now() / 1000, UTC).astimezone(zone).date()
        size = TOOL_BYTES + sum(len(message.text.encode()) for message in prompt.messages)
        model = self.models[prompt.task]
        most = self.prices.of(model, day).cost(
            tokens_in=size // BYTES_PER_TOKEN, tokens_cached=0, tokens_out=self.max_output_tokens
        )
        return Call(payer=prompt.payer, task=prompt.task, model=model, day=day, reserved=most)


def shipped_prices() -> PriceTable:
    """The price table that comes with the program."""
    return read_prices(PRICES.read_text(encoding="utf-8"), name=PRICES.name)


def limits_of(settings: Settings) -> Mapping[Scope, int]:
    """The budgets of the settings in micro-dollars."""
    given: dict[Scope, float | None] = {
        "conversation": settings.budget_conversation,
        "day": settings.budget_day,
        "month": settings.budget_month,
    }
    return {
        scope: round(reais / settings.brl_per_usd * 1_000_000)
        for scope, reais in given.items()
        if reais is not None
    }
