"""The store of the conformance suite, on each database; PostgreSQL is emptied, not made anew."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from orbion.adapters.db.operators import OperatorsReads
from orbion.adapters.db.store import DbStore
from orbion.adapters.db.tx import Database
from tests.support.stores import (
    HandClock,
    ReusedDatabase,
    make_store,
    postgres_database,
    sqlite_database,
)


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
