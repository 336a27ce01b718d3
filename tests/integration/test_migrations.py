"""The one line of migrations leads both databases up, down and up again, and harms no data."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import (
    Connection,
    Index,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    create_engine,
    inspect,
    make_url,
    text,
)
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from orbion.adapters.db.migrate import (
    HEAD,
    _back_up,
    migrate_postgres,
    migrate_sqlite,
    run_alembic,
    scripts,
    sqlite_version,
)
from orbion.adapters.db.schema import METADATA, REVISIONS
from orbion.adapters.db.schema_knowledge import is_in_schema
from orbion.adapters.db.store import DbStore
from orbion.domain.errors import FaultCode, RejectedError, UnavailableError
from tests.support.stores import hello

NEWER = f"the database has schema '9999', this program knows up to '{HEAD}': install the newer"


def async_engine(dsn: str) -> AsyncEngine:
    return create_async_engine(make_url(dsn).set(drivername="postgresql+asyncpg"))


def up(connection: Connection) -> None:
    run_alembic(connection, lambda command, config: command.upgrade(config, "head"))


def down(connection: Connection) -> None:
    run_alembic(connection, lambda command, config: command.downgrade(config, "base"))


def tables(connection: Connection) -> set[str]:
    found = inspect(connection).get_table_names()
    return {name for name in found if is_in_schema(None, name, "table")}


def differences(connection: Connection) -> list[Any]:
    """Say what `alembic check` would: the schema against what the migrations made."""
    context = MigrationContext.configure(
        connection, opts={"compare_type": True, "include_object": is_in_schema}
    )
    return list(compare_metadata(context, METADATA))


def there_and_back(connection: Connection) -> None:
    up(connection)
    assert differences(connection) == []
    down(connection)
    assert tables(connection) == {"alembic_version"}
    up(connection)
    assert differences(connection) == []
    assert tables(connection) == {*METADATA.tables, "alembic_version"}


def indexes(path: Path) -> set[tuple[str, str]]:
    """Read the indexes as SQLite wrote them down, so that a partial one's condition counts."""
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        ).fetchall()
    return {(name, " ".join(sql.replace('"', "").split())) for name, sql in found}


def set_version(path: Path, version: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (version,))


def contents(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


# Up and down


def test_sqlite_goes_up_down_and_up(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'new.db'}")
    with engine.begin() as connection:
        there_and_back(connection)
    engine.dispose()


async def test_postgres_goes_up_down_and_up(postgres_database: str) -> None:
    engine = async_engine(postgres_database)
    async with engine.begin() as connection:
        await connection.run_sync(there_and_back)
    await engine.dispose()


def test_the_program_knows_exactly_the_migrations_that_exist() -> None:
    line = ScriptDirectory(str(scripts())).walk_revisions()
    assert tuple(reversed([script.revision for script in line])) == REVISIONS


def test_partial_indexes_are_those_of_the_schema(tmp_path: Path, sqlite_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'schema.db'}")
    METADATA.create_all(engine)
    engine.dispose()
    assert indexes(sqlite_path) == indexes(tmp_path / "schema.db")


# Indexes earn their place


def whole_keys(table: Table) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Name each key and each whole index with its columns; a partial index covers other rows."""
    for constraint in table.constraints:
        if isinstance(constraint, (PrimaryKeyConstraint, UniqueConstraint)):
            yield str(constraint.name or "pk"), tuple(constraint.columns.keys())
    for index in table.indexes:
        if index.dialect_options["sqlite"]["where"] is None:
            yield str(index.name), columns(index)


def columns(index: Index) -> tuple[str, ...]:
    return tuple(column.name for column in index.columns)


@pytest.mark.parametrize("name", METADATA.tables)
def test_no_index_repeats_the_beginning_of_another_or_of_a_key(name: str) -> None:
    keys = list(whole_keys(METADATA.tables[name]))
    repeated = [
        (one, other)
        for one, its in keys
        for other, others in keys
        if one != other and others[: len(its)] == its
    ]
    assert repeated == []


# A live SQLite file


def test_a_new_file_is_migrated_without_a_backup(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "new.db"
    assert sqlite_version(path) is None
    assert migrate_sqlite(path) is None
    assert sqlite_version(path) == HEAD
    assert migrate_sqlite(path) is None
    assert list(path.parent.iterdir()) == [path]


async def test_a_backup_of_a_live_database_holds_all_of_it(
    sqlite_store: DbStore, sqlite_path: Path
) -> None:
    await sqlite_store.receive("loja", [hello(number) for number in range(50)], "t")
    assert sqlite_path.with_name(sqlite_path.name + "-wal").stat().st_size > 0
    sqlite_path.with_name(f"{sqlite_path.name}.before-0000-to-{HEAD}").write_text("an older one")
    backup = _back_up(sqlite_path, "0000")
    assert backup.name == f"orbion.db.before-0000-to-{HEAD}"
    assert contents(backup) == contents(sqlite_path)
    assert sum(line.startswith('INSERT INTO "message"') for line in contents(backup)) == 50


async def test_a_live_database_of_the_first_release_is_backed_up_and_brought_here(
    tmp_path: Path,
) -> None:
    path = tmp_path / "orbion.db"
    migrate_sqlite(path, to="0001")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO business (id, name) VALUES ('sol', 'Sol')")
        connection.execute(
            "INSERT INTO account (id, business, channel) VALUES ('loja', 'sol', 'evolution')"
        )
    before = contents(path)
    backup = migrate_sqlite(path)
    assert backup is not None
    assert contents(backup) == before
    assert sqlite_version(path) == HEAD
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT id, healed_at FROM account").fetchall() == [
            ("loja", None)
        ]


def test_a_migration_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "foreign.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE turn (mine INTEGER)")
    before = contents(path)
    with pytest.raises(UnavailableError, match="table turn already exists") as caught:
        migrate_sqlite(path)
    assert caught.value.code is FaultCode.DB_IO
    assert contents(path) == before


def test_a_newer_schema_is_refused_and_left_alone(sqlite_path: Path) -> None:
    set_version(sqlite_path, "9999")
    with pytest.raises(RejectedError, match=NEWER) as caught:
        migrate_sqlite(sqlite_path)
    assert caught.value.code is FaultCode.DB_SCHEMA
    assert sqlite_version(sqlite_path) == "9999"


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"\xff\xd8" * 1_000)
    with pytest.raises(UnavailableError, match="is no database") as caught:
        migrate_sqlite(path)
    assert caught.value.code is FaultCode.DB_CORRUPT
    assert path.read_bytes() == b"\xff\xd8" * 1_000


def test_a_path_that_cannot_be_opened_says_so(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="cannot read") as caught:
        migrate_sqlite(tmp_path)
    assert caught.value.code is FaultCode.DB_IO


# PostgreSQL


async def test_replicas_that_start_together_migrate_once(postgres_database: str) -> None:
    await asyncio.gather(*(migrate_postgres(postgres_database) for _ in range(3)))
    engine = async_engine(postgres_database)
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()


async def test_a_newer_schema_on_postgres_is_refused(postgres_database: str) -> None:
    await migrate_postgres(postgres_database)
    engine = async_engine(postgres_database)
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    await engine.dispose()
    with pytest.raises(RejectedError, match=NEWER):
        await migrate_postgres(postgres_database)


async def test_a_postgres_that_is_not_there_is_down(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError) as caught:
        await migrate_postgres(f"postgresql://nobody@/nothing?host={tmp_path}")
    assert caught.value.code is FaultCode.DB_DOWN
