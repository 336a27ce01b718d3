"""Bodies that tell our own echo from a person's words, and hold the outbox for the person."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Self

from sqlalchemy import and_, func, or_, select, update

from orbion.adapters.db.contacts import Place
from orbion.adapters.db.conversations import NEW_VERSION, VERSION_OF_ROW, threads
from orbion.adapters.db.schema import CONVERSATION, MESSAGE, OUTBOX
from orbion.adapters.db.sql import NULL, bind, from_json, larger, number
from orbion.adapters.db.tx import Row, Statement, Tx
from orbion.domain.conversations import Account, Mode, ModeReason
from orbion.domain.events import MessageEchoed
from orbion.domain.messages import MessageKind
from orbion.domain.outbox import message_id
from orbion.domain.outgoing import from_payload, is_same

WINDOW_MS: Final = 15 * 60 * 1000
"""How long after its last attempt an accept is still taken for that of a row which has ended."""

SKEW_MS: Final = 2 * 60 * 1000
_IN_FLIGHT: Final = frozenset({"pending", "sending", "unknown"})

OWN_ID = Statement(
    select(OUTBOX.c.id).where(
        OUTBOX.c.provider_id == bind("provider"), OUTBOX.c.account == bind("number")
    )
)
TRIED = Statement(
    select(
        OUTBOX.c.id,
        OUTBOX.c.kind,
        OUTBOX.c.text,
        OUTBOX.c.payload,
        OUTBOX.c.created_at,
        OUTBOX.c.state,
        OUTBOX.c.provider_id,
        OUTBOX.c.sending_at,
    )
    .where(
        OUTBOX.c.conversation_id == number("conversation"),
        or_(
            and_(OUTBOX.c.attempts > 0, OUTBOX.c.provider_id.is_(None)),
            and_(OUTBOX.c.attempts > 1, OUTBOX.c.sending_at >= number("since")),
        ),
    )
    .with_for_update()
)
OWN = Statement(
    update(OUTBOX).where(OUTBOX.c.id == number("row")).values(provider_id=bind("provider"))
)
SENT_AFTER_ALL = Statement(
    update(OUTBOX)
    .where(OUTBOX.c.id == number("row"))
    .values(provider_id=bind("provider"), state="sent", error=NULL)
)
BUBBLE_SENT = Statement(
    update(MESSAGE)
    .where(
        MESSAGE.c.id
        == select(OUTBOX.c.message_id).where(OUTBOX.c.id == number("row")).scalar_subquery()
    )
    .values(outcome="sent", reason=NULL, provider_id=bind("provider"))
)
SPOKE = Statement(
    update(CONVERSATION)
    .where(CONVERSATION.c.id == number("conversation"))
    .values(
        person_at=larger(func.coalesce(CONVERSATION.c.person_at, 0), number("at")),
        version=CONVERSATION.c.version + 1,
    )
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
    .values(mode=Mode.HUMAN, mode_reason=ModeReason.TAKEOVER, mode_at=number("at"))
)
SUPPRESS_ROWS = Statement(
    update(OUTBOX)
    .where(
        OUTBOX.c.conversation_id == number("conversation"),
        OUTBOX.c.state == "pending",
        or_(OUTBOX.c.exempt.is_(None), OUTBOX.c.exempt != "owner"),
    )
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tried:
    """A row that may have been accepted without our knowing the gateway's id of it."""

    id: int
    kind: str
    text: str
    payload: dict[str, Any] | None
    created_at: int
    state: str
    provider_id: str | None
    sending_at: int

    @classmethod
    def of(cls, row: Row) -> Self:
        id_, kind, text, payload, created_at, state, provider, sending_at = row
        return cls(
            id=id_,
            kind=kind,
            text=text,
            payload=from_json(payload),
            created_at=created_at,
            state=state,
            provider_id=provider,
            sending_at=sending_at,
        )

    def says(self, event: MessageEchoed) -> bool:
        return is_same(from_payload(MessageKind(self.kind), self.text, self.payload), event)


def belongs_to_us(tx: Tx, account: Account, place: Place, event: MessageEchoed) -> bool:
    """Match by gateway id, then by recipient and content of a row that was tried.

    The matched row takes the gateway id, so one echo proves one row only; a row that ended without
    an answer was sent after all. One sent twice may have two echoes. What was tried is locked
    before the id is looked up: the accept of this very message may be about to be committed.
    """
    said_at = _said_at(tx.now, event)
    since = said_at - WINDOW_MS
    found = [
        row
        for thread in threads(tx, place.conversation_id)
        for row in tx.all(TRIED, conversation=thread, since=since)
    ]
    if tx.one(OWN_ID, provider=event.provider_id, number=account.id) is not None:
        return True
    tried = [row for row in map(_Tried.of, found) if row.created_at <= said_at + SKEW_MS]
    unclaimed = [row for row in tried if row.provider_id is None]
    flying = [row for row in unclaimed if row.state in _IN_FLIGHT]
    if (row := _matching(account, event, flying)) is not None:
        tx.run(OWN, row=row.id, provider=event.provider_id)
        return True
    recent = [row for row in tried if row.sending_at >= since]
    ended = [row for row in recent if row in unclaimed]
    if (row := _matching(account, event, ended)) is not None:
        tx.run(SENT_AFTER_ALL, row=row.id, provider=event.provider_id)
        tx.run(BUBBLE_SENT, row=row.id, provider=event.provider_id)
        tx.run(VERSION_OF_ROW, row=row.id)
        return True
    return _matching(account, event, recent) is not None


def _said_at(now: int, event: MessageEchoed) -> int:
    """Trust the gateway's clock only about the past: for what is new ours is the better one."""
    return now if event.occurred_at > now - WINDOW_MS else event.occurred_at


def _matching(account: Account, event: MessageEchoed, rows: Iterable[_Tried]) -> _Tried | None:
    """Prefer the row that proposed this very id over those that only say the same."""
    said = list(rows)
    seen = event.provider_id
    proposed = (row for row in said if message_id(account.id, row.id, row.created_at) == seen)
    alike = (row for row in said if row.says(event))
    return next(proposed, None) or next(alike, None)


def spoke(tx: Tx, conversation_id: int, at: int) -> None:
    """Note when a person of the business last wrote here."""
    tx.run(SPOKE, conversation=conversation_id, at=at)


def hold_for_person(tx: Tx, conversation_id: int, at: int) -> None:
    """Stop the outbox of this conversation and of its older threads: a person wrote `at` (P9)."""
    for thread in threads(tx, conversation_id):
        tx.run(HOLD, conversation=thread, at=min(at, tx.now))
        tx.run(SUPPRESS_ROWS, conversation=thread, now=tx.now)
        tx.run(SUPPRESS_BUBBLES, conversation=thread)
        tx.run(NEW_VERSION, conversation=thread)
