"""Bodies of notices: a task for each who is told, written with what they tell of."""

from typing import Final

from orbion.adapters.db import lanes
from orbion.adapters.db.tx import Tx
from orbion.domain.lanes import Queue
from orbion.domain.notices import Notice

WEBHOOK: Final = "webhook"
_OWNER: Final = "owner:"


def announce(tx: Tx, notice: Notice, trace: str) -> None:
    """Have it posted, and written to the account's owner if it concerns one."""
    _enqueue(tx, WEBHOOK, notice, trace)
    if notice.is_for_owner and notice.account is not None:
        _enqueue(tx, f"{_OWNER}{notice.account}", notice, trace)


def _enqueue(tx: Tx, key: str, notice: Notice, trace: str) -> None:
    lanes.enqueue(tx, Queue.NOTICE, key, kind=notice.kind, payload=notice.to_payload(), trace=trace)
