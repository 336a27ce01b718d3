"""Body that counts what each business has: leads, open conversations, the money for models."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import BigInteger, and_, case, cast, func, select

from orbion.adapters.db.schema import BUDGET, BUSINESS, CONVERSATION
from orbion.adapters.db.schema_leads import LEAD
from orbion.adapters.db.sql import bind, number, or_zero
from orbion.adapters.db.tx import Statement, Tx
from orbion.domain.leads import Trade

DAY_MS: Final = 24 * 60 * 60 * 1000
MONTH_MS: Final = 30 * DAY_MS

LEADS = Statement(
    select(
        LEAD.c.business,
        LEAD.c.stage,
        func.count(),
        cast(func.sum(case((LEAD.c.created_at >= number("since"), 1), else_=0)), BigInteger),
    ).group_by(LEAD.c.business, LEAD.c.stage)
)
CONVERSATIONS = Statement(
    select(CONVERSATION.c.business, CONVERSATION.c.mode, func.count())
    .where(CONVERSATION.c.last_in_at >= number("since"))
    .group_by(CONVERSATION.c.business, CONVERSATION.c.mode)
)
COSTS = Statement(
    select(BUSINESS.c.id, cast(or_zero(func.sum(BUDGET.c.held)), BigInteger))
    .outerjoin(
        BUDGET,
        and_(
            BUDGET.c.business == BUSINESS.c.id,
            BUDGET.c.scope == "day",
            BUDGET.c.key > bind("before"),
        ),
    )
    .group_by(BUSINESS.c.id)
)


def trade(tx: Tx) -> Sequence[Trade]:
    """One of each business, those without any lead too."""
    since = tx.now - MONTH_MS
    leads: dict[str, dict[str, int]] = defaultdict(dict)
    conversations: dict[str, dict[str, int]] = defaultdict(dict)
    new: dict[str, int] = defaultdict(int)
    for business, stage, count, fresh in tx.all(LEADS, since=since):
        leads[business][stage] = count
        new[business] += fresh
    for business, mode, count in tx.all(CONVERSATIONS, since=tx.now - DAY_MS):
        conversations[business][mode] = count
    before = datetime.fromtimestamp(since / 1000, UTC).date().isoformat()
    return [
        Trade(
            business=business,
            leads=leads[business],
            conversations=conversations[business],
            new=new[business],
            cost=cost,
        )
        for business, cost in tx.all(COSTS, before=before)
    ]
