"""What only PostgreSQL can do to a service: go away, come back, and be shared."""

import asyncio
import random
from collections.abc import AsyncGenerator, Callable, Generator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select, text, update

from orbion.adapters.db import lanes
from orbion.adapters.db.migrate import migrate_postgres
from orbion.adapters.db.postgres import PostgresDatabase, PostgresPolicy
from orbion.adapters.db.schema import ACCOUNT
from orbion.adapters.db.tx import Statement, Tx
from orbion.domain.errors import FaultCode, UnavailableError
from orbion.domain.lanes import Queue
from orbion.kit.clock import SystemClock
from orbion.main.build import running
from orbion.main.parts import WEB, WORK
from orbion.main.world import World, in_thread, thread
from orbion.simulators.evolution_webhooks import WebhookRules
from tests.support.postgres import PostgresServer, run_postgres
from tests.support.service import Stage, rows, settings_for, stage
from tests.support.stores import hello

SOON = 10.0
QUICKLY = WebhookRules(scale=0.02)
READY = "http://orbion/health/ready"


@pytest.fixture
async def db(postgres_database: str) -> AsyncGenerator[PostgresDatabase]:
    await migrate_postgres(postgres_database)
    opened = await PostgresDatabase.open(postgres_database)
    yield opened
    await opened.close()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(SOON):
        while not holds():
            await asyncio.sleep(0.01)


async def until_ready(on_stage: Stage, status: int) -> None:
    async with asyncio.timeout(SOON):
        while (await on_stage.web.get(READY)).status_code != status:
            await asyncio.sleep(0.05)


def give_work(tx: Tx) -> int:
    return lanes.enqueue(tx, Queue.OUT, "1", kind="send", payload={}, trace="t")


# Wake-ups


async def test_a_commit_wakes_the_others_and_nothing_else_does(
    db: PostgresDatabase, postgres_database: str
) -> None:
    heard: list[str] = []
    other = await PostgresDatabase.open(postgres_database)
    listening = asyncio.create_task(db.listen(heard.append))
    try:
        await until_listening(postgres_database)
        with pytest.raises(ZeroDivisionError):
            await other.write(lambda tx: give_work(tx) // 0)
        await db.write(give_work)
        await other.write(give_work)
        await until(lambda: bool(heard))
    finally:
        listening.cancel()
        await other.close()
    assert heard == ["out"]


LISTENING = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND query LIKE 'LISTEN%'"
)


async def until_listening(dsn: str) -> None:
    async with asyncio.timeout(SOON):
        while await rows(dsn, LISTENING) == [(0,)]:
            await asyncio.sleep(0.01)


# Time-outs


async def test_a_statement_that_takes_too_long_is_busy_and_the_next_one_works(
    postgres_database: str,
) -> None:
    policy = PostgresPolicy(size=1, statement=0.2, lock=0.1)
    db = await PostgresDatabase.open(postgres_database, policy=policy)
    slow, quick = (Statement(select(text(f"pg_sleep({seconds})"))) for seconds in (5, 0))
    try:
        with pytest.raises(UnavailableError) as error:
            await db.write(lambda tx: tx.one(slow))
        assert error.value.code is FaultCode.DB_BUSY
        await db.write(lambda tx: tx.one(quick))
    finally:
        await db.close()


async def test_a_lock_that_somebody_keeps_is_told_as_such(postgres_database: str) -> None:
    await migrate_postgres(postgres_database)
    policy = PostgresPolicy(size=2, statement=5.0, lock=0.1)
    db = await PostgresDatabase.open(postgres_database, policy=policy)
    locking = Statement(text("LOCK TABLE account IN ACCESS EXCLUSIVE MODE"))
    touching = Statement(update(ACCOUNT).values(state="open"))

    async def blocked() -> FaultCode:
        with pytest.raises(UnavailableError) as error:
            await db.write(lambda tx: tx.run(touching))
        return error.value.code

    try:
        async with db._pool.acquire() as holder, holder.transaction():
            await holder.execute(str(locking.expression))
            assert await blocked() is FaultCode.DB_LOCKED
        assert await db.write(lambda tx: tx.run(touching)) == 0
    finally:
        await db.close()


async def test_when_no_connection_becomes_free_it_is_busy_not_down(postgres_database: str) -> None:
    policy = PostgresPolicy(size=1, lock=0.1)
    db = await PostgresDatabase.open(postgres_database, policy=policy)
    try:
        async with db._pool.acquire():
            with pytest.raises(UnavailableError, match="no connection") as error:
                await db.write(lambda tx: tx.now)
            assert error.value.code is FaultCode.DB_BUSY
        assert await db.write(lambda tx: tx.now)
    finally:
        await db.close()


async def test_a_read_cannot_write(db: PostgresDatabase) -> None:
    with pytest.raises(UnavailableError, match="read-only"):
        await db.read(give_work)


# A server that goes away


@pytest.fixture
def server() -> Generator[PostgresServer]:
    """A server of this test's own, which it may crash."""
    with run_postgres() as started:
        yield started


async def test_a_crash_of_the_server_under_traffic_loses_nothing_acknowledged(
    tmp_path: Path, server: PostgresServer
) -> None:
    async with server.database("outage") as url:
        settings = settings_for(tmp_path, database_url=url, lease=1.0)
        async with stage(settings, rules=QUICKLY) as on_stage:
            gateway = on_stage.gateway

            async def traffic() -> None:
                for number in range(60):
                    gateway.customer_says("loja", f"55119000001{number:02d}", f"oi {number}")
                    await asyncio.sleep(0.05)

            talking = asyncio.create_task(traffic())
            await on_stage.answers(5)
            await asyncio.to_thread(server.crash)
            await until_ready(on_stage, 503)
            assert (await on_stage.web.get(READY)).json()["reason"] == "db.down"
            await asyncio.to_thread(server.resume)
            await until_ready(on_stage, 200)
            await until_listening(url)
            await talking
            await gateway.drained()
            async with asyncio.timeout(30):
                while (await on_stage.service.store.facts()).depth:
                    await asyncio.sleep(0.05)
            answered = {accepted.jid for accepted in gateway.journal}
            assert len(answered) == 60
            outcomes = "SELECT DISTINCT outcome FROM message WHERE direction = 'in'"
            assert await on_stage.rows(outcomes) == [("answered",)]


# Parts and replicas


async def test_what_the_web_takes_is_worked_by_another_process(
    tmp_path: Path, postgres_database: str
) -> None:
    async with stage(settings_for(tmp_path, database_url=postgres_database)) as on_stage:
        web = World(
            clock=SystemClock(),
            random=random.Random(3),
            transport=httpx.ASGITransport(app=on_stage.gateway),
            executor=thread,
            run_blocking=in_thread,
        )
        async with running(
            settings_for(tmp_path, database_url=postgres_database), web, WEB
        ) as taking:
            await taking.store.receive("loja", [hello(1, text="oi")], "t")
            assert await on_stage.answers(1)


def test_the_web_has_no_queue_and_the_workers_no_webhook() -> None:
    assert WEB.routes
    assert not WORK.routes
