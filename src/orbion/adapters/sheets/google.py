"""Mirror a business's leads to a tab of a Google spreadsheet that people edit at the same time."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain

from orbion.adapters.sheets.google_api import Appended, Cells, SheetsApi, Tab
from orbion.adapters.sheets.google_layout import (
    Layout,
    cell,
    columns_of,
    letters,
    quoted,
    read_layout,
    table_of,
    trimmed,
)
from orbion.domain.errors import FaultCode, UnavailableError
from orbion.domain.leads import LeadRow
from orbion.domain.mirror import KEY, SheetTable, key_of


class GoogleSheet:
    """One row per lead, found by its key column; rows and columns of people stay.

    What is known of the tab is checked before each write, and the answer of the write shows what
    stood there at that instant: Google has no conditional write, so a row or column that a person
    moved in between is found afterwards, put right, and its leads are named to be written again.
    """

    def __init__(self, api: SheetsApi, *, tab: str) -> None:
        self._api = api
        self._title = tab
        self._tab: Tab | None = None
        self._layout: Layout | None = None
        self._writing = asyncio.Lock()

    async def upsert(self, rows: Sequence[LeadRow]) -> frozenset[int]:
        async with self._writing:
            layout, self._layout = self._layout, None  # whatever fails leaves it unknown
            if layout is None or not await self._still_holds(layout, rows):
                layout = await self._found(rows)
                await self._drop_twins(layout, rows)
            layout = await self._named(layout, rows)
            again = await self._update(layout, rows)
            new = [row for row in rows if row.lead_id not in layout.rows]
            if not again and new:
                again |= await self._append(layout, new)
            if not again and not layout.stale:
                self._layout = layout
            return frozenset(again)

    async def read(self, business: str) -> SheetTable | None:  # noqa: ARG002 it has one only
        tab = self._known(await self._api.tabs())
        return None if tab is None else table_of(await self._read(tab))

    async def cells(self, business: str, tab: str, area: str) -> Sequence[Sequence[str]]:  # noqa: ARG002
        (grid,) = await self._api.read([f"{quoted(tab)}!{area}"])
        return grid

    async def reach(self) -> None:
        await self._api.tabs()

    async def _still_holds(self, layout: Layout, rows: Sequence[LeadRow]) -> bool:
        """Look at the header and at each row that will be written; new ones are looked at after."""
        known = [row.lead_id for row in rows if row.lead_id in layout.rows]
        if not known and not layout.missing(rows):
            return True
        places = [layout.header_row, *(layout.rows[lead] for lead in known)]
        try:
            seen = await self._api.read([layout.whole(place) for place in places])
        except UnavailableError as error:
            if error.code is FaultCode.SHEETS_RANGE:
                return False  # fewer rows than there were, or another title
            raise
        header, *lines = [next(iter(part), []) for part in seen]
        layout.cells = dict(zip(known, lines, strict=True))
        return trimmed(header) == layout.names and all(map(layout.shows, known, lines))

    async def _found(self, rows: Sequence[LeadRow]) -> Layout:
        tabs = await self._api.tabs()
        tab = self._known(tabs)
        if tab is None:
            tab = await self._api.add_tab(self._title, header=columns_of(rows), beside=tabs)
        self._tab = tab
        return await self._read(tab)

    async def _drop_twins(self, layout: Layout, rows: Sequence[LeadRow]) -> None:
        """Empty leads' second rows: a process added one and was killed before it could look.

        One in which a person wrote beside our columns stays. What it holds of ours is never newer
        than the first row's: the task of who was killed is worked again.
        """
        ours = frozenset(columns_of(rows))
        empty = ["" if name in ours else None for name in layout.names]
        blank: list[tuple[str, Cells]] = []
        for number, line in chain.from_iterable(each.items() for each in layout.twins.values()):
            written = {name for name, value in zip(layout.names, line, strict=False) if value}
            if written <= ours:
                blank.append((layout.range_of(number), empty))
        if blank:
            await self._api.write(blank)

    def _known(self, tabs: Sequence[Tab]) -> Tab | None:
        """The tab of the settings, or the one it was before somebody renamed it."""
        named = [tab for tab in tabs if tab.title == self._title]
        same = [tab for tab in tabs if self._tab is not None and tab.id == self._tab.id]
        return next(iter((*named, *same)), None)

    async def _read(self, tab: Tab) -> Layout:
        (grid,) = await self._api.read([quoted(tab.title)])
        return read_layout(tab, grid)

    async def _named(self, layout: Layout, rows: Sequence[LeadRow]) -> Layout:
        """Insert the columns that are missing behind the last one: new ones hit nobody's cells."""
        missing = layout.missing(rows)
        if not missing:
            return layout
        await self._api.insert_columns(
            layout.tab, missing, row=layout.header_row, at=len(layout.names)
        )
        layout = await self._read(layout.tab)
        if layout.missing(rows):
            raise UnavailableError(FaultCode.SHEETS_RANGE, "the header moved while it was written")
        return layout

    async def _update(self, layout: Layout, rows: Sequence[LeadRow]) -> set[int]:
        """Write the known leads in one call; none if there is nothing."""
        known = [row for row in rows if row.lead_id in layout.rows]
        if not known:
            return set()
        header: tuple[str, Cells] = (layout.range_of(layout.header_row), [None] * len(layout.names))
        places = [layout.range_of(layout.rows[row.lead_id]) for row in known]
        lines = [layout.line(row) for row in known]
        stood, *after = await self._api.write([header, *zip(places, lines, strict=True)])
        names = trimmed(stood) if stood else await self._header(layout)
        if names != layout.names and KEY in names:
            await self._put_back(layout, names, known)
            return {row.lead_id for row in rows}
        strays = await self._strays(layout, known, after)
        moved = names != layout.names  # the header's row itself
        return strays | {row.lead_id for row in rows if moved}

    async def _header(self, layout: Layout) -> tuple[str, ...]:
        (seen,) = await self._api.read([layout.whole(layout.header_row)])
        return trimmed(next(iter(seen), []))

    async def _put_back(
        self, layout: Layout, names: Sequence[str], known: Sequence[LeadRow]
    ) -> None:
        """A column moved while we wrote: give people's cells back what stood in them before."""
        repairs = []
        for row in known:
            written, before = layout.line(row), layout.cells[row.lead_id]
            repair: list[str | None] = [None] * len(written)
            for place, value in enumerate(written):
                if value is not None:
                    repair[place] = _before(cell(names, place), layout, row, before)
            repairs.append((layout.range_of(layout.rows[row.lead_id]), repair))
        if repairs:
            await self._api.write(repairs)

    async def _strays(
        self, layout: Layout, known: Sequence[LeadRow], after: Sequence[Sequence[str] | None]
    ) -> set[int]:
        """Leads whose row moved while we wrote, and those whose row was hit instead."""
        again, blank = set[int](), list[tuple[str, Cells]]()
        for row, line in zip(known, after, strict=True):
            if line is None or layout.shows(row.lead_id, line):
                continue
            hit = key_of(cell(line, layout.key_column))
            again |= {row.lead_id} if hit is None else {row.lead_id, hit}
            if hit is None:
                empty = [None if value is None else "" for value in layout.line(row)]
                blank.append((layout.range_of(layout.rows[row.lead_id]), empty))
        if blank:
            await self._api.write(blank)
        return again

    async def _append(self, layout: Layout, rows: Sequence[LeadRow]) -> set[int]:
        """Insert the new leads under the table, which begins where Google says it begins."""
        start = layout.table_column
        done, lines = await self._insert(layout, rows, start)
        if done.column != start:
            await self._take_out(layout, done, lines)
            start = done.column
            done, lines = await self._insert(layout, rows, start)
        names, first = await self._seen_after(layout)
        if names != layout.names:
            await self._take_out(layout, done, lines)
            return {row.lead_id for row in rows}
        doubled = {
            row.lead_id: place
            for place, row in enumerate(rows)
            if first.get(row.lead_id, done.row + place) < done.row + place
        }
        if doubled:
            for place in doubled.values():
                await self._take_out(layout, replace(done, row=done.row + place), [lines[place]])
            return set(doubled)
        layout.stale = any(place >= done.row for place in layout.rows.values())
        layout.rows |= {row.lead_id: done.row + place for place, row in enumerate(rows)}
        left_out = {name for name in layout.names[:start] if name}
        return {row.lead_id for row in rows if not left_out.isdisjoint(row.columns)}

    async def _seen_after(self, layout: Layout) -> tuple[tuple[str, ...], dict[int, int]]:
        """The header, and the first row of each lead: another process may have been faster."""
        title, column = quoted(layout.tab.title), letters(layout.key_column)
        ranges = [layout.whole(layout.header_row), f"{title}!{column}:{column}"]
        header, keys = await self._api.read(ranges)
        first: dict[int, int] = {}
        for number, line in enumerate(keys, 1):
            lead = key_of(cell(line, 0))
            if lead is not None and number != layout.header_row:
                first.setdefault(lead, number)
        return trimmed(next(iter(header), [])), first

    async def _insert(
        self, layout: Layout, rows: Sequence[LeadRow], start: int
    ) -> tuple[Appended, Sequence[Cells]]:
        lines = [layout.line(row, start=start, key=str(row.lead_id)) for row in rows]
        at = f"{quoted(layout.tab.title)}!{letters(layout.key_column)}{layout.header_row}"
        return await self._api.append(at, lines), lines

    async def _take_out(self, layout: Layout, done: Appended, lines: Sequence[Cells]) -> None:
        """Empty the rows that were inserted under the wrong columns, if they are still there."""
        title, last = quoted(layout.tab.title), done.row + len(lines) - 1
        (seen,) = await self._api.read([f"{title}!{done.row}:{last}"])
        cells = []
        for place, line in enumerate(lines):
            row = done.row + place
            shown = seen[place][done.column :] if place < len(seen) else []
            if shown == [value or "" for value in line][: len(shown)]:
                where = f"{title}!{letters(done.column)}{row}"
                where += f":{letters(done.column + len(line) - 1)}{row}"
                cells.append((where, [None if value is None else "" for value in line]))
        if cells:
            await self._api.write(cells)


def _before(name: str, layout: Layout, row: LeadRow, before: Sequence[str]) -> str:
    """What belongs into the row's cell of the column that is now called `name`."""
    if name == KEY:
        return str(row.lead_id)
    if name in row.columns:
        return row.columns[name]
    return cell(before, layout.names.index(name)) if name in layout.names else ""
