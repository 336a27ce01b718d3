"""Operators' reads: the same bodies over SQLAlchemy's async engine, apart from the pipeline."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from orbion.adapters.db.drivers import load_postgres
from orbion.adapters.db.tx import Body, Move, Row, Statement
from orbion.domain.errors import FaultCode, UnavailableError
from orbion.kit.clock import Clock

T = TypeVar("T")
_CONNECTIONS: Final = 2
_SECONDS: Final = 30.0
"""A long list may take this long."""


class EngineTx:
    """A body's view of a SQLAlchemy connection."""

    __slots__ = ("_connection", "moves", "now")

    def __init__(self, connection: Connection, now: int) -> None:
        self._connection = connection
        self.now = now
        self.moves: list[Move] = []

    def one(self, statement: Statement, /, **params: object) -> Row | None:
        return self._connection.execute(statement.expression, params).first()

    def all(self, statement: Statement, /, **params: object) -> Sequence[Row]:
        return self._connection.execute(statement.expression, params).all()

    def run(self, statement: Statement, /, **params: object) -> int:
        return self._connection.execute(statement.expression, params).rowcount

    def wake(self, queue: str) -> None:
        """A read gives nobody work."""


class OperatorsReads:
    """A long list must never wait behind, or hold up, the pipeline's own connections."""

    def __init__(self, url: str, *, clock: Clock) -> None:
        self._clock = clock
        self._engine = create_async_engine(
            url, pool_size=_CONNECTIONS, max_overflow=0, **_connecting(url)
        )
        if self._engine.dialect.name == "sqlite":
            _only_query(self._engine.sync_engine)

    async def read(self, body: Body[T]) -> T:
        """Run a reading body; raises `UnavailableError` (db.down) when it cannot be read."""
        now = self._clock.now()
        try:
            async with self._engine.connect() as connection:
                return await connection.run_sync(lambda sync: body(EngineTx(sync, now)))
        except (DBAPIError, OSError) as error:
            cause = error.orig if isinstance(error, DBAPIError) else error
            raise UnavailableError(FaultCode.DB_DOWN, f"cannot read: {cause}") from error

    async def close(self) -> None:
        await self._engine.dispose()


def _connecting(url: str) -> Mapping[str, Any]:
    """On PostgreSQL connect as the pipeline does: SQLAlchemy reads other words in an address."""
    scheme, rest = url.split("://", 1)
    if scheme != "postgresql+asyncpg":
        return {}
    connect = load_postgres().connect
    return {
        "async_creator": partial(connect, f"postgresql://{rest}", statement=_SECONDS),
        "pool_pre_ping": True,
    }


def _only_query(engine: Engine) -> None:
    """Refuse writes on every connection of this engine."""

    @event.listens_for(engine, "connect")
    def refuse_writes(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA query_only=ON")
        cursor.close()
