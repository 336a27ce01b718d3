"""A pace that all processes of one database keep together, a row a key."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
from sqlalchemy import select, update

from orbion.adapters.db.schema import PACE
from orbion.adapters.db.sql import bind, first, insert_into, number
from orbion.adapters.db.tx import Database, Statement, Tx
from orbion.kit.limiter import Cells, Verdict

_NOTHING: Final = "[]"
_of_key = select(PACE.c.whole_at).where(PACE.c.name == bind("called"), PACE.c.key == bind("who"))
SEEN = Statement(_of_key)
HOLD = Statement(_of_key.with_for_update())
ADD = Statement(insert_into(PACE, "name", "key", "whole_at", "at").on_conflict_do_nothing())
TAKE = Statement(
    update(PACE)
    .where(PACE.c.name == bind("called"), PACE.c.key == bind("who"))
    .values(whole_at=bind("numbers"), at=number("now"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedPace:
    """Counts by the database's clock; who waits for another's count is counted after it.

    `name` tells the rates of one purpose from those of another.
    """

    db: Database
    name: str
    cells: Cells

    async def reserve(self, key: str, *, at_most: float) -> Verdict:
        return await self.db.write(lambda tx: self._reserve(tx, key, at_most))

    async def look(self, key: str) -> Verdict:
        return await self.db.read(lambda tx: self._look(tx, key))

    def _reserve(self, tx: Tx, key: str, at_most: float) -> Verdict:
        row = tx.one(HOLD, called=self.name, who=key)
        if row is None:
            tx.run(ADD, name=self.name, key=key, whole_at=_NOTHING, at=tx.now)
            row = tx.one(HOLD, called=self.name, who=key)
        taken, verdict = self.cells.reserve(_numbers(first(row)), tx.now / 1000, at_most)
        if taken is not None:
            numbers = msgspec.json.encode(taken).decode()
            tx.run(TAKE, called=self.name, who=key, numbers=numbers, now=tx.now)
        return verdict

    def _look(self, tx: Tx, key: str) -> Verdict:
        row = tx.one(SEEN, called=self.name, who=key)
        return self.cells.look(_numbers(first(row)), tx.now / 1000)


def _numbers(text: str | None) -> Sequence[float]:
    return msgspec.json.decode(text or _NOTHING, type=tuple[float, ...])
