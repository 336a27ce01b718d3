"""The store of the conformance suite, on each database; PostgreSQL is emptied, not made anew."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import asyncpg
import pytest

from orbion.adapters.db.migrate import migrate_postgres
from orbion.adapters.db.operators import OperatorsReads
from orbion.adapters.db.schema import METADATA
from orbion.adapters.db.store import DbStore
from orbion.adapters.db.tx import Database
from tests.support.postgres import PostgresServer
from tests.support.stores import HandClock, make_store, postgres_database, sqlite_database


@dataclass(slots=True)
class ReusedDatabase:
    """One migrated database a run: to create one costs more than all that a test does in it."""

    server: PostgresServer
    dsn: str | None = None

    async def emptied(self) -> str:
        if self.dsn is None:
            await self.server.execute('CREATE DATABASE "conformance"')
            self.dsn = self.server.dsn("conformance")
            await migrate_postgres(self.dsn)
        connection = await asyncpg.connect(self.dsn)
        try:
            await connection.execute(f"TRUNCATE {', '.join(METADATA.tables)} RESTART IDENTITY")
        finally:
            await connection.close()
        return self.dsn


@pytest.fixture(scope="session")
def reused(postgres: PostgresServer) -> ReusedDatabase:
    return ReusedDatabase(postgres)


@pytest.fixture(params=["sqlite", "postgres"])
async def store(
    request: pytest.FixtureRequest, sqlite_path: Path, clock: HandClock
) -> AsyncGenerator[DbStore]:
    async with AsyncExitStack() as stack:
        db: Database
        if request.param == "sqlite":
            url = f"sqlite+aiosqlite:///{sqlite_path}"
            db = await stack.enter_async_context(sqlite_database(sqlite_path, clock))
        else:
            reused: ReusedDatabase = request.getfixturevalue("reused")
            dsn = await reused.emptied()
            url = dsn.replace("postgresql://", "postgresql+asyncpg://")
            db = await stack.enter_async_context(postgres_database(dsn, clock))
        operators = OperatorsReads(url, clock=clock)
        stack.push_async_callback(operators.close)
        store = replace(make_store(db, clock), operators=operators)
        await store.start()
        yield store
