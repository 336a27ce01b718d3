"""What the tables are made of: the naming of keys, and columns and indexes that recur."""

from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, text

ID = BigInteger().with_variant(Integer, "sqlite")


def make_metadata() -> MetaData:
    """Make an empty schema that names its keys the same way on both databases."""
    return MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


def id_column() -> Column[int]:
    return Column("id", ID, primary_key=True, autoincrement=True)


def ms(name: str, *, nullable: bool = False) -> Column[int]:
    """Make a column of milliseconds since the epoch, UTC."""
    return Column(name, BigInteger, nullable=nullable)


def partial_index(name: str, *columns: Column[Any], where: str) -> Index:
    """Make an index of the few rows that a hot query asks for."""
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))
