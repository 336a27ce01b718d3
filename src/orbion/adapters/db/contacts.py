"""Bodies that find or make the contact, its aliases, its lead and its conversation."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete, select, update

from orbion.adapters.db.meeting import PHONE, meet
from orbion.adapters.db.schema import CONTACT, CONTACT_ALIAS, CONVERSATION, OUTBOX
from orbion.adapters.db.schema_leads import LEAD
from orbion.adapters.db.sql import bind, first, insert_into, number
from orbion.adapters.db.tx import MovedLead, Statement, Tx
from orbion.domain.conversations import Account
from orbion.domain.identity import AliasKind, Identity, canonical_phone
from orbion.domain.leads import Lead


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a message belongs, and the exact address to answer to."""

    conversation_id: int
    contact_id: int
    address: str
    is_new: bool


_MOST_ADDRESSES: Final = 6

ALIAS = Statement(
    select(CONTACT_ALIAS.c.contact_id).where(
        CONTACT_ALIAS.c.business == bind("business"),
        CONTACT_ALIAS.c.kind == bind("kind"),
        CONTACT_ALIAS.c.value == bind("value"),
    )
)
_ALIAS_KEY = ("business", "kind", "value")
SET_ALIAS = Statement(
    insert_into(CONTACT_ALIAS, *_ALIAS_KEY, "contact_id").on_conflict_do_update(
        index_elements=_ALIAS_KEY, set_={"contact_id": bind("contact_id")}
    )
)
TAKE_ALIAS = Statement(
    insert_into(CONTACT_ALIAS, *_ALIAS_KEY, "contact_id")
    .on_conflict_do_update(
        index_elements=_ALIAS_KEY, set_={"contact_id": CONTACT_ALIAS.c.contact_id}
    )
    .returning(CONTACT_ALIAS.c.contact_id)
)
ADD_CONTACT = Statement(
    insert_into(CONTACT, "business", "phone", "name", "created_at").returning(CONTACT.c.id)
)
OFFER_ALIAS = Statement(
    insert_into(CONTACT_ALIAS, *_ALIAS_KEY, "contact_id").on_conflict_do_nothing()
)
RECIPIENT = Statement(
    select(CONVERSATION.c.business, CONVERSATION.c.contact_id, CONTACT.c.phone)
    .join(CONVERSATION, CONVERSATION.c.id == OUTBOX.c.conversation_id)
    .join(CONTACT, CONTACT.c.id == CONVERSATION.c.contact_id)
    .where(OUTBOX.c.id == number("row"), OUTBOX.c.address != bind("shown"))
)
ADDRESSES = Statement(
    select(CONTACT_ALIAS.c.kind, CONTACT_ALIAS.c.value)
    .join(CONVERSATION, CONVERSATION.c.contact_id == CONTACT_ALIAS.c.contact_id)
    .where(CONVERSATION.c.id == number("conversation"))
    .limit(_MOST_ADDRESSES)
)
DROP_CONTACT = Statement(delete(CONTACT).where(CONTACT.c.id == number("contact")))
LEARN_PHONE = Statement(
    update(CONTACT)
    .where(CONTACT.c.id == number("contact"), CONTACT.c.phone.is_(None))
    .values(phone=bind("number"))
)
LEARN_NAME = Statement(
    update(CONTACT).where(CONTACT.c.id == number("contact")).values(name=bind("called"))
)
ADD_LEAD = Statement(
    insert_into(LEAD, "business", "contact_id", "created_at", "updated_at", "version").returning(
        LEAD.c.id, LEAD.c.stage, LEAD.c.score
    )
)
FIND = Statement(
    select(CONVERSATION.c.id, CONTACT.c.name)
    .join(CONTACT, CONTACT.c.id == CONVERSATION.c.contact_id)
    .where(
        CONVERSATION.c.contact_id == number("contact"),
        CONVERSATION.c.account == bind("account"),
        CONVERSATION.c.business == bind("business"),
        CONVERSATION.c.thread == 0,
    )
)
_CONVERSATION_KEY = ("contact_id", "account", "business")
ADD = Statement(
    insert_into(CONVERSATION, *_CONVERSATION_KEY, "address")
    .on_conflict_do_update(
        index_elements=[*_CONVERSATION_KEY, "thread"], set_={"address": bind("address")}
    )
    .returning(CONVERSATION.c.id)
)


def locate(tx: Tx, account: Account, who: Identity) -> Place:
    """Find the conversation of these aliases, making what is missing."""
    contact_id = _contact(tx, account.business, who)
    row = tx.one(FIND, contact=contact_id, account=account.id, business=account.business)
    found = first(row)
    if row is not None and row[1] is None and who.name:
        tx.run(LEARN_NAME, contact=contact_id, called=who.name)
    conversation_id = found or first(
        tx.one(
            ADD,
            business=account.business,
            account=account.id,
            contact_id=contact_id,
            address=who.address,
        )
    )
    return Place(
        conversation_id=conversation_id,
        contact_id=contact_id,
        address=who.address,
        is_new=found is None,
    )


def addresses(tx: Tx, conversation_id: int, known: str) -> tuple[str, ...]:
    """List every address of the contact, the `known` one first."""
    aliases = tx.all(ADDRESSES, conversation=conversation_id)
    forms = (value if kind == "lid" else f"{value}@s.whatsapp.net" for kind, value in aliases)
    return tuple(dict.fromkeys((known, *forms)))


def learn_receipt(tx: Tx, row_id: int, who: Identity) -> None:
    """Learn the other form under which the gateway accepted an answer (contract section 6.1).

    Its cache can be polluted and show somebody else (section 8): what a contact has or another
    contact is known by stays as it is; only what customers write re-points an alias.
    """
    row = tx.one(RECIPIENT, row=row_id, shown=who.address)
    if row is None:
        return
    business, contact_id, phone = row
    for kind, value in who.aliases():
        if kind == "phone" and phone is not None:
            continue
        new = tx.run(OFFER_ALIAS, business=business, kind=kind, value=value, contact_id=contact_id)
        if new and kind == "phone":
            tx.run(LEARN_PHONE, contact=contact_id, number=value)


def _contact(tx: Tx, business: str, who: Identity) -> int:
    """Meet phone and LID in one contact; of two that have a phone only an alias is re-pointed."""
    aliases = who.aliases()
    known: dict[tuple[AliasKind, str], int | None] = {
        alias: first(tx.one(ALIAS, business=business, kind=alias[0], value=alias[1]))
        for alias in aliases
    }
    contact_id = next((found for found in known.values() if found is not None), None)
    if contact_id is None or _is_somebody_else(tx, contact_id, known):
        contact_id = _new_contact(tx, business, who)
    for (kind, value), found in known.items():
        if found != contact_id:
            tx.run(SET_ALIAS, business=business, kind=kind, value=value, contact_id=contact_id)
            if kind == "phone":
                tx.run(LEARN_PHONE, contact=contact_id, number=value)
    for found in known.values():
        if found is not None and found != contact_id:
            meet(tx, business, found, contact_id)
    return contact_id


def _is_somebody_else(
    tx: Tx, contact_id: int, known: Mapping[tuple[AliasKind, str], int | None]
) -> bool:
    """A new phone whose LID leads to a contact with another phone is another person."""
    new_phone = any(kind == "phone" and found is None for (kind, _), found in known.items())
    return new_phone and first(tx.one(PHONE, contact=contact_id)) is not None


def _new_contact(tx: Tx, business: str, who: Identity) -> int:
    """Insert first and let the conflict decide: another replica may be storing the same person."""
    contact_id = int(
        first(
            tx.one(
                ADD_CONTACT,
                business=business,
                phone=canonical_phone(who.phone) if who.phone else None,
                name=who.name,
                created_at=tx.now,
            )
        )
    )
    kind, value = who.aliases()[0]
    owner = int(
        first(tx.one(TAKE_ALIAS, business=business, kind=kind, value=value, contact_id=contact_id))
    )
    if owner != contact_id:
        tx.run(DROP_CONTACT, contact=contact_id)
        return owner
    _add_lead(tx, business, contact_id)
    return contact_id


def _add_lead(tx: Tx, business: str, contact_id: int) -> None:
    at = {"created_at": tx.now, "updated_at": tx.now, "version": tx.now}
    row = tx.one(ADD_LEAD, business=business, contact_id=contact_id, **at)
    if row is None:
        raise LookupError(f"contact {contact_id} got no lead")
    lead = Lead(id=row[0], contact_id=contact_id, stage=row[1], score=row[2], version=tx.now)
    tx.moves.append(MovedLead(lead=lead))
