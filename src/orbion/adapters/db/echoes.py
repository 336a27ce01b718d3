"""Bodies that tell our own echo from a person's words, and hold the outbox for the person."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import and_, or_, select, update

from orbion.adapters.db.contacts import Place
from orbion.adapters.db.schema import CONVERSATION, MESSAGE, OUTBOX
from orbion.adapters.db.sql import bind, from_json, number
from orbion.adapters.db.tx import Row, Statement, Tx
from orbion.domain.conversations import Account, Mode, ModeReason
from orbion.domain.events import MessageEchoed
from orbion.domain.messages import MessageKind
from orbion.domain.outbox import message_id
from orbion.domain.outgoing import from_payload, is_same

RESENT_WINDOW_MS: Final = 15 * 60 * 1000

OWN_ID = Statement(
    select(OUTBOX.c.id).where(
        OUTBOX.c.provider_id == bind("provider"), OUTBOX.c.account == bind("number")
    )
)
_tried = select(
    OUTBOX.c.id, OUTBOX.c.kind, OUTBOX.c.text, OUTBOX.c.payload, OUTBOX.c.created_at
).where(OUTBOX.c.conversation_id == number("conversation"))
IN_FLIGHT = Statement(
    _tried.where(
        OUTBOX.c.state.in_(("pending", "sending", "unknown")),
        OUTBOX.c.attempts > 0,
        OUTBOX.c.provider_id.is_(None),
    ).with_for_update()
)
RESENT = Statement(_tried.where(OUTBOX.c.attempts > 1, OUTBOX.c.sending_at >= number("since")))
OWN = Statement(
    update(OUTBOX).where(OUTBOX.c.id == number("row")).values(provider_id=bind("provider"))
)
HOLD = Statement(
    update(CONVERSATION)
    .where(
        CONVERSATION.c.id == number("conversation"),
        or_(
            CONVERSATION.c.mode == Mode.BOT,
            and_(
                CONVERSATION.c.mode == Mode.HUMAN,
                CONVERSATION.c.mode_reason == ModeReason.REQUESTED,
            ),
        ),
    )
    .values(mode=Mode.HUMAN, mode_reason=ModeReason.TAKEOVER, mode_at=number("now"))
)
SUPPRESS_ROWS = Statement(
    update(OUTBOX)
    .where(OUTBOX.c.conversation_id == number("conversation"), OUTBOX.c.state == "pending")
    .values(state="suppressed", error="takeover", settled_at=number("now"))
)
SUPPRESS_BUBBLES = Statement(
    update(MESSAGE)
    .where(
        MESSAGE.c.conversation_id == number("conversation"),
        MESSAGE.c.direction == "out",
        MESSAGE.c.outcome == "queued",
        MESSAGE.c.id.in_(
            select(OUTBOX.c.message_id).where(
                OUTBOX.c.conversation_id == number("conversation"), OUTBOX.c.state == "suppressed"
            )
        ),
    )
    .values(outcome="suppressed", reason="takeover")
)


def belongs_to_us(tx: Tx, account: Account, place: Place, event: MessageEchoed) -> bool:
    """Match by gateway id, then by recipient and content of a row in flight or sent twice.

    The matched row takes the gateway id, so one echo proves one row only. What is in flight is
    looked at first, and locked: the accept of this very message may be about to be committed.
    """
    in_flight = tx.all(IN_FLIGHT, conversation=place.conversation_id)
    if tx.one(OWN_ID, provider=event.provider_id, number=account.id) is not None:
        return True
    row_id = _matching(account, event, in_flight)
    if row_id is not None:
        tx.run(OWN, row=row_id, provider=event.provider_id)
        return True
    since = tx.now - RESENT_WINDOW_MS
    again = tx.all(RESENT, conversation=place.conversation_id, since=since)
    return _matching(account, event, again) is not None


def _matching(account: Account, event: MessageEchoed, rows: Sequence[Row]) -> int | None:
    """Prefer the row that proposed this very id over those that only say the same."""
    seen = event.provider_id
    proposed = (row for row in rows if message_id(account.id, row[0], row[4]) == seen)
    alike = (row for row in rows if _says(event, row))
    found = next(proposed, None) or next(alike, None)
    return None if found is None else int(found[0])


def _says(event: MessageEchoed, row: Row) -> bool:
    _, kind, text, payload, _ = row
    return is_same(from_payload(MessageKind(kind), text, from_json(payload)), event)


def hold_for_person(tx: Tx, conversation_id: int) -> None:
    """Stop the outbox of this conversation: a person wrote (promise P9)."""
    tx.run(HOLD, conversation=conversation_id, now=tx.now)
    tx.run(SUPPRESS_ROWS, conversation=conversation_id, now=tx.now)
    tx.run(SUPPRESS_BUBBLES, conversation=conversation_id)
