"""Keeps the gauges of the business: leads by stage, open conversations, cost of a lead."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from orbion.domain.conversations import Mode
from orbion.domain.leads import Trade
from orbion.telemetry.metrics import Metrics

EVERY: Final = 60.0
OTHER: Final = "other"
"""Where leads are counted whose stage the playbook does not name any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeCount:
    """`read` looks at whole tables, hence once a minute; `stages` are a business's of now."""

    read: Callable[[], Awaitable[Sequence[Trade]]]
    stages: Callable[[], Mapping[str, Collection[str]]]
    metrics: Metrics

    async def run(self) -> None:
        shown: set[tuple[str, str]] = set()
        while True:
            stages = self.stages()
            leads: dict[tuple[str, str], float] = dict.fromkeys(shown, math.nan)
            for each in await self.read():
                self._show(each)
                leads |= _by_stage(each, stages.get(each.business, ()))
            for (business, stage), count in leads.items():
                self.metrics.leads.set(count, business, stage)
            shown |= leads.keys()
            await asyncio.sleep(EVERY)

    def _show(self, trade: Trade) -> None:
        business = trade.business
        for mode in Mode:
            self.metrics.conversations_open.set(trade.conversations.get(mode, 0), business, mode)
        cost = trade.cost / trade.new if trade.new else math.nan
        self.metrics.lead_cost.set(cost, business)


def _by_stage(trade: Trade, stages: Collection[str]) -> dict[tuple[str, str], float]:
    leads: dict[tuple[str, str], float] = {(trade.business, name): 0 for name in (*stages, OTHER)}
    for stage, count in trade.leads.items():
        leads[trade.business, stage if stage in stages else OTHER] += count
    return leads
