"""Looks at a service's database from outside: what waits in it, and what is broken."""

import asyncio
import shutil
import sqlite3
import tempfile
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import asyncpg

from orbion.adapters.db.schema import METADATA
from tests.support.postgres import PostgresServer, run, run_postgres

UP_S = 60.0
# What it wrote is with the system, which survives: only its own memory is lost.
SURE = "-F -c shared_buffers=64MB"
OPEN_WORK = (
    "SELECT (SELECT count(*) FROM message WHERE outcome = 'open')"
    " + (SELECT count(*) FROM outbox WHERE state IN ('pending', 'sending', 'unknown'))"
    " + (SELECT count(*) FROM lane WHERE owner IS NOT NULL OR seq > ack)"
)
WAITING = (
    "SELECT (SELECT count(*) FROM message WHERE outcome = 'open')"
    " + (SELECT count(*) FROM outbox WHERE state IN ('pending', 'sending', 'unknown'))"
)


class Database(Protocol):
    @property
    def url(self) -> str: ...

    def waiting(self) -> int:
        """Count what a dead process left undone, without doing the recovery that it owes."""

    def open_work(self) -> int:
        """Count messages, bubbles and lanes that have not come to their end."""

    def damage(self) -> list[str]:
        """What is broken, for a database that nobody uses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SqliteFile:
    path: Path

    @property
    def url(self) -> str:
        return f"sqlite:///{self.path}"

    def waiting(self) -> int:
        if not self.path.exists():
            return 0
        with tempfile.TemporaryDirectory(dir=self.path.parent) as copy:
            for each in self.path.parent.glob(f"{self.path.name}*"):
                if each.suffix != ".lock":
                    shutil.copyfile(each, Path(copy) / each.name)
            with closing(sqlite3.connect(Path(copy) / self.path.name)) as connection:
                return int(connection.execute(WAITING).fetchone()[0])

    def open_work(self) -> int:
        with closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)) as connection:
            return int(connection.execute(OPEN_WORK).fetchone()[0])

    def damage(self) -> list[str]:
        with closing(sqlite3.connect(self.path)) as connection:
            found = connection.execute("PRAGMA integrity_check").fetchall()
            broken = [sql for sql in orphans() if connection.execute(sql).fetchone()[0]]
        return [f"I7 {row[0]}" for row in found if row[0] != "ok"] + [f"I7 {sql}" for sql in broken]


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresDatabase:
    url: str

    def waiting(self) -> int:
        return int(asyncio.run(self._value(WAITING)))

    def open_work(self) -> int:
        return int(asyncio.run(self._value(OPEN_WORK)))

    def damage(self) -> list[str]:
        return [f"I7 {sql}" for sql in orphans() if asyncio.run(self._value(sql))]

    async def _value(self, sql: str) -> Any:
        """Ask once the server is up; 0 in a database that has no tables yet."""
        connection = await self._connected()
        try:
            return await connection.fetchval(sql)
        except asyncpg.UndefinedTableError:
            return 0
        finally:
            await connection.close()

    async def _connected(self) -> "asyncpg.Connection[asyncpg.Record]":
        async with asyncio.timeout(UP_S):
            while True:
                with suppress(OSError, asyncpg.CannotConnectNowError):
                    return await asyncpg.connect(self.url)
                await asyncio.sleep(0.05)


def orphans() -> Iterator[str]:
    """Count, for each reference of the schema, the rows that refer to nothing."""
    for table in METADATA.sorted_tables:
        for key in table.foreign_key_constraints:
            pairs = [(each.parent.name, each.column.name) for each in key.elements]
            same = " AND ".join(f"other.{theirs} = one.{ours}" for ours, theirs in pairs)
            known = " AND ".join(f"one.{ours} IS NOT NULL" for ours, _ in pairs)
            yield (
                f"SELECT count(*) FROM {table.name} AS one WHERE {known} AND NOT EXISTS "  # noqa: S608 names of the schema
                f"(SELECT 1 FROM {key.referred_table.name} AS other WHERE {same})"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresAlone:
    """A server of its own for one database."""

    server: PostgresServer
    database: PostgresDatabase

    async def outage(self, seconds: float) -> None:
        """Crash the server and start it on what it left, after so many seconds."""
        await asyncio.to_thread(self.server.crash)
        await asyncio.sleep(seconds)
        await asyncio.to_thread(self.server.resume)

    def dump(self, path: Path) -> None:
        """Write all rows as SQL."""
        run(self.server.binaries / "pg_dump", "-f", path, self.database.url, user=None)


@asynccontextmanager
async def postgres_alone() -> AsyncGenerator[PostgresAlone]:
    """Start a server that forgets nothing when it is killed; all of it is gone afterwards."""
    with run_postgres(SURE) as server:
        async with server.database("drill") as url:
            yield PostgresAlone(server=server, database=PostgresDatabase(url=url))
