"""Bodies of a business's documents: kept by passage, found by each database's text search."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Executable, Text, bindparam, delete, func, select, text, update
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.compiler import SQLCompiler

from orbion.adapters.db.schema import BUSINESS
from orbion.adapters.db.schema_knowledge import DOCUMENT, PASSAGE
from orbion.adapters.db.sql import bind, first, insert_into, number
from orbion.adapters.db.tx import Statement, Tx
from orbion.adapters.db.upkeep import SET_BUSINESS
from orbion.domain.listing import DocumentLine
from orbion.domain.passages import CANDIDATES, Document, Passage

_SHOWN: Final = "SELECT d.name, p.position, p.heading, p.text, p.terms"
_ON_SQLITE: Final = text(
    f"{_SHOWN} FROM passage_fts JOIN passage p ON p.id = passage_fts.rowid"
    " JOIN document d ON d.id = p.document_id"
    " WHERE passage_fts MATCH :wanted AND p.business = :tenant"
    " ORDER BY passage_fts.rank LIMIT :most"
)
_ON_POSTGRES: Final = text(
    f"{_SHOWN} FROM passage p JOIN document d ON d.id = p.document_id"
    " WHERE to_tsvector('simple'::regconfig, p.terms)"
    " @@ to_tsquery('simple'::regconfig, replace(:wanted, ' OR ', ' | '))"
    " AND p.business = :tenant"
    " ORDER BY ts_rank(to_tsvector('simple'::regconfig, p.terms),"
    " to_tsquery('simple'::regconfig, replace(:wanted, ' OR ', ' | '))) DESC, p.id LIMIT :most"
).bindparams(bindparam("wanted", type_=Text()), bindparam("most", type_=number("most").type))


class _Search(Executable, ClauseElement):
    """Passages by the terms that they share, the likest first."""

    inherit_cache = False


@compiles(_Search, "sqlite")
def _search_sqlite(_element: _Search, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(_ON_SQLITE, **options)


@compiles(_Search, "postgresql")
def _search_postgres(_element: _Search, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(_ON_POSTGRES, **options)


SEARCH = Statement(_Search())
FIND = Statement(
    select(DOCUMENT.c.id, DOCUMENT.c.origin).where(
        DOCUMENT.c.business == bind("tenant"), DOCUMENT.c.name == bind("called")
    )
)
ADD_DOCUMENT = Statement(
    insert_into(DOCUMENT, "business", "name", "title", "origin", "at").returning(DOCUMENT.c.id)
)
ADD_PASSAGE = Statement(
    insert_into(PASSAGE, "business", "document_id", "position", "heading", "text", "terms")
)
DROP_PASSAGES = Statement(delete(PASSAGE).where(PASSAGE.c.document_id == number("document")))
DROP_DOCUMENT = Statement(delete(DOCUMENT).where(DOCUMENT.c.id == number("document")))
OF_ORIGIN = Statement(
    select(DOCUMENT.c.name).where(
        DOCUMENT.c.business == bind("tenant"), DOCUMENT.c.origin == bind("brought_by")
    )
)
NEW_VERSION = Statement(
    update(BUSINESS)
    .where(BUSINESS.c.id == bind("tenant"))
    .values(knowledge=BUSINESS.c.knowledge + 1)
)
LINES = Statement(
    select(DOCUMENT.c.name, DOCUMENT.c.title, DOCUMENT.c.origin, func.count(PASSAGE.c.id))
    .outerjoin(PASSAGE, PASSAGE.c.document_id == DOCUMENT.c.id)
    .where(DOCUMENT.c.business == bind("tenant"))
    .group_by(DOCUMENT.c.name, DOCUMENT.c.title, DOCUMENT.c.origin)
    .order_by(DOCUMENT.c.name)
)


def search(tx: Tx, business: str, terms: Sequence[str]) -> Sequence[Passage]:
    """The passages that share a term, the likest first; `terms` are letters and digits only."""
    if not terms:
        return ()
    rows = tx.all(SEARCH, wanted=" OR ".join(terms), tenant=business, most=CANDIDATES)
    return [
        Passage(
            document=name, position=position, heading=heading, text=said, terms=tuple(stems.split())
        )
        for name, position, heading, said, stems in rows
    ]


def put(tx: Tx, business: str, document: Document) -> None:
    """Keep it in the place of what had its name."""
    tx.run(SET_BUSINESS, id=business, name=business)
    tx.run(NEW_VERSION, tenant=business)
    _drop(tx, business, document.name)
    document_id = first(
        tx.one(
            ADD_DOCUMENT,
            business=business,
            name=document.name,
            title=document.title,
            origin=document.origin,
            at=tx.now,
        )
    )
    for each in document.passages:
        tx.run(
            ADD_PASSAGE,
            business=business,
            document_id=document_id,
            position=each.position,
            heading=each.heading,
            text=each.text,
            terms=" ".join(each.terms),
        )


def remove(tx: Tx, business: str, name: str) -> bool:
    """Forget it; False if there is none of that name."""
    tx.run(NEW_VERSION, tenant=business)
    return _drop(tx, business, name)


def _drop(tx: Tx, business: str, name: str) -> bool:
    document_id = first(tx.one(FIND, tenant=business, called=name))
    if document_id is None:
        return False
    tx.run(DROP_PASSAGES, document=document_id)
    tx.run(DROP_DOCUMENT, document=document_id)
    return True


def replace_all(tx: Tx, business: str, origin: str, documents: Sequence[Document]) -> None:
    """Have exactly these of that origin; what others brought stays, but for equal names."""
    kept = {each.name for each in documents}
    for (name,) in tx.all(OF_ORIGIN, tenant=business, brought_by=origin):
        if name not in kept:
            remove(tx, business, name)
    for each in documents:
        put(tx, business, each)


def lines(tx: Tx, business: str) -> Sequence[DocumentLine]:
    return [
        DocumentLine(name=name, title=title, origin=origin, passages=passages)
        for name, title, origin, passages in tx.all(LINES, tenant=business)
    ]
