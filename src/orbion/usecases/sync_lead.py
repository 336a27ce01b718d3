"""Mirror leads to the sheet: many lanes, one write outside, one acknowledgement."""

from collections.abc import Sequence
from dataclasses import dataclass

from orbion.domain.lanes import Claim
from orbion.ports import Leads, Sheet
from orbion.telemetry.logs import SHEET_ROW, log
from orbion.telemetry.metrics import Metrics


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncLeads:
    """The database is the source and the sheet a projection, so writing a row twice is harmless."""

    leads: Leads
    sheet: Sheet
    metrics: Metrics

    async def __call__(self, claims: Sequence[Claim]) -> None:
        rows = await self.leads.lead_rows(claims)
        await self.sheet.upsert(rows)
        await self.leads.synced(claims)
        self.metrics.sheet_rows.inc("written", amount=len(rows))
        log(SHEET_ROW, outcome="written", rows=len(rows))
