"""Mirror leads to the sheets of their businesses: many lanes, one write a sheet."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from orbion.domain.errors import UnavailableError
from orbion.domain.lanes import Claim
from orbion.domain.leads import LeadRow
from orbion.ports import Lanes, Leads, Sheet
from orbion.telemetry.logs import SHEET_ROW, log
from orbion.telemetry.metrics import Metrics

_LONGEST_WAIT = 60.0
"""Seconds: a sheet that somebody has put right is found within a minute."""

Part = Mapping[Claim, LeadRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncLeads:
    """The database is the source and the sheet a projection, so writing a row twice is harmless.

    A sheet that cannot be reached holds up its own business only.
    """

    leads: Leads
    lanes: Lanes
    sheet_of: Callable[[str], Sheet]
    metrics: Metrics

    async def __call__(self, claims: Sequence[Claim]) -> None:
        rows = {row.lead_id: row for row in await self.leads.lead_rows(claims)}
        await self.leads.synced([claim for claim in claims if int(claim.key) not in rows])
        parts: dict[str, dict[Claim, LeadRow]] = {}
        for claim in claims:
            if (row := rows.get(int(claim.key))) is not None:
                parts.setdefault(row.business, {})[claim] = row
        ended = await asyncio.gather(
            *(self._mirror(business, part) for business, part in parts.items()),
            return_exceptions=True,
        )
        for error in ended:
            if error is not None:
                raise error

    async def _mirror(self, business: str, part: Part) -> None:
        try:
            again = await self.sheet_of(business).upsert(list(part.values()))
        except UnavailableError as error:
            self.metrics.sheet_rows.inc("put_off", amount=len(part))
            log(SHEET_ROW, outcome="put_off", rows=len(part), error_code=error.code)
            for claim in part:
                await self.lanes.snooze(claim, min(error.retry_after, _LONGEST_WAIT))
            return
        await self.leads.synced(list(part), again)
        self.metrics.sheet_rows.inc("written", amount=len(part))
        self.metrics.sheet_rows.inc("again", amount=len(again))
        log(SHEET_ROW, outcome="written", rows=len(part), again=len(again))
