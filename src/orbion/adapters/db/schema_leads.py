"""The tables of what is known of customers: leads, facts, questions put, changes of stage."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
    true,
)

from orbion.adapters.db.schema_parts import id_column, make_metadata, ms

METADATA: Final = make_metadata()

LEAD = Table(
    "lead",
    METADATA,
    id_column(),
    Column("business", Text, nullable=False),
    Column("contact_id", BigInteger, ForeignKey("contact.id"), nullable=False),
    Column("stage", Text, nullable=False, server_default="novo"),
    Column("score", Integer, nullable=False, server_default=text("0")),
    Column("source", Text),
    Column("attribution", Text),
    Column("value", BigInteger),
    Column("version", BigInteger, nullable=False, server_default=text("1")),
    ms("created_at"),
    ms("updated_at"),
    UniqueConstraint("contact_id"),
)
"""`value` is what the deal is worth, in centavos.

`version` moves with whatever a turn reads of a lead: its stage, score, facts and questions. It
begins at the time of its making, so that an id that SQLite gives again has no old version.
"""

FACT = Table(
    "fact",
    METADATA,
    id_column(),
    Column("lead_id", BigInteger, ForeignKey("lead.id"), nullable=False),
    Column("slot", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("message_id", BigInteger),
    Column("quote", Text),
    Column("confidence", Integer, nullable=False, server_default=text("100")),
    Column("current", Boolean, nullable=False, server_default=true()),
    ms("at"),
)
Index("ix_fact_lead", FACT.c.lead_id, FACT.c.slot)

QUESTION = Table(
    "question",
    METADATA,
    Column("lead_id", BigInteger, ForeignKey("lead.id"), nullable=False),
    Column("slot", Text, nullable=False),
    Column("times", SmallInteger, nullable=False, server_default=text("1")),
    ms("at"),
    PrimaryKeyConstraint("lead_id", "slot"),
)
"""How often a lead was asked for a slot, and when last."""

STAGE_CHANGE = Table(
    "stage_change",
    METADATA,
    id_column(),
    Column("lead_id", BigInteger, ForeignKey("lead.id"), nullable=False),
    Column("from_stage", Text, nullable=False),
    Column("to_stage", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("turn_id", BigInteger),
    Column("reason", Text),
    ms("at"),
)
Index("ix_stage_change_lead", STAGE_CHANGE.c.lead_id)
