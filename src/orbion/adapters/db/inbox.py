"""Bodies of what a webhook writes: dedup, contact, conversation, message, lane, status."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import func, select, update

from orbion.adapters.db import echoes, lanes
from orbion.adapters.db.contacts import Place, locate
from orbion.adapters.db.conversations import NEW_VERSION
from orbion.adapters.db.schema import (
    ACCOUNT,
    CONVERSATION,
    DEDUP,
    MESSAGE,
    OUTBOX,
    QUARANTINE,
    TURN,
)
from orbion.adapters.db.sql import bind, first, insert_into, number, to_json
from orbion.adapters.db.tx import Statement, Tx
from orbion.domain.conversations import Account
from orbion.domain.events import (
    ConnectionChanged,
    Event,
    EventIgnored,
    EventQuarantined,
    MessageDeleted,
    MessageEchoed,
    MessageEdited,
    MessageReceived,
    StatusChanged,
)
from orbion.domain.lanes import Queue
from orbion.domain.messages import Author, MessageKind, Outcome
from orbion.kit.ids import digest

SILENT_KINDS: Mapping[MessageKind, str] = {
    MessageKind.REACTION: "reaction",
    MessageKind.UNSUPPORTED: "unsupported",
}
QuietTime = Callable[[str, MessageKind], int]
"""How long to wait for more after such a message, ms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxPolicy:
    """Waits in ms: after a message, at most since the first, and after an overtaken turn."""

    quiet: QuietTime
    max_wait: int
    again: int


DEDUP_ID = Statement(insert_into(DEDUP, "id", "at").on_conflict_do_nothing())
NEXT_SEQ = Statement(
    update(CONVERSATION)
    .where(CONVERSATION.c.id == number("conversation"))
    .values(
        last_seq=CONVERSATION.c.last_seq + 1,
        version=CONVERSATION.c.version + 1,
        last_in_at=func.coalesce(number("in_at"), CONVERSATION.c.last_in_at),
        address=bind("to"),
    )
    .returning(CONVERSATION.c.last_seq)
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
    )
    .values(outcome="open")
)
END_TURN = Statement(update(TURN).where(TURN.c.id == number("turn")).values(verdict=bind("why")))
RAISE_STATUS = Statement(
    update(OUTBOX)
    .where(
        OUTBOX.c.provider_id == bind("provider"),
        OUTBOX.c.account == bind("number"),
        OUTBOX.c.delivery < number("rank"),
    )
    .values(delivery=number("rank"))
)
SET_CONNECTION = Statement(
    update(ACCOUNT)
    .where(ACCOUNT.c.id == bind("number"))
    .values(state=bind("is_now"), state_reason=bind("why"), state_at=number("now"))
)
EDIT = Statement(
    update(MESSAGE)
    .where(MESSAGE.c.provider_id == bind("provider"), MESSAGE.c.account == bind("number"))
    .values(text=bind("new_text"), edited_at=number("now"))
    .returning(MESSAGE.c.conversation_id)
)
DELETE = Statement(
    update(MESSAGE)
    .where(MESSAGE.c.provider_id == bind("provider"), MESSAGE.c.account == bind("number"))
    .values(deleted_at=number("now"))
    .returning(MESSAGE.c.conversation_id)
)
QUARANTINED = Statement(insert_into(QUARANTINE, "account", "reason", "raw", "at"))


def receive(tx: Tx, account: Account, event: Event, trace: str, policy: InboxPolicy) -> str:
    """Store one event and return what became of it, in one word."""
    match event:
        case MessageReceived():
            return _message(tx, account, event, trace, policy)
        case MessageEchoed():
            return _echo(tx, account, event)
        case StatusChanged() | MessageEdited() | MessageDeleted() | ConnectionChanged():
            return _amend(tx, account, event)
        case EventIgnored():
            return f"ignored:{event.reason}"
        case EventQuarantined():
            quarantine(tx, account.id, event.reason, event.raw)
            return f"quarantined:{event.reason}"


def quarantine(tx: Tx, account: str, reason: str, raw: bytes) -> None:
    tx.run(QUARANTINED, account=account, reason=reason, raw=raw, at=tx.now)


def is_new(tx: Tx, account: Account, provider_id: str, *, from_me: bool) -> bool:
    """Insert first and let the conflict decide (contracts/evolution section 1.5)."""
    key = digest(account.id, "message", provider_id, "me" if from_me else "them")
    return tx.run(DEDUP_ID, id=key, at=tx.now) == 1


def add_message(tx: Tx, account: Account, place: Place, **columns: object) -> int:
    """Append to the conversation and return the message's id; `columns` are the table's."""
    seq = first(
        tx.one(
            NEXT_SEQ,
            conversation=place.conversation_id,
            in_at=tx.now if columns["direction"] == "in" else None,
            to=place.address,
        )
    )
    values = {
        "payload": None,
        "quoted_id": None,
        "reason": None,
        "turn_id": None,
        "business": account.business,
        "account": account.id,
        "conversation_id": place.conversation_id,
        "seq": seq,
        "created_at": tx.now,
    }
    return int(first(tx.one(ADD_MESSAGE, **(values | columns))))


def supersede(tx: Tx, conversation_id: int, turn_id: int) -> None:
    """Take back a turn's unsent bubbles and open its messages for one fresh turn."""
    tx.run(SUPERSEDE_ROWS, turn=turn_id, now=tx.now)
    tx.run(SUPERSEDE_BUBBLES, turn=turn_id)
    tx.run(REOPEN, conversation=conversation_id, turn=turn_id)
    tx.run(END_TURN, turn=turn_id, why="superseded")


def _message(
    tx: Tx, account: Account, event: MessageReceived, trace: str, policy: InboxPolicy
) -> str:
    if not is_new(tx, account, event.provider_id, from_me=False):
        return "duplicate"
    place = locate(tx, account, event.sender)
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
    if not place.is_new:
        row = tx.one(
            REPLACEABLE, conversation=place.conversation_id, since=tx.now - policy.max_wait
        )
        if row is not None:
            supersede(tx, place.conversation_id, row[0])
    lanes.enqueue(
        tx,
        Queue.IN,
        str(place.conversation_id),
        kind="message",
        payload={"message": message_id},
        trace=trace,
        wait=lanes.Debounce(quiet=policy.quiet(event.text, event.kind), max_wait=policy.max_wait),
    )
    return "stored"


def _echo(tx: Tx, account: Account, event: MessageEchoed) -> str:
    if not is_new(tx, account, event.provider_id, from_me=True):
        return "duplicate"
    place = locate(tx, account, event.recipient)
    if echoes.belongs_to_us(tx, account, place, event):
        return "echo"
    add_message(
        tx,
        account,
        place,
        direction="out",
        author=Author.PERSON,
        kind=event.kind,
        text=event.text,
        provider_id=event.provider_id,
        outcome=Outcome.SENT,
        occurred_at=event.occurred_at,
    )
    echoes.hold_for_person(tx, place.conversation_id)
    return "takeover"


def _amend(
    tx: Tx,
    account: Account,
    event: StatusChanged | MessageEdited | MessageDeleted | ConnectionChanged,
) -> str:
    """Change what is already stored; an event about something unknown changes nothing."""
    number = account.id
    match event:
        case StatusChanged(provider_id=provider, status=status):
            tx.run(RAISE_STATUS, provider=provider, number=number, rank=int(status))
            return "status"
        case MessageEdited(provider_id=provider, text=text):
            _change(tx, EDIT, provider=provider, number=number, new_text=text)
            return "edited"
        case MessageDeleted(provider_id=provider):
            _change(tx, DELETE, provider=provider, number=number)
            return "deleted"
        case ConnectionChanged(state=state, reason=reason):
            tx.run(SET_CONNECTION, number=number, is_now=state, why=reason, now=tx.now)
            return "connection"


def _change(tx: Tx, statement: Statement, **values: object) -> None:
    """Change a stored message, and the version under which its history is kept."""
    for (conversation_id,) in tx.all(statement, now=tx.now, **values):
        tx.run(NEW_VERSION, conversation=conversation_id)
