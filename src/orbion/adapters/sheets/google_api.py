"""Call Google Sheets v4 for one spreadsheet within its quota, and say what each failure means."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import quote

import httpx
import msgspec

from orbion.adapters.http import AnswerLostError, NotSentError, exchange, retry_after
from orbion.adapters.sheets.google_token import AccessTokens
from orbion.domain.errors import FaultCode, UnavailableError
from orbion.kit.clock import Clock
from orbion.kit.limiter import Limiter, Rate

Cells = Sequence[str | None]
"""One row as it is written; None leaves a cell as it is."""

QUOTA: Final = Rate(60, 60.0, burst=10)
"""What Google allows in any minute; ten of them at once, so that the others go on evenly."""

_ADDRESS: Final = "https://sheets.googleapis.com/v4/spreadsheets/"
_TIMEOUT_SECONDS: Final = 20.0
_LONGEST_WAIT_SECONDS: Final = 5.0
_QUOTA_SECONDS: Final = 60.0  # Google names no time; its counts are of one minute
_OPERATOR_SECONDS: Final = 60.0
_SERVER_SECONDS: Final = 5.0
_FAULTS: Final[Mapping[int, tuple[FaultCode, str, float]]] = MappingProxyType(
    {
        401: (FaultCode.SHEETS_AUTH, "Google Sheets refuses the key", _OPERATOR_SECONDS),
        403: (
            FaultCode.SHEETS_AUTH,
            "the service account may not edit the spreadsheet",
            _OPERATOR_SECONDS,
        ),
        404: (FaultCode.SHEETS_MISSING, "there is no such spreadsheet", _OPERATOR_SECONDS),
        429: (FaultCode.SHEETS_QUOTA, "Google Sheets: too many calls", _QUOTA_SECONDS),
    }
)
_NEW_ROWS: Final = 1_000  # both are what Google gives a new tab
_NEW_COLUMNS: Final = 26
_TABS: Final = "sheets.properties(sheetId,title)"
_RANGE: Final = re.compile(r"!\$?([A-Z]+)\$?(\d+)(?::\$?[A-Z]+\$?\d+)?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    id: int
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Appended:
    """Where it went: columns count from 0, rows from 1."""

    column: int
    row: int


class SheetsApi:
    """`pace` is shared by all that use the same key, as Google's quota is: `user` names it."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        tokens: AccessTokens,
        *,
        spreadsheet: str,
        pace: Limiter,
        user: str,
    ) -> None:
        self._client = client
        self._tokens = tokens
        self._url = f"{_ADDRESS}{quote(spreadsheet, safe='')}"
        self._pace = pace
        self._user = user

    async def tabs(self) -> Sequence[Tab]:
        said = await self._call("GET", "", params={"fields": _TABS})
        return [_tab(sheet["properties"]) for sheet in said.get("sheets", ())]

    async def add_tab(self, title: str, *, header: Sequence[str], beside: Sequence[Tab]) -> Tab:
        """Add a tab with its header in one step: of two processes one makes both, or the other.

        Raises:
            UnavailableError: `sheets.range`; there is one of that title by now.
        """
        taken = {tab.id for tab in beside}
        tab = Tab(id=next(each for each in count(1) if each not in taken), title=title)
        grid = {"rowCount": _NEW_ROWS, "columnCount": max(_NEW_COLUMNS, len(header))}
        properties = {"sheetId": tab.id, "title": title, "gridProperties": grid}
        await self._change(
            {"addSheet": {"properties": properties}}, _filled(tab, header, row=1, at=0)
        )
        return tab

    async def insert_columns(self, tab: Tab, names: Sequence[str], *, row: int, at: int) -> None:
        """Insert named columns before column `at` (from 0), in one step; `row` counts from 1."""
        span = {"sheetId": tab.id, "dimension": "COLUMNS"}
        span |= {"startIndex": at, "endIndex": at + len(names)}
        inserted = {"range": span, "inheritFromBefore": at > 0}
        await self._change({"insertDimension": inserted}, _filled(tab, names, row=row, at=at))

    async def _change(self, *requests: Mapping[str, Any]) -> Mapping[str, Any]:
        return await self._call("POST", ":batchUpdate", body={"requests": requests})

    async def read(self, ranges: Sequence[str]) -> list[list[list[str]]]:
        """Read the rows of each range as people see them, without what is empty at the ends."""
        said = await self._call("GET", "/values:batchGet", params={"ranges": list(ranges)})
        return [_rows(each) for each in said["valueRanges"]]

    async def write(self, data: Sequence[tuple[str, Cells]]) -> list[list[str] | None]:
        """Write one row to each range; returns what stood there at the same instant afterwards."""
        body = {
            "valueInputOption": "RAW",
            "includeValuesInResponse": True,
            "data": [{"range": where, "values": [cells]} for where, cells in data],
        }
        said = await self._call("POST", "/values:batchUpdate", body=body)
        return [_one_row(each.get("updatedData")) for each in said["responses"]]

    async def append(self, at: str, rows: Sequence[Cells]) -> Appended:
        """Insert rows under the table that the cell `at` belongs to."""
        said = await self._call(
            "POST",
            f"/values/{quote(at, safe='')}:append",
            params={"valueInputOption": "RAW", "insertDataOption": "INSERT_ROWS"},
            body={"values": rows},
        )
        column, row = _start(said["updates"]["updatedRange"])
        table = said.get("tableRange")
        return Appended(column=column if table is None else _start(table)[0], row=row)

    async def _call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Mapping[str, Any]:
        """Ask once more with a new token if this one is refused."""
        answer = await self._exchange(method, path, params, body)
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            self._tokens.forget()
            answer = await self._exchange(method, path, params, body)
        if not answer.is_success:
            raise _fault(answer)
        try:
            return msgspec.json.decode(answer.content, type=dict[str, Any])
        except msgspec.MsgspecError as error:
            raise _unreachable("Google Sheets answered something that is no JSON") from error

    async def _exchange(
        self,
        method: str,
        path: str,
        params: Mapping[str, Any] | None,
        body: Mapping[str, Any] | None,
    ) -> httpx.Response:
        token = await self._tokens.token()
        await self._take(method)
        request = self._client.build_request(
            method,
            self._url + path,
            params=params,
            content=None if body is None else msgspec.json.encode(body),
            headers={"authorization": f"Bearer {token}", "content-type": "application/json"},
        )
        try:
            return await exchange(self._client, request, timeout=_TIMEOUT_SECONDS)
        except (NotSentError, AnswerLostError) as error:
            raise _unreachable("Google Sheets did not answer") from error

    async def _take(self, method: str) -> None:
        """Wait for a place in the quota, if it is near; reads and writes are counted apart."""
        place = self._pace.reserve(f"{method} {self._user}", at_most=_LONGEST_WAIT_SECONDS)
        if not place.allowed:
            raise UnavailableError(
                FaultCode.SHEETS_QUOTA, "the minute's calls are used up", retry_after=place.wait
            )
        if place.wait > 0:
            await asyncio.sleep(place.wait)


def build_pace(clock: Clock) -> Limiter:
    return Limiter((QUOTA,), clock=clock)


def _fault(answer: httpx.Response) -> UnavailableError:
    """Google's own words are left out: they may quote what was written."""
    status = answer.status_code
    if status in _FAULTS:
        code, message, wait = _FAULTS[status]
        return UnavailableError(code, message, retry_after=retry_after(answer.headers) or wait)
    if answer.is_client_error:
        return UnavailableError(
            FaultCode.SHEETS_RANGE,
            f"Google Sheets refuses the range: {status}",
            retry_after=_SERVER_SECONDS,
        )
    return _unreachable(f"Google Sheets answered {status}")


def _unreachable(message: str) -> UnavailableError:
    return UnavailableError(FaultCode.SHEETS_UNREACHABLE, message, retry_after=_SERVER_SECONDS)


def _filled(tab: Tab, names: Sequence[str], *, row: int, at: int) -> Mapping[str, Any]:
    cells = [{"userEnteredValue": {"stringValue": name}} for name in names]
    start = {"sheetId": tab.id, "rowIndex": row - 1, "columnIndex": at}
    return {
        "updateCells": {"start": start, "rows": [{"values": cells}], "fields": "userEnteredValue"}
    }


def _tab(properties: Mapping[str, Any]) -> Tab:
    return Tab(id=properties["sheetId"], title=properties["title"])


def _rows(value_range: Mapping[str, Any]) -> list[list[str]]:
    return [[str(cell) for cell in row] for row in value_range.get("values", ())]


def _one_row(value_range: Mapping[str, Any] | None) -> list[str] | None:
    if value_range is None:
        return None
    return next(iter(_rows(value_range)), [])


def _start(said: str) -> tuple[int, int]:
    """The first column, from 0, and the first row, from 1, of a range in A1 notation."""
    found = _RANGE.search(said)
    if found is None:
        raise _unreachable("Google Sheets named a range that cannot be read")
    column = 0
    for letter in found[1]:
        column = column * 26 + ord(letter) - ord("A") + 1
    return column - 1, int(found[2])
