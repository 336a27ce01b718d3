"""Documents of a business, cut into passages that each database's text search finds."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_INDEXED = (
    """CREATE VIRTUAL TABLE passage_fts
    USING fts5(terms, content='passage', content_rowid='id', tokenize='unicode61')""",
    """CREATE TRIGGER passage_added AFTER INSERT ON passage BEGIN
    INSERT INTO passage_fts(rowid, terms) VALUES (new.id, new.terms); END""",
    """CREATE TRIGGER passage_removed AFTER DELETE ON passage BEGIN
    INSERT INTO passage_fts(passage_fts, rowid, terms) VALUES ('delete', old.id, old.terms); END""",
)


def upgrade() -> None:
    identity = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "document",
        sa.Column("id", identity, nullable=False),
        sa.Column("business", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["business"], ["business.id"], name=op.f("fk_document_business")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
        sa.UniqueConstraint("business", "name", name=op.f("uq_document_business_name")),
    )
    op.create_table(
        "passage",
        sa.Column("id", identity, nullable=False),
        sa.Column("business", sa.Text(), nullable=False),
        sa.Column("document_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("heading", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("terms", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"], ["document.id"], name=op.f("fk_passage_document_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passage")),
        sa.UniqueConstraint(
            "document_id", "position", name=op.f("uq_passage_document_id_position")
        ),
    )
    if op.get_bind().dialect.name == "sqlite":
        for command in _INDEXED:
            op.execute(command)
    else:
        op.execute(
            "CREATE INDEX ix_passage_terms ON passage"
            " USING gin (to_tsvector('simple'::regconfig, terms))"
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER passage_removed")
        op.execute("DROP TRIGGER passage_added")
        op.execute("DROP TABLE passage_fts")
    else:
        op.drop_index("ix_passage_terms", "passage")
    op.drop_table("passage")
    op.drop_table("document")
