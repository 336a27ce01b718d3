"""Each turn keeps the version of the playbook that was in force when it was decided."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("turn", sa.Column("playbook", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("turn", "playbook")
