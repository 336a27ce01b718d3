"""Bodies that read leads and their facts, say what brought them, and have them mirrored."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import select, update

from orbion.adapters.db import lanes
from orbion.adapters.db.schema import CONTACT, LANE
from orbion.adapters.db.schema_leads import FACT, LEAD, QUESTION
from orbion.adapters.db.sql import bind, first, from_json, number, to_json
from orbion.adapters.db.tx import Row, Statement, Tx
from orbion.domain.identity import dialled_phone
from orbion.domain.lanes import Claim, Queue
from orbion.domain.leads import Lead, LeadRow, Referral
from orbion.domain.money import write_amount

_NO_TRACE: Final = "0" * 32
MIRROR_WAIT: Final = lanes.Debounce(quiet=1_000, max_wait=5_000)

LEAD_OF = Statement(
    select(LEAD.c.id, LEAD.c.stage, LEAD.c.score, LEAD.c.version).where(
        LEAD.c.contact_id == number("contact")
    )
)
FACTS = Statement(
    select(FACT.c.slot, FACT.c.value)
    .where(FACT.c.lead_id == number("lead"), FACT.c.current.is_(True))
    .order_by(FACT.c.slot)
)
ASKED = Statement(
    select(QUESTION.c.slot, QUESTION.c.times).where(QUESTION.c.lead_id == number("lead"))
)
_ROW = select(
    LEAD.c.id,
    LEAD.c.business,
    CONTACT.c.name,
    CONTACT.c.phone,
    LEAD.c.stage,
    LEAD.c.score,
    LEAD.c.updated_at,
    LEAD.c.source,
    LEAD.c.attribution,
    LEAD.c.value,
).join(CONTACT, CONTACT.c.id == LEAD.c.contact_id)
ROW = Statement(_ROW.where(LEAD.c.id == number("lead")))
LATEST = Statement(_ROW.order_by(LEAD.c.id.desc()).limit(number("limit")))
PAGE_OF = Statement(
    _ROW.where(LEAD.c.business == bind("business"), LEAD.c.id > number("after"))
    .order_by(LEAD.c.id)
    .limit(number("limit"))
)
MIRRORED = Statement(
    select(LANE.c.ack).where(
        LANE.c.queue == Queue.SHEET, LANE.c.key == bind("lane"), LANE.c.ack > 0
    )
)
ATTRIBUTE = Statement(
    update(LEAD)
    .where(LEAD.c.contact_id == number("contact"), LEAD.c.source.is_(None))
    .values(source=bind("came_by"), attribution=bind("told"))
    .returning(LEAD.c.id)
)
_AD_COLUMNS: Mapping[str, str] = {
    "title": "anuncio",
    "sourceId": "anuncio_id",
    "ctwaClid": "ctwa_clid",
}


def lead_of(tx: Tx, contact_id: int) -> Lead:
    head = lead_head(tx, contact_id)
    return replace(
        head,
        facts=dict(sorted(tx.all(FACTS, lead=head.id))),
        asked=dict(tx.all(ASKED, lead=head.id)),
    )


def lead_head(tx: Tx, contact_id: int) -> Lead:
    """Read the lead's own row: whose facts and questions are known at its version needs no more."""
    row = tx.one(LEAD_OF, contact=contact_id)
    if row is None:
        raise LookupError(f"contact {contact_id} has no lead")
    lead_id, stage, score, version = row
    return Lead(id=lead_id, contact_id=contact_id, stage=stage, score=score, version=version)


def lead_row(tx: Tx, lead_id: int) -> LeadRow | None:
    row = tx.one(ROW, lead=lead_id)
    return None if row is None else _to_row(tx, row)


def latest(tx: Tx, limit: int) -> Sequence[LeadRow]:
    return [_to_row(tx, row) for row in tx.all(LATEST, limit=limit)]


def page_of(tx: Tx, business: str, after: int, limit: int) -> Sequence[LeadRow]:
    found = tx.all(PAGE_OF, business=business, after=after, limit=limit)
    return [_to_row(tx, row) for row in found]


def attribute(tx: Tx, contact_id: int, referral: Referral, trace: str) -> None:
    """Keep what brought the customer first, and show it in the sheet."""
    if (lead_id := remember_source(tx, contact_id, referral)) is not None:
        mirror(tx, lead_id, trace)


def remember_source(tx: Tx, contact_id: int, referral: Referral) -> int | None:
    """Return the lead if this was its first source; a later one never replaces it."""
    told = to_json(referral.details)
    lead_id = first(tx.one(ATTRIBUTE, contact=contact_id, came_by=referral.source, told=told))
    return None if lead_id is None else int(lead_id)


def mirror(tx: Tx, lead_id: int, trace: str) -> None:
    """Have the lead's row in the sheet written soon, once for several changes."""
    lanes.enqueue(
        tx,
        Queue.SHEET,
        str(lead_id),
        kind="lead",
        payload={"lead": lead_id},
        trace=trace,
        wait=MIRROR_WAIT,
    )


def mirror_merged(tx: Tx, lead_id: int, into: int, trace: str) -> None:
    """Have the sheet say that this lead is another one's now, if it was ever shown there."""
    if first(tx.one(MIRRORED, lane=str(lead_id))):
        row = lead_row(tx, into)
        lanes.enqueue(
            tx,
            Queue.SHEET,
            str(lead_id),
            kind="merged",
            payload={"business": row.business if row else "", "into": into},
            trace=trace,
            wait=MIRROR_WAIT,
        )


def synced(tx: Tx, claims: Sequence[Claim], again: Collection[int]) -> None:
    for each in claims:
        lanes.finish(tx, each, each.upto)
    mirror_all(tx, again)


def mirror_all(tx: Tx, lead_ids: Collection[int]) -> None:
    for lead_id in sorted(lead_ids):
        if lead_row(tx, lead_id) is not None:  # a person may have typed any number
            mirror(tx, lead_id, _NO_TRACE)


def claimed_row(tx: Tx, held: Claim) -> LeadRow | None:
    """Read what the sheet is to show; None for a lead that nobody has and that it never showed."""
    lead_id = int(held.key)
    if (row := lead_row(tx, lead_id)) is not None:
        return row
    for task in lanes.tasks(tx, held):
        if task.kind == "merged":
            columns = {"etapa": f"unificado com {task.payload['into']}"}
            return LeadRow(lead_id=lead_id, business=str(task.payload["business"]), columns=columns)
    return None


def _to_row(tx: Tx, row: Row) -> LeadRow:
    lead_id, business, name, phone, stage, score, updated_at, source, attribution, value = row
    updated = datetime.fromtimestamp(updated_at / 1000, tz=UTC).isoformat(timespec="seconds")
    fixed = {
        "nome": name or "",
        "telefone": dialled_phone(phone or ""),
        "etapa": stage,
        "pontos": str(score),
        "atualizado": updated,
    }
    facts = dict(tx.all(FACTS, lead=lead_id))
    known = {slot: told for slot, told in facts.items() if slot not in fixed}
    worth = {} if value is None else {"valor": write_amount(value)}
    fixed["nome"] = facts.get("nome") or fixed["nome"]
    return LeadRow(
        lead_id=lead_id,
        business=business,
        columns=fixed | known | worth | _origin(source, from_json(attribution) or {}),
    )


def _origin(source: str | None, details: Mapping[str, str]) -> dict[str, str]:
    """Columns that only a lead with a known source has."""
    if source is None:
        return {}
    shown = {column: details[name] for name, column in _AD_COLUMNS.items() if name in details}
    return {"origem": source} | shown
