"""The grid of a simulated spreadsheet: cells as Google keeps them, and what people do to them."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

_NUMBER: Final = re.compile(r"[+-]?\d+(?:\.\d+)?")
_CELL: Final = re.compile(r"\$?([A-Z]+)?\$?(\d+)?")
FORMULA_SHOWN: Final = "#N/A"
NEW_COLUMNS: Final = 26


class UnparsableRangeError(Exception):
    """The range names no tab or is no range."""


class OutsideGridError(Exception):
    """The range lies outside the rows and columns that the tab has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """Rows and columns from 0, ends included; None = to the end of the grid."""

    top: int
    left: int
    bottom: int | None
    right: int | None


@dataclass(slots=True, kw_only=True)
class Tab:
    """Cells hold what people see; a row or cell that was never written is not there."""

    id: int
    title: str
    row_count: int = 1000
    column_count: int = NEW_COLUMNS
    cells: list[list[str]] = field(default_factory=list)

    def row(self, number: int) -> list[str]:
        return self.cells[number] if number < len(self.cells) else []

    def cell(self, row: int, column: int) -> str:
        line = self.row(row)
        return line[column] if column < len(line) else ""

    def put(self, row: int, column: int, value: str) -> None:
        while len(self.cells) <= row:
            self.cells.append([])
        line = self.cells[row]
        line += [""] * (column + 1 - len(line))
        line[column] = value

    def column(self, name: str) -> list[str]:
        """What stands under the first header of this name, from the header on."""
        place = self.header.index(name)
        return [self.cell(number, place) for number in range(len(self.cells))]

    @property
    def header(self) -> list[str]:
        return self.row(0)

    # What people do; rows count from 0, the header being row 0.

    def insert_row(self, at: int, cells: Sequence[str] = ()) -> None:
        self.cells.insert(min(at, len(self.cells)), list(cells))
        self.row_count += 1

    def delete_row(self, at: int) -> None:
        del self.cells[at]
        self.row_count -= 1

    def move_row(self, source: int, target: int) -> None:
        self.cells.insert(target, self.cells.pop(source))

    def sort(self, name: str) -> None:
        """Sort all rows but the header, empty cells last."""
        place = self.header.index(name)
        number = {id(line): row for row, line in enumerate(self.cells)}
        self.cells[1:] = sorted(
            self.cells[1:],
            key=lambda line: (not (cell := self.cell(number[id(line)], place)), cell),
        )

    def insert_column(self, at: int, name: str = "") -> None:
        for number in range(len(self.cells)):
            if at < len(self.row(number)):
                self.cells[number].insert(at, "")
        self.column_count += 1
        if name:
            self.put(0, at, name)

    def move_column(self, source: int, target: int) -> None:
        width = max(source, target, *(len(line) - 1 for line in self.cells)) + 1
        for number in range(len(self.cells)):
            line = [self.cell(number, column) for column in range(width)]
            line.insert(target, line.pop(source))
            self.cells[number] = _trimmed(line)

    def rename_column(self, name: str, to: str) -> None:
        self.put(0, self.header.index(name), to)

    # What the API does.

    def area(self, text: str) -> Area:
        """Read the part of A1 notation after the tab's name; "" is the whole tab.

        Raises:
            UnparsableRangeError: it is none.
        """
        first, _, last = text.partition(":")
        if not text:
            return Area(top=0, left=0, bottom=None, right=None)
        (left, top), (right, bottom) = _place(first), _place(last or first)
        return Area(top=top or 0, left=left or 0, bottom=bottom, right=right)

    def check(self, area: Area, where: str) -> None:
        """Raise `OutsideGridError` if any of it lies beyond the grid."""
        bottom = area.top if area.bottom is None else max(area.top, area.bottom)
        right = area.left if area.right is None else max(area.left, area.right)
        if bottom >= self.row_count or right >= self.column_count:
            raise OutsideGridError(
                f"Range ({where}) exceeds grid limits. Max rows: {self.row_count}, max columns: "
                f"{self.column_count}"
            )

    def values(self, area: Area) -> list[list[str]]:
        """The cells of an area, without the empty ones at the end of each row and of the whole."""
        bottom = len(self.cells) - 1 if area.bottom is None else area.bottom
        end = None if area.right is None else area.right + 1
        rows = [
            _trimmed(self.row(number)[area.left : end]) for number in range(area.top, bottom + 1)
        ]
        while rows and not rows[-1]:
            rows.pop()
        return rows

    def write(
        self, area: Area, rows: Iterable[Sequence[str | None]], *, evaluated: bool
    ) -> tuple[int, int]:
        """Set the cells that are not None; returns how many rows and cells that were."""
        hit = [
            (area.top + down, area.left + across, value)
            for down, line in enumerate(rows)
            for across, value in enumerate(line)
            if value is not None
        ]
        for row, column, value in hit:
            self.put(row, column, shown(value) if evaluated else value)
        return len({row for row, _, _ in hit}), len(hit)

    def table(self, row: int, column: int) -> Area:
        """The block of cells around a place that touches no other filled cell."""
        top = bottom = row
        left = right = column
        grown = True
        while grown:
            before = (top, bottom, left, right)
            while any(self._filled(bottom + 1, each) for each in range(left - 1, right + 2)):
                bottom += 1
            while top and any(self._filled(top - 1, each) for each in range(left - 1, right + 2)):
                top -= 1
            while left and any(self._filled(each, left - 1) for each in range(top, bottom + 1)):
                left -= 1
            while any(self._filled(each, right + 1) for each in range(top, bottom + 1)):
                right += 1
            grown = before != (top, bottom, left, right)
        return Area(top=top, left=left, bottom=bottom, right=right)

    def _filled(self, row: int, column: int) -> bool:
        return column >= 0 and bool(self.cell(row, column))


def shown(value: str) -> str:
    """What a cell shows after somebody has typed this: a formula is computed, a number parsed."""
    if value.startswith("=") and len(value) > 1:
        return FORMULA_SHOWN
    if value.startswith("'"):
        return value[1:]
    if _NUMBER.fullmatch(value):
        return f"{float(value):.15g}"
    return value


def letters(column: int) -> str:
    name, left = "", column + 1
    while left:
        left, digit = divmod(left - 1, 26)
        name = chr(ord("A") + digit) + name
    return name


def a1(tab: Tab, area: Area) -> str:
    """Name an area as Google does; open ends become the grid's."""
    bottom = tab.row_count - 1 if area.bottom is None else area.bottom
    right = tab.column_count - 1 if area.right is None else area.right
    title = tab.title if re.fullmatch(r"[A-Za-z_]\w*", tab.title) else f"'{tab.title}'"
    first = f"{letters(area.left)}{area.top + 1}"
    last = f"{letters(right)}{bottom + 1}"
    return f"{title}!{first}" if first == last else f"{title}!{first}:{last}"


def _place(text: str) -> tuple[int | None, int | None]:
    found = _CELL.fullmatch(text)
    if found is None or not text:
        raise UnparsableRangeError(f"Unable to parse range: {text}")
    column = None
    for letter in found[1] or "":
        column = (column or 0) * 26 + ord(letter) - ord("A") + 1
    return None if column is None else column - 1, int(found[2]) - 1 if found[2] else None


def _trimmed(line: Sequence[str]) -> list[str]:
    kept = list(line)
    while kept and not kept[-1]:
        kept.pop()
    return kept
