"""Keeps what stands for the part of a conversation that a prompt no longer holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
from sqlalchemy import select

from orbion.adapters.db.histories import seen
from orbion.adapters.db.schema import MESSAGE, SUMMARY
from orbion.adapters.db.sql import bind, insert_into, number, to_json
from orbion.adapters.db.turns import MESSAGE_COLUMNS, to_message
from orbion.adapters.db.tx import Database, Statement, Tx
from orbion.domain.messages import Message
from orbion.domain.summary import Summary

MOST: Final = 200
_SUMMARY: Final = ("version", "upto", "maker", "text", "facts", "at")
KEPT = Statement(
    select(
        SUMMARY.c.version, SUMMARY.c.upto, SUMMARY.c.maker, SUMMARY.c.text, SUMMARY.c.facts
    ).where(SUMMARY.c.conversation_id == number("conversation"))
)
KEEP = Statement(
    insert_into(SUMMARY, "conversation_id", *_SUMMARY).on_conflict_do_update(
        index_elements=["conversation_id"],
        set_={name: bind(name) for name in _SUMMARY},
        where=SUMMARY.c.version < bind("version"),
    )
)
BEFORE = Statement(
    select(*MESSAGE_COLUMNS)
    .where(
        MESSAGE.c.conversation_id == number("conversation"),
        MESSAGE.c.seq < number("place"),
        MESSAGE.c.deleted_at.is_(None),
    )
    .order_by(MESSAGE.c.seq.desc())
    .limit(number("limit"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DbSummaries:
    """One row a conversation; of two that are made at once the later version stays."""

    db: Database

    async def summary(self, conversation_id: int) -> Summary | None:
        return await self.db.read(lambda tx: _summary(tx, conversation_id))

    async def earlier(self, conversation_id: int, before: int) -> Sequence[Message]:
        return await self.db.read(lambda tx: _earlier(tx, conversation_id, before))

    async def save_summary(self, conversation_id: int, summary: Summary) -> None:
        await self.db.write(lambda tx: _save(tx, conversation_id, summary))


def _summary(tx: Tx, conversation_id: int) -> Summary | None:
    row = tx.one(KEPT, conversation=conversation_id)
    if row is None:
        return None
    version, upto, maker, text, facts = row
    return Summary(
        version=version,
        upto=upto,
        maker=maker,
        text=text,
        facts=msgspec.json.decode(facts, type=dict[str, str]),
    )


def _earlier(tx: Tx, conversation_id: int, before: int) -> Sequence[Message]:
    rows = tx.all(BEFORE, conversation=conversation_id, place=before, limit=MOST)
    return seen([to_message(row) for row in rows])


def _save(tx: Tx, conversation_id: int, summary: Summary) -> None:
    tx.run(
        KEEP,
        conversation_id=conversation_id,
        version=summary.version,
        upto=summary.upto,
        maker=summary.maker,
        text=summary.text,
        facts=to_json(summary.facts),
        at=tx.now,
    )
