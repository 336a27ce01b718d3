"""Read a catalogue out of the cells of a sheet, and name each row that is none and why."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from orbion.domain.errors import FaultCode, UnavailableError
from orbion.domain.passages import slug
from orbion.domain.playbook import Discount, Instalments, Item, SheetRange
from orbion.domain.text import normalise, visible
from orbion.kit.ids import digest

MOST_ITEMS: Final = 200
"""All of them stand in each prompt."""

_NAME: Final = "nome"
_PRICE: Final = "preco"
_ID: Final = "id"
_UNIT: Final = "unidade"
_ALIASES: Final = "outros nomes"
_COUNT: Final = "parcelas"
_AMOUNT: Final = "valor da parcela"
_PERCENT: Final = "desconto"
_CONDITION: Final = "condicao"
_COLUMNS: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys((_NAME, "produto", "item", "servico"), _NAME),
        **dict.fromkeys((_PRICE, "valor"), _PRICE),
        **dict.fromkeys((_ID, "codigo"), _ID),
        _UNIT: _UNIT,
        **dict.fromkeys((_ALIASES, "apelidos"), _ALIASES),
        _COUNT: _COUNT,
        _AMOUNT: _AMOUNT,
        _PERCENT: _PERCENT,
        **dict.fromkeys((_CONDITION, "condicao do desconto"), _CONDITION),
    }
)
"""What each column's title, folded, holds; any other column is not ours."""

_LONGEST: Final = 200
_RANGE: Final = re.compile(
    r"(?P<tab>'(?:[^']|'')+'|[^'!]+)!(?P<area>[A-Z]{1,3}\d*(?::[A-Z]{1,3}\d*)?)"
)
_CORNER: Final = re.compile(r"([A-Z]+)(\d*)")
_MONEY: Final = re.compile(
    r"(?:R\$\s*)?(\d{1,3}(?:\.\d{3})+|\d{1,7})(?:,(\d{1,2}))?", re.IGNORECASE | re.ASCII
)
_WHOLE: Final = re.compile(r"(\d{1,3})\s*[x%]?", re.IGNORECASE | re.ASCII)
_HIGHEST_PERCENT: Final = 100
_LEAST_PARTS: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """`version` is a digest of the cells; `skipped` names the rows left out, by number."""

    items: tuple[Item, ...]
    version: str
    skipped: tuple[str, ...] = ()


class _RowError(Exception):
    """Why a row is no item, and the cure."""


@dataclass(slots=True, kw_only=True)
class _Reading:
    """What was read so far; `rows` has the row of each id."""

    items: list[Item] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)

    def add(self, number: int, item: Item) -> None:
        if (twin := self.rows.get(item.id)) is not None:
            raise _RowError(f"is the same as row {twin}; give each its own name")
        if len(self.items) == MOST_ITEMS:
            raise _RowError(f"is beyond the first {MOST_ITEMS}; take some out")
        self.rows[item.id] = number
        self.items.append(item)


def read_range(text: str) -> SheetRange | None:
    """«Catálogo!A1:F» or «'Tabela de preços'!A1:F»; None if it is neither."""
    found = _RANGE.fullmatch(text.strip())
    if found is None:
        return None
    tab = found["tab"].strip()
    quoted = tab.startswith("'")
    return SheetRange(tab=tab[1:-1].replace("''", "'") if quoted else tab, area=found["area"])


def within(grid: Sequence[Sequence[str]], area: str) -> Sequence[Sequence[str]]:
    """The part of a whole tab that «A1:F» names."""
    first, _, last = area.partition(":")
    left, top = _corner(first)
    right, bottom = _corner(last or first)
    end = None if bottom is None else bottom + 1
    return [row[left : right + 1] for row in grid[top or 0 : end]]


def read_catalogue(grid: Sequence[Sequence[str]], where: SheetRange) -> Catalogue:
    """The items of a range whose first row that is not empty has the titles of its columns.

    Raises:
        UnavailableError: `sheets.range`; no column has names, or none has prices.
    """
    first = _corner(where.area.partition(":")[0])[1] or 0
    lines = [
        (number, row) for number, row in enumerate(grid, first + 1) if any(map(str.strip, row))
    ]
    titles = [_COLUMNS.get(normalise(cell)) for cell in (lines[0][1] if lines else ())]
    for wanted in (_NAME, _PRICE):
        if wanted not in titles:
            raise UnavailableError(
                FaultCode.SHEETS_RANGE,
                f"{where.tab}!{where.area} has no column {wanted!r}: write it in the first row",
            )
    reading = _Reading()
    for number, row in lines[1:]:
        _read_row(reading, number, _cells(titles, row))
    return Catalogue(
        items=tuple(reading.items),
        version=digest(*(cell for _, row in lines for cell in ("", *row))).hex()[:8],
        skipped=tuple(reading.skipped),
    )


def _read_row(reading: _Reading, number: int, cells: Mapping[str, str]) -> None:
    try:
        reading.add(number, _item(cells))
    except _RowError as error:
        reading.skipped.append(f"row {number} {error}")


def _cells(titles: Sequence[str | None], row: Sequence[str]) -> Mapping[str, str]:
    """By what they hold; of two columns of one title the first counts."""
    found: dict[str, str] = {}
    for title, cell in zip(titles, row, strict=False):
        if title is not None:
            found.setdefault(title, " ".join(visible(cell).split()))
    return found


def _item(cells: Mapping[str, str]) -> Item:
    name, ident = cells.get(_NAME, ""), cells.get(_ID, "")
    for column, cell in cells.items():
        if len(cell) > _LONGEST:
            raise _RowError(f"has more than {_LONGEST} characters in {column!r}; make it short")
    if not normalise(name):
        raise _RowError("has no name; write what customers read")
    return Item(
        id=slug(ident if normalise(ident) else name),
        name=name,
        price=_money(cells, _PRICE),
        unit=cells.get(_UNIT, ""),
        aliases=tuple(filter(None, map(normalise, re.split("[,;]", cells.get(_ALIASES, ""))))),
        instalments=_instalments(cells),
        discount=_discount(cells),
    )


def _money(cells: Mapping[str, str], column: str) -> int:
    """Centavos; only what can be read in one way is an amount."""
    cell = cells.get(column, "")
    found = _MONEY.fullmatch(cell)
    centavos = 0
    if found is not None:
        centavos = int(found[1].replace(".", "")) * 100 + int((found[2] or "0").ljust(2, "0"))
    if centavos == 0:
        what = "is no amount above zero" if cell else "is missing"
        raise _RowError(f"{column!r} {what}; write it as 12.900,00")
    return centavos


def _instalments(cells: Mapping[str, str]) -> Instalments | None:
    if not (cells.get(_COUNT) or cells.get(_AMOUNT)):
        return None
    count = _whole(cells, _COUNT)
    if count < _LEAST_PARTS:
        raise _RowError(f"{_COUNT!r} is no number of payments; write it as 12")
    return Instalments(count=count, amount=_money(cells, _AMOUNT))


def _discount(cells: Mapping[str, str]) -> Discount | None:
    if not (cells.get(_PERCENT) or cells.get(_CONDITION)):
        return None
    percent = _whole(cells, _PERCENT)
    if not 0 < percent < _HIGHEST_PERCENT:
        raise _RowError(f"{_PERCENT!r} is no percentage from 1 to 99; write it as 5%")
    if not cells.get(_CONDITION):
        raise _RowError(f"{_CONDITION!r} is missing; say when the discount holds, as 'no Pix'")
    return Discount(percent=percent, condition=cells[_CONDITION])


def _whole(cells: Mapping[str, str], column: str) -> int:
    found = _WHOLE.fullmatch(cells.get(column, ""))
    return int(found[1]) if found else 0


def _corner(text: str) -> tuple[int, int | None]:
    """Column and row from 0; a whole column has no row."""
    found = _CORNER.fullmatch(text)
    letters, number = found.groups() if found else ("A", "")
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - ord("A") + 1
    return column - 1, int(number) - 1 if number else None
