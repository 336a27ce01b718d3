"""Builds what operators' commands need beside a service that may be running."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from orbion import __version__
from orbion.adapters.db.filelock import FileLock
from orbion.adapters.db.migrate import HEAD, check, sqlite_version
from orbion.adapters.db.sqlite import CommitObserver, SqliteDatabase
from orbion.adapters.db.store import DbStore
from orbion.adapters.http import build_client
from orbion.config import Settings
from orbion.domain.conversations import Account
from orbion.domain.errors import FaultCode, RejectedError
from orbion.kit.ids import new_trace
from orbion.main.build import accounts_of
from orbion.main.database import build_store, migrate, sqlite_path_of
from orbion.main.outside import build_channel
from orbion.main.world import World
from orbion.telemetry.metrics import Metrics
from orbion.usecases.receive import Receive


@dataclass(frozen=True, slots=True, kw_only=True)
class Migrated:
    """What a migration did; `before` is None for a new database."""

    name: str
    before: str | None
    after: str
    backup: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Replays:
    """A store, and the way a webhook takes into it; `trace` marks what this command stores."""

    store: DbStore
    receive: Receive
    trace: str


async def migrate_alone(settings: Settings, world: World) -> Migrated:
    """Migrate under the lock of the service.

    Raises:
        RejectedError: a service is running, or the schema is newer than this program.
        UnavailableError: the database cannot be opened.
    """
    path = settings.sqlite_path
    if path is None:
        await migrate(settings, world)
        return Migrated(name="PostgreSQL", before=HEAD, after=HEAD, backup=None)
    lock = FileLock(path)
    lock.acquire()
    try:
        before = sqlite_version(path)
        backup = await migrate(settings, world)
    finally:
        lock.release()
    return Migrated(name=str(path), before=before, after=HEAD, backup=backup)


@asynccontextmanager
async def operators_store(
    settings: Settings, world: World, accounts: Mapping[str, Account]
) -> AsyncGenerator[DbStore]:
    """Open the store without its lock: SQLite lets several processes write, one after another.

    Raises:
        RejectedError: there is no database yet, or it has another version's schema.
        UnavailableError: it cannot be opened.
    """
    path = sqlite_path_of(settings)
    _require_schema(path)
    async with AsyncExitStack() as stack:
        with ExitStack() as threads:
            db = SqliteDatabase(
                path,
                clock=world.clock,
                writer=threads.enter_context(world.executor("orbion-writer")),
                reader=threads.enter_context(world.executor("orbion-reader")),
                observer=CommitObserver(seconds=_unobserved, size=_unobserved),
            )
            stack.callback(db.close)
            yield build_store(settings, world, db=db, operators=db, accounts=accounts)


@asynccontextmanager
async def operators_replays(settings: Settings, world: World) -> AsyncGenerator[Replays]:
    """Open the store and what reads webhooks; a running service works what comes in."""
    accounts = accounts_of(settings)
    async with (
        operators_store(settings, world, accounts) as store,
        build_client(transport=world.transport) as client,
    ):
        channels = {
            name: build_channel(account, client, world, settings.send_timeout)
            for name, account in settings.accounts().items()
        }
        receive = Receive(
            channels=channels,
            accounts=accounts,
            inbox=store,
            wake=_unobserved,
            metrics=Metrics(version=__version__),
            now=world.clock.now,
        )
        yield Replays(store=store, receive=receive, trace=new_trace(world.random))


def _require_schema(path: Path) -> None:
    version = sqlite_version(path)
    if version is None:
        raise RejectedError(
            FaultCode.NOT_FOUND, f"{path} holds nothing yet: `orbion serve` makes it at its start"
        )
    if check(version):
        raise RejectedError(
            FaultCode.DB_SCHEMA, f"{path} has schema {version}, not {HEAD}: run `orbion migrate`"
        )


def _unobserved(_value: object) -> None:
    """Nobody scrapes a command."""
