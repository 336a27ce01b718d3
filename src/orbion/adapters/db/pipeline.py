"""Bodies that show operators a lead with its history, and move it when a check lets them."""

from collections.abc import Callable
from typing import Final

from sqlalchemy import select

from orbion.adapters.db import desk, leads
from orbion.adapters.db.effects import ADD_STAGE_CHANGE, SET_LEAD
from orbion.adapters.db.schema_leads import LEAD, STAGE_CHANGE
from orbion.adapters.db.sql import number
from orbion.adapters.db.tx import Statement, Tx
from orbion.domain.leads import Lead, LeadFile, StageChange

_NO_TRACE: Final = "0" * 32
_lead = select(LEAD.c.contact_id, LEAD.c.business).where(LEAD.c.id == number("lead"))
LEAD_BY_ID = Statement(_lead)
HOLD_LEAD = Statement(_lead.with_for_update())
CHANGES = Statement(
    select(
        STAGE_CHANGE.c.from_stage,
        STAGE_CHANGE.c.to_stage,
        STAGE_CHANGE.c.actor,
        STAGE_CHANGE.c.reason,
        STAGE_CHANGE.c.turn_id,
        STAGE_CHANGE.c.at,
    )
    .where(STAGE_CHANGE.c.lead_id == number("lead"))
    .order_by(STAGE_CHANGE.c.id)
)


def lead_file(tx: Tx, lead_id: int) -> LeadFile | None:
    row = tx.one(LEAD_BY_ID, lead=lead_id)
    if row is None:
        return None
    changes = (
        StageChange(before=before, after=after, actor=actor, reason=reason, turn_id=turn, at=at)
        for before, after, actor, reason, turn, at in tx.all(CHANGES, lead=lead_id)
    )
    return LeadFile(lead=leads.lead_of(tx, row[0]), business=row[1], changes=tuple(changes))


def move(
    tx: Tx, lead_id: int, to: str, reason: str | None, actor: str, *, check: Callable[[Lead], None]
) -> None:
    """Move the lead and write down who did; whatever `check` raises leaves it where it is."""
    tx.one(HOLD_LEAD, lead=lead_id)
    found = lead_file(tx, lead_id)
    if found is None:
        raise LookupError(f"lead {lead_id} vanished")
    check(found.lead)
    if found.lead.stage == to:
        return
    tx.run(SET_LEAD, lead=lead_id, to=to, points=found.lead.score, now=tx.now)
    tx.run(
        ADD_STAGE_CHANGE,
        lead_id=lead_id,
        from_stage=found.lead.stage,
        to_stage=to,
        actor=actor,
        turn_id=None,
        reason=reason,
        at=tx.now,
    )
    desk.audit(tx, actor, "lead.move", f"{lead_id} {to}")
    leads.mirror(tx, lead_id, _NO_TRACE)
