"""Bodies that show operators a lead with its history, and move it when a check lets them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import case, func, select, update

from orbion.adapters.db import desk, leads
from orbion.adapters.db.effects import ADD_STAGE_CHANGE, SET_LEAD
from orbion.adapters.db.schema_leads import LEAD, STAGE_CHANGE
from orbion.adapters.db.sql import number, or_zero
from orbion.adapters.db.tx import Database, Statement, Tx
from orbion.domain.forecast import StageRecord, StageSum
from orbion.domain.leads import Lead, LeadFile, StageChange, StageMove
from orbion.domain.pipeline import LOST, WON

_NO_TRACE: Final = "0" * 32
_lead = select(LEAD.c.contact_id, LEAD.c.business, LEAD.c.value).where(LEAD.c.id == number("lead"))
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
SET_VALUE = Statement(
    update(LEAD)
    .where(LEAD.c.id == number("lead"))
    .values(value=number("centavos"), updated_at=number("now"))
    .returning(LEAD.c.id)
)
SUMS = Statement(
    select(
        LEAD.c.business,
        LEAD.c.stage,
        func.count(),
        func.count(LEAD.c.value),
        or_zero(func.sum(LEAD.c.value)),
    ).group_by(LEAD.c.business, LEAD.c.stage)
)
_left = select(STAGE_CHANGE.c.lead_id, STAGE_CHANGE.c.from_stage).distinct().subquery()
RECORDS = Statement(
    select(
        LEAD.c.business,
        _left.c.from_stage,
        func.count(),
        func.sum(case((LEAD.c.stage == WON, 1), else_=0)),
    )
    .join(_left, _left.c.lead_id == LEAD.c.id)
    .where(LEAD.c.stage.in_([WON, LOST]), _left.c.from_stage.not_in([WON, LOST]))
    .group_by(LEAD.c.business, _left.c.from_stage)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DbPipeline:
    """Satisfies `ports.Pipeline`."""

    db: Database

    async def lead_file(self, lead_id: int) -> LeadFile | None:
        return await self.db.read(lambda tx: lead_file(tx, lead_id))

    async def move_lead(
        self, lead_id: int, move: StageMove, *, check: Callable[[Lead], None]
    ) -> None:
        await self.db.write(lambda tx: move_lead(tx, lead_id, move, check=check))

    async def value_lead(self, lead_id: int, centavos: int | None, actor: str) -> bool:
        return await self.db.write(lambda tx: value_lead(tx, lead_id, centavos, actor))

    async def stage_sums(self) -> tuple[Sequence[StageSum], Sequence[StageRecord]]:
        return await self.db.read(sums)


def lead_file(tx: Tx, lead_id: int) -> LeadFile | None:
    row = tx.one(LEAD_BY_ID, lead=lead_id)
    if row is None:
        return None
    changes = (
        StageChange(before=before, after=after, actor=actor, reason=reason, turn_id=turn, at=at)
        for before, after, actor, reason, turn, at in tx.all(CHANGES, lead=lead_id)
    )
    return LeadFile(
        lead=leads.lead_of(tx, row[0]), business=row[1], value=row[2], changes=tuple(changes)
    )


def move_lead(tx: Tx, lead_id: int, move: StageMove, *, check: Callable[[Lead], None]) -> None:
    """Move the lead and write down who did; whatever `check` raises leaves it where it is."""
    tx.one(HOLD_LEAD, lead=lead_id)
    found = lead_file(tx, lead_id)
    if found is None:
        raise LookupError(f"lead {lead_id} vanished")
    check(found.lead)
    if found.lead.stage == move.to:
        return
    tx.run(SET_LEAD, lead=lead_id, to=move.to, points=found.lead.score, now=tx.now)
    tx.run(
        ADD_STAGE_CHANGE,
        lead_id=lead_id,
        from_stage=found.lead.stage,
        to_stage=move.to,
        actor=move.actor,
        turn_id=None,
        reason=move.reason,
        at=tx.now,
    )
    desk.audit(tx, move.actor, "lead.move", f"{lead_id} {move.to}")
    leads.mirror(tx, lead_id, _NO_TRACE)


def value_lead(tx: Tx, lead_id: int, centavos: int | None, actor: str) -> bool:
    if tx.one(SET_VALUE, lead=lead_id, centavos=centavos, now=tx.now) is None:
        return False
    desk.audit(tx, actor, "lead.value", f"{lead_id} {'-' if centavos is None else centavos}")
    leads.mirror(tx, lead_id, _NO_TRACE)
    return True


def sums(tx: Tx) -> tuple[Sequence[StageSum], Sequence[StageRecord]]:
    """Read all leads; for people who ask, not for a clock."""
    return (
        [
            StageSum(business=business, stage=stage, leads=count, valued=valued, value=int(worth))
            for business, stage, count, valued, worth in tx.all(SUMS)
        ],
        [
            StageRecord(business=business, stage=stage, ended=ended, won=int(won))
            for business, stage, ended, won in tx.all(RECORDS)
        ],
    )
