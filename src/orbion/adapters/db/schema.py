"""The one schema of both databases: tables, keys and the indexes that hot queries use."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from orbion.adapters.db import schema_leads
from orbion.adapters.db.schema_parts import id_column, ms, partial_index

REVISIONS: Final = (
    "0001",
    "0002",
    "0003",
    "0004",
    "0005",
    "0006",
    "0007",
    "0008",
    "0009",
    "0010",
    "0011",
    "0012",
)
"""Every migration this program knows, oldest first; the last one is what it needs."""

METADATA: Final = schema_leads.METADATA

BUSINESS = Table(
    "business",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("knowledge", BigInteger, nullable=False, server_default=text("0")),
)
"""`knowledge` is the version of its documents: each commit that changes them moves it."""

ACCOUNT = Table(
    "account",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("business", Text, ForeignKey("business.id"), nullable=False),
    Column("channel", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="unknown"),
    Column("state_reason", Text),
    ms("state_at", nullable=True),
    ms("opened_at", nullable=True),
    ms("healed_at", nullable=True),
)

AUTO_GREETING = Table(
    "auto_greeting",
    METADATA,
    Column("account", Text, ForeignKey("account.id"), nullable=False),
    Column("text", Text, nullable=False),
    Column("seen", Integer, nullable=False, server_default=text("1")),
    ms("at"),
    PrimaryKeyConstraint("account", "text"),
)

CONTACT = Table(
    "contact",
    METADATA,
    id_column(),
    Column("business", Text, ForeignKey("business.id"), nullable=False),
    Column("phone", Text),
    Column("name", Text),
    Column("language", Text),
    ms("created_at"),
)

CONTACT_ALIAS = Table(
    "contact_alias",
    METADATA,
    Column("business", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("contact_id", BigInteger, ForeignKey("contact.id"), nullable=False),
    PrimaryKeyConstraint("business", "kind", "value"),
)
Index("ix_contact_alias_contact", CONTACT_ALIAS.c.contact_id)

CONVERSATION = Table(
    "conversation",
    METADATA,
    id_column(),
    Column("business", Text, nullable=False),
    Column("account", Text, ForeignKey("account.id"), nullable=False),
    Column("contact_id", BigInteger, ForeignKey("contact.id"), nullable=False),
    Column("thread", BigInteger, nullable=False, server_default=text("0")),  # ADR 0013
    Column("address", Text, nullable=False),
    Column("mode", Text, nullable=False, server_default="bot"),
    Column("mode_reason", Text),
    ms("mode_at", nullable=True),
    ms("person_at", nullable=True),
    Column("open_slot", Text),
    Column("last_seq", BigInteger, nullable=False, server_default=text("0")),
    Column("version", BigInteger, nullable=False, server_default=text("0")),
    ms("last_in_at", nullable=True),
    ms("last_out_at", nullable=True),
    UniqueConstraint("contact_id", "account", "business", "thread"),
)
partial_index("ix_conversation_human", CONVERSATION.c.account, where="mode = 'human'")

MESSAGE = Table(
    "message",
    METADATA,
    id_column(),
    Column("business", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("conversation_id", BigInteger, ForeignKey("conversation.id"), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("direction", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("payload", Text),
    Column("provider_id", Text),
    Column("quoted_id", Text),
    Column("outcome", Text, nullable=False),
    Column("reason", Text),
    Column("turn_id", BigInteger),
    ms("occurred_at"),
    ms("created_at"),
    ms("edited_at", nullable=True),
    ms("deleted_at", nullable=True),
    UniqueConstraint("conversation_id", "seq"),
)
Index("ix_message_provider", MESSAGE.c.provider_id, MESSAGE.c.account)
partial_index("ix_message_open", MESSAGE.c.conversation_id, where="outcome = 'open'")

TURN = Table(
    "turn",
    METADATA,
    id_column(),
    Column("business", Text, nullable=False),
    Column("conversation_id", BigInteger, ForeignKey("conversation.id"), nullable=False),
    Column("upto", BigInteger, nullable=False),
    Column("trace", Text, nullable=False),
    Column("verdict", Text),
    Column("attempt", Integer, nullable=False, server_default=text("1")),
    ms("started_at"),
    ms("finished_at", nullable=True),
    Column("playbook", Text),
)
Index("ix_turn_conversation", TURN.c.conversation_id, TURN.c.started_at)

TURN_STEP = Table(
    "turn_step",
    METADATA,
    Column("turn_id", BigInteger, ForeignKey("turn.id"), nullable=False),
    Column("step", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("input_hash", LargeBinary, nullable=False),
    Column("output", Text, nullable=False),
    Column("tokens_in", Integer, nullable=False, server_default=text("0")),
    Column("tokens_out", Integer, nullable=False, server_default=text("0")),
    Column("ms", Integer, nullable=False, server_default=text("0")),
    ms("at"),
    PrimaryKeyConstraint("turn_id", "step"),
)

SUMMARY = Table(
    "summary",
    METADATA,
    Column("conversation_id", BigInteger, ForeignKey("conversation.id"), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("upto", BigInteger, nullable=False),
    Column("maker", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("facts", Text, nullable=False),
    ms("at"),
)
"""What stands for the messages before `upto` (a `seq`); it is emptied when one of them changes."""

LLM_CALL = Table(
    "llm_call",
    METADATA,
    id_column(),
    Column("business", Text, nullable=False),
    Column("conversation_id", BigInteger, ForeignKey("conversation.id"), nullable=False),
    Column("trace", Text, nullable=False),
    Column("task", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("day", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reserved", BigInteger, nullable=False),
    Column("cost", BigInteger, nullable=False, server_default=text("0")),
    Column("tokens_in", Integer, nullable=False, server_default=text("0")),
    Column("tokens_cached", Integer, nullable=False, server_default=text("0")),
    Column("tokens_out", Integer, nullable=False, server_default=text("0")),
    ms("at"),
    ms("settled_at", nullable=True),
)
"""The ledger: money in micro-dollars, `day` in the business's zone."""
Index("ix_llm_call_day", LLM_CALL.c.day, LLM_CALL.c.business)

BUDGET = Table(
    "budget",
    METADATA,
    Column("business", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("held", BigInteger, nullable=False, server_default=text("0")),
    Column("told", SmallInteger, nullable=False, server_default=text("0")),
    PrimaryKeyConstraint("business", "scope", "key"),
)
"""What is settled and reserved of each budget, micro-dollars, and the percent already told."""

OUTBOX = Table(
    "outbox",
    METADATA,
    id_column(),
    Column("business", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("conversation_id", BigInteger, ForeignKey("conversation.id"), nullable=False),
    Column("turn_id", BigInteger, ForeignKey("turn.id"), nullable=False),
    Column("position", SmallInteger, nullable=False),
    Column("message_id", BigInteger, ForeignKey("message.id"), nullable=False),
    Column("address", Text, nullable=False),
    Column("kind", Text, nullable=False, server_default="text"),
    Column("text", Text, nullable=False),
    Column("payload", Text),
    Column("quoted_id", Text),
    Column("exempt", Text),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("provider_id", Text),
    Column("delivery", SmallInteger, nullable=False, server_default=text("0")),
    Column("error", Text),
    Column("trace", Text, nullable=False),
    ms("created_at"),
    ms("received_at"),
    ms("sending_at", nullable=True),
    ms("settled_at", nullable=True),
    UniqueConstraint("turn_id", "position"),
    UniqueConstraint("provider_id", "account"),
)
Index("ix_outbox_conversation", OUTBOX.c.conversation_id, OUTBOX.c.state)
partial_index(
    "ix_outbox_unsettled", OUTBOX.c.state, where="state IN ('pending', 'sending', 'unknown')"
)
partial_index("ix_outbox_sent", OUTBOX.c.account, OUTBOX.c.settled_at, where="state = 'sent'")

SUPPRESSION = Table(
    "suppression",
    METADATA,
    Column("business", Text, nullable=False),
    Column("contact_id", BigInteger, ForeignKey("contact.id"), nullable=False),
    Column("message_id", BigInteger),
    ms("at"),
    ms("revoked_at", nullable=True),
    PrimaryKeyConstraint("contact_id", "business"),
)

HANDOFF = Table(
    "handoff",
    METADATA,
    id_column(),
    Column("conversation_id", BigInteger, ForeignKey("conversation.id"), nullable=False),
    Column("reason", Text, nullable=False),
    Column("actor", Text, nullable=False),
    ms("at"),
    ms("released_at", nullable=True),
)
Index("ix_handoff_conversation", HANDOFF.c.conversation_id)

QUARANTINE = Table(
    "quarantine",
    METADATA,
    id_column(),
    Column("account", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    ms("at"),
    Column("ended", Text),
    ms("ended_at", nullable=True),
)
partial_index(
    "ix_quarantine_too_large",
    QUARANTINE.c.account,
    QUARANTINE.c.at,
    where="reason = 'too_large' AND ended IS NULL",
)

AUDIT = Table(
    "audit",
    METADATA,
    id_column(),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    ms("at"),
)

LANE = Table(
    "lane",
    METADATA,
    Column("queue", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("priority", SmallInteger, nullable=False, server_default=text("1")),
    Column("seq", BigInteger, nullable=False),
    Column("ack", BigInteger, nullable=False, server_default=text("0")),
    ms("due_at", nullable=True),
    ms("first_at", nullable=True),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("crashes", Integer, nullable=False, server_default=text("0")),
    Column("owner", Text),
    Column("token", BigInteger, nullable=False, server_default=text("0")),
    Column("alone_upto", BigInteger, nullable=False, server_default=text("0")),
    Column("error", Text),
    PrimaryKeyConstraint("queue", "key"),
    sqlite_with_rowid=False,
)
partial_index(
    "ix_lane_due", LANE.c.queue, LANE.c.priority, LANE.c.due_at, where="due_at IS NOT NULL"
)

TASK = Table(
    "task",
    METADATA,
    Column("queue", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("trace", Text, nullable=False),
    ms("created_at"),
    PrimaryKeyConstraint("queue", "key", "seq"),
    ForeignKeyConstraint(["queue", "key"], ["lane.queue", "lane.key"]),
    sqlite_with_rowid=False,
)
Index("ix_task_created", TASK.c.created_at)

DEDUP = Table(
    "dedup",
    METADATA,
    Column("id", LargeBinary, primary_key=True),
    ms("at"),
    sqlite_with_rowid=False,
)
Index("ix_dedup_at", DEDUP.c.at)

EARLY_CHANGE = Table(
    "early_change",
    METADATA,
    Column("account", Text, nullable=False),
    Column("provider_id", Text, nullable=False),
    Column("text", Text),
    ms("at"),
    ms("noted_at"),
    PrimaryKeyConstraint("account", "provider_id"),
)
"""What changed a message that has not come yet: its new text, or NULL for its deletion."""
Index("ix_early_change_noted_at", EARLY_CHANGE.c.noted_at)

DEAD = Table(
    "dead",
    METADATA,
    Column("queue", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("error", Text, nullable=False),
    ms("died_at"),
    ms("redriven_at", nullable=True),
    Column("discarded", Boolean, nullable=False, server_default=false()),
    PrimaryKeyConstraint("queue", "key", "seq"),
)
Index("ix_dead_died", DEAD.c.died_at)

PACE = Table(
    "pace",
    METADATA,
    Column("name", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("whole_at", Text, nullable=False),
    ms("at"),
    PrimaryKeyConstraint("name", "key"),
)
"""What processes that share a rate have taken of it: when each bucket is whole, in seconds."""

PROBE = Table("probe", METADATA, Column("id", SmallInteger, primary_key=True), ms("at"))
