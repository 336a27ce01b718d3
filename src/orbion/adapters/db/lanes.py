"""Bodies of durable work: enqueue, claim, finish, fail, snooze, heartbeat (DESIGN section 4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import and_, case, func, select, union_all, update

from orbion.adapters.db.schema import DEAD, LANE, TASK
from orbion.adapters.db.sql import (
    NULL,
    bind,
    first,
    from_json,
    insert_into,
    larger,
    number,
    or_zero,
    smaller,
    to_json,
)
from orbion.adapters.db.tx import Statement, Tx
from orbion.domain.errors import LeaseLostError
from orbion.domain.lanes import Claim, Claimed, Queue, Task

PRIORITIES: Final = (0, 1, 2)
NORMAL: Final = 1
LOW: Final = 2
MERGED_ATTEMPTS: Final = 2
CRASH_CAP: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class LanePolicy:
    """Times in ms. A lane dies head first: `attempts` counts what its head alone may fail."""

    lease: int = 15_000
    attempts: int = 4


_quiet_until = smaller(
    number("now") + number("quiet"),
    func.coalesce(LANE.c.first_at, number("now")) + number("max_wait"),
)
ENQUEUE = Statement(
    insert_into(LANE, "queue", "key", "priority")
    .values(seq=1, due_at=number("due"), first_at=number("now"))
    .on_conflict_do_update(
        index_elements=["queue", "key"],
        set_={
            "seq": LANE.c.seq + 1,
            "priority": case(
                (LANE.c.due_at.is_(None), number("priority")),
                else_=smaller(LANE.c.priority, number("priority")),
            ),
            "first_at": func.coalesce(LANE.c.first_at, number("now")),
            "due_at": case(
                (LANE.c.owner.is_not(None), LANE.c.due_at),
                (LANE.c.attempts > 0, LANE.c.due_at),
                else_=larger(or_zero(LANE.c.due_at), _quiet_until),
            ),
        },
    )
    .returning(LANE.c.seq)
)
ADD_TASK = Statement(
    insert_into(TASK, "queue", "key", "seq", "kind", "payload", "trace", "created_at")
)

_due = (
    select(LANE.c.key)
    .where(
        LANE.c.queue == bind("queue"),
        LANE.c.priority == number("priority"),
        LANE.c.due_at <= number("now"),
    )
    .order_by(LANE.c.due_at)
    .limit(number("limit"))
    .with_for_update(skip_locked=True)
    .cte("due")
    .prefix_with("MATERIALIZED", dialect="postgresql")
)
_unowned = LANE.c.owner.is_(None)
CLAIM = Statement(
    update(LANE)
    .where(LANE.c.queue == bind("queue"), LANE.c.key.in_(select(_due.c.key)))
    .values(
        owner=bind("me"),
        token=LANE.c.token + 1,
        attempts=case((_unowned, LANE.c.attempts + 1), else_=LANE.c.attempts),
        crashes=case((_unowned, LANE.c.crashes), else_=smaller(LANE.c.crashes + 1, number("cap"))),
        due_at=number("until"),
    )
    .returning(
        LANE.c.key,
        LANE.c.token,
        LANE.c.ack,
        LANE.c.seq,
        LANE.c.attempts,
        LANE.c.crashes,
        LANE.c.alone_upto,
    )
)
NEXT_DUE = Statement(
    union_all(
        *(
            select(func.min(LANE.c.due_at)).where(
                LANE.c.queue == bind("queue"),
                LANE.c.priority == priority,
                LANE.c.due_at.is_not(None),
            )
            for priority in PRIORITIES
        )
    )
)
TASKS = Statement(
    select(TASK.c.seq, TASK.c.kind, TASK.c.payload, TASK.c.trace, TASK.c.created_at)
    .where(
        TASK.c.queue == bind("queue"),
        TASK.c.key == bind("key"),
        TASK.c.seq > number("ack"),
        TASK.c.seq <= number("upto"),
    )
    .order_by(TASK.c.seq)
)

_fence = and_(
    LANE.c.queue == bind("queue"),
    LANE.c.key == bind("lane_key"),
    LANE.c.token == number("fence"),
    LANE.c.owner == bind("me"),
)
_more = LANE.c.seq > number("done")
FINISH = Statement(
    update(LANE)
    .where(_fence)
    .values(
        owner=NULL,
        ack=number("done"),
        attempts=0,
        crashes=0,
        error=NULL,
        first_at=case((_more, number("now")), else_=NULL),
        due_at=case((_more, number("now") + number("quiet")), else_=NULL),
    )
)
GIVE_BACK = Statement(
    update(LANE)
    .where(_fence)
    .values(owner=NULL, attempts=larger(LANE.c.attempts - 1, func.abs(0)), due_at=number("due"))
)
FAIL = Statement(
    update(LANE)
    .where(_fence)
    .values(
        owner=NULL,
        due_at=number("due"),
        error=bind("why"),
        attempts=number("tried"),
        alone_upto=larger(LANE.c.alone_upto, number("alone")),
    )
)
RENEW = Statement(update(LANE).where(_fence).values(due_at=number("until")))
TOUCH = Statement(update(LANE).where(_fence).values(token=LANE.c.token))
FREE_ALL = Statement(
    update(LANE)
    .where(LANE.c.owner.is_not(None))
    .values(
        owner=NULL,
        due_at=number("now"),
        attempts=larger(LANE.c.attempts - 1, func.abs(0)),
        crashes=smaller(LANE.c.crashes + 1, number("cap")),
    )
)
HEAD = Statement(
    select(TASK.c.kind, TASK.c.payload).where(
        TASK.c.queue == bind("queue"), TASK.c.key == bind("key"), TASK.c.seq == number("seq")
    )
)
BURY = Statement(
    insert_into(
        DEAD, "queue", "key", "seq", "kind", "payload", "attempts", "error", "died_at"
    ).on_conflict_do_nothing()
)
LAST_DEATH = Statement(select(func.max(DEAD.c.died_at)))
REFRESH: Final = "refresh"
"""The kind of a task that opens again what stands before everything that waits."""

NEWER_REFRESH = Statement(
    select(TASK.c.seq)
    .where(
        TASK.c.queue == bind("queue"),
        TASK.c.key == bind("key"),
        TASK.c.seq > number("upto"),
        TASK.c.kind == REFRESH,
    )
    .limit(1)
)
LAST_SEQ = Statement(
    select(LANE.c.seq).where(LANE.c.queue == bind("queue"), LANE.c.key == bind("key"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Debounce:
    """Quiet time after each message and the hard cap since the first one, ms.

    `priority` is the lane's until it rests; the most urgent of what waits in it counts.
    """

    quiet: int
    max_wait: int
    priority: int = NORMAL


AT_ONCE: Final = Debounce(quiet=0, max_wait=0)


def enqueue(
    tx: Tx,
    queue: Queue,
    key: str,
    *,
    kind: str,
    payload: Mapping[str, object],
    trace: str,
    wait: Debounce = AT_ONCE,
) -> int:
    """Add a task at the end of its lane and return its number (commit order)."""
    seq = int(
        first(
            tx.one(
                ENQUEUE,
                queue=queue,
                key=key,
                priority=wait.priority,
                due=tx.now + min(wait.quiet, wait.max_wait),
                now=tx.now,
                quiet=wait.quiet,
                max_wait=wait.max_wait,
            )
        )
    )
    tx.run(
        ADD_TASK,
        queue=queue,
        key=key,
        seq=seq,
        kind=kind,
        payload=to_json(payload),
        trace=trace,
        created_at=tx.now,
    )
    tx.wake(queue)
    return seq


def claim(
    tx: Tx, queue: Queue, owner: str, limit: int, *, policy: LanePolicy, lowest_first: bool
) -> Claimed:
    """Take up to `limit` due lanes, one query a priority; an expired lease counts as a crash."""
    claims: list[Claim] = []
    for priority in reversed(PRIORITIES) if lowest_first else PRIORITIES:
        if len(claims) >= limit:
            break
        rows = tx.all(
            CLAIM,
            queue=queue,
            priority=priority,
            now=tx.now,
            limit=limit - len(claims),
            me=owner,
            cap=CRASH_CAP,
            until=tx.now + policy.lease,
        )
        for key, token, ack, seq, attempts, crashes, alone_upto in rows:
            alone = alone_upto > ack
            claims.append(
                Claim(
                    queue=queue,
                    key=key,
                    owner=owner,
                    token=token,
                    ack=ack,
                    upto=ack + 1 if alone else seq,
                    attempts=attempts,
                    crashes=crashes,
                    alone=alone,
                )
            )
    is_full = len(claims) >= limit
    return Claimed(claims=tuple(claims), next_due=None if is_full else _next_due(tx, queue))


def _next_due(tx: Tx, queue: Queue) -> int | None:
    return min((due for (due,) in tx.all(NEXT_DUE, queue=queue) if due is not None), default=None)


def tasks(tx: Tx, held: Claim) -> Sequence[Task]:
    return [
        Task(seq=seq, kind=kind, payload=from_json(payload) or {}, trace=trace, created_at=at)
        for seq, kind, payload, trace, at in tx.all(
            TASKS, queue=held.queue, key=held.key, ack=held.ack, upto=held.upto
        )
    ]


def finish(tx: Tx, held: Claim, ack: int, *, quiet: int = 0) -> None:
    """Acknowledge up to `ack` and let go; raises `LeaseLostError`, which rolls the body back."""
    _fenced(tx, held, FINISH, done=ack, now=tx.now, quiet=quiet)


def snooze(tx: Tx, held: Claim, milliseconds: int) -> None:
    """Let go with the attempt refunded, due after `milliseconds`."""
    _fenced(tx, held, GIVE_BACK, due=tx.now + milliseconds)


def is_last_attempt(held: Claim, policy: LanePolicy) -> bool:
    return (held.alone or held.upto == held.ack + 1) and held.attempts >= policy.attempts


def fail(tx: Tx, held: Claim, error: str, milliseconds: int) -> None:
    """Count a failure; after two merged ones the batch is tried one task at a time."""
    part = not held.alone and held.upto > held.ack + 1 and held.attempts >= MERGED_ATTEMPTS
    _fenced(
        tx,
        held,
        FAIL,
        due=tx.now + milliseconds,
        why=error,
        tried=0 if part else held.attempts,
        alone=held.upto if part else 0,
    )


def bury(tx: Tx, held: Claim, error: str) -> dict[str, object]:
    """Move the head task to the dead letters and let the lane go on; returns its payload.

    Pages of dead letters are keyed by `died_at`, so no two die in the same millisecond.
    """
    head = held.ack + 1
    row = tx.one(HEAD, queue=held.queue, key=held.key, seq=head)
    kind, payload = row if row is not None else ("missing", "{}")
    finish(tx, held, head)
    tx.run(
        BURY,
        queue=held.queue,
        key=held.key,
        seq=head,
        kind=kind,
        payload=payload,
        attempts=held.attempts,
        error=error,
        died_at=max(tx.now, (first(tx.one(LAST_DEATH)) or 0) + 1),
    )
    return from_json(payload) or {}


def heartbeat(tx: Tx, held: Sequence[Claim], policy: LanePolicy) -> Sequence[Claim]:
    """Renew every lease and return the claims whose fence no longer matched."""
    until = tx.now + policy.lease
    return [each for each in held if tx.run(RENEW, until=until, **_fence_values(each)) == 0]


def check_held(tx: Tx, held: Claim) -> None:
    """Lock the lane's row under its fence; raises `LeaseLostError`."""
    _fenced(tx, held, TOUCH)


def free_all(tx: Tx) -> int:
    """Free every lease at once: only for the holder of the database's file lock."""
    return tx.run(FREE_ALL, now=tx.now, cap=CRASH_CAP)


def has_newer(tx: Tx, held: Claim) -> bool:
    """Tell whether tasks arrived after the claim was taken."""
    return int(first(tx.one(LAST_SEQ, queue=held.queue, key=held.key))) > held.upto


def is_refreshed(tx: Tx, held: Claim) -> bool:
    """Tell whether older work was opened again after the claim was taken: it goes first."""
    row = tx.one(NEWER_REFRESH, queue=held.queue, key=held.key, upto=held.upto)
    return row is not None


def _fence_values(held: Claim) -> dict[str, object]:
    return {"queue": held.queue, "lane_key": held.key, "fence": held.token, "me": held.owner}


def _fenced(tx: Tx, held: Claim, statement: Statement, **values: object) -> None:
    if tx.run(statement, **_fence_values(held), **values) == 0:
        raise LeaseLostError(f"lane {held.queue}/{held.key} is no longer {held.owner}'s")
