"""Keeps the catalogues that playbooks read from their businesses' sheets."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

import msgspec

from orbion.agent.catalogues import REST_SECONDS, CatalogueKey, Catalogues
from orbion.domain.catalogue_sheet import Catalogue
from orbion.domain.conversations import Account
from orbion.domain.playbook import Playbook
from orbion.kit.cache import Cache, CachePolicy
from orbion.kit.health import Check
from orbion.kit.packing import Packing
from orbion.main.mirroring import Sheets
from orbion.main.world import World
from orbion.workers.checks import catalogue_check

KEPT: Final = CachePolicy(
    maxsize=1_000, ttl=3600.0, negative_ttl=REST_SECONDS, stale=23 * 3600.0, quota=16_000_000
)
"""An hour; while a sheet cannot be read, what it said within the last day is said on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """Reads each range at the start and once it is past its time, whether customers ask or not."""

    accounts: Mapping[str, Account]
    playbooks: Mapping[str, Playbook]
    catalogues: Catalogues

    async def run(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(REST_SECONDS)

    async def look(self) -> None:
        async with asyncio.TaskGroup() as group:
            for business, where in dict.fromkeys(self._keys()):
                group.create_task(self.catalogues.refresh(business, where))

    async def read_now(self, account: str) -> Catalogue | None:
        """For an operator; None if there is no such account, or its playbook names no range."""
        where = self.playbooks[account].catalogue_sheet if account in self.accounts else None
        if where is None:
            return None
        return await self.catalogues.read_now(self.accounts[account].business, where)

    def checks(self) -> Iterator[Check]:
        """One for each business whose playbook names a range at the start."""
        looks = self.catalogues.looks
        for key in dict.fromkeys(self._keys()):
            business, where = key
            yield catalogue_check(f"{business}/{where.tab}", partial(looks.get, key))

    def _keys(self) -> Iterator[CatalogueKey]:
        for name, account in self.accounts.items():
            where = self.playbooks[name].catalogue_sheet
            if where is not None:
                yield account.business, where


def build_prices(
    accounts: Mapping[str, Account],
    playbooks: Mapping[str, Playbook],
    sheets: Sheets,
    world: World,
) -> Prices:
    packing = Packing(
        dump=msgspec.json.encode, load=lambda packed: msgspec.json.decode(packed, type=Catalogue)
    )
    cache: Cache[CatalogueKey, Catalogue] = Cache(
        "catalogue", KEPT, clock=world.clock, random=world.random, packing=packing
    )
    return Prices(
        accounts=accounts,
        playbooks=playbooks,
        catalogues=Catalogues(sheet_of=sheets.of, cache=cache, clock=world.clock),
    )
