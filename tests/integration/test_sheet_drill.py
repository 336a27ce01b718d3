"""The drill of S3-06: Google is dead under traffic, answers leave, the mirror catches up."""

import asyncio
import logging
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from orbion.kit.clock import SystemClock
from orbion.simulators.faults import SheetFault, SheetFaults
from orbion.simulators.sheets import SheetsSimulator
from tests.support.service import settings_for, stage
from tests.support.sheets import QUICK, SPREADSHEET, TAB, key_file, key_pair, shown, simulator
from tests.usecases.stage import counted

DEAD = SheetFaults(latency_ms=(0, 0), call={SheetFault.RESET: 1.0})


def leads(folder: Path) -> dict[str, str]:
    with closing(sqlite3.connect(folder / "orbion.db")) as database:
        return {str(lead): stage for lead, stage in database.execute("SELECT id, stage FROM lead")}


def mirrored(google: SheetsSimulator) -> list[tuple[str, str]]:
    if not any(tab.title == TAB for tab in google.tabs):
        return []
    return [(line["lead_id"], line["etapa"]) for line in shown(google.tab(TAB))]


async def test_a_dead_sheet_holds_up_nobody_and_catches_up(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    google = simulator(SystemClock().now, DEAD)
    settings = settings_for(
        tmp_path,
        sheet_id=SPREADSHEET,
        google_key_file=key_file(tmp_path),
        breaker_open=0.5,
    )
    phones = [f"551190000{number:04d}" for number in range(10)]
    async with stage(settings, google=google) as on_stage:
        for phone in phones:
            on_stage.gateway.customer_says("loja", phone, "oi")
        async with asyncio.timeout(20):
            await on_stage.answers(len(phones))
            while not counted(on_stage.service.metrics, "sheet_rows_total", "put_off"):
                await asyncio.sleep(0.05)
        assert mirrored(google) == []
        assert on_stage.service.state.board.status != "unhealthy"
        google.faults = QUICK
        async with asyncio.timeout(40):
            while (
                len(mirrored(google)) < len(phones) or (await on_stage.service.store.facts()).depth
            ):
                await asyncio.sleep(0.05)
        assert sorted(mirrored(google)) == sorted(leads(tmp_path).items())
    secret = key_pair()[0].splitlines()[1]
    assert secret not in caplog.text
    assert not any(token in caplog.text for token in google.tokens)
    for file in tmp_path.glob("orbion.db*"):
        assert secret.encode() not in file.read_bytes()
