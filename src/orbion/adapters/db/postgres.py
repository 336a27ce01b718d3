"""The PostgreSQL pipeline: the same synchronous bodies, one transaction each, over asyncpg."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import asyncpg
from sqlalchemy import Dialect, make_url
from sqlalchemy.util import await_only, greenlet_spawn

from orbion.adapters.db.faults import translate
from orbion.adapters.db.tx import Body, Move, Row, Statement
from orbion.domain.errors import FaultCode, UnavailableError

T = TypeVar("T")
CHANNEL: Final = "orbion"
_TRIES: Final = 5
_STATEMENTS: Final = 512
"""More than Orbion has, so that none is prepared twice on a connection."""
_CONNECT_SECONDS: Final = 5.0
_CLOCK: Final = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint"
_NOTIFY: Final = "SELECT pg_notify($1, queue) FROM unnest($2::text[]) AS queue"
_ONE_VIEW: Mapping[str, Any] = {"isolation": "repeatable_read", "readonly": True}
_ANY: Mapping[str, Any] = {}
Connection = Any
"""asyncpg ships no types of its own for pool proxies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresPolicy:
    """`size` connections at most; seconds that a statement, and the wait for a lock, may take.

    The last is also the longest wait for a free connection.
    """

    size: int = 10
    statement: float = 10.0
    lock: float = 5.0


class PostgresTx:
    """A body's view of an open transaction; it runs inside a greenlet, so it may wait."""

    __slots__ = ("_connection", "_dialect", "moves", "now", "woken")

    def __init__(self, connection: Connection, dialect: Dialect, now: int) -> None:
        self._connection = connection
        self._dialect = dialect
        self.now = now
        self.woken: set[str] = set()
        self.moves: list[Move] = []

    def one(self, statement: Statement, /, **params: object) -> Row | None:
        compiled = statement.compiled(self._dialect)
        row: Row | None = await_only(
            self._connection.fetchrow(compiled.text, *compiled.values(params))
        )
        return row

    def all(self, statement: Statement, /, **params: object) -> Sequence[Row]:
        compiled = statement.compiled(self._dialect)
        rows: Sequence[Row] = await_only(
            self._connection.fetch(compiled.text, *compiled.values(params))
        )
        return rows

    def run(self, statement: Statement, /, **params: object) -> int:
        compiled = statement.compiled(self._dialect)
        status: str = await_only(self._connection.execute(compiled.text, *compiled.values(params)))
        return int(status.rsplit(" ", 1)[-1])

    def wake(self, queue: str) -> None:
        self.woken.add(queue)


class PostgresDatabase:
    """One transaction a body; a deadlock or serialization failure runs the body again.

    After the server went away every body fails with `UnavailableError` until it is back: the pool
    connects again by itself.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        dsn: str,
        *,
        own: Collection[int],
        patience: float,
        clock: Callable[[], int] | None,
        observe: Callable[[float], None],
    ) -> None:
        self._pool = pool
        self._dsn = dsn
        self._own = own
        self._patience = patience
        self._clock = clock
        self._observe = observe
        self._dialect = make_url("postgresql+asyncpg://").get_dialect()()

    @classmethod
    async def open(
        cls,
        dsn: str,
        *,
        policy: PostgresPolicy | None = None,
        clock: Callable[[], int] | None = None,
        observe: Callable[[float], None] = lambda _seconds: None,
    ) -> "PostgresDatabase":
        """Connect; `clock` (ms UTC) stands in for the server's own, which is the default.

        `observe` is told the seconds of each transaction that committed.

        Raises:
            UnavailableError: db.down, the server cannot be reached or lets nobody in.
        """
        chosen = policy or PostgresPolicy()
        with_time_outs = {
            "statement_timeout": _ms(chosen.statement),
            "lock_timeout": _ms(chosen.lock),
            "idle_in_transaction_session_timeout": _ms(chosen.statement),
        }
        own: set[int] = set()

        async def note(connection: Connection) -> None:
            backend = connection.get_server_pid()
            own.add(backend)
            connection.add_termination_listener(lambda _connection: own.discard(backend))

        pool = asyncpg.create_pool(
            dsn,
            init=note,
            min_size=1,
            max_size=chosen.size,
            reset=_nothing_to_reset,
            statement_cache_size=_STATEMENTS,
            max_cached_statement_lifetime=0,
            command_timeout=chosen.statement + 1.0,  # a server that no longer answers at all
            **_connecting(with_time_outs),
        )
        async with _reaching():
            await pool
        return cls(pool, dsn, own=own, patience=chosen.lock, clock=clock, observe=observe)

    async def write(self, body: Body[T]) -> T:
        return await self._run(body, _ANY)

    async def read(self, body: Body[T]) -> T:
        return await self._run(body, _ONE_VIEW)

    async def listen(self, heard: Callable[[str], None]) -> None:
        """Tell of each queue that a commit of another process gave work to, while connected.

        Raises:
            UnavailableError: db.down; what is committed until the next call is not told.
        """
        lost = asyncio.Event()
        connection = await connect(self._dsn)
        connection.add_termination_listener(lambda _connection: lost.set())

        def hear(_connection: Connection, backend: int, _channel: str, queue: str) -> None:
            if backend not in self._own:
                heard(queue)

        try:
            await connection.add_listener(CHANNEL, hear)
            await lost.wait()
        finally:
            connection.terminate()
        raise UnavailableError(FaultCode.DB_DOWN, "PostgreSQL closed the listening connection")

    async def close(self) -> None:
        await self._pool.close()

    async def _run(self, body: Body[T], mode: Mapping[str, Any]) -> T:
        for left in reversed(range(_TRIES)):
            try:
                return await self._transact(body, mode)
            except (asyncpg.DeadlockDetectedError, asyncpg.SerializationError) as error:
                if left == 0:
                    raise translate(error) from error
            except Exception as error:
                found = _translated(error)
                if found is error:
                    raise
                raise found from error
        raise AssertionError("unreachable: the last try returns or raises")

    async def _transact(self, body: Body[T], mode: Mapping[str, Any]) -> T:
        started = asyncio.get_running_loop().time()
        async with self._borrowed() as connection, connection.transaction(**mode):
            now = self._clock() if self._clock else await connection.fetchval(_CLOCK)
            tx = PostgresTx(connection, self._dialect, now)
            result: T = await greenlet_spawn(body, tx)
            if tx.woken:
                await connection.execute(_NOTIFY, CHANNEL, sorted(tx.woken))
        self._observe(asyncio.get_running_loop().time() - started)
        return result

    @asynccontextmanager
    async def _borrowed(self) -> AsyncGenerator[Connection]:
        try:
            connection = await self._pool.acquire(timeout=self._patience)
        except TimeoutError as error:
            raise UnavailableError(FaultCode.DB_BUSY, "no connection became free") from error
        try:
            yield connection
        finally:
            await self._pool.release(connection)


async def connect(dsn: str, *, statement: float = 0.0) -> Connection:
    """Open a connection outside the pool; `statement` seconds bound each statement, 0 = nothing.

    Raises:
        UnavailableError: db.down, the server cannot be reached or lets nobody in.
    """
    async with _reaching():
        return await asyncpg.connect(dsn, **_connecting({"statement_timeout": _ms(statement)}))


@asynccontextmanager
async def _reaching() -> AsyncGenerator[None]:
    try:
        yield
    except (OSError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise UnavailableError(
            FaultCode.DB_DOWN, f"cannot reach PostgreSQL: {str(error) or type(error).__name__}"
        ) from error


def _connecting(session: Mapping[str, str]) -> dict[str, Any]:
    """What every connection is opened with; `synchronous_commit` may not be weaker than a 2xx."""
    return {
        "timeout": _CONNECT_SECONDS,
        "server_settings": {
            "application_name": "orbion",
            "synchronous_commit": "on",
            "jit": "off",
            **session,
        },
    }


def _translated(error: Exception) -> BaseException:
    """The driver's own errors say that the connection is gone, but for a value it cannot send."""
    if isinstance(error, asyncpg.InterfaceError) and not isinstance(error, ValueError):
        return UnavailableError(FaultCode.DB_DOWN, str(error))
    return translate(error)


async def _nothing_to_reset(_connection: Connection) -> None:
    """No body leaves anything in its session: asking the server would cost a round trip."""


def _ms(seconds: float) -> str:
    return str(round(seconds * 1000))
