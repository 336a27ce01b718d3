"""Bodies of what operators read and change: conversations, dead letters, quarantine, audit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import and_, func, select, update

from orbion.adapters.db import conversations, lanes, outbox
from orbion.adapters.db.schema import (
    AUDIT,
    CONTACT,
    CONVERSATION,
    DEAD,
    MESSAGE,
    OUTBOX,
    QUARANTINE,
)
from orbion.adapters.db.sql import NULL, bind, first, from_json, insert_into, number
from orbion.adapters.db.tx import Statement, Tx
from orbion.domain.conversations import Mode, ModeReason
from orbion.domain.lanes import DeadLetter, Queue, Requeued
from orbion.domain.listing import ConversationLine, QuarantineLine
from orbion.domain.messages import Outcome

_LAST = (
    select(MESSAGE.c.text)
    .where(MESSAGE.c.conversation_id == CONVERSATION.c.id, MESSAGE.c.seq == CONVERSATION.c.last_seq)
    .scalar_subquery()
)
_WAITING = (
    select(func.count())
    .select_from(MESSAGE)
    .where(MESSAGE.c.conversation_id == CONVERSATION.c.id, MESSAGE.c.outcome == "open")
    .scalar_subquery()
)
CONVERSATIONS = Statement(
    select(
        CONVERSATION.c.id,
        CONVERSATION.c.account,
        CONTACT.c.name,
        CONTACT.c.phone,
        CONVERSATION.c.mode,
        CONVERSATION.c.mode_reason,
        _LAST,
        CONVERSATION.c.last_in_at,
        _WAITING,
    )
    .join(CONTACT, CONTACT.c.id == CONVERSATION.c.contact_id)
    .where(CONVERSATION.c.id < number("before"))
    .order_by(CONVERSATION.c.id.desc())
    .limit(number("limit"))
)
DEAD_LETTERS = Statement(
    select(
        DEAD.c.queue,
        DEAD.c.key,
        DEAD.c.seq,
        DEAD.c.kind,
        DEAD.c.payload,
        DEAD.c.attempts,
        DEAD.c.error,
        DEAD.c.died_at,
        DEAD.c.redriven_at,
    )
    .where(DEAD.c.died_at < number("before"), DEAD.c.discarded.is_(False))
    .order_by(DEAD.c.died_at.desc())
    .limit(number("limit"))
)
_one = and_(
    DEAD.c.queue == bind("of"),
    DEAD.c.key == bind("lane_key"),
    DEAD.c.seq == number("task"),
    DEAD.c.discarded.is_(False),
)
LETTER = Statement(
    select(DEAD.c.kind, DEAD.c.payload, DEAD.c.redriven_at).where(_one).with_for_update()
)
REDRIVEN = Statement(update(DEAD).where(_one).values(redriven_at=number("now")))
DISCARDED = Statement(update(DEAD).where(_one, DEAD.c.redriven_at.is_(None)).values(discarded=True))
OUTCOME = Statement(select(MESSAGE.c.outcome).where(MESSAGE.c.id == number("message")))
OUTCOME_OF_BUBBLE = Statement(
    select(MESSAGE.c.outcome)
    .join(OUTBOX, OUTBOX.c.message_id == MESSAGE.c.id)
    .where(OUTBOX.c.id == number("row"))
)
REOPEN_MESSAGE = Statement(
    update(MESSAGE).where(MESSAGE.c.id == number("message")).values(outcome="open", reason=NULL)
)
QUARANTINED = Statement(
    select(
        QUARANTINE.c.id,
        QUARANTINE.c.account,
        QUARANTINE.c.reason,
        QUARANTINE.c.at,
        QUARANTINE.c.raw,
        QUARANTINE.c.ended,
    )
    .where(QUARANTINE.c.id < number("before"))
    .order_by(QUARANTINE.c.id.desc())
    .limit(number("limit"))
)
END_QUARANTINE = Statement(
    update(QUARANTINE)
    .where(QUARANTINE.c.id == number("row"), QUARANTINE.c.ended.is_(None))
    .values(ended=bind("how"), ended_at=number("now"))
)
ADD_AUDIT = Statement(insert_into(AUDIT, "actor", "action", "subject", "at"))
_END_OF_TIME: Final = 2**62
_UNDER_WAY: Final = frozenset({Outcome.OPEN, Outcome.QUEUED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """The name of one dead letter."""

    queue: Queue
    key: str
    seq: int

    def __str__(self) -> str:
        return f"{self.queue}/{self.key}/{self.seq}"


def audit(tx: Tx, actor: str, action: str, subject: str) -> None:
    tx.run(ADD_AUDIT, actor=actor, action=action, subject=subject, at=tx.now)


def conversation_lines(tx: Tx, before: int | None, limit: int) -> Sequence[ConversationLine]:
    return [
        ConversationLine(
            id=id_,
            account=account,
            name=name,
            phone=phone,
            mode=Mode(mode),
            mode_reason=None if reason is None else ModeReason(reason),
            last_text=text or "",
            last_at=at or 0,
            waiting=waiting,
        )
        for id_, account, name, phone, mode, reason, text, at, waiting in tx.all(
            CONVERSATIONS, before=before or _END_OF_TIME, limit=limit
        )
    ]


def set_mode(
    tx: Tx, conversation_id: int, mode: Mode, reason: ModeReason | None, actor: str
) -> bool:
    done = conversations.set_mode(tx, conversation_id, mode, reason, actor=actor)
    if done:
        audit(tx, actor, f"conversation.{mode}", str(conversation_id))
    return done


def dead_letters(tx: Tx, before: int | None, limit: int) -> Sequence[DeadLetter]:
    return [
        DeadLetter(
            queue=queue,
            key=key,
            seq=seq,
            kind=kind,
            payload=from_json(payload) or {},
            attempts=attempts,
            error=error,
            died_at=died_at,
            redriven_at=redriven_at,
        )
        for queue, key, seq, kind, payload, attempts, error, died_at, redriven_at in tx.all(
            DEAD_LETTERS, before=before or _END_OF_TIME, limit=limit
        )
    ]


def requeue(tx: Tx, letter: Letter, actor: str, *, force: bool) -> Requeued:
    """Put a dead task at the end of its lane again.

    What is under way already is never doubled; what was answered or sent meanwhile only by force.
    """
    row = tx.one(LETTER, of=letter.queue, lane_key=letter.key, task=letter.seq)
    if row is None:
        return Requeued.MISSING
    kind, payload, redriven_at = row[0], from_json(row[1]) or {}, row[2]
    outcome = _outcome(tx, letter.queue, payload)
    if outcome in _UNDER_WAY:
        return Requeued.WAITING
    is_done = redriven_at is not None if outcome is None else outcome is not Outcome.DEAD
    if is_done and not force:
        return Requeued.DONE
    tx.run(REDRIVEN, of=letter.queue, lane_key=letter.key, task=letter.seq, now=tx.now)
    if letter.queue is Queue.IN:
        tx.run(REOPEN_MESSAGE, message=payload.get("message", 0))
    elif letter.queue is Queue.OUT:
        outbox.revive(tx, payload.get("outbox", 0))
    trace = f"requeue:{letter.key}:{letter.seq}"
    lanes.enqueue(tx, letter.queue, letter.key, kind=kind, payload=payload, trace=trace)
    audit(tx, actor, "dead.requeue", str(letter))
    return Requeued.QUEUED


def _outcome(tx: Tx, queue: Queue, payload: Mapping[str, Any]) -> Outcome | None:
    """What became of the letter's message since; None where no message stands behind it."""
    found = None
    if queue is Queue.IN:
        found = first(tx.one(OUTCOME, message=payload.get("message", 0)))
    elif queue is Queue.OUT:
        found = first(tx.one(OUTCOME_OF_BUBBLE, row=payload.get("outbox", 0)))
    return None if found is None else Outcome(found)


def discard(tx: Tx, queue: Queue, key: str, seq: int, actor: str) -> bool:
    done = tx.run(DISCARDED, of=queue, lane_key=key, task=seq) > 0
    if done:
        audit(tx, actor, "dead.discard", f"{queue}/{key}/{seq}")
    return done


def quarantine_lines(tx: Tx, before: int | None, limit: int) -> Sequence[QuarantineLine]:
    return [
        QuarantineLine(id=id_, account=account, reason=reason, at=at, raw=bytes(raw), ended=ended)
        for id_, account, reason, at, raw, ended in tx.all(
            QUARANTINED, before=before or _END_OF_TIME, limit=limit
        )
    ]


def end_quarantine(tx: Tx, row_id: int, how: str, actor: str) -> bool:
    done = tx.run(END_QUARANTINE, row=row_id, how=how, now=tx.now) > 0
    if done:
        audit(tx, actor, f"quarantine.{how}", str(row_id))
    return done
