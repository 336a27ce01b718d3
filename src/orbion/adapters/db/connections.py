"""Bodies about an account's link to WhatsApp: its state, its paused outbox, its receipts."""

from typing import Final

from sqlalchemy import BigInteger, cast, func, select, update

from orbion.adapters.db import accounts
from orbion.adapters.db.lanes import PRIORITIES
from orbion.adapters.db.schema import ACCOUNT, CONVERSATION, LANE, MESSAGE, OUTBOX
from orbion.adapters.db.sql import bind, first, number
from orbion.adapters.db.tx import Statement, Tx
from orbion.domain.accounts import Receipts
from orbion.domain.conversations import Account
from orbion.domain.events import ConnectionState, DeliveryStatus

PAUSE_MS: Final = 60_000
"""How long a send waits before it looks again by itself; a new connection ends the wait."""

_PAUSED: Final = frozenset(
    {ConnectionState.CLOSE, ConnectionState.CONNECTING, ConnectionState.REFUSED}
)
_RESUMED_AT_ONCE: Final = 1_000
_YOUNG_MS: Final = 60_000
_WINDOW_MS: Final = 3_600_000
_SAMPLE: Final = 1_000
_RECENT_MESSAGES: Final = 2_000

STATE = Statement(select(ACCOUNT.c.state).where(ACCOUNT.c.id == bind("number")))
STATE_AT = Statement(
    select(ACCOUNT.c.state_at).where(
        ACCOUNT.c.id == bind("number"), ACCOUNT.c.state_reason.is_not(None)
    )
)
_idle = (LANE.c.queue == "out", LANE.c.owner.is_(None), LANE.c.due_at > number("now"))
_of_account = (
    select(LANE.c.key)
    .join(CONVERSATION, CONVERSATION.c.id == cast(LANE.c.key, BigInteger))
    .where(*_idle, LANE.c.priority == number("priority"), CONVERSATION.c.account == bind("number"))
    .limit(number("limit"))
)
RESUME = Statement(
    update(LANE).where(*_idle, LANE.c.key.in_(_of_account)).values(due_at=number("now"))
)
RECEIPTS = Statement(
    select(OUTBOX.c.delivery)
    .where(
        OUTBOX.c.account == bind("number"),
        OUTBOX.c.state == "sent",
        OUTBOX.c.settled_at > number("since"),
        OUTBOX.c.settled_at <= number("until"),
    )
    .order_by(OUTBOX.c.settled_at.desc())
    .limit(number("limit"))
)
_latest_messages = (
    select(MESSAGE.c.account, MESSAGE.c.direction, MESSAGE.c.created_at)
    .order_by(MESSAGE.c.id.desc())
    .limit(number("limit"))
    .subquery()
)
LAST_MESSAGE = Statement(
    select(func.max(_latest_messages.c.created_at)).where(
        _latest_messages.c.account == bind("number"), _latest_messages.c.direction == "in"
    )
)


def is_paused(tx: Tx, account: str) -> bool:
    """Say whether the number is known to be disconnected; unknown is worth a try."""
    return first(tx.one(STATE, number=account)) in _PAUSED


def note(tx: Tx, account: Account, state: ConnectionState) -> bool:
    if first(tx.one(accounts.STATE, number=account.id)) == state:
        return False
    tx.run(accounts.SET_STATE, number=account.id, is_now=state, why=None, now=tx.now)
    if state is ConnectionState.OPEN:
        accounts.opened(tx, account)
    return True


def resume(tx: Tx, account: str) -> bool:
    resumed = [
        tx.run(RESUME, number=account, priority=priority, now=tx.now, limit=_RESUMED_AT_ONCE)
        for priority in PRIORITIES
    ]
    return _RESUMED_AT_ONCE in resumed


def receipts(tx: Tx, account: str) -> Receipts:
    ranks = tx.all(
        RECEIPTS,
        number=account,
        since=tx.now - _WINDOW_MS,
        until=tx.now - _YOUNG_MS,
        limit=_SAMPLE,
    )
    stuck = sum(rank < DeliveryStatus.SENT for (rank,) in ranks)
    return Receipts(sends=len(ranks), stuck=stuck)


def last_heard(tx: Tx, account: str) -> int | None:
    """The newest of what webhooks wrote: a customer's message, or a change of the connection."""
    found = (
        first(tx.one(LAST_MESSAGE, number=account, limit=_RECENT_MESSAGES)),
        first(tx.one(STATE_AT, number=account)),
    )
    return max((at for at in found if at is not None), default=None)
