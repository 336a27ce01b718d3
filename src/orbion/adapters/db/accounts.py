"""Bodies that follow an account's connection: since when it is how, and since when it is ours."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import case, select, update

from orbion.adapters.db.schema import ACCOUNT
from orbion.adapters.db.sql import bind, first, number
from orbion.adapters.db.tx import Statement, Tx
from orbion.domain.conversations import Account
from orbion.domain.events import ConnectionChanged
from orbion.domain.listing import AccountLine

MARGIN_MS: Final = 2 * 60 * 1000
"""Clocks differ, and the first message on a new connection may have been on its way."""

STATE = Statement(
    select(ACCOUNT.c.state, ACCOUNT.c.state_reason)
    .where(ACCOUNT.c.id == bind("number"))
    .with_for_update()
)
SET_STATE = Statement(
    update(ACCOUNT)
    .where(ACCOUNT.c.id == bind("number"))
    .values(
        state=bind("is_now"),
        state_reason=bind("why"),
        state_at=case((ACCOUNT.c.state == bind("is_now"), ACCOUNT.c.state_at), else_=number("now")),
    )
)
OPENED_AT = Statement(select(ACCOUNT.c.opened_at).where(ACCOUNT.c.id == bind("number")))
OPEN = Statement(
    update(ACCOUNT)
    .where(ACCOUNT.c.id == bind("number"), ACCOUNT.c.opened_at.is_(None))
    .values(opened_at=number("now"))
)
LINES = Statement(
    select(
        ACCOUNT.c.id,
        ACCOUNT.c.business,
        ACCOUNT.c.channel,
        ACCOUNT.c.state,
        ACCOUNT.c.state_reason,
        ACCOUNT.c.state_at,
        ACCOUNT.c.opened_at,
    ).order_by(ACCOUNT.c.id)
)


def connection(tx: Tx, account: Account, event: ConnectionChanged) -> str:
    """Write a change of state or reason; a storm that repeats itself writes nothing."""
    state, reason = tx.one(STATE, number=account.id) or ("", None)
    why = event.reason_after(state, reason)
    if (event.state, why) == (state, reason):
        return "ignored:unchanged"
    tx.run(SET_STATE, number=account.id, is_now=event.state, why=why, now=tx.now)
    return "connection"


def opened(tx: Tx, account: Account) -> None:
    """Note the first contact with this number as open, once."""
    tx.run(OPEN, number=account.id, now=tx.now)


def is_before_connection(tx: Tx, account: Account, occurred_at: int) -> bool:
    """Say whether something was said before the number was first seen open."""
    if occurred_at >= tx.now - MARGIN_MS:
        return False
    since = first(tx.one(OPENED_AT, number=account.id))
    return since is not None and occurred_at < since - MARGIN_MS


def lines(tx: Tx) -> Sequence[AccountLine]:
    return [
        AccountLine(
            id=id_,
            business=business,
            channel=channel,
            state=state,
            reason=reason,
            state_at=state_at,
            opened_at=opened_at,
        )
        for id_, business, channel, state, reason, state_at, opened_at in tx.all(LINES)
    ]
