"""The drill of S3-10: a number goes and comes back; alarm, pause, resume, and nothing is lost."""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from orbion.config import Settings
from orbion.domain.events import ConnectionState
from orbion.simulators.evolution_store import Socket
from tests.support.service import SECRET, WEBHOOK, Stage, settings_for, stage
from tests.usecases.stage import counted

CUSTOMERS = [f"551190000{number:04d}" for number in range(12)]
SECONDS = 10


def rows(folder: Path, sql: str) -> list[Any]:
    with closing(sqlite3.connect(folder / "orbion.db")) as connection:
        return connection.execute(sql).fetchall()


async def until(holds: Callable[[], Awaitable[object]]) -> None:
    async with asyncio.timeout(SECONDS):
        while not await holds():
            await asyncio.sleep(0.01)


async def account_health(on_stage: Stage) -> dict[str, Any]:
    detailed = (await on_stage.web.get("http://orbion/health/detailed")).json()
    found: list[dict[str, Any]] = detailed["checks"].get("whatsapp:connection", [{}])
    return found[0]


async def seen(on_stage: Stage, state: str) -> dict[str, Any]:
    async def holds() -> object:
        return (await account_health(on_stage)).get("observedValue") == state

    await until(holds)
    return await account_health(on_stage)


async def answered(on_stage: Stage) -> None:
    """Wait until every lane is idle: all that was accepted has come to its end."""

    async def holds() -> bool:
        return not (await on_stage.service.store.facts()).depth

    await until(holds)


def drill_settings(folder: Path) -> Settings:
    """A quiet time that leaves the drill room to close the number before the answers leave."""
    return settings_for(
        folder, quiet_min=0.4, quiet_max=0.4, quiet_cap=1.0, public_url="http://orbion"
    )


def told(caplog: pytest.LogCaptureFixture, event: str) -> list[tuple[int, Any]]:
    return [
        (each.levelno, getattr(each, "fields", {}))
        for each in caplog.records
        if each.getMessage() == event
    ]


async def test_a_number_that_goes_and_comes_back_loses_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with stage(drill_settings(tmp_path)) as on_stage:
        await seen(on_stage, "open")
        for phone in CUSTOMERS:
            on_stage.gateway.customer_says("loja", phone, "oi")
        on_stage.gateway.connection("loja", "close", reason=401)
        await paused(on_stage, tmp_path, caplog)
        for phone in CUSTOMERS:
            on_stage.gateway.customer_says("loja", phone, "quanto custa?")  # waits for the socket
        on_stage.gateway.connection("loja", "connecting")
        on_stage.gateway.connection("loja", "open")
        async with asyncio.timeout(30):
            await on_stage.answers(len(CUSTOMERS))
        await on_stage.gateway.drained()
        await answered(on_stage)
        assert (await seen(on_stage, "open"))["status"] == "pass"
        assert counted(on_stage.service.metrics, "whatsapp_connected", "loja") == 1
        reached = {accepted.jid.partition("@")[0] for accepted in on_stage.gateway.journal}
    assert reached == set(CUSTOMERS)
    assert rows(
        tmp_path, "SELECT outcome, count(*) FROM message WHERE direction='in' GROUP BY outcome"
    ) == [("answered", 2 * len(CUSTOMERS))]
    assert rows(tmp_path, "SELECT DISTINCT attempts FROM outbox WHERE state='sent'") == [(1,)]
    assert rows(tmp_path, "SELECT count(*) FROM outbox WHERE state NOT IN ('sent','superseded')")[
        0
    ] == (0,)
    assert rows(tmp_path, "SELECT count(*) FROM dead") == [(0,)]
    changes = [fields["after"] for _, fields in told(caplog, "account.connection")]
    assert changes[0] == changes[-1] == "open"


async def paused(on_stage: Stage, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Alarmed by log, metric and finding; every answer waits, none was tried."""
    health = await seen(on_stage, "close")
    assert (health["status"], health["output"]) == ("warn", "connection")
    assert health["facts"]["connection"] == "fault: the number is not connected: close"
    assert SECRET not in str(health)
    assert counted(on_stage.service.metrics, "whatsapp_connected", "loja") == 0
    assert counted(on_stage.service.metrics, "account_faults", "loja") == 1
    last_level, last = told(caplog, "account.connection")[-1]
    assert (last_level, last["before"], last["after"]) == (logging.ERROR, "open", "close")
    assert rows(folder, "SELECT state FROM account") == [("close",)]

    async def looked_at() -> bool:
        waiting = counted(on_stage.service.metrics, "outbound_total", "whatsapp", "pending")
        return waiting >= len(CUSTOMERS)

    await until(looked_at)
    assert rows(folder, "SELECT DISTINCT state, attempts FROM outbox") == [("pending", 0)]
    assert on_stage.gateway.journal == []
    assert on_stage.service.state.board.status == "degraded"
    assert (await on_stage.web.get("http://orbion/health/ready")).status_code == 200


async def test_without_any_event_the_minute_s_look_pauses_and_resumes(tmp_path: Path) -> None:
    async with stage(drill_settings(tmp_path)) as on_stage:
        watch = on_stage.service.watches["loja"]
        await seen(on_stage, "open")
        loja = on_stage.gateway.instances["loja"]
        loja.socket, loja.state = Socket.CLOSED, "close"
        on_stage.gateway.customer_says("loja", CUSTOMERS[0], "oi")
        assert loja.held
        await watch.look()
        assert rows(tmp_path, "SELECT state FROM account") == [("close",)]
        loja.socket, loja.state = Socket.OPEN, "open"
        loja.held.clear()
        on_stage.gateway.customer_says("loja", CUSTOMERS[0], "oi")
        await on_stage.gateway.drained()

        async def waits() -> bool:
            return rows(tmp_path, "SELECT DISTINCT state, attempts FROM outbox") == [("pending", 0)]

        await until(waits)
        await watch.look()
        async with asyncio.timeout(30):
            await on_stage.answers(1)
        await answered(on_stage)


async def test_a_circuit_that_the_lost_connection_opened_does_not_delay_the_return(
    tmp_path: Path,
) -> None:
    settings = settings_for(tmp_path, public_url="http://orbion", breaker_open=300.0)
    async with stage(settings) as on_stage:
        watch = on_stage.service.watches["loja"]
        await seen(on_stage, "open")
        loja = on_stage.gateway.instances["loja"]
        for phone in CUSTOMERS:
            on_stage.gateway.customer_says("loja", phone, "oi")
        loja.socket = Socket.CLOSED  # it lies: open, but nothing leaves

        async def opened() -> object:
            return (await account_health(on_stage))["facts"].get("circuit") == "open"

        await until(opened)
        loja.state = "close"
        await watch.look()
        on_stage.gateway.connection("loja", "open")
        async with asyncio.timeout(30):
            await on_stage.answers(len(CUSTOMERS))
        await answered(on_stage)


async def test_a_restart_finds_that_the_number_is_back(tmp_path: Path) -> None:
    async with stage(drill_settings(tmp_path)) as on_stage:
        await seen(on_stage, "open")
        on_stage.gateway.customer_says("loja", CUSTOMERS[0], "oi")
        on_stage.gateway.connection("loja", "close", reason=401)

        async def looked_at() -> bool:
            return counted(on_stage.service.metrics, "outbound_total", "whatsapp", "pending") > 0

        await until(looked_at)
    assert rows(tmp_path, "SELECT DISTINCT state FROM outbox") == [("pending",)]
    async with stage(drill_settings(tmp_path)) as again:
        async with asyncio.timeout(30):
            await again.answers(1)
        assert again.service.watches["loja"].latest() is not None
        await answered(again)
        assert rows(tmp_path, "SELECT state FROM account") == [(ConnectionState.OPEN,)]


async def test_webhooks_with_a_wrong_secret_are_an_alarm(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with stage(settings_for(tmp_path, public_url="http://orbion")) as on_stage:
        for _ in range(8):
            refused = await on_stage.web.post(
                WEBHOOK, content=b"{}", headers={"authorization": "Bearer errado"}
            )
            assert refused.status_code == 401
        await on_stage.service.watches["loja"].look()

        async def shown() -> object:
            return (await account_health(on_stage)).get("output") == "refused webhooks"

        await until(shown)
        assert counted(on_stage.service.metrics, "webhooks_refused_total", "loja") == 8
        unknown = await on_stage.web.post(WEBHOOK + "2", content=b"{}")
        assert unknown.status_code == 401
    assert len(told(caplog, "account.webhooks_refused")) == 1


async def test_health_tells_no_secret_and_what_was_found(tmp_path: Path) -> None:
    async with stage(settings_for(tmp_path, public_url="http://orbion")) as on_stage:
        health = await seen(on_stage, "open")
        assert health["facts"]["gateway"] == health["facts"]["key"] == "ok"
        assert health["facts"]["webhook"].startswith("note: ")  # it subscribes to everything
        assert health["facts"]["last webhook"] == "note: none yet"
        await on_stage.post(b"{}")
        await on_stage.service.watches["loja"].look()

        async def heard() -> object:
            return (await account_health(on_stage))["facts"]["last webhook"] == "ok"

        await until(heard)
