"""The catalogues that playbooks name are read before any customer asks, each once."""

import asyncio
from dataclasses import replace
from pathlib import Path

from orbion.adapters.sheets.file import FileSheet
from orbion.domain.playbook import SheetRange
from orbion.main.mirroring import Sheets
from orbion.main.pricing import Prices, build_prices
from tests.support.playbooks import solar
from tests.support.sheets import inline
from tests.support.stores import LOJA
from tests.unit.main.test_build import world

WHERE = SheetRange(tab="Preços", area="A1:B")
LONG = "Um kit com um nome que é bem comprido"


def prices(folder: Path, rows: int) -> Prices:
    lines = ["nome,preço", *(f"{LONG} {number},90" for number in range(rows))]
    (folder / "sol@precos.csv").write_text("\n".join(lines), encoding="utf-8")
    named, plain = replace(solar(), catalogue_sheet=WHERE), solar()
    accounts = {name: replace(LOJA, id=name) for name in ("loja", "filial", "outra")}
    playbooks = {"loja": named, "filial": named, "outra": plain}
    return build_prices(accounts, playbooks, Sheets(files=FileSheet(folder, run=inline)), world())


async def test_each_range_is_read_once_and_has_a_check(tmp_path: Path) -> None:
    keeper = prices(tmp_path, 2)
    running = asyncio.create_task(keeper.run())
    while not keeper.catalogues.looks:
        await asyncio.sleep(0)
    running.cancel()
    (check,) = keeper.checks()
    assert check.name == "catalogue:sol/Preços"
    assert (await check.probe()).observed == 2
    assert keeper.catalogues.statistics["catalogue"].loads == 1


async def test_a_large_catalogue_is_kept_small_and_comes_back_equal(tmp_path: Path) -> None:
    keeper = prices(tmp_path, 200)
    await keeper.look()
    kept, playbook = keeper.catalogues, keeper.playbooks["loja"]
    priced = await kept("sol", playbook)
    assert [item.name for item in priced.catalogue] == [f"{LONG} {each}" for each in range(200)]
    assert kept.statistics["catalogue"].weight < 10_000
    assert await kept("sol", playbook) is priced
