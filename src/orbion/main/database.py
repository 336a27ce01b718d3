"""Locks, migrates and opens the database, and builds the store on it."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from pathlib import Path

from orbion.adapters.db.filelock import FileLock
from orbion.adapters.db.inbox import InboxPolicy
from orbion.adapters.db.lanes import LanePolicy
from orbion.adapters.db.migrate import migrate_postgres, migrate_sqlite
from orbion.adapters.db.sqlite import CommitObserver, SqliteDatabase
from orbion.adapters.db.store import DbStore
from orbion.adapters.db.tx import Database, Reads
from orbion.config import Settings
from orbion.domain.conversations import Account
from orbion.domain.debounce import quiet_ms
from orbion.domain.errors import FaultCode, RejectedError
from orbion.domain.messages import MessageKind
from orbion.kit.cache import Cache
from orbion.main.world import World
from orbion.telemetry.logs import MIGRATION, log
from orbion.telemetry.metrics import Metrics


async def migrate(settings: Settings, world: World) -> Path | None:
    """Bring the database to this program's schema; returns the backup that was taken, if any."""
    path = settings.sqlite_path
    if path is None:
        await migrate_postgres(settings.database_url)
        return None
    backups: list[Path | None] = []
    await world.run_blocking(lambda: backups.append(migrate_sqlite(path)))
    if backups[0] is not None:
        log(MIGRATION, backup=backups[0].name)
    return backups[0]


def sqlite_path_of(settings: Settings) -> Path:
    """Where the SQLite file lies; raises `RejectedError` on PostgreSQL."""
    if settings.sqlite_path is None:
        raise RejectedError(
            FaultCode.INPUT_BAD,
            "ORBION_DATABASE_URL: this release serves from SQLite only (sqlite:///data/orbion.db); "
            "PostgreSQL holds the schema and the lanes",
        )
    return settings.sqlite_path


@asynccontextmanager
async def open_database(
    settings: Settings, world: World, metrics: Metrics
) -> AsyncGenerator[Database]:
    """Lock, migrate and open SQLite; its threads end first, then the file, then the lock."""
    path = sqlite_path_of(settings)
    async with AsyncExitStack() as stack:
        lock = FileLock(path)
        lock.acquire()
        stack.callback(lock.release)
        await migrate(settings, world)
        with ExitStack() as threads:
            db = SqliteDatabase(
                path,
                clock=world.clock,
                writer=threads.enter_context(world.executor("orbion-writer")),
                reader=threads.enter_context(world.executor("orbion-reader")),
                observer=CommitObserver(
                    seconds=metrics.db_commit_seconds.observe, size=metrics.db_group_size.observe
                ),
            )
            stack.callback(db.close)
            yield db


def build_store(
    settings: Settings,
    world: World,
    *,
    db: Database,
    operators: Reads,
    accounts: Mapping[str, Account],
) -> DbStore:
    low, high = round(settings.quiet_min * 1000), round(settings.quiet_max * 1000)

    def quiet(text: str, kind: MessageKind) -> int:
        return quiet_ms(text, kind, low=low, high=high)

    return DbStore(
        db=db,
        operators=operators,
        accounts=accounts,
        lane_policy=LanePolicy(lease=round(settings.lease * 1000)),
        inbox_policy=InboxPolicy(
            quiet=quiet,
            max_wait=round(settings.quiet_cap * 1000),
            again=low,
            idle_release=round(settings.human_idle_release * 1000),
        ),
        history_cache=Cache(
            "history", maxsize=256, ttl=300.0, clock=world.clock, random=world.random
        ),
        clock=world.clock,
        random=world.random,
    )
