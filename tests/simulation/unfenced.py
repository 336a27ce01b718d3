"""A database in which a lane's fence, or its lock, does not hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import select

from orbion.adapters.db import lanes
from orbion.adapters.db.schema import LANE
from orbion.adapters.db.sql import bind
from orbion.adapters.db.tx import Body, Database, Move, Row, Statement, Tx

T = TypeVar("T")
HOLDER = Statement(
    select(LANE.c.token, LANE.c.owner).where(
        LANE.c.queue == bind("queue"), LANE.c.key == bind("lane_key")
    )
)
LEASE_MS = 30


@dataclass(frozen=True, slots=True)
class Unfenced:
    """Lets whoever once held a lane write as if it still did; without a lock, several hold it."""

    database: Database
    locks: bool = True

    async def read(self, body: Body[T]) -> T:
        return await self.database.read(body)

    async def write(self, body: Body[T]) -> T:
        return await self.database.write(lambda tx: body(_Tx(tx, self.locks)))


@dataclass(frozen=True, slots=True)
class _Tx:
    tx: Tx
    locks: bool

    @property
    def now(self) -> int:
        return self.tx.now

    @property
    def moves(self) -> list[Move]:
        return self.tx.moves

    def one(self, statement: Statement, /, **params: object) -> Row | None:
        return self.tx.one(statement, **params)

    def all(self, statement: Statement, /, **params: object) -> Sequence[Row]:
        if statement is lanes.CLAIM and not self.locks:
            params["until"] = self.now + LEASE_MS
        return self.tx.all(statement, **params)

    def run(self, statement: Statement, /, **params: object) -> int:
        if "fence" not in params:
            return self.tx.run(statement, **params)
        holder = self.tx.one(HOLDER, queue=params["queue"], lane_key=params["lane_key"])
        if holder is not None:
            params["fence"], params["me"] = holder
        return self.tx.run(statement, **params) or 1

    def wake(self, queue: str) -> None:
        self.tx.wake(queue)
