"""Bodies of an outbox row: drafted, committed as sending, settled, all under the lane's fence."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import select, update

from orbion.adapters.db import connections, contacts, lanes, statuses
from orbion.adapters.db.conversations import MARK_OUT, VERSION_OF_ROW, conversation
from orbion.adapters.db.inbox import REPLACEABLE, supersede
from orbion.adapters.db.schema import MESSAGE, OUTBOX
from orbion.adapters.db.sql import NULL, bind, first, from_json, number
from orbion.adapters.db.tx import Moved, Row, Statement, Tx
from orbion.domain.conversations import Conversation, Mode, ModeReason
from orbion.domain.lanes import Claim, Queue
from orbion.domain.messages import MessageKind
from orbion.domain.outbox import (
    Draft,
    Order,
    OutboxState,
    SendOrder,
    SendReceipt,
    Skipped,
    VerifyOrder,
    message_id,
)
from orbion.domain.outgoing import from_payload

TOO_OLD_MS: Final = 15 * 60 * 1000
BATCH_MESSAGES: Final = 50
"""How far back the messages of the turn that is answered are looked for."""

_row = select(
    OUTBOX.c.id,
    OUTBOX.c.account,
    OUTBOX.c.conversation_id,
    OUTBOX.c.turn_id,
    OUTBOX.c.address,
    OUTBOX.c.text,
    OUTBOX.c.exempt,
    OUTBOX.c.state,
    OUTBOX.c.attempts,
    OUTBOX.c.provider_id,
    OUTBOX.c.trace,
    OUTBOX.c.created_at,
    OUTBOX.c.received_at,
    OUTBOX.c.sending_at,
    OUTBOX.c.error,
    OUTBOX.c.kind,
    OUTBOX.c.payload,
    OUTBOX.c.quoted_id,
    OUTBOX.c.position,
).where(OUTBOX.c.id == number("row"))
ROW = Statement(_row)
LOCKED_ROW = Statement(_row.with_for_update())
MARK_SENDING = Statement(
    update(OUTBOX)
    .where(OUTBOX.c.id == number("row"))
    .values(state="sending", sending_at=number("now"), attempts=OUTBOX.c.attempts + 1)
)
SETTLE = Statement(
    update(OUTBOX)
    .where(OUTBOX.c.id == number("row"))
    .values(state=bind("to"), error=bind("why"), settled_at=number("now"))
)
SET_PROVIDER = Statement(
    update(OUTBOX).where(OUTBOX.c.id == number("row")).values(provider_id=bind("provider"))
)
OWNER_OF_ID = Statement(
    select(OUTBOX.c.id).where(
        OUTBOX.c.provider_id == bind("provider"), OUTBOX.c.account == bind("number")
    )
)
PERSON_OF_ID = Statement(
    select(MESSAGE.c.id).where(
        MESSAGE.c.provider_id == bind("provider"), MESSAGE.c.account == bind("number")
    )
)
SIBLINGS = Statement(
    select(OUTBOX.c.id).where(
        OUTBOX.c.turn_id == number("turn"), OUTBOX.c.state.in_(("sent", "sending", "unknown"))
    )
)
SET_MESSAGE = Statement(
    update(MESSAGE)
    .where(
        MESSAGE.c.id
        == select(OUTBOX.c.message_id).where(OUTBOX.c.id == number("row")).scalar_subquery()
    )
    .values(outcome=bind("became"), reason=bind("why"), provider_id=bind("provider"))
    .returning(MESSAGE.c.id)
)
KEEP_RECEIPT = Statement(
    update(OUTBOX)
    .where(
        OUTBOX.c.id == number("row"),
        OUTBOX.c.attempts == number("attempts"),
        OUTBOX.c.provider_id.is_(None),
        OUTBOX.c.state.in_(("pending", "sending", "unknown")),
    )
    .values(provider_id=bind("provider"))
)
REVIVE = Statement(
    update(OUTBOX)
    .where(OUTBOX.c.id == number("row"), OUTBOX.c.state.in_(("dead", "sent")))
    .values(state="pending", error=NULL, settled_at=NULL, provider_id=NULL)
)
LAST_IN = Statement(
    select(MESSAGE.c.id, MESSAGE.c.provider_id)
    .where(MESSAGE.c.conversation_id == number("conversation"), MESSAGE.c.direction == "in")
    .order_by(MESSAGE.c.seq.desc())
    .limit(1)
)
LAST_MESSAGES = Statement(
    select(MESSAGE.c.provider_id, MESSAGE.c.turn_id, MESSAGE.c.direction)
    .where(MESSAGE.c.conversation_id == number("conversation"))
    .order_by(MESSAGE.c.seq.desc())
    .limit(number("limit"))
)
_LIVE: Final = frozenset({OutboxState.PENDING, OutboxState.SENDING, OutboxState.UNKNOWN})


def draft(tx: Tx, held: Claim) -> Draft | None:
    row = _head(tx, held, ROW)
    if row is None or OutboxState(row[7]) not in _LIVE or connections.is_paused(tx, row[1]):
        return None
    state = _soon(tx, row)
    is_first_try = state is OutboxState.PENDING and row[18] == 0 and row[8] == 0
    return Draft(
        row_id=row[0],
        account=row[1],
        address=row[4],
        kind=MessageKind(row[15]),
        text=row[5],
        state=state,
        unread=_read_by_turn(tx, row) if is_first_try else (),
    )


def begin_send(tx: Tx, held: Claim) -> Order:
    """Decide in one write what may happen to the head: send it, look for it, or skip it."""
    row = _head(tx, held)
    if row is None or OutboxState(row[7]) not in _LIVE:
        return _pass_over(tx, held, row)
    if (proved := _proved(tx, held, row)) is not None:
        return proved
    if row[7] != OutboxState.PENDING:
        return _verify(tx, held, row)
    obstacle = _obstacle(tx, held, row)
    if obstacle is not None:
        return obstacle
    lanes.check_held(tx, held)
    tx.run(MARK_SENDING, row=row[0], now=tx.now)
    return SendOrder(attempts=row[8] + 1, quoted_id=_quoted(tx, row), **_facts(row))


def _obstacle(tx: Tx, held: Claim, row: Row) -> Skipped | None:
    """Settle the head otherwise if it must not leave, or not now; None lets it go."""
    who = conversation(tx, row[2])
    if who is not None and (reason := _held_back(who, row[6])):
        return _skip(tx, held, row, OutboxState.SUPPRESSED, reason)
    if connections.is_paused(tx, row[1]):
        lanes.snooze(tx, held, connections.PAUSE_MS)
        return Skipped(state=OutboxState.PENDING, reason="disconnected")
    return _refresh(tx, held, row) if _is_too_old(tx, row) else None


def sent(tx: Tx, held: Claim, row_id: int, receipt: SendReceipt) -> bool:
    """Settle as sent and go on; False, with nothing changed, if the id is another row's."""
    row = _head(tx, held)
    owner = first(tx.one(OWNER_OF_ID, provider=receipt.provider_id, number=row[1] if row else ""))
    if owner not in (None, row_id):
        return False
    tx.run(SET_PROVIDER, row=row_id, provider=receipt.provider_id)
    _settle(tx, row_id, OutboxState.SENT, None)
    provider = receipt.provider_id
    said = tx.one(SET_MESSAGE, row=row_id, became="sent", why=None, provider=provider)
    spoken = tx.one(MARK_OUT, row=row_id, now=tx.now)
    if said is not None and spoken is not None:
        moved = Moved(
            conversation_id=spoken[0], version=spoken[1], sent_id=said[0], provider_id=provider
        )
        tx.moves.append(moved)
    lanes.finish(tx, held, held.ack + 1)
    return True


def keep_receipt(tx: Tx, row_id: int, attempts: int, provider_id: str) -> None:
    """Note an accept though the lane is another's now: whoever has it finds the row proved."""
    account = statuses.account_of(tx, row_id)
    if tx.one(OWNER_OF_ID, provider=provider_id, number=account) is None:
        tx.run(KEEP_RECEIPT, row=row_id, attempts=attempts, provider=provider_id)


def not_sent(tx: Tx, held: Claim, row_id: int, error: str, milliseconds: int) -> None:
    _settle(tx, row_id, OutboxState.PENDING, error)
    lanes.snooze(tx, held, milliseconds)


def unknown(tx: Tx, held: Claim, row_id: int, error: str, milliseconds: int) -> None:
    _settle(tx, row_id, OutboxState.UNKNOWN, error)
    lanes.snooze(tx, held, milliseconds)


def not_found(tx: Tx, held: Claim, row_id: int, error: str, again: int | None) -> Skipped | None:
    """A look found nothing: look `again` in so many ms, or, with None, let it be sent again.

    What must not be sent any more ends now: more looks would only hold up the lane, and an echo
    that comes later is still recognised as ours. None if it goes on.
    """
    row = _head(tx, held)
    if row is None:
        return _pass_over(tx, held, row)
    if (proved := _proved(tx, held, row)) is not None:
        return proved  # an echo came during the look
    who = conversation(tx, row[2])
    if who is not None and (reason := _held_back(who, row[6])):
        return _skip(tx, held, row, OutboxState.SUPPRESSED, reason)
    if again is not None:
        unknown(tx, held, row_id, error, again)
        return None
    _settle(tx, row_id, OutboxState.PENDING, error)
    if _is_too_old(tx, row):
        return _refresh(tx, held, row)
    lanes.snooze(tx, held, 0)
    return None


def refused(tx: Tx, held: Claim, row_id: int, error: str) -> None:
    _settle(tx, row_id, OutboxState.DEAD, error)
    _end_message(tx, row_id, "dead", error)
    lanes.bury(tx, held, error)


def revive(tx: Tx, row_id: int) -> None:
    """Let a row be sent again, as a new message: an operator asked for it."""
    if tx.run(REVIVE, row=row_id):
        _end_message(tx, row_id, "queued", None)


def claimed_ids(tx: Tx, account: str, provider_ids: Sequence[str]) -> frozenset[str]:
    """Those ids that already belong to a sent row or to a person's message."""
    return frozenset(
        each
        for each in provider_ids
        if tx.one(OWNER_OF_ID, provider=each, number=account) is not None
        or tx.one(PERSON_OF_ID, provider=each, number=account) is not None
    )


def bury_head(tx: Tx, held: Claim, error: str) -> None:
    """Give up on a bubble whose handling keeps failing: dead letter, and the lane goes on."""
    row = _head(tx, held)
    if row is None:
        lanes.bury(tx, held, error)
    else:
        refused(tx, held, row[0], error)


def _head(tx: Tx, held: Claim, statement: Statement = LOCKED_ROW) -> Row | None:
    """Read the lane's next row, locked: a takeover must not end it between look and write."""
    task = tx.one(lanes.HEAD, queue=held.queue, key=held.key, seq=held.ack + 1)
    payload = from_json(task[1]) if task is not None else None
    return tx.one(statement, row=(payload or {}).get("outbox", 0))


def _pass_over(tx: Tx, held: Claim, row: Row | None) -> Skipped:
    """The row has already ended, or never was: only the lane goes on."""
    lanes.finish(tx, held, held.ack + 1)
    if row is None:
        return Skipped(state=OutboxState.DEAD, reason="no_row")
    return Skipped(state=OutboxState(row[7]), reason=row[14] or row[7])


def _verify(tx: Tx, held: Claim, row: Row) -> Order:
    """A row found in flight is unknown: its sender died or lost the lane."""
    lanes.check_held(tx, held)
    if row[7] == OutboxState.SENDING:
        _settle(tx, row[0], OutboxState.UNKNOWN, "crashed")
    addresses = contacts.addresses(tx, row[2], row[4])
    return VerifyOrder(attempts=row[8], sending_at=row[13], addresses=addresses, **_facts(row))


def _proved(tx: Tx, held: Claim, row: Row) -> Skipped | None:
    """Settle as sent what an echo or a status has proved."""
    proof = _proof(tx, row)
    if proof is None:
        return None
    sent(tx, held, row[0], SendReceipt(provider_id=proof))
    statuses.catch_up(tx, row[1], proof)
    return Skipped(state=OutboxState.SENT, reason="echo" if row[9] else "status")


def _proof(tx: Tx, row: Row) -> str | None:
    """The gateway id under which the row was accepted, told by an echo or by a status.

    Only a gateway that took the id which the row proposed can send a status of it.
    """
    if row[9] is not None or row[8] == 0:
        return None if row[9] is None else str(row[9])
    proposed = message_id(row[1], row[0], row[11])
    return proposed if statuses.is_known(tx, row[1], proposed) else None


def _facts(row: Row) -> dict[str, Any]:
    return {
        "row_id": row[0],
        "account": row[1],
        "address": row[4],
        "content": from_payload(MessageKind(row[15]), row[5], from_json(row[16])),
        "trace": row[10],
        "queued_at": row[11],
        "received_at": row[12],
    }


def _soon(tx: Tx, row: Row) -> OutboxState:
    """Tell what `begin_send` will make of a waiting row, so that nobody types for nothing."""
    if row[7] != OutboxState.PENDING:
        return OutboxState(row[7])
    if _proof(tx, row) is not None:
        return OutboxState.SENT
    who = conversation(tx, row[2])
    if who is not None and _held_back(who, row[6]):
        return OutboxState.SUPPRESSED
    return OutboxState.SUPERSEDED if _is_too_old(tx, row) else OutboxState.PENDING


def _quoted(tx: Tx, row: Row) -> str | None:
    """Quote as people do: only when the customer wrote something else after what is answered.

    Directly under its question an answer needs no quote, and one in every reply reads like a form.
    """
    if row[17] is None:
        return None
    last = tx.one(LAST_IN, conversation=row[2])
    return row[17] if last is not None and last[1] != row[17] else None


def _read_by_turn(tx: Tx, row: Row) -> tuple[str, ...]:
    """The gateway ids of the batch, found without an index of its own among the last messages."""
    return tuple(
        provider_id
        for provider_id, turn_id, direction in tx.all(
            LAST_MESSAGES, conversation=row[2], limit=BATCH_MESSAGES
        )
        if provider_id is not None and (turn_id, direction) == (row[3], "in")
    )


def _held_back(who: Conversation, exempt: str | None) -> str | None:
    """Why the bot must be quiet now; a turn's own last word is exempt from what it caused.

    What the owner is told is no conversation, so nothing silences it.
    """
    if exempt == "owner":
        return None
    if who.mode_reason is ModeReason.TAKEOVER or who.mode_reason is ModeReason.OPERATOR:
        return "human_mode" if who.mode is not Mode.BOT else None
    if who.opted_out:
        return None if exempt == "opt_out" else "opt_out"
    if who.mode is not Mode.BOT:
        return None if exempt == "handoff" and who.mode is Mode.HUMAN else "human_mode"
    return None


def _is_too_old(tx: Tx, row: Row) -> bool:
    return (
        tx.now - row[11] > TOO_OLD_MS and row[6] is None and tx.one(SIBLINGS, turn=row[3]) is None
    )


def _refresh(tx: Tx, held: Claim, row: Row) -> Skipped:
    """Replace an answer that waited too long, and all that wait behind it, by one fresh turn."""
    supersede(tx, row[2], row[3])
    for (turn_id,) in tx.all(REPLACEABLE, conversation=row[2], since=0):
        supersede(tx, row[2], turn_id)
    lanes.finish(tx, held, held.ack + 1)
    last = {"message": first(tx.one(LAST_IN, conversation=row[2]))}
    lanes.enqueue(tx, Queue.IN, str(row[2]), kind=lanes.REFRESH, payload=last, trace=row[10])
    return Skipped(state=OutboxState.SUPERSEDED, reason="too_old")


def _skip(tx: Tx, held: Claim, row: Row, state: OutboxState, reason: str) -> Skipped:
    _settle(tx, row[0], state, reason)
    _end_message(tx, row[0], "suppressed", reason)
    lanes.finish(tx, held, held.ack + 1)
    return Skipped(state=state, reason=reason)


def _end_message(tx: Tx, row_id: int, became: str, why: str | None) -> None:
    tx.one(SET_MESSAGE, row=row_id, became=became, why=why, provider=None)
    tx.run(VERSION_OF_ROW, row=row_id)


def _settle(tx: Tx, row_id: int, state: OutboxState, error: str | None) -> None:
    tx.run(SETTLE, row=row_id, to=state, why=error, now=tx.now)
