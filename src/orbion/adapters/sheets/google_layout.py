"""Find the leads in a grid of cells, whatever people did to its rows and columns."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from orbion.adapters.sheets.google_api import Tab
from orbion.domain.errors import FaultCode, UnavailableError
from orbion.domain.leads import LeadRow
from orbion.domain.mirror import KEY, SheetTable, key_of

_OURS: Final = frozenset({"nome", "telefone", "etapa", "pontos", "atualizado"})
_AGAIN_SECONDS: Final = 60.0


@dataclass(slots=True, kw_only=True)
class Layout:
    """Where things stand in a tab; rows count from 1, columns from 0.

    `rows` has the row of each lead, `cells` what was seen there last, `twins` the further rows of
    a lead; `stale` = read it again.
    """

    tab: Tab
    header_row: int
    names: tuple[str, ...]
    rows: dict[int, int] = field(default_factory=dict)
    cells: dict[int, Sequence[str]] = field(default_factory=dict)
    twins: dict[int, dict[int, Sequence[str]]] = field(default_factory=dict)
    stale: bool = False

    @property
    def key_column(self) -> int:
        return self.names.index(KEY)

    @property
    def table_column(self) -> int:
        """The first column of the table around the key: an unnamed column parts two tables."""
        start = self.key_column
        while start and self.names[start - 1]:
            start -= 1
        return start

    def missing(self, rows: Iterable[LeadRow]) -> Sequence[str]:
        """Columns that these leads need and the tab has not, in order."""
        return [name for name in columns_of(rows) if name not in self.names]

    def range_of(self, row: int) -> str:
        return f"{quoted(self.tab.title)}!A{row}:{letters(len(self.names) - 1)}{row}"

    def whole(self, row: int) -> str:
        """A row to its last cell, wherever that is."""
        return f"{quoted(self.tab.title)}!{row}:{row}"

    def line(self, row: LeadRow, *, start: int = 0, key: str | None = None) -> list[str | None]:
        """Write a lead's cells from column `start`; None where a person's cell is.

        Of two columns of one name the first is ours.
        """
        line: list[str | None] = [None] * len(self.names)
        for name, value in row.columns.items():
            if name != KEY:
                line[self.names.index(name)] = value
        line[self.key_column] = key
        return line[start:]

    def shows(self, lead: int, line: Sequence[str]) -> bool:
        """Whether this line is the lead's."""
        return key_of(cell(line, self.key_column)) == lead


def read_layout(tab: Tab, grid: Sequence[Sequence[str]]) -> Layout:
    """Find header and leads.

    Raises:
        UnavailableError: `sheets.range`; the table is there but its key column is gone.
    """
    header_row = _header_row(grid)
    names = trimmed(grid[header_row - 1]) if header_row <= len(grid) else ()
    if KEY not in names:
        if len(_OURS.intersection(names)) > 1:
            raise UnavailableError(
                FaultCode.SHEETS_RANGE,
                f"the tab {tab.title!r} has lost its column {KEY}: undo that, or empty the tab",
                retry_after=_AGAIN_SECONDS,
            )
        return Layout(tab=tab, header_row=header_row, names=names)
    layout = Layout(tab=tab, header_row=header_row, names=names)
    for number, line in enumerate(grid, 1):
        lead = key_of(cell(line, layout.key_column))
        if lead is None or number == header_row:
            continue
        if lead in layout.rows:
            layout.twins.setdefault(lead, {})[number] = line
            continue
        layout.rows[lead], layout.cells[lead] = number, line
    return layout


def table_of(layout: Layout) -> SheetTable:
    return SheetTable(
        columns=tuple(dict.fromkeys(name for name in layout.names if name)),
        leads={
            lead: {name: cell(line, layout.names.index(name)) for name in layout.names if name}
            for lead, line in layout.cells.items()
        },
        repeated=tuple(layout.twins),
    )


def columns_of(rows: Iterable[LeadRow]) -> Sequence[str]:
    """What these leads need in a header, the key first."""
    return tuple(dict.fromkeys((KEY, *(name for row in rows for name in row.columns))))


def trimmed(line: Iterable[str]) -> tuple[str, ...]:
    """A header's names, without blanks around them and empty ones at the end."""
    names = [name.strip() for name in line]
    while names and not names[-1]:
        names.pop()
    return tuple(names)


def cell(line: Sequence[str], column: int) -> str:
    return line[column] if column < len(line) else ""


def quoted(title: str) -> str:
    return "'" + title.replace("'", "''") + "'"


def letters(column: int) -> str:
    """0 is A, 25 Z, 26 AA."""
    name, left = "", column + 1
    while left:
        left, digit = divmod(left - 1, 26)
        name = chr(ord("A") + digit) + name
    return name


def _header_row(grid: Sequence[Sequence[str]]) -> int:
    """The row that names the key, else the first that is not empty, else the first."""
    filled = [number for number, line in enumerate(grid, 1) if any(map(str.strip, line))]
    named = [number for number in filled if KEY in trimmed(grid[number - 1])]
    return next(iter((*named, *filled)), 1)
