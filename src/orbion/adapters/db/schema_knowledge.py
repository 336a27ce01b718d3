"""The tables of a business's documents, and what only one of the databases has beside them."""

from typing import Any, Final

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, Table, Text, UniqueConstraint

from orbion.adapters.db.schema import METADATA
from orbion.adapters.db.schema_parts import id_column, ms

DOCUMENT = Table(
    "document",
    METADATA,
    id_column(),
    Column("business", Text, ForeignKey("business.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("origin", Text, nullable=False),
    ms("at"),
    UniqueConstraint("business", "name"),
)

PASSAGE = Table(
    "passage",
    METADATA,
    id_column(),
    Column("business", Text, nullable=False),
    Column("document_id", BigInteger, ForeignKey("document.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("heading", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("terms", Text, nullable=False),
    UniqueConstraint("document_id", "position"),
)
"""`terms` are folded stems, separated by spaces: both databases index these and no words."""

SEARCH_TABLE: Final = "passage_fts"
SEARCH_INDEX: Final = "ix_passage_terms"


def is_in_schema(_item: Any, name: str | None, kind: str, *_more: Any) -> bool:
    """Whether a comparison with the schema should see it: the search index is the migration's."""
    found = name or ""
    return not (kind == "table" and found.startswith(SEARCH_TABLE)) and found != SEARCH_INDEX
