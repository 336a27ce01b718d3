"""Bodies that follow what became of a sent message, also before its gateway id is known here."""

from typing import Final

from sqlalchemy import select, update

from orbion.adapters.db.schema import DEDUP, OUTBOX
from orbion.adapters.db.sql import bind, first, insert_into, number
from orbion.adapters.db.tx import Statement, Tx
from orbion.domain.events import DeliveryStatus, StatusChanged
from orbion.kit.ids import digest

RAISE = Statement(
    update(OUTBOX)
    .where(
        OUTBOX.c.provider_id == bind("provider"),
        OUTBOX.c.account == bind("number"),
        OUTBOX.c.delivery < number("rank"),
    )
    .values(delivery=number("rank"))
)
OWNER = Statement(
    select(OUTBOX.c.id).where(
        OUTBOX.c.provider_id == bind("provider"), OUTBOX.c.account == bind("number")
    )
)
ACCOUNT_OF = Statement(select(OUTBOX.c.account).where(OUTBOX.c.id == number("row")))
NOTE = Statement(insert_into(DEDUP, "id", "at").on_conflict_do_nothing())
NOTED = Statement(select(DEDUP.c.at).where(DEDUP.c.id == bind("id")))
_HIGHEST_FIRST: Final = sorted(DeliveryStatus, reverse=True)


def change(tx: Tx, account: str, event: StatusChanged) -> None:
    """Raise the rank of our message; one that nobody knows yet is noted until its row does."""
    provider, rank = event.provider_id, event.status
    if tx.run(RAISE, provider=provider, number=account, rank=int(rank)):
        return
    if tx.one(OWNER, provider=provider, number=account) is None:
        tx.run(NOTE, id=_key(account, provider, rank), at=tx.now)


def catch_up(tx: Tx, account: str, provider: str) -> None:
    """Give a row that has just got its gateway id the highest status that came before."""
    for rank in _HIGHEST_FIRST:
        if tx.one(NOTED, id=_key(account, provider, rank)) is not None:
            tx.run(RAISE, provider=provider, number=account, rank=int(rank))
            return


def is_known(tx: Tx, account: str, provider: str) -> bool:
    """Say whether a status came for an id that no row has yet: the gateway took that message."""
    ids = (_key(account, provider, rank) for rank in _HIGHEST_FIRST)
    return any(tx.one(NOTED, id=each) is not None for each in ids)


def account_of(tx: Tx, row_id: int) -> str:
    return str(first(tx.one(ACCOUNT_OF, row=row_id)))


def _key(account: str, provider: str, rank: DeliveryStatus) -> bytes:
    return digest(account, "status", provider, rank.name)
