"""Brings a database to this program's schema: checks, backs up, migrates, or refuses."""

import importlib
import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Text, cast, create_engine, func, select, text
from sqlalchemy.exc import DBAPIError

from orbion.adapters.db.drivers import load_postgres
from orbion.adapters.db.schema import REVISIONS
from orbion.adapters.db.sql import first
from orbion.adapters.db.tx import Reads, Statement, Tx
from orbion.adapters.db.upkeep import SCHEMA
from orbion.domain.errors import FaultCode, RejectedError, UnavailableError

HEAD: Final = REVISIONS[-1]
_PACKAGED: Final = Path(__file__).resolve().parents[2] / "migrations"
_SOURCE: Final = Path(__file__).resolve().parents[4] / "migrations"
_VERSION: Final = "SELECT version_num FROM alembic_version"
_KNOWN: Final = Statement(select(cast(func.to_regclass("alembic_version"), Text)))


def scripts() -> Path:
    """Where the migrations lie: inside the wheel, or beside `src` in a checkout."""
    return _PACKAGED if _PACKAGED.is_dir() else _SOURCE


def sqlite_version(path: Path) -> str | None:
    """Read the schema version with one query; None for a new or foreign file."""
    if not path.exists():
        return None
    try:
        with closing(sqlite3.connect(path)) as connection:
            row = connection.execute(_VERSION).fetchone()
    except sqlite3.OperationalError as error:
        if "no such table" in str(error):
            return None
        raise UnavailableError(FaultCode.DB_IO, f"cannot read {path}: {error}") from error
    except sqlite3.DatabaseError as error:
        raise UnavailableError(FaultCode.DB_CORRUPT, f"{path} is no database: {error}") from error
    return None if row is None else str(row[0])


def check(version: str | None) -> bool:
    """Tell whether a migration is needed.

    Raises:
        RejectedError: the schema is newer than this program.
    """
    if version is not None and version not in REVISIONS:
        raise RejectedError(
            FaultCode.DB_SCHEMA,
            f"the database has schema {version!r}, this program knows up to {HEAD!r}: "
            "install the newer program, or restore the backup taken before its migration",
        )
    return version != HEAD


def migrate_sqlite(path: Path, *, to: str = "head") -> Path | None:
    """Upgrade the file in place; the caller holds its lock. Returns the backup, if one was made.

    Raises:
        RejectedError: the schema is newer than this program.
        UnavailableError: the file cannot be opened, read or written.
    """
    version = sqlite_version(path)
    if not check(version):
        return None
    path.parent.mkdir(parents=True, exist_ok=True)
    backup = None if version is None else _back_up(path, version)
    engine = create_engine(f"sqlite:///{path}")
    try:
        with engine.begin() as connection:
            # The driver begins nothing for DDL: a kill between two tables would leave a file
            # that no later start can migrate.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            run_alembic(connection, lambda command, config: command.upgrade(config, to))
    except DBAPIError as error:
        raise UnavailableError(FaultCode.DB_IO, f"cannot migrate {path}: {error.orig}") from error
    finally:
        engine.dispose()
    return backup


async def postgres_version(db: Reads) -> str | None:
    """Read the schema version; None for a new database."""
    return await db.read(_stored_version)


async def migrate_postgres(dsn: str) -> str | None:
    """Upgrade to the head inside one transaction, one process at a time; returns what was there.

    Raises:
        RejectedError: the schema is newer than this program.
        UnavailableError: the server cannot be reached, or somebody holds what must change.
    """
    engines = importlib.import_module("sqlalchemy.ext.asyncio")  # slow; a migrated start needs none
    engine = engines.create_async_engine(
        "postgresql+asyncpg://", async_creator=partial(load_postgres().connect, dsn)
    )
    try:
        async with engine.begin() as connection:
            before: str | None = await connection.run_sync(_upgrade_postgres)
    except (OSError, DBAPIError) as error:
        raise UnavailableError(FaultCode.DB_DOWN, f"cannot migrate: {error}") from error
    finally:
        await engine.dispose()
    return before


def run_alembic(connection: Connection, act: Callable[[Any, Any], object]) -> None:
    """Run an alembic command on this connection; alembic is loaded only here, when it is needed."""
    command = importlib.import_module("alembic.command")
    config = importlib.import_module("alembic.config").Config()
    config.set_main_option("script_location", str(scripts()).replace("%", "%%"))
    config.attributes["connection"] = connection
    act(command, config)


def _upgrade_postgres(connection: Connection) -> str | None:
    connection.execute(text("SELECT pg_advisory_xact_lock(7235611)"))
    connection.execute(text("SET LOCAL lock_timeout = '5s'"))
    known = connection.execute(text("SELECT to_regclass('alembic_version')")).scalar()
    version = connection.execute(text(_VERSION)).scalar() if known else None
    if check(version):
        run_alembic(connection, lambda command, config: command.upgrade(config, "head"))
    return version


def _stored_version(tx: Tx) -> str | None:
    if first(tx.one(_KNOWN)) is None:
        return None
    version = first(tx.one(SCHEMA))
    return None if version is None else str(version)


def _back_up(path: Path, version: str) -> Path:
    """Copy the live database, WAL included, beside it; an older copy is replaced."""
    backup = path.with_name(f"{path.name}.before-{version}-to-{HEAD}")
    backup.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("VACUUM INTO ?", (str(backup),))
    except sqlite3.Error as error:
        raise UnavailableError(
            FaultCode.DB_IO, f"cannot back up {path} before its migration: {error}"
        ) from error
    return backup
