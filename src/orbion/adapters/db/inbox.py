"""Bodies that store a message or an echo: dedup, contact, conversation, message, lane."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, update

from orbion.adapters.db import conversations, lanes, leads
from orbion.adapters.db.contacts import Place, locate
from orbion.adapters.db.schema import (
    CONVERSATION,
    DEDUP,
    MESSAGE,
    OUTBOX,
    QUARANTINE,
    TURN,
)
from orbion.adapters.db.sql import bind, first, from_json, insert_into, number, to_json
from orbion.adapters.db.tx import Moved, Statement, Tx
from orbion.domain.conversations import Account
from orbion.domain.events import MessageReceived
from orbion.domain.lanes import Queue
from orbion.domain.messages import Author, Message, MessageKind, Outcome
from orbion.kit.ids import digest

SILENT_KINDS: Mapping[MessageKind, str] = {
    MessageKind.REACTION: "reaction",
    MessageKind.UNSUPPORTED: "unsupported",
}
QuietTime = Callable[[str, MessageKind], int]
"""How long to wait for more after such a message, ms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxPolicy:
    """Waits in ms: after a message, at most since the first, and after an overtaken turn.

    `priority` is of the turns that messages ask for.
    `idle_release` is how long a person holds a conversation without another word; 0 = for ever.
    """

    quiet: QuietTime
    max_wait: int
    again: int
    idle_release: int = 0
    priority: int = lanes.NORMAL

    def after(self, text: str, kind: MessageKind) -> lanes.Debounce:
        return lanes.Debounce(
            quiet=self.quiet(text, kind), max_wait=self.max_wait, priority=self.priority
        )

    def is_idle(self, last_word: int, now: int) -> bool:
        """Say whether what a person said then holds no longer; times in ms."""
        return 0 < self.idle_release <= now - last_word


DEDUP_ID = Statement(insert_into(DEDUP, "id", "at").on_conflict_do_nothing())
NEXT_SEQ = Statement(
    update(CONVERSATION)
    .where(CONVERSATION.c.id == number("conversation"))
    .values(
        last_seq=CONVERSATION.c.last_seq + 1,
        version=CONVERSATION.c.version + 1,
        last_in_at=func.coalesce(number("in_at"), CONVERSATION.c.last_in_at),
        address=func.coalesce(bind("to"), CONVERSATION.c.address),
    )
    .returning(CONVERSATION.c.last_seq, CONVERSATION.c.version)
)
ADD_MESSAGE = Statement(
    insert_into(
        MESSAGE,
        "business",
        "account",
        "conversation_id",
        "seq",
        "direction",
        "author",
        "kind",
        "text",
        "payload",
        "provider_id",
        "quoted_id",
        "outcome",
        "reason",
        "turn_id",
        "occurred_at",
        "created_at",
    ).returning(MESSAGE.c.id)
)
_YOUNG_PENDING = (
    select(TURN.c.id)
    .join(OUTBOX, OUTBOX.c.turn_id == TURN.c.id)
    .where(
        OUTBOX.c.conversation_id == number("conversation"),
        OUTBOX.c.state == "pending",
        OUTBOX.c.position == 0,
        OUTBOX.c.attempts == 0,
        OUTBOX.c.exempt.is_(None),
        OUTBOX.c.received_at >= number("since"),
    )
    .with_for_update(of=OUTBOX)
)
REPLACEABLE = Statement(_YOUNG_PENDING)
SUPERSEDE_ROWS = Statement(
    update(OUTBOX)
    .where(OUTBOX.c.turn_id == number("turn"), OUTBOX.c.state == "pending")
    .values(state="superseded", settled_at=number("now"))
)
SUPERSEDE_BUBBLES = Statement(
    update(MESSAGE)
    .where(
        MESSAGE.c.id.in_(select(OUTBOX.c.message_id).where(OUTBOX.c.turn_id == number("turn"))),
        MESSAGE.c.outcome == "queued",
    )
    .values(outcome="superseded")
)
REOPEN = Statement(
    update(MESSAGE)
    .where(
        MESSAGE.c.conversation_id == number("conversation"),
        MESSAGE.c.turn_id == number("turn"),
        MESSAGE.c.direction == "in",
        MESSAGE.c.deleted_at.is_(None),
    )
    .values(outcome="open")
)
END_TURN = Statement(update(TURN).where(TURN.c.id == number("turn")).values(verdict=bind("why")))
QUARANTINED = Statement(insert_into(QUARANTINE, "account", "reason", "raw", "at"))


def quarantine(tx: Tx, account: str, reason: str, raw: bytes) -> None:
    tx.run(QUARANTINED, account=account, reason=reason, raw=raw, at=tx.now)


def set_aside(tx: Tx, account: str, reason: str, raw: bytes) -> str:
    """Quarantine what cannot be read, once: it may come again, or be read back."""
    key = digest(account, "quarantine", reason, raw.decode("utf-8", "replace"))
    if tx.run(DEDUP_ID, id=key, at=tx.now) == 0:
        return "duplicate"
    quarantine(tx, account, reason, raw)
    return f"quarantined:{reason}"


def is_new(tx: Tx, account: Account, provider_id: str, *, from_me: bool) -> bool:
    """Insert first and let the conflict decide (contracts/evolution section 1.5)."""
    key = digest(account.id, "message", provider_id, "me" if from_me else "them")
    return tx.run(DEDUP_ID, id=key, at=tx.now) == 1


def add_message(tx: Tx, account: Account, place: Place, **columns: object) -> int:
    """Append to the conversation and return the message's id; `columns` are the table's.

    Only a customer's own message moves the address that answers go to.
    """
    inbound = columns["direction"] == "in"
    row = tx.one(
        NEXT_SEQ,
        conversation=place.conversation_id,
        in_at=tx.now if inbound else None,
        to=place.address if inbound else None,
    )
    if row is None:
        raise LookupError(f"conversation {place.conversation_id} does not exist")
    seq, version = row
    message_id = insert_message(tx, account, place, seq=seq, **columns)
    added = _message(message_id, seq, columns)
    tx.moves.append(Moved(conversation_id=place.conversation_id, version=version, added=added))
    return message_id


def _message(message_id: int, seq: int, columns: Mapping[str, Any]) -> Message:
    """The row as it would be read."""
    return Message(
        id=message_id,
        seq=seq,
        direction=columns["direction"],
        author=Author(columns["author"]),
        kind=MessageKind(columns["kind"]),
        text=columns["text"],
        occurred_at=columns["occurred_at"],
        outcome=Outcome(columns["outcome"]),
        reason=columns.get("reason"),
        provider_id=columns.get("provider_id"),
        payload=from_json(columns.get("payload")),
    )


def insert_message(tx: Tx, account: Account, place: Place, **columns: object) -> int:
    """Write the row alone; the caller chose its place in the conversation."""
    values = {
        "payload": None,
        "quoted_id": None,
        "reason": None,
        "turn_id": None,
        "business": account.business,
        "account": account.id,
        "conversation_id": place.conversation_id,
        "created_at": tx.now,
    }
    return int(first(tx.one(ADD_MESSAGE, **(values | columns))))


def supersede(tx: Tx, conversation_id: int, turn_id: int) -> None:
    """Take back a turn's unsent bubbles and open its messages for one fresh turn."""
    tx.run(conversations.NEW_VERSION, conversation=conversation_id)
    tx.run(SUPERSEDE_ROWS, turn=turn_id, now=tx.now)
    tx.run(SUPERSEDE_BUBBLES, turn=turn_id)
    tx.run(REOPEN, conversation=conversation_id, turn=turn_id)
    tx.run(END_TURN, turn=turn_id, why="superseded")


def message(
    tx: Tx, account: Account, event: MessageReceived, trace: str, policy: InboxPolicy
) -> str:
    """Store a new message of a customer and make its lane due; what became of it, in one word."""
    place = locate(tx, account, event.sender)
    if event.referral is not None:
        leads.attribute(tx, place.contact_id, event.referral, trace)
    silent = SILENT_KINDS.get(event.kind)
    message_id = add_message(
        tx,
        account,
        place,
        direction="in",
        author=Author.CUSTOMER,
        kind=event.kind,
        text=event.text,
        payload=None if event.payload is None else to_json(event.payload),
        provider_id=event.provider_id,
        quoted_id=event.quoted_id,
        outcome=Outcome.SUPPRESSED if silent else Outcome.OPEN,
        reason=silent,
        occurred_at=event.occurred_at,
    )
    if silent:
        return "unsupported" if silent == "unsupported" else f"stored:{silent}"
    released = not place.is_new and _follow(tx, place.conversation_id, policy)
    wait_for_more(
        tx, place.conversation_id, message_id, policy.after(event.text, event.kind), trace
    )
    return "released" if released else "stored"


def _follow(tx: Tx, conversation_id: int, policy: InboxPolicy) -> bool:
    """Take back what has not left yet, and end an idle hold; True if it ended one.

    Two answers may wait on PostgreSQL, where the first was committed beside the second's message:
    both are taken back, or the second would leave before what is then said of the first.
    """
    for (turn_id,) in tx.all(
        REPLACEABLE, conversation=conversation_id, since=tx.now - policy.max_wait
    ):
        supersede(tx, conversation_id, turn_id)
    idle = policy.idle_release
    return idle > 0 and conversations.release_idle(tx, conversation_id, tx.now - idle)


def wait_for_more(
    tx: Tx, conversation_id: int, message_id: int, wait: lanes.Debounce, trace: str
) -> None:
    """Make the conversation's turn due once nothing more comes, up to this message at least."""
    lanes.enqueue(
        tx,
        Queue.IN,
        str(conversation_id),
        kind="message",
        payload={"message": message_id},
        trace=trace,
        wait=wait,
    )
