"""Small words for writing statements once for both databases."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Table,
    bindparam,
    case,
    func,
    null,
)
from sqlalchemy.dialects.postgresql import Insert, insert

NULL = null()


def bind(name: str) -> BindParameter[Any]:
    """Make a named value that comes with each run, so that it need not be known at compile time."""
    return bindparam(name, required=False)


def number(name: str) -> BindParameter[int]:
    """Make a bind of eight bytes, where PostgreSQL cannot see the type from its neighbours."""
    return bindparam(name, type_=BigInteger(), required=False)


def insert_into(table: Table, *columns: str) -> Insert:
    """Make an INSERT whose binds carry the names of its columns."""
    return insert(table).values({name: bind(name) for name in columns})


def larger(one: ColumnElement[Any], other: ColumnElement[Any]) -> ColumnElement[Any]:
    return case((one > other, one), else_=other)


def smaller(one: ColumnElement[Any], other: ColumnElement[Any]) -> ColumnElement[Any]:
    return case((one < other, one), else_=other)


def or_zero(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.coalesce(column, 0)


def to_json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def from_json(text: str | None) -> dict[str, Any] | None:
    return None if text is None else msgspec.json.decode(text, type=dict[str, Any])


def first(row: Sequence[Any] | None) -> Any:
    """Return the only column of the only row, or None."""
    return None if row is None else row[0]
