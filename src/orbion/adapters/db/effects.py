"""Bodies of what a turn causes: bubbles, facts, stage, consent, hand-over, mirror."""

from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy import and_, select, update

from orbion.adapters.db import conversations, lanes, leads, notices
from orbion.adapters.db.contacts import Place
from orbion.adapters.db.inbox import add_message
from orbion.adapters.db.schema import OUTBOX
from orbion.adapters.db.schema_leads import FACT, LEAD, QUESTION, STAGE_CHANGE
from orbion.adapters.db.sql import bind, first, insert_into, number, to_json
from orbion.adapters.db.tx import MovedLead, Statement, Tx
from orbion.domain.conversations import Account, Conversation, Mode, ModeReason
from orbion.domain.lanes import Queue
from orbion.domain.leads import Fact, Lead
from orbion.domain.messages import Author, Outcome
from orbion.domain.notices import handed_over
from orbion.domain.outgoing import cleaned, to_payload
from orbion.domain.turns import Bubble, TurnInput, TurnResult, Verdict

ADD_ROW = Statement(
    insert_into(
        OUTBOX,
        "business",
        "account",
        "conversation_id",
        "turn_id",
        "position",
        "message_id",
        "address",
        "kind",
        "text",
        "payload",
        "quoted_id",
        "exempt",
        "state",
        "trace",
        "created_at",
        "received_at",
    ).returning(OUTBOX.c.id)
)
CURRENT_FACT = Statement(
    select(FACT.c.value).where(
        FACT.c.lead_id == number("lead"), FACT.c.slot == bind("name"), FACT.c.current.is_(True)
    )
)
RETIRE_FACT = Statement(
    update(FACT)
    .where(
        and_(
            FACT.c.lead_id == number("lead"), FACT.c.slot == bind("name"), FACT.c.current.is_(True)
        )
    )
    .values(current=False)
)
ADD_FACT = Statement(
    insert_into(FACT, "lead_id", "slot", "value", "message_id", "quote", "confidence", "at")
)
SET_LEAD = Statement(
    update(LEAD)
    .where(LEAD.c.id == number("lead"))
    .values(
        stage=bind("to"),
        score=number("points"),
        updated_at=number("now"),
        version=LEAD.c.version + 1,
    )
    .returning(LEAD.c.version)
)
NEXT_VERSION = Statement(
    update(LEAD)
    .where(LEAD.c.id == number("lead"))
    .values(version=LEAD.c.version + 1)
    .returning(LEAD.c.version)
)
ADD_QUESTION = Statement(
    insert_into(QUESTION, "lead_id", "slot", "at").on_conflict_do_update(
        index_elements=["lead_id", "slot"], set_={"times": QUESTION.c.times + 1, "at": bind("at")}
    )
)
ADD_STAGE_CHANGE = Statement(
    insert_into(
        STAGE_CHANGE, "lead_id", "from_stage", "to_stage", "actor", "turn_id", "reason", "at"
    )
)


def apply_effects(
    tx: Tx,
    who: Conversation,
    given: TurnInput,
    result: TurnResult,
    *,
    turn_id: int,
) -> None:
    """Write everything but the turn's own row and its lane."""
    for position, bubble in enumerate(result.bubbles):
        add_bubble(
            tx,
            who,
            bubble,
            turn_id=turn_id,
            position=position,
            trace=given.trace,
            received_at=given.first_open_at,
        )
    if result.language is not None and result.language != who.language:
        tx.run(conversations.SET_LANGUAGE, contact=who.contact_id, spoken=result.language)
    asked = result.asked if result.answers else None
    if asked is not None:
        tx.run(ADD_QUESTION, lead_id=given.lead.id, slot=asked, at=tx.now)
    _consent(tx, who, given, result)
    if result.handoff is not None:
        reason = ModeReason.LOOP if result.verdict is Verdict.LOOP else ModeReason.REQUESTED
        conversations.set_mode(tx, who.id, Mode.HUMAN, reason, actor="bot")
        _announce(tx, who, result.handoff, given.trace)
    learned = {fact.slot: fact.value for fact in result.facts if _learn(tx, given.lead.id, fact)}
    moved = _move(tx, given, result, turn_id)
    if moved is not None or learned or asked is not None:
        _remember(tx, moved or _next(tx, given.lead), given.lead.version, learned, asked)
    is_customer = result.verdict is not Verdict.OWNER
    if is_customer and (learned or moved is not None or result.handoff or who.last_out_at is None):
        leads.mirror(tx, given.lead.id, given.trace)


def _announce(tx: Tx, who: Conversation, reason: str, trace: str) -> None:
    notice = handed_over(
        reason, business=who.business, account=who.account, conversation_id=who.id, at=tx.now
    )
    notices.announce(tx, notice, trace)


def add_bubble(
    tx: Tx,
    who: Conversation,
    bubble: Bubble,
    *,
    turn_id: int,
    position: int,
    trace: str,
    received_at: int,
) -> None:
    """Queue one message at the end of the conversation's lane; `received_at` is what it answers."""
    account = Account(id=who.account, business=who.business, channel="", instance="", playbook="")
    place = Place(
        conversation_id=who.id, contact_id=who.contact_id, address=who.address, is_new=False
    )
    content = cleaned(bubble.said)
    payload = to_payload(content)
    message_id = add_message(
        tx,
        account,
        place,
        direction="out",
        author=Author.BOT,
        kind=content.kind,
        text=content.text,
        provider_id=None,
        outcome=Outcome.QUEUED,
        turn_id=turn_id,
        occurred_at=tx.now,
    )
    row_id = first(
        tx.one(
            ADD_ROW,
            business=who.business,
            account=who.account,
            conversation_id=who.id,
            turn_id=turn_id,
            position=position,
            message_id=message_id,
            address=who.address,
            kind=content.kind,
            text=content.text,
            payload=None if payload is None else to_json(payload),
            quoted_id=bubble.answers,
            exempt=bubble.exempt,
            state="pending",
            trace=trace,
            created_at=tx.now,
            received_at=received_at,
        )
    )
    lanes.enqueue(tx, Queue.OUT, str(who.id), kind="send", payload={"outbox": row_id}, trace=trace)


def _consent(tx: Tx, who: Conversation, given: TurnInput, result: TurnResult) -> None:
    if result.verdict is Verdict.OPTED_OUT:
        conversations.opt_out(tx, who, given.batch[-1].id)
    elif result.verdict is Verdict.OPTED_IN:
        conversations.opt_in(tx, who)


def _learn(tx: Tx, lead_id: int, fact: Fact) -> bool:
    """Keep the new value and the old one's history; True if it changed anything."""
    known = first(tx.one(CURRENT_FACT, lead=lead_id, name=fact.slot))
    if known == fact.value:
        return False
    if known is not None:
        tx.run(RETIRE_FACT, lead=lead_id, name=fact.slot)
    tx.run(
        ADD_FACT,
        lead_id=lead_id,
        slot=fact.slot,
        value=fact.value,
        message_id=fact.message_id,
        quote=fact.quote,
        confidence=round(fact.confidence * 100),
        at=tx.now,
    )
    return True


def _move(tx: Tx, given: TurnInput, result: TurnResult, turn_id: int) -> Lead | None:
    """Return the lead at its new place and version; None if it stays."""
    lead = given.lead
    stage = lead.stage if result.stage is None else result.stage
    score = lead.score if result.score is None else result.score
    if (stage, score) == (lead.stage, lead.score):
        return None
    version = first(tx.one(SET_LEAD, lead=lead.id, to=stage, points=score, now=tx.now))
    if stage != lead.stage:
        tx.run(
            ADD_STAGE_CHANGE,
            lead_id=lead.id,
            from_stage=lead.stage,
            to_stage=stage,
            actor="bot",
            turn_id=turn_id,
            reason=result.loss,
            at=tx.now,
        )
    return replace(lead, stage=stage, score=score, version=int(version))


def _next(tx: Tx, lead: Lead) -> Lead:
    return replace(lead, version=int(first(tx.one(NEXT_VERSION, lead=lead.id))))


def _remember(
    tx: Tx, now_is: Lead, before: int, learned: Mapping[str, str], asked: str | None
) -> None:
    """Tell what the turn made of the lead, unless somebody else changed it since it was read."""
    if now_is.version != before + 1:
        return
    facts, questions = {**now_is.facts, **learned}, dict(now_is.asked)
    if asked is not None:
        questions[asked] = questions.get(asked, 0) + 1
    lead = replace(now_is, facts=dict(sorted(facts.items())), asked=questions)
    tx.moves.append(MovedLead(lead=lead))
