"""Bodies that carry what a hidden person asked for to the contact that they prove to be."""

from sqlalchemy import and_, select, update

from orbion.adapters.db.conversations import PAUSE_ALL, SUPPRESS
from orbion.adapters.db.schema import CONTACT, CONVERSATION, SUPPRESSION
from orbion.adapters.db.sql import NULL, bind, larger, number, or_zero
from orbion.adapters.db.tx import Statement, Tx
from orbion.domain.conversations import Mode

_LATER = SUPPRESSION.alias("later")
ASKED_TO_STOP = Statement(
    select(SUPPRESSION.c.message_id, SUPPRESSION.c.at)
    .join(CONTACT, CONTACT.c.id == SUPPRESSION.c.contact_id)
    .outerjoin(
        _LATER,
        and_(
            _LATER.c.contact_id == number("contact"),
            _LATER.c.business == SUPPRESSION.c.business,
            _LATER.c.revoked_at >= SUPPRESSION.c.at,
        ),
    )
    .where(
        SUPPRESSION.c.contact_id == number("hidden"),
        SUPPRESSION.c.business == bind("tenant"),
        SUPPRESSION.c.revoked_at.is_(NULL),
        CONTACT.c.phone.is_(NULL),
        _LATER.c.contact_id.is_(NULL),
    )
)
HELD = Statement(
    select(CONVERSATION.c.mode_reason, CONVERSATION.c.mode_at, CONVERSATION.c.person_at)
    .join(CONTACT, CONTACT.c.id == CONVERSATION.c.contact_id)
    .where(
        CONVERSATION.c.contact_id == number("hidden"),
        CONVERSATION.c.account == bind("number"),
        CONVERSATION.c.business == bind("tenant"),
        CONVERSATION.c.mode == Mode.HUMAN,
        CONTACT.c.phone.is_(NULL),
    )
)
HOLD = Statement(
    update(CONVERSATION)
    .where(CONVERSATION.c.id == number("conversation"), CONVERSATION.c.mode == Mode.BOT)
    .values(
        mode=Mode.HUMAN,
        mode_reason=bind("why"),
        mode_at=number("since"),
        person_at=larger(or_zero(CONVERSATION.c.person_at), number("spoken")),
        version=CONVERSATION.c.version + 1,
    )
)


def carry_stop(tx: Tx, business: str, hidden: int, contact: int) -> None:
    """Keep an opt-out, unless the contact has opted in again since.

    A `hidden` contact that has a phone is another person, and nothing is carried.
    """
    wish = tx.one(ASKED_TO_STOP, hidden=hidden, tenant=business, contact=contact)
    if wish is not None:
        message_id, at = wish
        tx.run(SUPPRESS, business=business, contact_id=contact, message_id=message_id, at=at)
        tx.run(PAUSE_ALL, contact=contact, now=tx.now)


def carry_hold(tx: Tx, business: str, account: str, hidden: int, conversation_id: int) -> None:
    """Keep a person's hold of the conversation on this number."""
    held = tx.one(HELD, hidden=hidden, number=account, tenant=business)
    if held is not None:
        reason, since, spoken = held
        tx.run(HOLD, conversation=conversation_id, why=reason, since=since, spoken=spoken or 0)
