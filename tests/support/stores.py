"""Stores for tests: a migrated SQLite copy or a fresh PostgreSQL database, on a clock of ours."""

import random
import shutil
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from orbion.adapters.db.histories import Histories
from orbion.adapters.db.inbox import InboxPolicy
from orbion.adapters.db.known_leads import KnownLeads
from orbion.adapters.db.lanes import LanePolicy
from orbion.adapters.db.migrate import migrate_postgres, migrate_sqlite
from orbion.adapters.db.postgres import PostgresDatabase
from orbion.adapters.db.schema import METADATA
from orbion.adapters.db.sqlite import CommitObserver, SqliteDatabase
from orbion.adapters.db.store import DbStore
from orbion.adapters.db.tx import Database
from orbion.domain.conversations import Account
from orbion.domain.events import MessageEchoed, MessageReceived
from orbion.domain.identity import Identity
from orbion.domain.messages import MessageKind
from orbion.kit.cache import Cache, CachePolicy
from orbion.kit.clock import Clock
from orbion.kit.executor import Executor, ThreadExecutor
from orbion.kit.limiter import Limiter, Rate
from tests.support.postgres import PostgresServer

LOJA = Account(id="loja", business="sol", channel="evolution", instance="loja", playbook="solar")
NOBODY = CommitObserver(seconds=lambda _: None, size=lambda _: None)
OPEN_STORE = Callable[[], "DbStore"]


@dataclass(slots=True)
class HandClock:
    """Moves only when a test says so; ms UTC."""

    time: int = 1_800_000_000_000

    def now(self) -> int:
        return self.time

    def monotonic(self) -> float:
        return self.time / 1000

    def pass_(self, seconds: float) -> None:
        self.time += round(seconds * 1000)


def make_store(
    db: Database,
    clock: Clock,
    *,
    lanes: LanePolicy | None = None,
    quiet: int = 0,
    crowd: int = 100_000,
) -> DbStore:
    dice = random.Random(7)
    return DbStore(
        db=db,
        operators=db,
        accounts={LOJA.id: LOJA},
        lane_policy=lanes or LanePolicy(),
        inbox_policy=InboxPolicy(quiet=lambda _text, _kind: quiet, max_wait=6_000, again=quiet),
        histories=Histories(
            cache=Cache("history", CachePolicy(maxsize=100, ttl=3600), clock=clock, random=dice)
        ),
        known_leads=KnownLeads(
            cache=Cache("lead", CachePolicy(maxsize=100, ttl=3600), clock=clock, random=dice)
        ),
        crowd=Limiter([Rate(crowd, 60.0)], clock=clock),
        clock=clock,
        random=dice,
    )


@asynccontextmanager
async def sqlite_database(
    path: Path, clock: Clock, *, writer: Executor | None = None
) -> AsyncGenerator[SqliteDatabase]:
    """Open a migrated file; threads of its own unless the test brings an executor."""
    threads = [ThreadExecutor("test-writer"), ThreadExecutor("test-reader")]
    db = SqliteDatabase(
        path, clock=clock, writer=writer or threads[0], reader=threads[1], observer=NOBODY
    )
    try:
        yield db
    finally:
        for thread in threads:
            thread.close()
        db.close()


@asynccontextmanager
async def postgres_database(dsn: str, clock: Clock) -> AsyncGenerator[PostgresDatabase]:
    await migrate_postgres(dsn)
    db = await PostgresDatabase.open(dsn, clock=clock.now)
    try:
        yield db
    finally:
        await db.close()


@dataclass(slots=True)
class Template:
    """A migrated SQLite file, made once a run and copied for each test."""

    folder: Path
    made: list[Path] = field(default_factory=list)

    def copy_to(self, path: Path) -> Path:
        source = self.folder / "template.db"
        if not source.exists():
            migrate_sqlite(source)
        shutil.copyfile(source, path)
        return path


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


def hello(number: int, *, phone: str = "5511900000001", text: str | None = None) -> MessageReceived:
    """Write a customer's message with its own id."""
    return MessageReceived(
        provider_id=f"3A{number:018d}",
        sender=Identity(address=f"{phone}@s.whatsapp.net", phone=phone, name="Maria"),
        kind=MessageKind.TEXT,
        text=text or f"mensagem {number}",
        occurred_at=1_800_000_000_000 + number,
    )


def echo(text: str, *, number: int = 1, by_api: bool = True) -> MessageEchoed:
    phone = "5511900000001"
    return MessageEchoed(
        provider_id=f"3EB0{number:018d}",
        recipient=Identity(address=f"{phone}@s.whatsapp.net", phone=phone),
        kind=MessageKind.TEXT,
        text=text,
        occurred_at=1_800_000_000_000,
        by_api=by_api,
    )
