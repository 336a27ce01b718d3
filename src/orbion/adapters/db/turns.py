"""Bodies of a turn: load, journal, and the one write that settles everything it decided."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import and_, func, select, update

from orbion.adapters.db import lanes
from orbion.adapters.db.conversations import conversation
from orbion.adapters.db.effects import apply_effects
from orbion.adapters.db.histories import HISTORY
from orbion.adapters.db.inbox import InboxPolicy
from orbion.adapters.db.leads import lead_head, lead_of
from orbion.adapters.db.schema import BUSINESS, CONVERSATION, MESSAGE, TURN, TURN_STEP
from orbion.adapters.db.sql import bind, first, from_json, insert_into, number
from orbion.adapters.db.tx import Row, Statement, Tx
from orbion.domain.conversations import Conversation, Mode
from orbion.domain.lanes import Claim
from orbion.domain.messages import Author, Message, MessageKind, Outcome
from orbion.domain.turns import Step, TurnInput, TurnResult, Verdict

_MINUTE_MS: Final = 60_000
_BIGGEST: Final = 2**62
MESSAGE_COLUMNS = (
    MESSAGE.c.id,
    MESSAGE.c.seq,
    MESSAGE.c.direction,
    MESSAGE.c.author,
    MESSAGE.c.kind,
    MESSAGE.c.text,
    MESSAGE.c.occurred_at,
    MESSAGE.c.outcome,
    MESSAGE.c.reason,
    MESSAGE.c.provider_id,
    MESSAGE.c.payload,
    MESSAGE.c.created_at,
)
OPEN_MESSAGES = Statement(
    select(*MESSAGE_COLUMNS).where(
        MESSAGE.c.conversation_id == number("conversation"),
        MESSAGE.c.outcome == "open",
        MESSAGE.c.id <= number("last"),
    )
)
LAST_MESSAGES = Statement(
    select(*MESSAGE_COLUMNS)
    .where(MESSAGE.c.conversation_id == number("conversation"))
    .order_by(MESSAGE.c.seq.desc())
    .limit(number("limit"))
)
HISTORY_OF = Statement(
    select(*MESSAGE_COLUMNS)
    .where(
        MESSAGE.c.conversation_id == number("conversation"),
        MESSAGE.c.deleted_at.is_(None),
    )
    .order_by(MESSAGE.c.seq.desc())
    .limit(number("limit"))
)
_KNOWLEDGE = select(BUSINESS.c.knowledge).where(BUSINESS.c.id == bind("tenant"))
RECENT_TURNS = Statement(
    select(func.count(), _KNOWLEDGE.scalar_subquery()).where(
        TURN.c.conversation_id == number("conversation"), TURN.c.started_at >= number("since")
    )
)
"""How many there were, and the version of the documents that the next one is answered from."""
LAST_TURN = Statement(
    select(TURN.c.id, TURN.c.verdict)
    .where(TURN.c.conversation_id == number("conversation"))
    .order_by(TURN.c.started_at.desc(), TURN.c.id.desc())
    .limit(1)
)
ADD_TURN = Statement(
    insert_into(
        TURN, "business", "conversation_id", "upto", "trace", "started_at", "playbook"
    ).returning(TURN.c.id)
)
RESUME = Statement(
    update(TURN)
    .where(TURN.c.id == number("turn"))
    .values(attempt=TURN.c.attempt + 1, upto=number("last"), playbook=bind("version"))
)
END_TURN = Statement(
    update(TURN)
    .where(TURN.c.id == number("turn"))
    .values(verdict=bind("why"), finished_at=number("now"), upto=number("last"))
)
STEPS = Statement(
    select(
        TURN_STEP.c.step,
        TURN_STEP.c.kind,
        TURN_STEP.c.input_hash,
        TURN_STEP.c.output,
        TURN_STEP.c.tokens_in,
        TURN_STEP.c.tokens_out,
        TURN_STEP.c.ms,
    )
    .where(TURN_STEP.c.turn_id == number("turn"))
    .order_by(TURN_STEP.c.step)
)
_STEP = ("kind", "input_hash", "output", "tokens_in", "tokens_out", "ms", "at")
SAVE_STEP = Statement(
    insert_into(TURN_STEP, "turn_id", "step", *_STEP).on_conflict_do_update(
        index_elements=["turn_id", "step"], set_={name: bind(name) for name in _STEP}
    )
)
CLOSE_MESSAGES = Statement(
    update(MESSAGE)
    .where(
        and_(
            MESSAGE.c.conversation_id == number("conversation"),
            MESSAGE.c.outcome == "open",
            MESSAGE.c.id <= number("last"),
        )
    )
    .values(outcome=bind("became"), reason=bind("why"), turn_id=number("turn"))
)
CLOSE_MESSAGE = Statement(
    update(MESSAGE)
    .where(MESSAGE.c.id == number("message"), MESSAGE.c.outcome == "open")
    .values(outcome=bind("became"), reason=bind("why"), turn_id=number("turn"))
)
SET_OPEN_SLOT = Statement(
    update(CONVERSATION)
    .where(CONVERSATION.c.id == number("conversation"))
    .values(open_slot=bind("slot"))
)


def load_turn(tx: Tx, held: Claim) -> TurnInput | None:
    """Read the open messages of the claim; None when another turn already took them all.

    Of the lead it reads the head alone.
    """
    conversation_id = int(held.key)
    waiting = lanes.tasks(tx, held)
    # A requeued message stands behind newer ones in its lane, so the last task is not enough.
    last = max((_message_id(task.payload) for task in waiting), default=0)
    rows = tx.all(OPEN_MESSAGES, conversation=conversation_id, last=last)
    if not rows:
        return None
    found = conversation(tx, conversation_id)
    if found is None:
        return None
    batch = sorted((to_message(row) for row in rows), key=lambda each: (each.occurred_at, each.seq))
    business, since = found.business, tx.now - _MINUTE_MS
    recent = tx.one(RECENT_TURNS, conversation=found.id, since=since, tenant=business)
    turns_last_minute, knowledge = recent or (0, 0)
    return TurnInput(
        conversation=found,
        lead=lead_head(tx, found.contact_id),
        batch=tuple(batch),
        turns_last_minute=turns_last_minute,
        first_open_at=min(row[-1] for row in rows),
        trace=waiting[-1].trace if waiting else "",
        knowledge=knowledge,
    )


def history(tx: Tx, conversation_id: int) -> Sequence[Message]:
    """The last rows that nobody deleted, by their place."""
    rows = tx.all(HISTORY_OF, conversation=conversation_id, limit=HISTORY)
    return [to_message(row) for row in reversed(rows)]


def last_messages(tx: Tx, conversation_id: int, limit: int) -> Sequence[Message]:
    """Everything that happened last, oldest first: for operators."""
    rows = tx.all(LAST_MESSAGES, conversation=conversation_id, limit=limit)
    return [to_message(row) for row in reversed(rows)]


def begin_turn(tx: Tx, held: Claim, given: TurnInput) -> int:
    """Open a turn, or resume the one that never got its verdict."""
    interrupted = _open_turn(tx, given.conversation.id)
    if interrupted is None:
        return _new_turn(tx, held, given)
    tx.run(RESUME, turn=interrupted, last=held.upto, version=given.playbook)
    return interrupted


def steps(tx: Tx, turn_id: int) -> Sequence[Step]:
    return [
        Step(
            number=number,
            kind=kind,
            input_hash=bytes(input_hash),
            output=output,
            tokens_in=tokens_in,
            tokens_out=tokens_out,
            ms=ms,
        )
        for number, kind, input_hash, output, tokens_in, tokens_out, ms in tx.all(
            STEPS, turn=turn_id
        )
    ]


def save_step(tx: Tx, turn_id: int, step: Step) -> None:
    tx.run(
        SAVE_STEP,
        turn_id=turn_id,
        step=step.number,
        kind=step.kind,
        input_hash=step.input_hash,
        output=step.output,
        tokens_in=step.tokens_in,
        tokens_out=step.tokens_out,
        ms=step.ms,
        at=tx.now,
    )


def finish_turn(
    tx: Tx, held: Claim, given: TurnInput, result: TurnResult, policy: InboxPolicy
) -> TurnResult:
    """Write the turn, its messages' ends, its effects and the lane's acknowledgement at once."""
    now_is = conversation(tx, given.conversation.id)
    if now_is is None:
        raise LookupError(f"conversation {given.conversation.id} vanished during its turn")
    if now_is.contact_id != given.lead.contact_id:  # who wrote proved to be another contact
        given = replace(given, lead=lead_of(tx, now_is.contact_id))
    done = _overrule(tx, held, given, result, now_is=now_is, max_wait=policy.max_wait)
    turn_id = _open_turn(tx, given.conversation.id) or _new_turn(tx, held, given)
    for step in result.steps:
        save_step(tx, turn_id, step)
    if done.verdict is not Verdict.SUPERSEDED:
        _close(tx, given, done, turn_id)
        apply_effects(tx, now_is, given, done, turn_id=turn_id)
        if done.answers:
            tx.run(SET_OPEN_SLOT, conversation=now_is.id, slot=done.open_slot)
    tx.run(END_TURN, turn=turn_id, why=done.verdict, now=tx.now, last=held.upto)
    lanes.finish(tx, held, held.upto, quiet=policy.again)
    return done


def bury_turn(tx: Tx, held: Claim, error: str) -> None:
    """Give up on the head message: dead letter, dead message, and the lane goes on."""
    payload = lanes.bury(tx, held, error)
    tx.run(
        CLOSE_MESSAGES,
        conversation=int(held.key),
        last=_message_id(payload),
        became=Outcome.DEAD,
        why=error,
        turn=None,
    )
    interrupted = _open_turn(tx, int(held.key))
    if interrupted is not None:
        tx.run(END_TURN, turn=interrupted, why=Verdict.DEAD, now=tx.now, last=held.ack + 1)


def _close(tx: Tx, given: TurnInput, done: TurnResult, turn_id: int) -> None:
    """End what this turn read and no more: an older message may have been reopened meanwhile."""
    for message in given.batch:
        tx.run(
            CLOSE_MESSAGE,
            message=message.id,
            became=Outcome.ANSWERED if done.answers else Outcome.SUPPRESSED,
            why=None if done.answers else done.verdict,
            turn=turn_id,
        )


def _open_turn(tx: Tx, conversation_id: int) -> int | None:
    last = tx.one(LAST_TURN, conversation=conversation_id)
    return None if last is None or last[1] is not None else int(last[0])


def _new_turn(tx: Tx, held: Claim, given: TurnInput) -> int:
    row = tx.one(
        ADD_TURN,
        business=given.conversation.business,
        conversation_id=given.conversation.id,
        upto=held.upto,
        trace=given.trace,
        started_at=tx.now,
        playbook=given.playbook,
    )
    return int(first(row))


def _message_id(payload: Mapping[str, Any]) -> int:
    return int(payload.get("message") or 0)


def _overrule(
    tx: Tx,
    held: Claim,
    given: TurnInput,
    result: TurnResult,
    *,
    now_is: Conversation,
    max_wait: int,
) -> TurnResult:
    """Let what happened during the turn win: opt-out, takeover, then messages new or deleted."""
    about_consent = result.verdict in {Verdict.OPTED_OUT, Verdict.OPTED_IN}
    if now_is.opted_out and not about_consent:
        return replace(result, verdict=Verdict.SUPPRESSED_OPT_OUT, bubbles=(), handoff=None)
    if now_is.mode is not Mode.BOT and not about_consent:
        return replace(result, verdict=Verdict.HUMAN_MODE, bubbles=(), handoff=None)
    if not (result.answers and lanes.has_newer(tx, held)):
        return result
    left = {row[0] for row in tx.all(OPEN_MESSAGES, conversation=now_is.id, last=_BIGGEST)}
    kept = [message for message in given.batch if message.id in left]
    whole = len(kept) == len(given.batch) and not lanes.is_refreshed(tx, held)
    if not whole and (about_consent or not kept):
        return result if about_consent else TurnResult(verdict=Verdict.SILENT)
    fresh = tx.now < given.first_open_at + max_wait
    if (fresh or not whole) and not held.alone:
        return TurnResult(verdict=Verdict.SUPERSEDED)
    return result


def to_message(row: Row) -> Message:
    (id_, seq, direction, author, kind, text, at, outcome, reason, provider, payload, _) = row
    return Message(
        id=id_,
        seq=seq,
        direction=direction,
        author=Author(author),
        kind=MessageKind(kind),
        text=text,
        occurred_at=at,
        outcome=Outcome(outcome),
        reason=reason,
        provider_id=provider,
        payload=from_json(payload),
    )
