"""The PostgreSQL pipeline: the same synchronous bodies, one transaction each, over asyncpg."""

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import asyncpg
from sqlalchemy import Dialect, make_url
from sqlalchemy.util import await_only, greenlet_spawn

from orbion.adapters.db.tx import Body, Row, Statement
from orbion.domain.errors import FaultCode, UnavailableError

T = TypeVar("T")
_SERIALIZATION_TRIES: Final = 5
_CLOCK: Final = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint"
Connection = Any
"""asyncpg ships no types of its own for pool proxies."""


class PostgresTx:
    """A body's view of an open transaction; it runs inside a greenlet, so it may wait."""

    __slots__ = ("_connection", "_dialect", "now")

    def __init__(self, connection: Connection, dialect: Dialect, now: int) -> None:
        self._connection = connection
        self._dialect = dialect
        self.now = now

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


class PostgresDatabase:
    """One transaction a body; a deadlock or serialization failure runs the body again."""

    def __init__(self, pool: asyncpg.Pool, *, clock: Callable[[], int] | None = None) -> None:
        self._pool = pool
        self._clock = clock
        self._dialect = make_url("postgresql+asyncpg://").get_dialect()()

    @classmethod
    async def open(
        cls, dsn: str, *, size: int = 8, clock: Callable[[], int] | None = None
    ) -> "PostgresDatabase":
        """Connect; `clock` (ms UTC) stands in for the server's own, which is the default.

        Raises:
            UnavailableError: db.down, the server cannot be reached.
        """
        try:
            pool = await asyncpg.create_pool(dsn, min_size=1, max_size=size)
        except (OSError, asyncpg.PostgresError) as error:
            raise UnavailableError(
                FaultCode.DB_DOWN, f"cannot reach PostgreSQL: {error}"
            ) from error
        return cls(pool, clock=clock)

    async def write(self, body: Body[T]) -> T:
        for left in reversed(range(_SERIALIZATION_TRIES)):
            try:
                return await self._transact(body)
            except (asyncpg.DeadlockDetectedError, asyncpg.SerializationError) as error:
                if left == 0:
                    raise UnavailableError(FaultCode.DB_LOCKED, str(error)) from error
            except (OSError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError) as error:
                raise UnavailableError(FaultCode.DB_DOWN, str(error)) from error
            except asyncpg.DiskFullError as error:
                raise UnavailableError(FaultCode.DB_FULL, str(error)) from error
        raise AssertionError("unreachable: the last try returns or raises")

    async def read(self, body: Body[T]) -> T:
        return await self.write(body)

    async def close(self) -> None:
        await self._pool.close()

    async def _transact(self, body: Body[T]) -> T:
        async with self._pool.acquire() as connection, connection.transaction():
            now = self._clock() if self._clock else await connection.fetchval(_CLOCK)
            result: T = await greenlet_spawn(body, PostgresTx(connection, self._dialect, now))
            return result
