"""Builds the sheet of each business: a file, or a tab of a Google spreadsheet."""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import httpx

from orbion.adapters.guarded import GuardedSheet
from orbion.adapters.sheets.file import FileSheet
from orbion.adapters.sheets.google import GoogleSheet
from orbion.adapters.sheets.google_api import SheetsApi, build_pace
from orbion.adapters.sheets.google_token import AccessTokens, GoogleAccount
from orbion.config import Settings
from orbion.config.account import AccountSettings
from orbion.domain.errors import FaultCode, RejectedError
from orbion.main.outside import Guards
from orbion.main.world import World
from orbion.ports import Sheet

_FILE_SECONDS = 30.0
_GOOGLE_SECONDS = 60.0  # a batch is up to six calls, each waiting for its place in the quota


@dataclass(frozen=True, slots=True, kw_only=True)
class GoogleTab:
    """Where a business's leads go."""

    spreadsheet: str
    tab: str
    key_file: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheets:
    """The sheet of each business; one that no account names any more keeps its file."""

    files: Sheet
    made: Mapping[str, Sheet] = field(default_factory=dict)

    def of(self, business: str) -> Sheet:
        return self.made.get(business, self.files)


def google_tabs(given: Mapping[str, AccountSettings]) -> Mapping[str, GoogleTab]:
    """Find each business's spreadsheet.

    Raises:
        RejectedError: one business has two, or two businesses share a tab.
    """
    tabs: dict[str, GoogleTab] = {}
    for account in given.values():
        if account.sheet_id is None or account.google_key_file is None:
            continue
        tab = GoogleTab(
            spreadsheet=account.sheet_id,
            tab=account.sheet_tab,
            key_file=account.google_key_file,
        )
        if tabs.setdefault(account.business, tab) != tab:
            raise _wrong(f"business {account.business!r} has two sheets: give it one")
    if len({(tab.spreadsheet, tab.tab) for tab in tabs.values()}) < len(tabs):
        raise _wrong("two businesses share one tab of a spreadsheet: give each its own sheet_tab")
    return tabs


def load_google(path: Path) -> GoogleAccount:
    """Import google.auth and read the key; slow, so it is called in a thread, after the start."""
    adapter = importlib.import_module("orbion.adapters.sheets.google_key")
    account: GoogleAccount = adapter.read_key(path)
    return account


def plain_sheets(settings: Settings, world: World, client: httpx.AsyncClient) -> Sheets:
    """Build every business's sheet without a guard: a command calls it for a person."""
    pace = build_pace(world.clock)
    tokens: dict[Path, AccessTokens] = {}
    made: dict[str, Sheet] = {}
    for business, tab in google_tabs(settings.accounts()).items():
        if tab.key_file not in tokens:
            tokens[tab.key_file] = AccessTokens(
                client,
                read_key=partial(load_google, tab.key_file),
                run=world.run_blocking,
                now=world.clock.now,
            )
        api = SheetsApi(
            client,
            tokens[tab.key_file],
            spreadsheet=tab.spreadsheet,
            pace=pace,
            user=str(tab.key_file),
        )
        made[business] = GoogleSheet(api, tab=tab.tab)
    return Sheets(files=FileSheet(settings.sheets_folder, run=world.run_blocking), made=made)


def guarded_sheets(guards: Guards, client: httpx.AsyncClient) -> Sheets:
    """Put each business's sheet behind a guard of its own."""
    plain = plain_sheets(guards.settings, guards.world, client)
    accounts = guards.settings.accounts().values()
    made = {
        business: GuardedSheet(
            plain.of(business),
            guards.make(
                sheet_guard_of(business),
                "sheets",
                timeout=_GOOGLE_SECONDS if business in plain.made else _FILE_SECONDS,
            ),
        )
        for business in dict.fromkeys(account.business for account in accounts)
    }
    return Sheets(files=plain.files, made=made)


def sheet_guard_of(business: str) -> str:
    """The name of a business's guard, and of its check in the health."""
    return f"sheets:{business}"


def _wrong(message: str) -> RejectedError:
    return RejectedError(FaultCode.INPUT_BAD, message)
