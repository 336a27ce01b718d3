"""Questions put are counted, a change of stage may have a reason, a contact a language."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "question",
        sa.Column("lead_id", sa.BigInteger(), nullable=False),
        sa.Column("slot", sa.Text(), nullable=False),
        sa.Column("times", sa.SmallInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name=op.f("fk_question_lead_id")),
        sa.PrimaryKeyConstraint("lead_id", "slot", name=op.f("pk_question")),
    )
    op.add_column("contact", sa.Column("language", sa.Text(), nullable=True))
    op.add_column("stage_change", sa.Column("reason", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("stage_change", "reason")
    op.drop_column("contact", "language")
    op.drop_table("question")
