"""Simulates Google Sheets v4 and Google's token endpoint as one raw ASGI app with fault knobs."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Final
from urllib.parse import parse_qs, unquote

import jwt
import msgspec
from starlette.types import Receive, Scope, Send

from orbion.simulators.asgi import Answer, Ending, Request, read_request, respond
from orbion.simulators.faults import SheetFault, SheetFaults, draw
from orbion.simulators.sheets_faults import (
    ANSWERS,
    BAD_TOKEN,
    NOT_FOUND,
    NOT_SHARED,
    error,
    quota_exceeded,
    token_refused,
)
from orbion.simulators.sheets_grid import (
    NEW_COLUMNS,
    Area,
    OutsideGridError,
    Tab,
    UnparsableRangeError,
    a1,
)

Json = dict[str, Any]

GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SCOPE: Final = "https://www.googleapis.com/auth/spreadsheets"
TOKEN_URI: Final = "https://oauth2.googleapis.com/token"  # noqa: S105 an address, no secret
TOKEN_SECONDS: Final = 3599
_ROOT: Final = "/v4/spreadsheets/"
_MINUTE_MS: Final = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One authorised call: when (ms UTC), what, and whether it counts as a write."""

    at: int
    method: str
    is_write: bool
    body: Json


class SheetsSimulator:
    """One spreadsheet, shared with the service account whose `public_key` (PEM) is given.

    `journal` has every authorised call that was within the quota. `faults` and `is_shared` may be
    changed at any time; `script` decides the next calls one by one before chance does, `fates`
    keeps what was decided, those of the token endpoint too. `people`
    is called just before a call is done: what a person does at that very moment.
    """

    def __init__(
        self,
        spreadsheet: str,
        *,
        email: str,
        public_key: str,
        random: Random,
        now: Callable[[], int],
        faults: SheetFaults,
    ) -> None:
        self.faults = faults
        self.script: deque[SheetFault | None] = deque()
        self.people: Callable[[str], None] = lambda _: None
        self.is_shared = True
        self.tabs: list[Tab] = [Tab(id=0, title="Página1")]
        self.journal: list[Call] = []
        self.fates: list[SheetFault | None] = []
        self.tokens: dict[str, int] = {}
        self._spreadsheet = spreadsheet
        self._email = email
        self._public_key = public_key
        self._random = random
        self._now = now

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = await read_request(scope, receive)
        query = parse_qs(scope["query_string"].decode("latin-1"))
        await asyncio.sleep(self._random.randint(*self.faults.latency_ms) / 1000)
        await respond(self._route(request, query), scope, receive, send)

    def tab(self, title: str) -> Tab:
        """Raises `StopIteration` if there is none."""
        return next(tab for tab in self.tabs if tab.title == title)

    def _route(self, request: Request, query: Mapping[str, Sequence[str]]) -> Answer:
        if request.path == "/token":
            fault = self._fate()
            return ANSWERS.get(fault) or self._token(parse_qs(request.body.decode("latin-1")))
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if self.tokens.get(token, 0) <= self._now():
            return BAD_TOKEN
        spreadsheet, method = _method(request)
        if method is None:
            return Answer(status=404, raw=b"<html><title>Error 404 (Not Found)!!1</title></html>")
        return self._limited(spreadsheet, method, request, query)

    def _limited(
        self, spreadsheet: str, method: str, request: Request, query: Mapping[str, Sequence[str]]
    ) -> Answer:
        is_write = request.method != "GET"
        recent = [
            call
            for call in self.journal
            if call.is_write is is_write and call.at > self._now() - _MINUTE_MS
        ]
        fault = self._fate()
        if len(recent) >= self.faults.per_minute or fault is SheetFault.RATE_LIMITED:
            return quota_exceeded("Write" if is_write else "Read", self.faults.wait)
        body = msgspec.json.decode(request.body, type=Json) if request.body else {}
        self.journal.append(Call(at=self._now(), method=method, is_write=is_write, body=body))
        if fault in ANSWERS:
            return ANSWERS[fault]
        if spreadsheet != self._spreadsheet:
            return NOT_FOUND
        if not self.is_shared:
            return NOT_SHARED
        self.people(method)
        answer = self._done(method, body, query)
        return replace(answer, ending=Ending.RESET) if fault is SheetFault.RESET_AFTER else answer

    def _fate(self) -> SheetFault | None:
        self.fates.append(
            self.script.popleft() if self.script else draw(self.faults.call, self._random)
        )
        return self.fates[-1]

    def _token(self, form: Mapping[str, Sequence[str]]) -> Answer:
        if form.get("grant_type") != [GRANT]:
            return token_refused("unsupported_grant_type", f"Invalid grant_type: {GRANT}")
        try:
            claims = jwt.decode(
                form["assertion"][0],
                self._public_key,
                algorithms=["RS256"],
                audience=TOKEN_URI,
                options={"verify_exp": False, "verify_iat": False},
            )
        except jwt.InvalidTokenError:
            return token_refused("invalid_grant", "Invalid JWT Signature.")
        seconds = self._now() // 1000
        if not (claims["iat"] <= seconds + 60 and seconds < claims["exp"] <= claims["iat"] + 3600):
            return token_refused(
                "invalid_grant",
                "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable "
                "timeframe. Check your iat and exp values in the JWT claim.",
            )
        if claims["iss"] != self._email:
            return token_refused("invalid_grant", "Invalid grant: account not found")
        if claims.get("scope") != SCOPE:
            return token_refused(
                "invalid_scope", "Invalid OAuth scope or ID token audience provided."
            )
        token = f"ya29.{self._random.getrandbits(128):032x}"
        self.tokens[token] = self._now() + TOKEN_SECONDS * 1000
        return Answer(
            body={"access_token": token, "expires_in": TOKEN_SECONDS, "token_type": "Bearer"}
        )

    def _done(self, method: str, body: Json, query: Mapping[str, Sequence[str]]) -> Answer:
        name, _, at = method.partition(" ")
        try:
            match name:
                case "get":
                    return Answer(body={"sheets": [_properties(tab) for tab in self.tabs]})
                case "batchGet":
                    ranges = [self._values(where) for where in query.get("ranges", ())]
                    return self._said(valueRanges=ranges)
                case "values:batchUpdate":
                    return self._write([self._inside(each["range"]) for each in body["data"]], body)
                case "append":
                    return self._append(*self._find(at), body, query)
                case _:
                    return self._change(body["requests"])
        except (UnparsableRangeError, OutsideGridError) as wrong:
            return error(400, str(wrong))

    def _said(self, **fields: Any) -> Answer:
        return Answer(body={"spreadsheetId": self._spreadsheet, **fields})

    def _inside(self, where: str) -> tuple[Tab, Area]:
        tab, area = self._find(where)
        tab.check(area, where)
        return tab, area

    def _find(self, where: str) -> tuple[Tab, Area]:
        title, _, cells = where.rpartition("!") if "!" in where else (where, "", "")
        if title.startswith("'") and title.endswith("'"):
            title = title[1:-1].replace("''", "'")
        for tab in self.tabs:
            if tab.title == title:
                return tab, tab.area(cells)
        raise UnparsableRangeError(f"Unable to parse range: {where}")

    def _values(self, where: str) -> Json:
        tab, area = self._inside(where)
        found: Json = {"range": a1(tab, area), "majorDimension": "ROWS"}
        if values := tab.values(area):
            found["values"] = values
        return found

    def _write(self, places: Sequence[tuple[Tab, Area]], body: Json) -> Answer:
        evaluated = _is_evaluated(body.get("valueInputOption"))
        if evaluated is None:
            return error(400, "'valueInputOption' is required but not specified")
        counts = [
            tab.write(area, each["values"], evaluated=evaluated)
            for (tab, area), each in zip(places, body["data"], strict=True)
        ]
        responses = [
            self._updated(tab, area, count, shows=body.get("includeValuesInResponse", False))
            for (tab, area), count in zip(places, counts, strict=True)
        ]
        return self._said(
            totalUpdatedRows=sum(rows for rows, _ in counts),
            totalUpdatedCells=sum(cells for _, cells in counts),
            totalUpdatedSheets=1,
            responses=responses,
        )

    def _updated(self, tab: Tab, area: Area, count: tuple[int, int], *, shows: bool) -> Json:
        rows, cells = count
        where = a1(tab, area)
        said: Json = {"spreadsheetId": self._spreadsheet, "updatedRange": where}
        if cells:
            said |= {"updatedRows": rows, "updatedCells": cells}
        if shows:
            said["updatedData"] = {
                "range": where,
                "majorDimension": "ROWS",
                "values": tab.values(area),
            }
        return said

    def _append(self, tab: Tab, at: Area, body: Json, query: Mapping[str, Sequence[str]]) -> Answer:
        """Write under the table around `at`, from its first column on; without a table there."""
        evaluated = _is_evaluated(next(iter(query.get("valueInputOption", ())), None))
        if evaluated is None:
            return error(400, "'valueInputOption' is required but not specified")
        rows = body["values"]
        said: Json = {"spreadsheetId": self._spreadsheet}
        top, left = at.top, at.left
        if tab.cell(top, left):
            table = tab.table(top, left)
            said["tableRange"] = a1(tab, table)
            top, left = (table.bottom or 0) + 1, table.left
        if query.get("insertDataOption") == ["INSERT_ROWS"]:
            for number in range(len(rows)):
                if top < len(tab.cells):
                    tab.insert_row(top + number)
        tab.row_count = max(tab.row_count, top + len(rows))
        width = max(map(len, rows), default=1)
        area = Area(top=top, left=left, bottom=top + len(rows) - 1, right=left + width - 1)
        tab.check(area, a1(tab, area))
        count = tab.write(area, rows, evaluated=evaluated)
        said["updates"] = self._updated(tab, area, count, shows=False)
        return Answer(body=said)

    def _change(self, requests: Sequence[Json]) -> Answer:
        replies: list[Json] = []
        for request in requests:
            ((kind, asked),) = request.items()
            if kind == "addSheet":
                if (refused := self._add(asked["properties"])) is not None:
                    return refused
                replies.append({"addSheet": _properties(self.tabs[-1])})
            elif kind == "insertDimension" and asked["range"]["dimension"] == "COLUMNS":
                replies.append(self._insert_columns(asked["range"]))
            elif kind == "updateCells":
                replies.append(self._update_cells(asked))
            else:
                return error(400, f"Invalid requests[0]: {kind} is not simulated")
        return self._said(replies=replies)

    def _add(self, properties: Json) -> Answer | None:
        """Add a tab; returns the refusal of a title or an id that another one has."""
        title = properties["title"]
        wanted = properties.get("sheetId", self._random.getrandbits(31))
        if any(tab.title == title for tab in self.tabs):
            said = f'A sheet with the name "{title}" already exists. Please enter another name.'
            return error(400, f"Invalid requests[0].addSheet: {said}")
        if any(tab.id == wanted for tab in self.tabs):
            said = f"A sheet with ID {wanted} already exists."
            return error(400, f"Invalid requests[0].addSheet: {said}")
        width = properties.get("gridProperties", {}).get("columnCount", NEW_COLUMNS)
        self.tabs.append(Tab(id=wanted, title=title, column_count=width))
        return None

    def _insert_columns(self, span: Json) -> Json:
        tab = next(tab for tab in self.tabs if tab.id == span["sheetId"])
        for _ in range(span["startIndex"], span["endIndex"]):
            tab.insert_column(span["startIndex"])
        return {}

    def _update_cells(self, asked: Json) -> Json:
        start = asked["start"]
        tab = next(tab for tab in self.tabs if tab.id == start["sheetId"])
        rows = [
            [cell["userEnteredValue"]["stringValue"] for cell in line["values"]]
            for line in asked["rows"]
        ]
        area = Area(top=start["rowIndex"], left=start["columnIndex"], bottom=None, right=None)
        tab.write(area, rows, evaluated=False)
        return {}


def _method(request: Request) -> tuple[str, str | None]:
    """The spreadsheet and the method's name in Google's reference, None if there is no such."""
    spreadsheet, slash, rest = request.path.removeprefix(_ROOT).partition("/")
    spreadsheet, _, custom = spreadsheet.partition(":")
    where = unquote(rest.removeprefix("values/").removesuffix(":append"))
    match request.method, slash + rest, custom:
        case "GET", "", "":
            return spreadsheet, "get"
        case "POST", "", "batchUpdate":
            return spreadsheet, "batchUpdate"
        case "GET", "/values:batchGet", "":
            return spreadsheet, "batchGet"
        case "POST", "/values:batchUpdate", "":
            return spreadsheet, "values:batchUpdate"
        case "POST", path, "" if path.startswith("/values/") and path.endswith(":append"):
            return spreadsheet, f"append {where}"
        case _:
            return spreadsheet, None


def _is_evaluated(option: str | None) -> bool | None:
    """RAW keeps what is written, USER_ENTERED reads it as if typed; None for anything else."""
    return {"RAW": False, "USER_ENTERED": True}.get(option or "")


def _properties(tab: Tab) -> Json:
    grid = {"rowCount": tab.row_count, "columnCount": tab.column_count}
    return {"properties": {"sheetId": tab.id, "title": tab.title, "gridProperties": grid}}
