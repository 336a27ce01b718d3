"""A contact may have several threads on one number: the one it writes in now, and older ones."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_KEY = ["contact_id", "account", "business"]
_OLD = "uq_conversation_contact_id_account_business"
_NEW = "uq_conversation_contact_id_account_business_thread"


def upgrade() -> None:
    with op.batch_alter_table("conversation") as table:
        table.add_column(
            sa.Column("thread", sa.BigInteger(), nullable=False, server_default=sa.text("0"))
        )
        table.drop_constraint(_OLD, type_="unique")
        table.create_unique_constraint(op.f(_NEW), [*_KEY, "thread"])


def downgrade() -> None:
    """Older threads cannot be told apart without the column: they must be gone before."""
    with op.batch_alter_table("conversation") as table:
        table.drop_constraint(_NEW, type_="unique")
        table.create_unique_constraint(op.f(_OLD), _KEY)
        table.drop_column("thread")
