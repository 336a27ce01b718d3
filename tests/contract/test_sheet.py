"""Every lead mirror keeps the same promises, whatever it writes to."""

import csv
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from orbion.adapters.sheets.file import FileSheet
from orbion.domain.errors import FaultCode, UnavailableError
from orbion.ports import Sheet
from orbion.simulators.sheets_grid import Tab
from tests.support.sheets import HurryingClock, google_sheet, inline, key_file, row, simulator

FORMULA = '=IMPORTXML("http://mau.example","//a")'


PRICES = [["nome", "preço"], ["Kit, 5", "R$ 90,00"], ["Visita"], [], ["Café; açúcar", "1"]]


@pytest.fixture(params=["file", "google"])
async def sheet(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Sheet]:
    """One that has nothing but a tab of prices, which people keep."""
    if request.param == "file":
        with (tmp_path / "sol@tabela-de-precos.csv").open(
            "w", encoding="utf-8", newline=""
        ) as file:
            csv.writer(file).writerows(PRICES)
        yield FileSheet(tmp_path, run=inline)
        return
    clock = HurryingClock()
    google = simulator(clock.now)
    google.tabs.append(Tab(id=7, title="Tabela de preços", cells=[list(row) for row in PRICES]))
    async with google_sheet(google, key_file(tmp_path), clock=clock) as opened:
        yield opened


@pytest.mark.parametrize(
    ("area", "cells"),
    [
        ("A1:B", PRICES),
        ("A2:A3", [["Kit, 5"], ["Visita"]]),
        ("B1:B2", [["preço"], ["R$ 90,00"]]),
        ("A:F", PRICES),
    ],
)
async def test_cells_of_any_tab_are_read_as_people_see_them(
    sheet: Sheet, area: str, cells: list[list[str]]
) -> None:
    assert await sheet.cells("sol", "Tabela de preços", area) == cells


async def test_a_tab_that_is_not_there_is_said_to_be_missing(sheet: Sheet) -> None:
    with pytest.raises(UnavailableError) as missing:
        await sheet.cells("sol", "Outra", "A1:B")
    assert missing.value.code is FaultCode.SHEETS_RANGE


async def test_there_is_nothing_before_the_first_lead(sheet: Sheet) -> None:
    await sheet.reach()
    assert await sheet.read("sol") is None


async def test_a_lead_has_one_row_with_its_last_values(sheet: Sheet) -> None:
    assert not await sheet.upsert([row(1, nome="Ana"), row(2, nome="Bia")])
    assert not await sheet.upsert([row(2, nome="Bia Lima"), row(3, nome="Cid")])
    table = await sheet.read("sol")
    assert table is not None
    assert {lead: cells["nome"] for lead, cells in table.leads.items()} == {
        1: "Ana",
        2: "Bia Lima",
        3: "Cid",
    }
    assert table.repeated == ()


async def test_columns_that_come_later_are_added_and_the_others_stay(sheet: Sheet) -> None:
    await sheet.upsert([row(1, nome="Ana", cidade="Belém")])
    await sheet.upsert([row(2, nome="Bia", renda="10")])
    table = await sheet.read("sol")
    assert table is not None
    assert table.columns == ("lead_id", "nome", "cidade", "renda")
    assert table.leads[1] == {"lead_id": "1", "nome": "Ana", "cidade": "Belém", "renda": ""}


@pytest.mark.parametrize("text", [FORMULA, "+5511", "-1", "@a", "007", "'x", "a\nb", "😀"])
async def test_what_is_written_is_read_again_as_the_same_text(sheet: Sheet, text: str) -> None:
    await sheet.upsert([row(1, nome=text)])
    await sheet.upsert([row(1, nome=text)])
    table = await sheet.read("sol")
    assert table is not None
    assert table.leads[1]["nome"] == text
