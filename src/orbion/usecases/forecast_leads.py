"""Tell operators what the open leads of each business are worth."""

from collections.abc import Mapping
from dataclasses import dataclass

from orbion.domain.forecast import Forecast, forecast
from orbion.domain.playbook import Playbook
from orbion.ports import Pipeline


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastLeads:
    """`accounts` names one account of each business, whose playbook holds for its leads."""

    leads: Pipeline
    accounts: Mapping[str, str]
    playbooks: Mapping[str, Playbook]

    async def __call__(self) -> tuple[Forecast, ...]:
        """One forecast for each business, in the order of their names."""
        sums, records = await self.leads.stage_sums()
        return tuple(
            forecast(business, self.playbooks[account], sums, records)
            for business, account in sorted(self.accounts.items())
        )
