"""Fixtures that every kind of test may use."""

import itertools
import os
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import hypothesis
import pytest

from orbion.adapters.db.store import DbStore
from tests.support.postgres import PostgresServer, PostgresUnavailableError, run_postgres
from tests.support.stores import (
    HandClock,
    ReusedDatabase,
    Template,
    make_store,
    sqlite_database,
)

# An example may be the first to ask a pattern, which is compiled then; no test measures time.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


@pytest.fixture(scope="session")
def postgres() -> Generator[PostgresServer]:
    try:
        with run_postgres() as server:
            yield server
    except PostgresUnavailableError as error:
        pytest.skip(f"no PostgreSQL: {error}")


@pytest.fixture(scope="session")
def postgres_dsn(postgres: PostgresServer) -> str:
    return postgres.dsn()


@pytest.fixture(scope="session")
def database_numbers() -> Generator[str]:
    return (f"test_{os.getpid()}_{number}" for number in itertools.count())


@pytest.fixture
async def postgres_database(
    postgres: PostgresServer, database_numbers: Generator[str]
) -> AsyncGenerator[str]:
    """Yield the DSN of an empty database of this test's own."""
    async with postgres.database(next(database_numbers)) as dsn:
        yield dsn


@pytest.fixture(scope="session")
def reused(postgres: PostgresServer) -> ReusedDatabase:
    return ReusedDatabase(postgres)


@pytest.fixture(params=["sqlite", "postgres"])
async def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of an empty database, for a test that holds on both."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/orbion.db"
    reused: ReusedDatabase = request.getfixturevalue("reused")
    return await reused.emptied()


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return Template(tmp_path_factory.mktemp("template"))


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def sqlite_path(tmp_path: Path, template: Template) -> Path:
    """Return a migrated, empty database file."""
    return template.copy_to(tmp_path / "orbion.db")


@pytest.fixture
async def sqlite_store(sqlite_path: Path, clock: HandClock) -> AsyncGenerator[DbStore]:
    async with sqlite_database(sqlite_path, clock) as db:
        store = make_store(db, clock)
        await store.start()
        yield store
