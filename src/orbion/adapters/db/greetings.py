"""Bodies that learn the app's automatic greetings, and release what only one of them holds."""

from typing import Final

from sqlalchemy import func, select, update

from orbion.adapters.db import lanes
from orbion.adapters.db.inbox import END_TURN, REOPEN
from orbion.adapters.db.schema import AUTO_GREETING, CONVERSATION, HANDOFF, MESSAGE, OUTBOX
from orbion.adapters.db.sql import NULL, bind, first, insert_into, number
from orbion.adapters.db.tx import Statement, Tx
from orbion.domain.conversations import Account, Mode, ModeReason
from orbion.domain.events import MessageEchoed
from orbion.domain.greetings import LEARNED_AFTER, OPENING_MS, PROMPTLY_MS, as_greeting
from orbion.domain.lanes import Queue
from orbion.domain.messages import Author, MessageKind
from orbion.domain.turns import Verdict

_RECENT: Final = 50
MOST_RELEASED: Final = 500
"""Conversations looked at in the transaction that learns; the others wait for an operator."""

SEEN = Statement(
    select(AUTO_GREETING.c.seen).where(
        AUTO_GREETING.c.account == bind("number"), AUTO_GREETING.c.text == bind("said")
    )
)
LEARNED = Statement(
    select(AUTO_GREETING.c.text).where(
        AUTO_GREETING.c.account == bind("number"), AUTO_GREETING.c.seen >= LEARNED_AFTER
    )
)
COUNT = Statement(
    insert_into(AUTO_GREETING, "account", "text", "at")
    .on_conflict_do_update(
        index_elements=["account", "text"],
        set_={"seen": AUTO_GREETING.c.seen + 1, "at": bind("at")},
    )
    .returning(AUTO_GREETING.c.seen)
)
FORGET = Statement(
    update(AUTO_GREETING)
    .where(AUTO_GREETING.c.account == bind("number"), AUTO_GREETING.c.text == bind("said"))
    .values(seen=0, at=number("now"))
)
_latest = (
    select(MESSAGE.c.direction, MESSAGE.c.occurred_at)
    .where(MESSAGE.c.conversation_id == number("conversation"))
    .order_by(MESSAGE.c.seq.desc())
    .limit(number("limit"))
    .subquery()
)
FIRST_WORDS = Statement(
    select(func.min(_latest.c.occurred_at)).where(
        _latest.c.direction == "in",
        _latest.c.occurred_at >= number("since"),
        _latest.c.occurred_at <= number("until"),
    )
)
PERSON_SAID = Statement(
    select(MESSAGE.c.text).where(
        MESSAGE.c.conversation_id == number("conversation"),
        MESSAGE.c.author == Author.PERSON,
        MESSAGE.c.occurred_at >= number("since"),
    )
)
HELD = Statement(
    select(CONVERSATION.c.id, CONVERSATION.c.mode_at)
    .where(
        CONVERSATION.c.account == bind("number"),
        CONVERSATION.c.mode == "human",
        CONVERSATION.c.mode_reason == ModeReason.TAKEOVER,
    )
    .limit(number("limit"))
)
WAITS_FOR_A_PERSON = Statement(
    select(HANDOFF.c.reason)
    .where(HANDOFF.c.conversation_id == number("conversation"), HANDOFF.c.released_at.is_(NULL))
    .limit(1)
)
LET_GO = Statement(
    update(CONVERSATION)
    .where(CONVERSATION.c.id == number("conversation"))
    .values(
        mode=bind("to"),
        mode_reason=bind("why"),
        mode_at=number("now"),
        person_at=NULL,
        version=CONVERSATION.c.version + 1,
    )
)
TAKEN_BACK = Statement(
    select(OUTBOX.c.turn_id).where(
        OUTBOX.c.conversation_id == number("conversation"),
        OUTBOX.c.state == "suppressed",
        OUTBOX.c.error == "takeover",
        OUTBOX.c.position == 0,
        OUTBOX.c.settled_at >= number("since"),
    )
)
WAKE = Statement(
    update(MESSAGE)
    .where(
        MESSAGE.c.conversation_id == number("conversation"),
        MESSAGE.c.direction == "in",
        MESSAGE.c.outcome == "suppressed",
        MESSAGE.c.reason == Verdict.HUMAN_MODE,
        MESSAGE.c.occurred_at >= number("since"),
        MESSAGE.c.deleted_at.is_(None),
    )
    .values(outcome="open", reason=NULL, turn_id=NULL)
)
LAST_OPEN = Statement(
    select(func.max(MESSAGE.c.id)).where(
        MESSAGE.c.conversation_id == number("conversation"),
        MESSAGE.c.outcome == "open",
    )
)


def is_automatic(tx: Tx, account: Account, event: MessageEchoed) -> bool:
    """Say whether the app wrote this by itself: its text is configured, or has been learned."""
    if event.kind is not MessageKind.TEXT:
        return False
    said = as_greeting(event.text)
    seen = first(tx.one(SEEN, number=account.id, said=said)) or 0
    return said in account.auto_greetings or seen >= LEARNED_AFTER


def learn(tx: Tx, account: Account, conversation_id: int, event: MessageEchoed) -> bool:
    """Count what came as promptly as only the app does; True if the text has just become known.

    It is asked before the message is stored: each conversation counts once for each text.
    """
    said = as_greeting(event.text)
    if not said or event.kind is not MessageKind.TEXT:
        return False
    delay = _since_opening(tx, conversation_id, event.occurred_at)
    if delay is None:
        return False
    if delay > PROMPTLY_MS:
        tx.run(FORGET, number=account.id, said=said, now=tx.now)
        return False
    earlier = tx.all(PERSON_SAID, conversation=conversation_id, since=0)
    if any(as_greeting(text) == said for (text,) in earlier):
        return False
    return int(first(tx.one(COUNT, account=account.id, text=said, at=tx.now))) == LEARNED_AFTER


def _since_opening(tx: Tx, conversation_id: int, at: int) -> int | None:
    """How long before `at` the customer began to write, ms; None if nothing is known of that."""
    opened = first(
        tx.one(
            FIRST_WORDS,
            conversation=conversation_id,
            since=at - PROMPTLY_MS - OPENING_MS,
            until=at,
            limit=_RECENT,
        )
    )
    return None if opened is None else at - int(opened)


def release_held(tx: Tx, account: Account, trace: str) -> int:
    """Let go what only known texts hold, and answer what was written meanwhile; how many."""
    texts = account.auto_greetings | {text for (text,) in tx.all(LEARNED, number=account.id)}
    released = 0
    for conversation_id, since in tx.all(HELD, number=account.id, limit=MOST_RELEASED):
        said = tx.all(PERSON_SAID, conversation=conversation_id, since=since)
        if said and all(as_greeting(text) in texts for (text,) in said):
            if _let_go(tx, conversation_id) is Mode.BOT:
                _answer_after_all(tx, conversation_id, since - PROMPTLY_MS, trace)
            released += 1
    return released


def _let_go(tx: Tx, conversation_id: int) -> Mode:
    """Back to the bot, unless the customer had asked for a person before the greeting came."""
    reason: str | None = first(tx.one(WAITS_FOR_A_PERSON, conversation=conversation_id))
    to = Mode.BOT if reason is None else Mode.HUMAN
    tx.run(LET_GO, conversation=conversation_id, to=to, why=reason, now=tx.now)
    return to


def _answer_after_all(tx: Tx, conversation_id: int, since: int, trace: str) -> None:
    """Open what stayed silent for the greeting; the gates of the reply decide what is too old."""
    for (turn_id,) in tx.all(TAKEN_BACK, conversation=conversation_id, since=since):
        tx.run(REOPEN, conversation=conversation_id, turn=turn_id)
        tx.run(END_TURN, turn=turn_id, why=Verdict.SUPERSEDED)
    tx.run(WAKE, conversation=conversation_id, since=since)
    last = first(tx.one(LAST_OPEN, conversation=conversation_id))
    if last is not None:
        lanes.enqueue(
            tx,
            Queue.IN,
            str(conversation_id),
            kind=lanes.REFRESH,
            payload={"message": last},
            trace=trace,
        )
