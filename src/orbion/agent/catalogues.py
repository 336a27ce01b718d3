"""Gives a turn the catalogue that its business keeps in a sheet, without waiting for the sheet."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from orbion.domain.catalogue_sheet import Catalogue, read_catalogue
from orbion.domain.errors import FaultCode, OrbionError, UnavailableError
from orbion.domain.playbook import Playbook, SheetRange
from orbion.kit.cache import Cache, CacheStatistics
from orbion.kit.clock import Clock
from orbion.ports import Sheet
from orbion.telemetry.logs import CATALOGUE, log

CatalogueKey: TypeAlias = tuple[str, SheetRange]
"""A business and the cells that its playbook names."""

Priced: TypeAlias = Callable[[str, Playbook], Awaitable[Playbook]]
"""The playbook of a business with the catalogue of this instant, for one turn."""

PATIENCE_SECONDS: Final = 2.0
"""A turn waits so long for a first reading, then it goes on with the playbook's own catalogue."""

REST_SECONDS: Final = 60.0
"""A sheet that could not be read is left alone for so long."""


async def as_written(_business: str, playbook: Playbook) -> Playbook:
    return playbook


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How the last reading of a business's range ended; `trouble` is why there was none."""

    at: int
    trouble: OrbionError | None = None
    found: Catalogue | None = None

    @property
    def news(self) -> str | None:
        """The same for looks of which one tells nothing that the other does not."""
        if self.found is not None:
            return self.found.version
        return None if self.trouble is None else self.trouble.code


@dataclass(slots=True, kw_only=True)
class Catalogues:
    """Keeps what was read, and gives each turn a playbook that holds one catalogue to its end.

    The playbook's version then names the catalogue's too, so nothing that is kept by it mixes two.
    """

    sheet_of: Callable[[str], Sheet]
    cache: Cache[CatalogueKey, Catalogue]
    clock: Clock
    looks: dict[CatalogueKey, Look] = field(default_factory=dict)
    _rests: dict[CatalogueKey, float] = field(default_factory=dict)
    _priced: dict[tuple[str, str], tuple[Playbook, str, Playbook]] = field(default_factory=dict)
    _readings: set["asyncio.Task[Catalogue]"] = field(default_factory=set)

    @property
    def statistics(self) -> Mapping[str, CacheStatistics]:
        return {"catalogue": self.cache.statistics}

    async def __call__(self, business: str, playbook: Playbook) -> Playbook:
        """For one turn; the same playbook where its own catalogue must do."""
        if playbook.catalogue_sheet is None:
            return playbook
        found = await self._now((business, playbook.catalogue_sheet))
        return playbook if found is None else self._with(business, playbook, found)

    async def refresh(self, business: str, where: SheetRange) -> None:
        """Read what has not been read, or is past its time; who asks for it has it at once."""
        key = (business, where)
        if self.cache.peek(key) is None:
            with suppress(OrbionError):
                await self.cache.get(key, lambda: self._read(key))

    async def read_now(self, business: str, where: SheetRange) -> Catalogue:
        """Read it whatever is kept; what fails leaves that in force, and raises."""
        key = (business, where)
        self._rests.pop(key, None)
        found = await self._read(key)
        self.cache.put(key, found)
        return found

    async def _now(self, key: CatalogueKey) -> Catalogue | None:
        reading = asyncio.create_task(self.cache.get(key, lambda: self._read(key)))
        self._readings.add(reading)
        reading.add_done_callback(self._done)
        await asyncio.wait({reading}, timeout=PATIENCE_SECONDS)
        if not reading.done():
            return None
        with suppress(OrbionError):
            return reading.result()
        return None

    def _done(self, reading: "asyncio.Task[Catalogue]") -> None:
        """Whoever waited for it has gone on by then, perhaps: `_read` has told of its fault."""
        self._readings.discard(reading)
        if not reading.cancelled():
            reading.exception()

    async def _read(self, key: CatalogueKey) -> Catalogue:
        business, where = key
        if self.clock.monotonic() < self._rests.get(key, 0.0):
            raise UnavailableError(FaultCode.SHEETS_UNREACHABLE, "the sheet could not be read")
        try:
            cells = await self.sheet_of(business).cells(business, where.tab, where.area)
            found = read_catalogue(cells, where)
        except UnavailableError as error:
            self._rests[key] = self.clock.monotonic() + REST_SECONDS
            self._note(key, Look(at=self.clock.now(), trouble=error))
            raise
        self._note(key, Look(at=self.clock.now(), found=found))
        return found

    def _note(self, key: CatalogueKey, look: Look) -> None:
        """Log only what is new: the sheet is read for ever."""
        before, self.looks[key] = self.looks.get(key), look
        if before is not None and before.news == look.news:
            return
        if look.found is None:
            log(CATALOGUE, logging.WARNING, business=key[0], fault=str(look.trouble))
            return
        skipped = look.found.skipped
        level = logging.WARNING if skipped else logging.INFO
        log(CATALOGUE, level, business=key[0], items=len(look.found.items), skipped=skipped)

    def _with(self, business: str, playbook: Playbook, found: Catalogue) -> Playbook:
        """Made once for each pair of versions, with all that is derived from it."""
        made = self._priced.get((business, playbook.id))
        if made is None or made[0] is not playbook or made[1] != found.version:
            version = f"{playbook.version}+{found.version}"
            priced = replace(playbook, catalogue=found.items, version=version)
            made = self._priced[business, playbook.id] = (playbook, found.version, priced)
        return made[2]
