"""Bodies that edit or delete a stored message, and take back an answer that has not left yet."""

from typing import Final

from sqlalchemy import delete, func, or_, select, update

from orbion.adapters.db.conversations import NEW_VERSION
from orbion.adapters.db.inbox import InboxPolicy, is_new, message, supersede, wait_for_more
from orbion.adapters.db.schema import EARLY_CHANGE, MESSAGE, OUTBOX, SUMMARY
from orbion.adapters.db.sql import bind, first, insert_into, number
from orbion.adapters.db.tx import Row, Statement, Tx
from orbion.domain.conversations import Account
from orbion.domain.events import MessageDeleted, MessageEdited, MessageReceived
from orbion.domain.messages import MessageKind, Outcome

DELETED: Final = "deleted"
_AFTER_EVERY_EDIT: Final = 2**62
Change = MessageEdited | MessageDeleted

STORED = Statement(
    select(
        MESSAGE.c.id,
        MESSAGE.c.conversation_id,
        MESSAGE.c.direction,
        MESSAGE.c.outcome,
        MESSAGE.c.turn_id,
        MESSAGE.c.kind,
    )
    .where(
        MESSAGE.c.provider_id == bind("provider"),
        MESSAGE.c.account == bind("number"),
        MESSAGE.c.direction == bind("side"),
    )
    .with_for_update()
)
_not_later = or_(MESSAGE.c.edited_at.is_(None), MESSAGE.c.edited_at <= number("at"))
EDIT = Statement(
    update(MESSAGE)
    .where(
        MESSAGE.c.id == number("message"),
        MESSAGE.c.deleted_at.is_(None),
        MESSAGE.c.text != bind("new_text"),
        _not_later,
    )
    .values(text=bind("new_text"), edited_at=number("at"))
)
CONFIRM = Statement(
    update(MESSAGE)
    .where(MESSAGE.c.id == number("message"), MESSAGE.c.text == bind("new_text"), _not_later)
    .values(edited_at=number("at"))
)
DELETE = Statement(
    update(MESSAGE)
    .where(MESSAGE.c.id == number("message"), MESSAGE.c.deleted_at.is_(None))
    .values(deleted_at=number("now"))
)
END_DELETED = Statement(
    update(MESSAGE)
    .where(MESSAGE.c.id == number("message"))
    .values(outcome="suppressed", reason=DELETED)
)
UNSENT = Statement(
    select(OUTBOX.c.id)
    .where(
        OUTBOX.c.turn_id == number("turn"),
        OUTBOX.c.position == 0,
        OUTBOX.c.state == "pending",
        OUTBOX.c.attempts == 0,
        OUTBOX.c.exempt.is_(None),
        OUTBOX.c.received_at >= number("since"),
    )
    .with_for_update()
)
LAST_OPEN = Statement(
    select(func.max(MESSAGE.c.id)).where(
        MESSAGE.c.conversation_id == number("conversation"),
        MESSAGE.c.outcome == "open",
    )
)
FORGET_SUMMARY = Statement(
    update(SUMMARY)
    .where(SUMMARY.c.conversation_id == number("conversation"))
    .values(version=SUMMARY.c.version + 1, upto=0, text="")
)
_EARLY_KEY = ("account", "provider_id")
NOTE_EARLY = Statement(
    insert_into(EARLY_CHANGE, *_EARLY_KEY, "text", "at", "noted_at").on_conflict_do_update(
        index_elements=_EARLY_KEY,
        set_={"text": bind("text"), "at": bind("at")},
        where=EARLY_CHANGE.c.at <= bind("at"),
    )
)
EARLY = Statement(
    select(EARLY_CHANGE.c.text, EARLY_CHANGE.c.at).where(
        EARLY_CHANGE.c.account == bind("number"), EARLY_CHANGE.c.provider_id == bind("provider")
    )
)
DROP_EARLY = Statement(
    delete(EARLY_CHANGE).where(
        EARLY_CHANGE.c.account == bind("number"), EARLY_CHANGE.c.provider_id == bind("provider")
    )
)


def change(tx: Tx, account: Account, event: Change, trace: str, policy: InboxPolicy) -> str:
    """Apply it now, or keep a customer's until the message comes: webhooks arrive in any order."""
    word = DELETED if isinstance(event, MessageDeleted) else "edited"
    if _apply(tx, account, event, trace, policy) or event.from_me:
        return word
    # The message's own key is taken, so that its webhook comes to `late`. Who cannot take it was
    # overtaken by the message on another replica, or keeps a second change.
    fresh = is_new(tx, account, event.provider_id, from_me=False)
    if fresh or not _apply(tx, account, event, trace, policy):
        _keep(tx, account, event)
    return word


def late(
    tx: Tx, account: Account, event: MessageReceived, trace: str, policy: InboxPolicy
) -> str | None:
    """Store a message whose change came first, then change it; None if none did."""
    row = tx.one(EARLY, number=account.id, provider=event.provider_id)
    if row is None or tx.run(DROP_EARLY, number=account.id, provider=event.provider_id) == 0:
        return None
    outcome = message(tx, account, event, trace, policy)
    text, at = row
    then: Change = (
        MessageDeleted(provider_id=event.provider_id)
        if text is None
        else MessageEdited(provider_id=event.provider_id, text=text, at=at)
    )
    _apply(tx, account, then, trace, policy)
    return outcome


def _keep(tx: Tx, account: Account, event: Change) -> None:
    text, at = (
        (event.text, tx.now if event.at is None else event.at)
        if isinstance(event, MessageEdited)
        else (None, _AFTER_EVERY_EDIT)
    )
    tx.run(
        NOTE_EARLY,
        account=account.id,
        provider_id=event.provider_id,
        text=text,
        at=at,
        noted_at=tx.now,
    )


def _apply(tx: Tx, account: Account, event: Change, trace: str, policy: InboxPolicy) -> bool:
    """False if there is no such message; a change that came late or twice changes nothing."""
    side = "out" if event.from_me else "in"
    row = tx.one(STORED, provider=event.provider_id, number=account.id, side=side)
    if row is None:
        return False
    if _written(tx, row[0], event):
        tx.run(NEW_VERSION, conversation=row[1])
        tx.run(FORGET_SUMMARY, conversation=row[1])
        if side == "in":
            _follow(tx, row, event, trace, policy)
    return True


def _written(tx: Tx, message_id: int, event: Change) -> bool:
    if isinstance(event, MessageDeleted):
        return tx.run(DELETE, message=message_id, now=tx.now) > 0
    at = tx.now if event.at is None else event.at
    if tx.run(EDIT, message=message_id, new_text=event.text, at=at):
        return True
    tx.run(CONFIRM, message=message_id, new_text=event.text, at=at)
    return False


def _follow(tx: Tx, row: Row, event: Change, trace: str, policy: InboxPolicy) -> None:
    """Let an unanswered message be answered as it is now: edited, or not at all.

    A turn that is running sees the new task and is overruled at its end; an answer that waits to
    be sent is taken back, an edit's only within the cap of the debounce.
    """
    message_id, conversation_id, _, outcome, turn_id, kind = row
    text, cap = (event.text, policy.max_wait) if isinstance(event, MessageEdited) else ("", tx.now)
    if outcome == Outcome.ANSWERED:
        if tx.one(UNSENT, turn=turn_id, since=tx.now - cap) is None:
            return
        supersede(tx, conversation_id, turn_id)
    elif outcome != Outcome.OPEN:
        return
    if isinstance(event, MessageDeleted):
        tx.run(END_DELETED, message=message_id)
    last = first(tx.one(LAST_OPEN, conversation=conversation_id))
    wait = policy.after(text, MessageKind(kind))
    wait_for_more(tx, conversation_id, last or message_id, wait, trace)
