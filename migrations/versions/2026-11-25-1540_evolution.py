"""What Evolution's whole contract needs: other kinds of bubbles, gap healing, lead attribution."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _added() -> dict[str, tuple[sa.Column[Any], ...]]:
    """A column belongs to one table only, so each run makes its own."""
    return {
        "account": (
            sa.Column("opened_at", sa.BigInteger(), nullable=True),
            sa.Column("healed_at", sa.BigInteger(), nullable=True),
        ),
        "conversation": (sa.Column("person_at", sa.BigInteger(), nullable=True),),
        "outbox": (
            sa.Column("kind", sa.Text(), nullable=False, server_default="text"),
            sa.Column("payload", sa.Text(), nullable=True),
            sa.Column("quoted_id", sa.Text(), nullable=True),
        ),
        "lead": (
            sa.Column("source", sa.Text(), nullable=True),
            sa.Column("attribution", sa.Text(), nullable=True),
        ),
    }


def upgrade() -> None:
    for table, columns in _added().items():
        for column in columns:
            op.add_column(table, column)
    # What was served before must not look like the past of a number that has just been connected.
    op.execute(
        "UPDATE account SET opened_at ="
        " (SELECT min(created_at) FROM message WHERE message.account = account.id)"
    )
    op.create_table(
        "early_change",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("provider_id", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("noted_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", "provider_id", name=op.f("pk_early_change")),
    )
    op.create_index("ix_early_change_noted_at", "early_change", ["noted_at"])
    op.create_index("ix_contact_alias_contact", "contact_alias", ["contact_id"])
    op.create_index(
        "ix_conversation_human",
        "conversation",
        ["account"],
        sqlite_where=sa.text("mode = 'human'"),
        postgresql_where=sa.text("mode = 'human'"),
    )
    op.create_index(
        "ix_quarantine_too_large",
        "quarantine",
        ["account", "at"],
        sqlite_where=sa.text("reason = 'too_large' AND ended IS NULL"),
        postgresql_where=sa.text("reason = 'too_large' AND ended IS NULL"),
    )
    op.create_index(
        "ix_outbox_sent",
        "outbox",
        ["account", "settled_at"],
        sqlite_where=sa.text("state = 'sent'"),
        postgresql_where=sa.text("state = 'sent'"),
    )
    op.create_table(
        "auto_greeting",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("seen", sa.Integer(), nullable=False, server_default=sa.text("1")),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name=op.f("fk_auto_greeting_account")),
        sa.PrimaryKeyConstraint("account", "text", name=op.f("pk_auto_greeting")),
    )


def downgrade() -> None:
    op.drop_table("auto_greeting")
    op.drop_index("ix_outbox_sent", table_name="outbox")
    op.drop_index("ix_quarantine_too_large", table_name="quarantine")
    op.drop_index("ix_conversation_human", table_name="conversation")
    op.drop_index("ix_contact_alias_contact", table_name="contact_alias")
    op.drop_index("ix_early_change_noted_at", "early_change")
    op.drop_table("early_change")
    for table, columns in reversed(_added().items()):
        for column in reversed(columns):
            op.drop_column(table, column.name)
