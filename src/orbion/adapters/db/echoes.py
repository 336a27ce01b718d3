"""Bodies that tell our own echo from a person's words, and hold the outbox for the person."""

from typing import Final

from sqlalchemy import and_, or_, select, update

from orbion.adapters.db.contacts import Place
from orbion.adapters.db.schema import CONVERSATION, MESSAGE, OUTBOX
from orbion.adapters.db.sql import bind, number
from orbion.adapters.db.tx import Statement, Tx
from orbion.domain.conversations import Account, Mode, ModeReason
from orbion.domain.events import MessageEchoed

RESENT_WINDOW_MS: Final = 15 * 60 * 1000

OWN_ID = Statement(
    select(OUTBOX.c.id).where(
        OUTBOX.c.provider_id == bind("provider"), OUTBOX.c.account == bind("number")
    )
)
IN_FLIGHT = Statement(
    select(OUTBOX.c.id).where(
        OUTBOX.c.conversation_id == number("conversation"),
        OUTBOX.c.state.in_(("pending", "sending", "unknown")),
        OUTBOX.c.attempts > 0,
        OUTBOX.c.provider_id.is_(None),
        OUTBOX.c.text == bind("words"),
    )
)
RESENT = Statement(
    select(OUTBOX.c.id).where(
        OUTBOX.c.conversation_id == number("conversation"),
        OUTBOX.c.attempts > 1,
        OUTBOX.c.sending_at >= number("since"),
        OUTBOX.c.text == bind("words"),
    )
)
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
    """Match by gateway id, then by recipient and text of a row in flight or sent twice.

    The matched row takes the gateway id, so one echo proves one row only.
    """
    if tx.one(OWN_ID, provider=event.provider_id, number=account.id) is not None:
        return True
    row = tx.one(IN_FLIGHT, conversation=place.conversation_id, words=event.text)
    if row is not None:
        tx.run(OWN, row=row[0], provider=event.provider_id)
        return True
    since = tx.now - RESENT_WINDOW_MS
    again = tx.one(RESENT, conversation=place.conversation_id, words=event.text, since=since)
    return again is not None


def hold_for_person(tx: Tx, conversation_id: int) -> None:
    """Stop the outbox of this conversation: a person wrote (promise P9)."""
    tx.run(HOLD, conversation=conversation_id, now=tx.now)
    tx.run(SUPPRESS_ROWS, conversation=conversation_id, now=tx.now)
    tx.run(SUPPRESS_BUBBLES, conversation=conversation_id)
