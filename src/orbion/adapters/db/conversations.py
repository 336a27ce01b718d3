"""Bodies that read one conversation and change who answers in it."""

from collections.abc import Sequence

from sqlalchemy import and_, select, update

from orbion.adapters.db.schema import CONTACT, CONVERSATION, HANDOFF, OUTBOX, SUPPRESSION
from orbion.adapters.db.sql import NULL, bind, insert_into, larger, number, or_zero
from orbion.adapters.db.tx import Statement, Tx
from orbion.domain.conversations import Conversation, Mode, ModeReason
from orbion.domain.language import Language

CONVERSATION_BY_ID = Statement(
    select(
        CONVERSATION.c.id,
        CONVERSATION.c.business,
        CONVERSATION.c.account,
        CONVERSATION.c.contact_id,
        CONVERSATION.c.address,
        CONVERSATION.c.mode,
        CONVERSATION.c.mode_reason,
        CONVERSATION.c.version,
        CONVERSATION.c.last_in_at,
        CONVERSATION.c.last_out_at,
        CONVERSATION.c.open_slot,
        CONVERSATION.c.person_at,
        CONTACT.c.name,
        CONTACT.c.phone,
        SUPPRESSION.c.at,
        CONTACT.c.language,
    )
    .join(CONTACT, CONTACT.c.id == CONVERSATION.c.contact_id)
    .outerjoin(
        SUPPRESSION,
        and_(
            SUPPRESSION.c.contact_id == CONVERSATION.c.contact_id,
            SUPPRESSION.c.business == CONVERSATION.c.business,
            SUPPRESSION.c.revoked_at.is_(None),
        ),
    )
    .where(CONVERSATION.c.id == number("conversation"))
)
_SAME = CONVERSATION.alias("same")
THREADS = Statement(
    select(_SAME.c.id)
    .join(
        CONVERSATION,
        and_(
            CONVERSATION.c.contact_id == _SAME.c.contact_id,
            CONVERSATION.c.account == _SAME.c.account,
            CONVERSATION.c.business == _SAME.c.business,
        ),
    )
    .where(CONVERSATION.c.id == number("conversation"))
)
SET_MODE = Statement(
    update(CONVERSATION)
    .where(CONVERSATION.c.id == number("conversation"))
    .values(
        mode=bind("to"),
        mode_reason=bind("why"),
        mode_at=number("now"),
        version=CONVERSATION.c.version + 1,
    )
)
SET_LANGUAGE = Statement(
    update(CONTACT).where(CONTACT.c.id == number("contact")).values(language=bind("spoken"))
)
NEW_VERSION = Statement(
    update(CONVERSATION)
    .where(CONVERSATION.c.id == number("conversation"))
    .values(version=CONVERSATION.c.version + 1)
)
_OF_ROW = (
    update(CONVERSATION)
    .where(
        CONVERSATION.c.id
        == select(OUTBOX.c.conversation_id).where(OUTBOX.c.id == number("row")).scalar_subquery()
    )
    .values(version=CONVERSATION.c.version + 1)
)
VERSION_OF_ROW = Statement(_OF_ROW)
MARK_OUT = Statement(
    _OF_ROW.values(last_out_at=number("now")).returning(CONVERSATION.c.id, CONVERSATION.c.version)
)
ADD_HANDOFF = Statement(insert_into(HANDOFF, "conversation_id", "reason", "actor", "at"))
RELEASE = Statement(
    update(HANDOFF)
    .where(HANDOFF.c.conversation_id == number("conversation"), HANDOFF.c.released_at.is_(NULL))
    .values(released_at=number("now"))
)
RELEASE_IDLE = Statement(
    update(CONVERSATION)
    .where(
        CONVERSATION.c.id == number("conversation"),
        CONVERSATION.c.mode == Mode.HUMAN,
        larger(or_zero(CONVERSATION.c.person_at), or_zero(CONVERSATION.c.mode_at))
        <= number("before"),
    )
    .values(
        mode=Mode.BOT,
        mode_reason=ModeReason.IDLE,
        mode_at=number("now"),
        version=CONVERSATION.c.version + 1,
    )
)
SUPPRESS = Statement(
    insert_into(SUPPRESSION, "business", "contact_id", "message_id", "at").on_conflict_do_update(
        index_elements=["contact_id", "business"],
        set_={"message_id": number("message_id"), "at": bind("at"), "revoked_at": NULL},
    )
)
REVOKE = Statement(
    update(SUPPRESSION)
    .where(SUPPRESSION.c.contact_id == number("contact"), SUPPRESSION.c.business == bind("tenant"))
    .values(revoked_at=number("now"))
)
_mode_of_all = (
    update(CONVERSATION)
    .where(CONVERSATION.c.contact_id == number("contact"))
    .values(mode_at=number("now"), version=CONVERSATION.c.version + 1)
)
PAUSE_ALL = Statement(
    _mode_of_all.where(CONVERSATION.c.mode == Mode.BOT).values(
        mode=Mode.PAUSED, mode_reason=ModeReason.OPT_OUT
    )
)
RESUME_ALL = Statement(
    _mode_of_all.where(
        CONVERSATION.c.mode == Mode.PAUSED, CONVERSATION.c.mode_reason == ModeReason.OPT_OUT
    ).values(mode=Mode.BOT, mode_reason=NULL)
)


def conversation(tx: Tx, conversation_id: int) -> Conversation | None:
    row = tx.one(CONVERSATION_BY_ID, conversation=conversation_id)
    if row is None:
        return None
    return Conversation(
        id=row[0],
        business=row[1],
        account=row[2],
        contact_id=row[3],
        address=row[4],
        mode=Mode(row[5]),
        mode_reason=None if row[6] is None else ModeReason(row[6]),
        version=row[7],
        last_in_at=row[8],
        last_out_at=row[9],
        open_slot=row[10],
        person_at=row[11],
        name=row[12],
        phone=row[13],
        opted_out=row[14] is not None,
        language=None if row[15] is None else Language(row[15]),
    )


def threads(tx: Tx, conversation_id: int) -> Sequence[int]:
    """List it and the others of its contact on this number, which began under other aliases."""
    return [row[0] for row in tx.all(THREADS, conversation=conversation_id)]


def set_mode(
    tx: Tx, conversation_id: int, mode: Mode, reason: ModeReason | None, *, actor: str
) -> bool:
    """Change who answers, keep the hand-off's history; False if there is no such conversation."""
    changed = tx.run(SET_MODE, conversation=conversation_id, to=mode, why=reason, now=tx.now)
    if changed and mode is Mode.HUMAN:
        tx.run(ADD_HANDOFF, conversation_id=conversation_id, reason=reason, actor=actor, at=tx.now)
    if changed and mode is Mode.BOT:
        tx.run(RELEASE, conversation=conversation_id, now=tx.now)
    return changed > 0


def release_idle(tx: Tx, conversation_id: int, before: int) -> bool:
    """Give back what no person has said anything in since `before` (ms UTC); True if it was so."""
    released = tx.run(RELEASE_IDLE, conversation=conversation_id, before=before, now=tx.now) > 0
    if released:
        tx.run(RELEASE, conversation=conversation_id, now=tx.now)
    return released


def opt_out(tx: Tx, who: Conversation, message_id: int) -> None:
    """Record the wish in every mode; only the confirmation depends on it."""
    tx.run(
        SUPPRESS,
        business=who.business,
        contact_id=who.contact_id,
        message_id=message_id,
        at=tx.now,
    )
    tx.run(PAUSE_ALL, contact=who.contact_id, now=tx.now)


def opt_in(tx: Tx, who: Conversation) -> None:
    """Revoke the wish; what an operator paused stays paused."""
    tx.run(REVOKE, contact=who.contact_id, tenant=who.business, now=tx.now)
    tx.run(RESUME_ALL, contact=who.contact_id, now=tx.now)
