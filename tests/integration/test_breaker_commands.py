"""`orbion breaker` against a running service: what it says, what it changes, what is written."""

import asyncio
import json
from collections.abc import AsyncGenerator
from functools import partial
from pathlib import Path

import pytest
from click.testing import Result

from orbion.cli.exits import Exit
from orbion.simulators import tcp
from tests.support.commands import run
from tests.support.service import ADMIN_KEY, Stage, settings_for, stage

MARIA = "5511900000001"


class Running:
    """A service over TCP, and its commands."""

    def __init__(self, stage: Stage, url: str, folder: Path) -> None:
        self.stage = stage
        self.url = url
        self.folder = folder

    async def command(self, *arguments: str, key: str = ADMIN_KEY) -> Result:
        called = partial(run, self.folder, "breaker", *arguments, ADMIN_KEY=key)
        return await asyncio.to_thread(called)


@pytest.fixture
async def running(tmp_path: Path) -> AsyncGenerator[Running]:
    async with stage(settings_for(tmp_path)) as on_stage, tcp.serve(on_stage.app) as url:
        yield Running(on_stage, url, tmp_path)


async def test_sends_wait_while_their_circuit_is_held_open_and_leave_after_the_reset(
    running: Running,
) -> None:
    done = await running.command("open", "whatsapp:loja", "--url", running.url)
    assert done.exit_code == 0, done.output
    assert "held open" in done.stdout
    running.stage.gateway.customer_says("loja", MARIA, "Oi, quanto custa um kit?")
    async with asyncio.timeout(10):
        while not await running.stage.rows("SELECT 1 FROM outbox WHERE state = 'pending'"):
            await asyncio.sleep(0.01)
    listed = await running.command("list", "--url", running.url)
    (line,) = [each for each in listed.stdout.splitlines() if each.startswith("whatsapp:loja")]
    assert line.split()[1:3] == ["open", "forced_open"]
    assert running.stage.gateway.journal == []
    shown = json.loads((await running.command("list", "--json", "--url", running.url)).stdout)
    assert {each["name"] for each in shown["items"]} == {"sheets:sol", "whatsapp:loja"}
    await running.command("reset", "whatsapp:loja", "--url", running.url)
    await running.command("close", "sheets:sol", "--url", running.url)
    assert await running.stage.rows("SELECT actor, action, subject FROM audit ORDER BY id") == [
        ("admin", "breaker.open", "whatsapp:loja"),
        ("admin", "breaker.reset", "whatsapp:loja"),
        ("admin", "breaker.close", "sheets:sol"),
    ]


async def test_each_refusal_is_one_line_with_its_exit_code(running: Running) -> None:
    unknown = await running.command("open", "whatsapp:lua", "--url", running.url)
    assert unknown.exit_code == Exit.REFUSED
    assert "there are: sheets:sol, whatsapp:loja" in unknown.stderr
    wrong = await running.command("list", "--url", running.url, key="x" * 20)
    assert (wrong.exit_code, "ORBION_ADMIN_KEY" in wrong.stderr) == (Exit.REJECTED, True)
    nobody = await running.command("list", "--url", "http://127.0.0.1:9")
    assert (nobody.exit_code, "orbion serve" in nobody.stderr) == (Exit.UNAVAILABLE, True)
    without = await asyncio.to_thread(run, running.folder, "breaker", "list")
    assert (without.exit_code, "set ORBION_ADMIN_KEY" in without.stderr) == (Exit.REJECTED, True)
    assert all(len(each.stderr.splitlines()) == 1 for each in (unknown, wrong, nobody, without))
