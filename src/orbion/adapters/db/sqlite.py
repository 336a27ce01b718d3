"""The SQLite pipeline: group commit in one writer, query-only readers beside it."""

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from sqlalchemy import Dialect
from sqlalchemy.dialects import sqlite as dialects

from orbion.adapters.db.faults import translate
from orbion.adapters.db.tx import Body, Move, Row, Statement
from orbion.domain.errors import FaultCode, UnavailableError
from orbion.kit.clock import Clock
from orbion.kit.executor import Executor

T = TypeVar("T")
GROUP: Final = 64
BUSY_TIMEOUT_MS: Final = 5_000
_FULL_SYNC: Final = 2


def connect(path: Path, *, query_only: bool = False) -> sqlite3.Connection:
    """Open a connection with the durable settings and check that they hold.

    Raises:
        UnavailableError: the file cannot be opened, or is not in WAL with synchronous=FULL.
    """
    with ExitStack() as undo:
        try:
            connection = sqlite3.connect(
                path, isolation_level=None, check_same_thread=False, cached_statements=256
            )
            undo.callback(connection.close)
            mode, sync = _make_durable(connection, query_only=query_only)
        except sqlite3.Error as error:
            raise UnavailableError(FaultCode.DB_IO, f"cannot open {path}: {error}") from error
        if mode != "wal" or sync != _FULL_SYNC:
            raise UnavailableError(
                FaultCode.DB_IO, f"{path}: journal_mode={mode}, synchronous={sync}; need wal and 2"
            )
        undo.pop_all()
    return connection


def _make_durable(connection: sqlite3.Connection, *, query_only: bool) -> tuple[str, int]:
    """Set what a connection needs; return the journal mode and the synchronous level in force."""
    connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA cache_size=-16384")
    connection.execute("PRAGMA temp_store=MEMORY")  # else savepoints write journals to files
    if query_only:
        connection.execute("PRAGMA query_only=ON")
    return mode, connection.execute("PRAGMA synchronous").fetchone()[0]


class SqliteTx:
    """A body's view of an open transaction."""

    __slots__ = ("_dialect", "_execute", "moves", "now")

    def __init__(self, connection: sqlite3.Connection, dialect: Dialect, now: int) -> None:
        self._execute = connection.execute
        self._dialect = dialect
        self.now = now
        self.moves: list[Move] = []

    def one(self, statement: Statement, /, **params: object) -> Row | None:
        cursor = self._run(statement, params)
        rows = cursor.fetchall()
        return rows[0] if rows else None

    def all(self, statement: Statement, /, **params: object) -> Sequence[Row]:
        return self._run(statement, params).fetchall()

    def run(self, statement: Statement, /, **params: object) -> int:
        return self._run(statement, params).rowcount

    def wake(self, queue: str) -> None:
        """Nobody else is there to be told."""

    def _run(self, statement: Statement, params: dict[str, object]) -> sqlite3.Cursor:
        compiled = statement.compiled(self._dialect)
        return self._execute(compiled.text, compiled.values(params))


@dataclass(slots=True)
class _Job:
    body: Body[Any]
    future: asyncio.Future[Any]
    result: Any = None
    error: BaseException | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitObserver:
    """Told after each group: seconds and how many bodies it held."""

    seconds: Callable[[float], None]
    size: Callable[[int], None]


class _Pipeline:
    """Jobs that wait for one thread, which works a group of them at a time."""

    def __init__(self, submit: Executor, work: Callable[[Sequence[_Job]], None]) -> None:
        self._submit = submit
        self._work = work
        self._waiting: deque[_Job] = deque()
        self._busy = False

    def __len__(self) -> int:
        return len(self._waiting)

    async def run(self, body: Body[T]) -> T:
        job = _Job(body, asyncio.get_running_loop().create_future())
        self._waiting.append(job)
        self._start()
        result: T = await job.future
        return result

    def _start(self) -> None:
        """Begin after what the loop has ready now: its bodies join the group, at no wait."""
        if self._waiting and not self._busy:
            self._busy = True
            loop = asyncio.get_running_loop()
            loop.call_soon(self._give, loop)

    def _give(self, loop: asyncio.AbstractEventLoop) -> None:
        group = [self._waiting.popleft() for _ in range(min(GROUP, len(self._waiting)))]

        def run() -> None:
            try:
                self._work(group)
            except BaseException as error:  # noqa: BLE001 a pipeline that died would mean silence
                for job in group:
                    job.error = translate(error)
            finally:
                loop.call_soon_threadsafe(self._done, group)

        try:
            self._submit(run)
        except RuntimeError:
            for job in group:
                job.error = UnavailableError(FaultCode.DB_DOWN, "the database is closed")
            self._done(group)

    def _done(self, group: Sequence[_Job]) -> None:
        _resolve(group)
        self._busy = False
        self._start()


class SqliteDatabase:
    """Bodies queue up for one writer; each group is one BEGIN IMMEDIATE … COMMIT.

    A body runs in its own savepoint, so its error fails it alone, unless the error ended the
    transaction (a full disk does): then the whole group fails and nobody was told yes.
    """

    def __init__(
        self,
        path: Path,
        *,
        clock: Clock,
        writer: Executor,
        reader: Executor,
        observer: CommitObserver,
        limit: int = 4096,
    ) -> None:
        self._clock = clock
        self._observer = observer
        self._limit = limit
        self._dialect = dialects.dialect()
        self._writes = _Pipeline(writer, self._write_group)
        self._reads = _Pipeline(reader, self._read_group)
        self._connection = connect(path)
        self._query = connect(path, query_only=True)

    @property
    def connection(self) -> sqlite3.Connection:
        """The writer's connection: for start-up work before any write is submitted."""
        return self._connection

    async def write(self, body: Body[T]) -> T:
        if len(self._writes) >= self._limit:
            raise UnavailableError(FaultCode.DB_BUSY, "too many writes are waiting")
        return await self._writes.run(body)

    async def read(self, body: Body[T]) -> T:
        return await self._reads.run(body)

    async def listen(self, heard: Callable[[str], None]) -> None:
        """Return at once: this process alone works the file, and it wakes itself."""

    def close(self) -> None:
        """Close both connections; call it after the executors have drained."""
        self._query.close()
        with suppress(sqlite3.Error):
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._connection.close()

    def _write_group(self, group: Sequence[_Job]) -> None:
        started = self._clock.monotonic()
        self._run_group(group)
        self._observer.seconds(self._clock.monotonic() - started)
        self._observer.size(len(group))

    def _read_group(self, group: Sequence[_Job]) -> None:
        for job in group:
            self._run_read(job)

    def _run_read(self, job: _Job) -> None:
        query = self._query
        try:
            query.execute("BEGIN")
            job.result = job.body(SqliteTx(query, self._dialect, self._clock.now()))
        except BaseException as error:  # noqa: BLE001 handed to the waiting caller
            job.error = translate(error)
        finally:
            if query.in_transaction:
                query.execute("ROLLBACK")

    def _run_group(self, group: Sequence[_Job]) -> None:
        connection = self._connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            if not self._run_together(group):
                connection.execute("ROLLBACK")
                connection.execute("BEGIN IMMEDIATE")
                for job in group:
                    self._run_apart(job)
            connection.execute("COMMIT")
        except BaseException as error:  # noqa: BLE001 nobody was told yes: the whole group fails
            with suppress(sqlite3.Error):
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
            for job in group:
                job.error = translate(error)

    def _run_together(self, group: Sequence[_Job]) -> bool:
        """Run the bodies one after the other; False at the first error that left all undone."""
        try:
            for job in group:
                self._run_body(job)
        except BaseException:
            if not self._connection.in_transaction:
                raise
            return False
        return True

    def _run_apart(self, job: _Job) -> None:
        """Run a body in its own savepoint, which costs as much as its writes."""
        connection = self._connection
        connection.execute("SAVEPOINT body")
        try:
            self._run_body(job)
        except BaseException as error:
            if not connection.in_transaction:
                raise
            connection.execute("ROLLBACK TO body")
            job.error = translate(error)
        connection.execute("RELEASE body")

    def _run_body(self, job: _Job) -> None:
        job.result = job.body(SqliteTx(self._connection, self._dialect, self._clock.now()))


def _resolve(group: Sequence[_Job]) -> None:
    for job in group:
        if job.future.done():
            continue
        if job.error is not None:
            job.future.set_exception(job.error)
        else:
            job.future.set_result(job.result)
