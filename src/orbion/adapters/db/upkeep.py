"""Bodies of start-up and upkeep: accounts, the write probe, counts, pruning."""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import BigInteger, cast, column, delete, func, select, table, tuple_

from orbion.adapters.db.schema import (
    ACCOUNT,
    BUSINESS,
    DEAD,
    DEDUP,
    EARLY_CHANGE,
    LANE,
    MESSAGE,
    OUTBOX,
    PROBE,
    QUARANTINE,
    TASK,
)
from orbion.adapters.db.sql import bind, first, insert_into, number
from orbion.adapters.db.tx import Statement, Tx
from orbion.domain.conversations import Account
from orbion.domain.listing import StoreFacts

DAY_MS: Final = 24 * 60 * 60 * 1000
DEDUP_DAYS: Final = 9
TASK_DAYS: Final = 2
PRUNE_ROWS: Final = 500

SET_BUSINESS = Statement(insert_into(BUSINESS, "id", "name").on_conflict_do_nothing())
SET_ACCOUNT = Statement(
    insert_into(ACCOUNT, "id", "business", "channel").on_conflict_do_update(
        index_elements=["id"], set_={"channel": bind("channel")}
    )
)
ACCOUNT_BUSINESS = Statement(select(ACCOUNT.c.business).where(ACCOUNT.c.id == bind("account")))
TOUCH = Statement(
    insert_into(PROBE, "id", "at").on_conflict_do_update(
        index_elements=["id"], set_={"at": bind("at")}
    )
)
LANES = Statement(
    select(
        LANE.c.queue,
        cast(func.sum(LANE.c.seq - LANE.c.ack), BigInteger),
        func.min(LANE.c.first_at),
    )
    .where(LANE.c.due_at.is_not(None))
    .group_by(LANE.c.queue)
)
OUTBOX_STATES = Statement(
    select(OUTBOX.c.state, func.count())
    .where(OUTBOX.c.state.in_(("pending", "sending", "unknown")))
    .group_by(OUTBOX.c.state)
)
OPEN_MESSAGES = Statement(select(func.count()).where(MESSAGE.c.outcome == "open"))
DEAD_COUNT = Statement(
    select(func.count()).where(DEAD.c.redriven_at.is_(None), DEAD.c.discarded.is_(False))
)
QUARANTINE_COUNT = Statement(select(func.count()).where(QUARANTINE.c.ended.is_(None)))
_VERSION = table("alembic_version", column("version_num"))
SCHEMA = Statement(select(_VERSION.c.version_num))
PRUNE_DEDUP = Statement(
    delete(DEDUP).where(
        DEDUP.c.id.in_(
            select(DEDUP.c.id).where(DEDUP.c.at < number("before")).limit(number("limit"))
        )
    )
)
PRUNE_EARLY = Statement(
    delete(EARLY_CHANGE).where(
        tuple_(EARLY_CHANGE.c.account, EARLY_CHANGE.c.provider_id).in_(
            select(EARLY_CHANGE.c.account, EARLY_CHANGE.c.provider_id)
            .where(EARLY_CHANGE.c.noted_at < number("before"))
            .limit(number("limit"))
        )
    )
)
OLD_TASKS = Statement(
    select(TASK.c.queue, TASK.c.key, TASK.c.seq)
    .join(LANE, (LANE.c.queue == TASK.c.queue) & (LANE.c.key == TASK.c.key))
    .where(TASK.c.created_at < number("before"), TASK.c.seq <= LANE.c.ack)
    .limit(number("limit"))
)
DROP_TASK = Statement(
    delete(TASK).where(
        TASK.c.queue == bind("queue"), TASK.c.key == bind("key"), TASK.c.seq == number("seq")
    )
)


def sync_accounts(tx: Tx, accounts: Iterable[Account]) -> None:
    """Make the rows that messages refer to.

    Raises:
        ValueError: an account would move to another business, which would mix two customers' data.
    """
    for account in accounts:
        tx.run(SET_BUSINESS, id=account.business, name=account.business)
        was = first(tx.one(ACCOUNT_BUSINESS, account=account.id))
        if was not in (None, account.business):
            raise ValueError(
                f"account {account.id!r} belongs to business {was!r} in the database; "
                f"give the number of {account.business!r} another account id"
            )
        tx.run(SET_ACCOUNT, id=account.id, business=account.business, channel=account.channel)


def touch(tx: Tx) -> None:
    tx.run(TOUCH, id=1, at=tx.now)


def facts(tx: Tx) -> StoreFacts:
    rows = tx.all(LANES)
    return StoreFacts(
        depth={queue: depth for queue, depth, _ in rows},
        oldest_seconds={
            queue: max(0.0, (tx.now - at) / 1000) for queue, _, at in rows if at is not None
        },
        outbox=dict(tx.all(OUTBOX_STATES)),
        messages={"open": int(first(tx.one(OPEN_MESSAGES)))},
        dead=int(first(tx.one(DEAD_COUNT))),
        quarantined=int(first(tx.one(QUARANTINE_COUNT))),
        schema=str(first(tx.one(SCHEMA))),
    )


def prune(tx: Tx) -> int:
    """Delete a bounded number of rows that nothing can ask for again; returns how many."""
    forgotten = tx.now - DEDUP_DAYS * DAY_MS
    gone = tx.run(PRUNE_DEDUP, before=forgotten, limit=PRUNE_ROWS)
    gone += tx.run(PRUNE_EARLY, before=forgotten, limit=PRUNE_ROWS)
    for queue, key, seq in tx.all(OLD_TASKS, before=tx.now - TASK_DAYS * DAY_MS, limit=PRUNE_ROWS):
        gone += tx.run(DROP_TASK, queue=queue, key=key, seq=seq)
    return gone
