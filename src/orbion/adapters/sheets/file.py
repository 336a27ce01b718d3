"""Mirror leads to one CSV file per business, each file replaced whole or not at all."""

import asyncio
import csv
import io
import os
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from orbion.domain.catalogue_sheet import within
from orbion.domain.errors import FaultCode, UnavailableError
from orbion.domain.leads import LeadRow
from orbion.domain.mirror import KEY, SheetTable, key_of
from orbion.domain.passages import slug

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class FileSheet:
    """One row per lead, found by its key column; columns that people added stay.

    `run` carries blocking work out of the event loop, as `asyncio.to_thread` does. Only one
    process may write to `directory`.
    """

    def __init__(
        self, directory: Path, *, run: Callable[[Callable[[], None]], Awaitable[None]]
    ) -> None:
        self._directory = directory
        self._run = run
        self._writing = asyncio.Lock()

    async def upsert(self, rows: Sequence[LeadRow]) -> frozenset[int]:
        async with self._writing:
            try:
                await self._run(lambda: self._write_all(rows))
            except OSError as error:
                raise UnavailableError(
                    FaultCode.SHEETS_UNREACHABLE, f"cannot write the lead file: {error.strerror}"
                ) from error
        return frozenset()

    async def read(self, business: str) -> SheetTable | None:
        found: list[SheetTable] = []
        path = self._path(business)
        if path.exists():
            await self._run(lambda: found.append(_table(*_read(path))))
        return found[0] if found else None

    async def cells(self, business: str, tab: str, area: str) -> Sequence[Sequence[str]]:
        """Read a file of its own, «business@tab.csv»: people keep it, nothing here writes it."""
        path = self._directory / f"{quote(business, safe='')}@{slug(tab)}.csv"
        found: list[Sequence[Sequence[str]]] = []
        try:
            await self._run(lambda: found.append(_grid(path)))
        except OSError as error:
            raise UnavailableError(
                FaultCode.SHEETS_RANGE, f"{path.name} cannot be read: {error.strerror}"
            ) from error
        return within(found[0], area)

    async def reach(self) -> None:
        """Be there always: the health of the disk has a check of its own."""

    def _path(self, business: str) -> Path:
        return self._directory / f"{quote(business, safe='')}.csv"

    def _write_all(self, rows: Sequence[LeadRow]) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)
        for business in dict.fromkeys(row.business for row in rows):
            _update(self._path(business), [row for row in rows if row.business == business])


def _update(path: Path, rows: Iterable[LeadRow]) -> None:
    header, lines = _read(path)
    for row in rows:
        header += [column for column in row.columns if column not in header]
        line = lines.setdefault(str(row.lead_id), {KEY: str(row.lead_id)})
        line.update({name: _as_text(value) for name, value in row.columns.items() if name != KEY})
    _replace(path, _render(header, lines.values()))


def _read(path: Path) -> tuple[list[str], dict[str, dict[str, str]]]:
    """The header, and the rows by key; a row without one keeps its place under its number."""
    if not path.exists():
        return [KEY], {}
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        reader = csv.DictReader(file, restval="")
        header = list(reader.fieldnames or ())
        lines = {row.get(KEY) or f"#{number}": row for number, row in enumerate(reader)}
    return (header if KEY in header else [KEY, *header]), lines


def _grid(path: Path) -> Sequence[Sequence[str]]:
    """Every cell as it was written; Excel in Brazil separates them by semicolons."""
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    title = text.partition("\n")[0]
    separator = ";" if title.count(";") > title.count(",") else ","
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))


def _table(header: Sequence[str], lines: Mapping[str, Mapping[str, str]]) -> SheetTable:
    leads = {
        lead: {name: _from_text(value) for name, value in line.items() if name in header}
        for key, line in lines.items()
        if (lead := key_of(key)) is not None
    }
    return SheetTable(columns=tuple(header), leads=leads)


def _render(header: Sequence[str], lines: Iterable[Mapping[str, str]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, header, restval="", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue().encode("utf-8", "replace")


def _replace(path: Path, content: bytes) -> None:
    """Write beside it, then rename: a reader or a crash sees the old file or the new one."""
    beside = path.with_suffix(".tmp")
    with beside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _as_text(value: str) -> str:
    """Let no cell become a formula where the file is opened."""
    return f"'{value}" if value.startswith(_FORMULA) else value


def _from_text(value: str | None) -> str:
    text = value or ""
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text
