"""The CSV mirror: one row per lead, harmless cells, never half a file."""

import asyncio
import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from orbion.adapters.sheets.file import FileSheet
from orbion.domain.errors import FaultCode, UnavailableError
from orbion.domain.leads import LeadRow


async def inline(work: Callable[[], None]) -> None:
    work()


def row(lead: int, business: str = "sol", **columns: str) -> LeadRow:
    return LeadRow(lead_id=lead, business=business, columns=columns)


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


async def test_a_lead_has_one_row_however_often_it_is_written(tmp_path: Path) -> None:
    sheet = FileSheet(tmp_path, run=inline)
    await sheet.upsert([row(1, nome="Ana", cidade=""), row(2, nome="Bia")])
    await sheet.upsert([row(1, nome="Ana", cidade="Belém")])
    assert read(tmp_path / "sol.csv") == [
        {"lead_id": "1", "nome": "Ana", "cidade": "Belém"},
        {"lead_id": "2", "nome": "Bia", "cidade": ""},
    ]


async def test_businesses_have_files_of_their_own_whatever_their_name(tmp_path: Path) -> None:
    await FileSheet(tmp_path / "new", run=inline).upsert([row(1), row(2, "../up"), row(3)])
    names = sorted(path.name for path in (tmp_path / "new").iterdir())
    assert names == ["..%2Fup.csv", "sol.csv"]
    assert [line["lead_id"] for line in read(tmp_path / "new" / "sol.csv")] == ["1", "3"]


async def test_what_people_added_stays_and_new_columns_go_to_the_end(tmp_path: Path) -> None:
    path = tmp_path / "sol.csv"
    path.write_text("nota,lead_id,nome\r\nligar,1,Ana\r\n,,solta\r\n", encoding="utf-8")
    await FileSheet(tmp_path, run=inline).upsert([row(1, nome="Ana Lima", etapa="quente")])
    assert path.read_text(encoding="utf-8").splitlines()[0] == "nota,lead_id,nome,etapa"
    assert read(path) == [
        {"nota": "ligar", "lead_id": "1", "nome": "Ana Lima", "etapa": "quente"},
        {"nota": "", "lead_id": "", "nome": "solta", "etapa": ""},
    ]


@pytest.mark.parametrize("mark", ["=", "+", "-", "@", "\t", "\r"])
async def test_no_cell_becomes_a_formula(tmp_path: Path, mark: str) -> None:
    await FileSheet(tmp_path, run=inline).upsert([row(1, nome=f"{mark}IMPORTXML(1)")])
    assert read(tmp_path / "sol.csv")[0]["nome"] == f"'{mark}IMPORTXML(1)"


async def test_text_of_any_kind_survives_the_way(tmp_path: Path) -> None:
    text = 'linha 1\nlinha "2", fim; 😀'
    sheet = FileSheet(tmp_path, run=inline)
    await sheet.upsert([row(1, nome=text)])
    await sheet.upsert([row(2, nome="x")])
    assert read(tmp_path / "sol.csv")[0]["nome"] == text


async def test_a_write_that_fails_leaves_the_old_file_and_says_so(tmp_path: Path) -> None:
    sheet = FileSheet(tmp_path, run=inline)
    await sheet.upsert([row(1, nome="Ana")])
    (tmp_path / "sol.tmp").mkdir()
    with pytest.raises(UnavailableError) as failed:
        await sheet.upsert([row(1, nome="Bia")])
    assert failed.value.code is FaultCode.SHEETS_UNREACHABLE
    assert read(tmp_path / "sol.csv")[0]["nome"] == "Ana"


async def test_writers_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    sheet = FileSheet(tmp_path, run=asyncio.to_thread)
    await asyncio.gather(*(sheet.upsert([row(number, nome="x")]) for number in range(20)))
    assert len(read(tmp_path / "sol.csv")) == 20
