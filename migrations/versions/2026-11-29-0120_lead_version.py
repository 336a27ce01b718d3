"""Leads have versions, by which processes keep them in memory."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "lead", sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False)
    )


def downgrade() -> None:
    op.drop_column("lead", "version")
