"""A lead may have a value: what the deal is worth."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("lead", sa.Column("value", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("lead", "value")
