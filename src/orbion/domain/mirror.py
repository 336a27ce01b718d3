"""How a sheet of leads is laid out, and what it lacks beside what is known of the leads."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from orbion.domain.leads import LeadRow

KEY: Final = "lead_id"
"""The column by which a lead's one row is found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetTable:
    """What a sheet shows: the header in its order, each lead's cells, leads with several rows."""

    columns: tuple[str, ...]
    leads: Mapping[int, Mapping[str, str]]
    repeated: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What writing all leads would change; `unknown` and `repeated` rows are for a person."""

    columns: tuple[str, ...]
    missing: tuple[int, ...]
    different: Mapping[int, tuple[str, ...]]
    unknown: tuple[int, ...]
    repeated: tuple[int, ...]

    @property
    def leads(self) -> tuple[int, ...]:
        """Those to write again."""
        return (*self.missing, *self.different)


def key_of(cell: str) -> int | None:
    """Read a lead's id from a cell; None for what people write there."""
    text = cell.strip()
    return int(text) if text.isascii() and text.isdecimal() else None


def compare(table: SheetTable, rows: Iterable[LeadRow]) -> Changes:
    known = {row.lead_id: row for row in rows}
    wanted = dict.fromkeys(name for row in known.values() for name in row.columns)
    different = {
        lead: names
        for lead, row in known.items()
        if lead in table.leads and (names := _differing(table.leads[lead], row))
    }
    return Changes(
        columns=tuple(name for name in (KEY, *wanted) if name not in table.columns),
        missing=tuple(lead for lead in known if lead not in table.leads),
        different=different,
        unknown=tuple(lead for lead in table.leads if lead not in known),
        repeated=table.repeated,
    )


def _differing(cells: Mapping[str, str], row: LeadRow) -> tuple[str, ...]:
    return tuple(
        name for name, value in row.columns.items() if name != KEY and cells.get(name, "") != value
    )
