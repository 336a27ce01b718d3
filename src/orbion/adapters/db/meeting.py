"""Bodies that make one contact of a hidden person and of the phone that they prove to be."""

from typing import Final

from sqlalchemy import and_, case, delete, func, select, update

from orbion.adapters.db import leads
from orbion.adapters.db.conversations import PAUSE_ALL, SUPPRESS
from orbion.adapters.db.schema import CONTACT, CONTACT_ALIAS, CONVERSATION, SUPPRESSION
from orbion.adapters.db.schema_leads import FACT, LEAD, QUESTION, STAGE_CHANGE
from orbion.adapters.db.sql import (
    NULL,
    bind,
    insert_into,
    larger,
    number,
    or_zero,
)
from orbion.adapters.db.tx import Statement, Tx
from orbion.domain.conversations import Mode

_FIRST_STAGE: Final = "novo"
_NO_TRACE: Final = ""
_LATER = SUPPRESSION.alias("later")
_OWN = FACT.alias("own")
PHONE = Statement(select(CONTACT.c.phone).where(CONTACT.c.id == number("contact")))
ASKED_TO_STOP = Statement(
    select(SUPPRESSION.c.message_id, SUPPRESSION.c.at)
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
        _LATER.c.contact_id.is_(NULL),
    )
)
DROP_WISH = Statement(delete(SUPPRESSION).where(SUPPRESSION.c.contact_id == number("hidden")))
TALKS = Statement(
    select(
        CONVERSATION.c.id,
        CONVERSATION.c.account,
        CONVERSATION.c.mode,
        CONVERSATION.c.mode_reason,
        CONVERSATION.c.mode_at,
        CONVERSATION.c.person_at,
    )
    .where(CONVERSATION.c.contact_id == number("hidden"), CONVERSATION.c.thread == 0)
    .order_by(CONVERSATION.c.id)
)
TALK_ON = Statement(
    select(CONVERSATION.c.id).where(
        CONVERSATION.c.contact_id == number("contact"),
        CONVERSATION.c.account == bind("number"),
        CONVERSATION.c.business == bind("tenant"),
        CONVERSATION.c.thread == 0,
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
STAND_BEHIND = Statement(
    update(CONVERSATION)
    .where(CONVERSATION.c.id == number("conversation"))
    .values(thread=CONVERSATION.c.id)
)
GIVE_TALKS = Statement(
    update(CONVERSATION)
    .where(CONVERSATION.c.contact_id == number("hidden"))
    .values(contact_id=number("contact"), version=CONVERSATION.c.version + 1)
)
GIVE_ALIASES = Statement(
    update(CONTACT_ALIAS)
    .where(CONTACT_ALIAS.c.contact_id == number("hidden"))
    .values(contact_id=number("contact"))
)
GIVE_FACTS = Statement(
    update(FACT)
    .where(FACT.c.lead_id == number("old"))
    .values(
        lead_id=number("lead"),
        current=and_(
            FACT.c.current,
            ~select(_OWN.c.id)
            .where(
                _OWN.c.lead_id == number("lead"),
                _OWN.c.slot == FACT.c.slot,
                _OWN.c.current.is_(True),
            )
            .exists(),
        ),
    )
)
GIVE_STAGES = Statement(
    update(STAGE_CHANGE)
    .where(STAGE_CHANGE.c.lead_id == number("old"))
    .values(lead_id=number("lead"))
)
QUESTIONS = Statement(
    select(QUESTION.c.slot, QUESTION.c.times, QUESTION.c.at).where(
        QUESTION.c.lead_id == number("old")
    )
)
GIVE_QUESTION = Statement(
    insert_into(QUESTION, "lead_id", "slot", "times", "at").on_conflict_do_update(
        index_elements=["lead_id", "slot"],
        set_={"times": larger(QUESTION.c.times, number("times"))},
    )
)
DROP_QUESTIONS = Statement(delete(QUESTION).where(QUESTION.c.lead_id == number("old")))
_OLD = LEAD.alias("old_lead")
_OLD_OF = _OLD.c.id == number("old")
_IS_FRESH = LEAD.c.stage == _FIRST_STAGE
INHERIT = Statement(
    update(LEAD)
    .where(LEAD.c.id == number("lead"), _OLD_OF)
    .values(
        stage=case((_IS_FRESH, _OLD.c.stage), else_=LEAD.c.stage),
        score=case((_IS_FRESH, _OLD.c.score), else_=LEAD.c.score),
        attribution=case((LEAD.c.source.is_(NULL), _OLD.c.attribution), else_=LEAD.c.attribution),
        source=case((LEAD.c.source.is_(NULL), _OLD.c.source), else_=LEAD.c.source),
        value=case((LEAD.c.value.is_(NULL), _OLD.c.value), else_=LEAD.c.value),
        updated_at=number("now"),
        version=LEAD.c.version + 1,
    )
)
LIKENESS = Statement(
    select(CONTACT.c.name, CONTACT.c.language).where(CONTACT.c.id == number("hidden"))
)
CALL = Statement(
    update(CONTACT)
    .where(CONTACT.c.id == number("contact"))
    .values(
        name=func.coalesce(CONTACT.c.name, bind("called")),
        language=func.coalesce(CONTACT.c.language, bind("spoken")),
    )
)
DROP_LEAD = Statement(delete(LEAD).where(LEAD.c.id == number("old")))
DROP_CONTACT = Statement(delete(CONTACT).where(CONTACT.c.id == number("hidden")))


def meet(tx: Tx, business: str, hidden: int, contact: int) -> None:
    """Give all that a hidden contact has to the contact that it proves to be, and end it.

    What both have stays the other's: its facts, its stage, its talk on the same number. There the
    hidden one's talk stands behind as an older thread, where what is under way comes to its end.
    A contact that has a phone is another person (DESIGN section 5), and nothing moves.
    """
    row = tx.one(PHONE, contact=hidden)
    if row is None or row[0] is not None:
        return
    _give_wish(tx, business, hidden, contact)
    _give_talks(tx, business, hidden, contact)
    _give_lead(tx, hidden, contact)
    tx.run(GIVE_ALIASES, hidden=hidden, contact=contact)
    for called, spoken in tx.all(LIKENESS, hidden=hidden):
        tx.run(CALL, contact=contact, called=called, spoken=spoken)
    tx.run(DROP_CONTACT, hidden=hidden)


def _give_wish(tx: Tx, business: str, hidden: int, contact: int) -> None:
    """Keep an opt-out, unless the contact has opted in again since."""
    wish = tx.one(ASKED_TO_STOP, hidden=hidden, tenant=business, contact=contact)
    if wish is not None:
        message_id, at = wish
        tx.run(SUPPRESS, business=business, contact_id=contact, message_id=message_id, at=at)
        tx.run(PAUSE_ALL, contact=contact, now=tx.now)
    tx.run(DROP_WISH, hidden=hidden)


def _give_talks(tx: Tx, business: str, hidden: int, contact: int) -> None:
    """A person's hold goes along to the talk that goes on."""
    for talk, account, mode, reason, since, spoken in tx.all(TALKS, hidden=hidden):
        goes_on = tx.one(TALK_ON, contact=contact, number=account, tenant=business)
        if goes_on is None:
            continue
        tx.run(STAND_BEHIND, conversation=talk)
        if mode == Mode.HUMAN:
            tx.run(HOLD, conversation=goes_on[0], why=reason, since=since, spoken=spoken or 0)
    tx.run(GIVE_TALKS, hidden=hidden, contact=contact)


def _give_lead(tx: Tx, hidden: int, contact: int) -> None:
    old, lead = leads.lead_of(tx, hidden).id, leads.lead_of(tx, contact).id
    tx.run(GIVE_FACTS, old=old, lead=lead)
    tx.run(GIVE_STAGES, old=old, lead=lead)
    for slot, times, at in tx.all(QUESTIONS, old=old):
        tx.run(GIVE_QUESTION, lead_id=lead, slot=slot, times=times, at=at)
    tx.run(DROP_QUESTIONS, old=old)
    tx.run(INHERIT, old=old, lead=lead, now=tx.now)
    tx.run(DROP_LEAD, old=old)
    leads.mirror(tx, lead, _NO_TRACE)
    leads.mirror_merged(tx, old, lead, _NO_TRACE)
