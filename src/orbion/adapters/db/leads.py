"""Bodies that read leads and their facts, for turns, the sheet and operators."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import select

from orbion.adapters.db.schema import CONTACT, FACT, LEAD
from orbion.adapters.db.sql import number
from orbion.adapters.db.tx import Row, Statement, Tx
from orbion.domain.leads import Lead, LeadRow

LEAD_OF = Statement(
    select(LEAD.c.id, LEAD.c.stage, LEAD.c.score).where(LEAD.c.contact_id == number("contact"))
)
FACTS = Statement(
    select(FACT.c.slot, FACT.c.value)
    .where(FACT.c.lead_id == number("lead"), FACT.c.current.is_(True))
    .order_by(FACT.c.slot)
)
_ROW = select(
    LEAD.c.id,
    LEAD.c.business,
    CONTACT.c.name,
    CONTACT.c.phone,
    LEAD.c.stage,
    LEAD.c.score,
    LEAD.c.updated_at,
).join(CONTACT, CONTACT.c.id == LEAD.c.contact_id)
ROW = Statement(_ROW.where(LEAD.c.id == number("lead")))
LATEST = Statement(_ROW.order_by(LEAD.c.id.desc()).limit(number("limit")))


def lead_of(tx: Tx, contact_id: int) -> Lead:
    row = tx.one(LEAD_OF, contact=contact_id)
    if row is None:
        raise LookupError(f"contact {contact_id} has no lead")
    facts = dict(tx.all(FACTS, lead=row[0]))
    return Lead(id=row[0], contact_id=contact_id, stage=row[1], score=row[2], facts=facts)


def lead_row(tx: Tx, lead_id: int) -> LeadRow | None:
    row = tx.one(ROW, lead=lead_id)
    return None if row is None else _to_row(tx, row)


def latest(tx: Tx, limit: int) -> Sequence[LeadRow]:
    return [_to_row(tx, row) for row in tx.all(LATEST, limit=limit)]


def _to_row(tx: Tx, row: Row) -> LeadRow:
    lead_id, business, name, phone, stage, score, updated_at = row
    updated = datetime.fromtimestamp(updated_at / 1000, tz=UTC).isoformat(timespec="seconds")
    fixed = {
        "nome": name or "",
        "telefone": phone or "",
        "etapa": stage,
        "pontos": str(score),
        "atualizado": updated,
    }
    facts = {slot: value for slot, value in tx.all(FACTS, lead=lead_id) if slot not in fixed}
    named = dict(tx.all(FACTS, lead=lead_id)).get("nome")
    if named:
        fixed["nome"] = named
    return LeadRow(lead_id=lead_id, business=business, columns=fixed | facts)
