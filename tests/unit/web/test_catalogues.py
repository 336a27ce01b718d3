"""An operator has a sheet's prices read at once, and is told what came of it."""

import pytest

from orbion.domain.catalogue_sheet import Catalogue
from orbion.domain.errors import FaultCode, UnavailableError
from tests.unit.web.house import OPERATOR, house

READ = Catalogue(items=(), version="v", skipped=("row 2 has no name; write what customers read",))


@pytest.mark.parametrize(
    ("account", "status", "told"),
    [
        ("loja", 200, {"items": 0, "skipped": list(READ.skipped)}),
        ("nada", 404, {"detail": "no account nada whose playbook has a [catalogue_sheet]"}),
        ("filial", 503, {"detail": "sheets.range: Preços!A1:B has no column 'preco'"}),
    ],
)
async def test_a_catalogue_is_read_or_it_is_said_why_not(
    account: str, status: int, told: dict[str, object]
) -> None:
    async def read(name: str) -> Catalogue | None:
        if name == "filial":
            fault = "Preços!A1:B has no column 'preco'"
            raise UnavailableError(FaultCode.SHEETS_RANGE, fault, retry_after=9.0)
        return READ if name == "loja" else None

    async with house(read_catalogue=read) as built:
        answer = await built.client.post(f"/admin/catalogues/{account}/read", headers=OPERATOR)
        assert (answer.status_code, answer.json()) == (status, told)
        assert answer.headers.get("retry-after") == ("9" if status == 503 else None)
        assert built.desk.changes == [("admin", "catalogue.read", account)]


async def test_it_needs_the_operators_key() -> None:
    async with house() as built:
        answer = await built.client.post("/admin/catalogues/loja/read")
        assert answer.status_code == 401
