"""Locks, migrates and opens the database, and builds the store on it."""

from collections.abc import AsyncGenerator, Callable, Generator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from pathlib import Path

from orbion.adapters.db.drivers import load_postgres
from orbion.adapters.db.filelock import FileLock
from orbion.adapters.db.histories import Histories
from orbion.adapters.db.inbox import InboxPolicy
from orbion.adapters.db.known_leads import KnownLeads
from orbion.adapters.db.lanes import LanePolicy
from orbion.adapters.db.migrate import (
    HEAD,
    check,
    migrate_postgres,
    migrate_sqlite,
    postgres_version,
)
from orbion.adapters.db.paces import SharedPace
from orbion.adapters.db.sqlite import CommitObserver, SqliteDatabase
from orbion.adapters.db.store import DbStore
from orbion.adapters.db.tx import Database, Reads, SharedDatabase
from orbion.config import Settings
from orbion.domain.conversations import Account
from orbion.domain.debounce import quiet_ms
from orbion.domain.messages import MessageKind
from orbion.kit.cache import Cache, CachePolicy
from orbion.kit.limiter import Cells, Limiter, OwnPace, Pace, Rate
from orbion.main.world import World
from orbion.telemetry.logs import MIGRATION, log
from orbion.telemetry.metrics import Metrics


async def migrate_file(path: Path, world: World) -> Path | None:
    """Bring a SQLite file to this program's schema; returns the backup that was taken, if any."""
    backups: list[Path | None] = []
    await world.run_blocking(lambda: backups.append(migrate_sqlite(path)))
    if backups[0] is not None:
        log(MIGRATION, backup=backups[0].name)
    return backups[0]


@asynccontextmanager
async def open_database(
    settings: Settings, world: World, metrics: Metrics
) -> AsyncGenerator[SharedDatabase]:
    """Migrate and open the database to serve from it.

    Raises:
        RejectedError: another process owns the file, the schema is newer, or a driver is missing.
        UnavailableError: it cannot be opened.
    """
    async with AsyncExitStack() as stack:
        if settings.sqlite_path is None:
            opening = _serving_postgres(settings, metrics)
        else:
            opening = _serving_sqlite(settings.sqlite_path, world, metrics)
        yield await stack.enter_async_context(opening)


@asynccontextmanager
async def _serving_sqlite(
    path: Path, world: World, metrics: Metrics
) -> AsyncGenerator[SharedDatabase]:
    """Hold the lock of the service from before the migration to after the file is closed."""
    with ExitStack() as stack:
        lock = FileLock(path)
        lock.acquire()
        stack.callback(lock.release)
        await migrate_file(path, world)
        observer = CommitObserver(
            seconds=metrics.db_commit_seconds.observe, size=metrics.db_group_size.observe
        )
        yield stack.enter_context(open_sqlite(path, world, observer))


@asynccontextmanager
async def _serving_postgres(settings: Settings, metrics: Metrics) -> AsyncGenerator[SharedDatabase]:
    """Other replicas may be live: the migration has a lock of its own, and leases run out."""
    async with open_postgres(
        settings, size=settings.database_pool, observe=metrics.db_commit_seconds.observe
    ) as db:
        if check(await postgres_version(db)):
            before = await migrate_postgres(settings.database_url)
            log(MIGRATION, before=before, after=HEAD)
        yield db


@contextmanager
def open_sqlite(path: Path, world: World, observer: CommitObserver) -> Generator[SharedDatabase]:
    """Open a migrated file; its threads end first, then it is closed."""
    with ExitStack() as stack, ExitStack() as threads:
        db = SqliteDatabase(
            path,
            clock=world.clock,
            writer=threads.enter_context(world.executor("orbion-writer")),
            reader=threads.enter_context(world.executor("orbion-reader")),
            observer=observer,
        )
        stack.callback(db.close)
        yield db


@asynccontextmanager
async def open_postgres(
    settings: Settings, *, size: int, observe: Callable[[float], None]
) -> AsyncGenerator[SharedDatabase]:
    """Connect to a server as it is, with at most `size` connections."""
    module = load_postgres()
    db = await module.PostgresDatabase.open(
        settings.database_url,
        policy=module.PostgresPolicy(
            size=size, statement=settings.database_timeout, lock=settings.database_timeout / 2
        ),
        observe=observe,
    )
    try:
        yield db
    finally:
        await db.close()


def build_pace(
    settings: Settings, world: World, db: Database, name: str, rates: Sequence[Rate]
) -> Pace:
    """Share it among the processes of a PostgreSQL; of a SQLite there is only one."""
    if settings.sqlite_path is None:
        return SharedPace(db=db, name=name, cells=Cells(rates))
    return OwnPace(Limiter(rates, clock=world.clock))


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

    kept = CachePolicy(maxsize=settings.cache_entries, ttl=3600.0)
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
        histories=Histories(cache=Cache("history", kept, clock=world.clock, random=world.random)),
        known_leads=KnownLeads(cache=Cache("lead", kept, clock=world.clock, random=world.random)),
        crowd=Limiter([Rate(settings.key_per_minute, 60.0)], clock=world.clock),
        clock=world.clock,
        random=world.random,
    )
