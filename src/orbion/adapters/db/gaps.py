"""Bodies that know since when messages may be missing, and up to when none is missing any more."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import select, update

from orbion.adapters.db import connections
from orbion.adapters.db.schema import ACCOUNT, QUARANTINE
from orbion.adapters.db.sql import NULL, bind, larger, number, or_zero
from orbion.adapters.db.tx import Statement, Tx
from orbion.domain.accounts import Gap

HEALED: Final = "healed"
_BEFORE_ITS_MESSAGE_MS: Final = 5_000
_LATE_WEBHOOK_MS: Final = 2 * 60 * 1000

GAP = Statement(
    select(ACCOUNT.c.opened_at, ACCOUNT.c.healed_at).where(ACCOUNT.c.id == bind("number"))
)
MOVE = Statement(
    update(ACCOUNT)
    .where(ACCOUNT.c.id == bind("number"))
    .values(healed_at=larger(or_zero(ACCOUNT.c.healed_at), number("until")))
)
TOO_LARGE = Statement(
    select(QUARANTINE.c.id)
    .where(
        QUARANTINE.c.account == bind("number"),
        QUARANTINE.c.reason == "too_large",
        QUARANTINE.c.ended.is_(NULL),
        QUARANTINE.c.at >= number("since"),
        QUARANTINE.c.at <= number("until"),
    )
    .order_by(QUARANTINE.c.at)
    .limit(1)
)
END = Statement(
    update(QUARANTINE)
    .where(QUARANTINE.c.id == number("row"))
    .values(ended=HEALED, ended_at=number("now"))
)


def gap(tx: Tx, account: str) -> Gap | None:
    """None while the number is known to be disconnected.

    What WhatsApp holds back until then comes later, with its old time.
    """
    row = tx.one(GAP, number=account)
    if row is None or connections.is_paused(tx, account):
        return None
    return Gap(opened_at=row[0], healed_at=row[1])


def healed(tx: Tx, account: str, until: int, found: Sequence[int]) -> None:
    """Note that nothing said before `until` is missing, and close what was too large to be read.

    Each message `found` (when it was said) accounts for one body that came shortly after it.
    """
    tx.run(MOVE, number=account, until=until)
    for at in found:
        row = tx.one(
            TOO_LARGE,
            number=account,
            since=at - _BEFORE_ITS_MESSAGE_MS,
            until=at + _LATE_WEBHOOK_MS,
        )
        if row is not None:
            tx.run(END, row=row[0], now=tx.now)
