"""Keep what is known of leads by their version, and carry it along with this process's commits."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from orbion.adapters.db.tx import MovedLead
from orbion.domain.leads import Lead
from orbion.kit.cache import Cache, CacheStatistics

LeadKey: TypeAlias = tuple[int, int]
"""A lead and its version, which moves with all that a turn reads of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownLeads:
    """A commit of a turn, or of a new lead, puts its version; any other change leaves one without.

    So does another process: then the next turn reads.
    """

    cache: Cache[LeadKey, Lead]

    @property
    def statistics(self) -> CacheStatistics:
        return self.cache.statistics

    async def get(self, head: Lead, load: Callable[[], Awaitable[Lead]]) -> Lead:
        """The lead with its facts and questions; `load` reads it at this version or a newer one."""
        return await self.cache.get((head.id, head.version), load)

    def carry(self, moves: Iterable[MovedLead]) -> None:
        """Follow committed changes, in their order."""
        for move in moves:
            lead = move.lead
            self.cache.invalidate((lead.id, lead.version - 1))
            self.cache.put((lead.id, lead.version), lead)
