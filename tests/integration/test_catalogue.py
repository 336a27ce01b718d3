"""The running service sells what stands in a range of the business's sheet."""

import asyncio
from pathlib import Path
from typing import Any

from orbion.kit.clock import SystemClock
from orbion.simulators.faults import SheetFault, SheetFaults
from orbion.simulators.sheets import SheetsSimulator
from orbion.simulators.sheets_grid import Tab
from tests.support.playbooks import solar_at_any_hour
from tests.support.service import ADMIN, Stage, settings_for, stage
from tests.support.sheets import QUICK, SPREADSHEET, key_file, simulator

DEAD = SheetFaults(latency_ms=(0, 0), call={SheetFault.RESET: 1.0})
ASKED = "quanto custa o kit solar 3 kWp?"
OWN, SHEETS = "R$ 11.900,00", "R$ 7.777,00"
ROWS = [
    ["Produto", "Preço", "Unidade"],
    ["Kit solar 3 kWp", SHEETS, "instalado"],
    ["Kit solar 9 kWp", "a combinar", "instalado"],
]
READ = "http://orbion/admin/catalogues/loja/read"
CHECK = "catalogue:items"


def playbook(folder: Path) -> Path:
    path = solar_at_any_hour(folder)
    named = f'{path.read_text(encoding="utf-8")}\n[catalogue_sheet]\nrange = "Catálogo!A1:C"\n'
    path.write_text(named, encoding="utf-8")
    return path


def google(faults: SheetFaults) -> SheetsSimulator:
    found = simulator(SystemClock().now, faults)
    found.tabs.append(Tab(id=9, title="Catálogo", cells=[list(row) for row in ROWS]))
    return found


async def ask(on_stage: Stage, phone: str = "5511900000001") -> str:
    """A new customer wants to know the price; all that is answered."""
    before = len(on_stage.gateway.journal)
    on_stage.gateway.customer_says("loja", phone, ASKED)
    async with asyncio.timeout(20):
        await on_stage.answers(before + 1)
        while (await on_stage.service.store.facts()).depth.get("out"):
            await asyncio.sleep(0.02)
    return "\n".join((await on_stage.answers(before + 1))[before:])


async def looked(on_stage: Stage) -> dict[str, Any]:
    await on_stage.service.state.board.probe_all()
    shown = (await on_stage.web.get("http://orbion/health/detailed", headers=ADMIN)).json()
    found: list[dict[str, Any]] = shown["checks"][CHECK]
    return found[0]


async def test_a_range_of_the_google_sheet_is_what_is_sold(tmp_path: Path) -> None:
    settings = settings_for(
        tmp_path,
        sheet_id=SPREADSHEET,
        google_key_file=key_file(tmp_path),
        playbook=str(playbook(tmp_path)),
    )
    simulated = google(QUICK)
    async with stage(settings, google=simulated) as on_stage:
        said = await ask(on_stage)
        check = await looked(on_stage)
        text = (await on_stage.web.get("http://orbion/metrics")).text
        simulated.tab("Catálogo").put(1, 1, "R$ 8.888,00")
        again = await on_stage.web.post(READ, headers=ADMIN)
        other = await ask(on_stage, "5511900000002")
    assert SHEETS in said
    assert OWN not in said
    assert (again.status_code, again.json()["items"]) == (200, 1)
    assert "R$ 8.888,00" in other
    assert SHEETS not in other
    assert (check["componentId"], check["status"]) == ("sol/Catálogo", "pass")
    assert check["observedValue"] == 1
    assert check["facts"]["skipped"] == (
        "row 3 'preco' is no amount above zero; write it as 12.900,00"
    )
    assert 'orbion_cache_requests_total{cache="catalogue",result="hit"}' in text


async def test_while_the_sheet_is_dead_the_file_of_the_playbook_is(tmp_path: Path) -> None:
    settings = settings_for(
        tmp_path,
        sheet_id=SPREADSHEET,
        google_key_file=key_file(tmp_path),
        playbook=str(playbook(tmp_path)),
    )
    async with stage(settings, google=google(DEAD)) as on_stage:
        said = await ask(on_stage)
        check = await looked(on_stage)
        assert on_stage.service.state.board.status != "unhealthy"
    assert OWN in said
    assert check["status"] == "warn"
    assert check["output"].startswith(("sheets.", "circuit."))


async def test_without_google_a_file_beside_the_leads_is_the_sheet(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, playbook=str(playbook(tmp_path)))
    settings.sheets_folder.mkdir(parents=True)
    lines = [";".join(row) for row in ROWS]
    (settings.sheets_folder / "sol@catalogo.csv").write_text("\n".join(lines), encoding="utf-8-sig")
    async with stage(settings) as on_stage:
        said = await ask(on_stage)
    assert SHEETS in said
    assert OWN not in said
