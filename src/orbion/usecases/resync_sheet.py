"""Compare a business's sheet with what is known of its leads, and have the difference written."""

from collections.abc import Sequence
from dataclasses import dataclass

from orbion.domain.leads import LeadRow
from orbion.domain.mirror import Changes, SheetTable, compare
from orbion.ports import Leads, Sheet

_PAGE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ResyncSheet:
    """Writes nothing to the sheet itself: the running service is its one writer."""

    business: str
    leads: Leads
    sheet: Sheet

    async def __call__(self, *, dry_run: bool) -> Changes:
        """Say what differs and queue those leads, unless it is a dry run."""
        table = await self.sheet.read(self.business) or SheetTable(columns=(), leads={})
        changes = compare(table, await self._all())
        for start in range(0, 0 if dry_run else len(changes.leads), _PAGE):
            await self.leads.mirror_again(changes.leads[start : start + _PAGE])
        return changes

    async def _all(self) -> Sequence[LeadRow]:
        found: list[LeadRow] = []
        while page := await self.leads.leads_of(
            self.business, after=found[-1].lead_id if found else 0, limit=_PAGE
        ):
            found += page
        return found
