"""Statements are compiled once, and whoever forgets one of their values is told."""

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, Text, make_url, select, text, update
from sqlalchemy.dialects import sqlite

from orbion.adapters.db.sql import NULL, bind, from_json, number, to_json
from orbion.adapters.db.tx import Compiled, Statement

THING = Table("thing", MetaData(), Column("id", Integer), Column("word", Text))
RENAME = Statement(update(THING).where(THING.c.id == number("thing")).values(word=bind("to")))


def compiled(statement: Statement) -> Compiled:
    return statement.compiled(sqlite.dialect())


def test_values_are_ordered_as_the_driver_wants_them() -> None:
    assert compiled(RENAME).values({"thing": 7, "to": "x"}) == ("x", 7)


def test_a_value_of_none_is_a_value() -> None:
    assert compiled(RENAME).values({"thing": 7, "to": None}) == (None, 7)


def test_a_value_that_was_forgotten_is_an_error_and_not_null() -> None:
    with pytest.raises(KeyError, match="to"):
        compiled(RENAME).values({"thing": 7})


def test_literals_of_the_expression_stand_in_the_text() -> None:
    clear = compiled(Statement(update(THING).where(THING.c.word == "old").values(id=9, word=NULL)))
    many = compiled(Statement(select(THING.c.id).where(THING.c.word.in_(("a", "b")))))
    assert clear.text == "UPDATE thing SET id=9, word=NULL WHERE thing.word = 'old'"
    assert many.text.endswith("thing.word IN ('a', 'b')")
    assert clear.values({}) == many.values({}) == ()


def test_a_statement_is_compiled_once_a_dialect() -> None:
    assert RENAME.compiled(sqlite.dialect()) is RENAME.compiled(sqlite.dialect())
    other = make_url("postgresql+asyncpg://").get_dialect()()
    assert RENAME.compiled(other).text != RENAME.compiled(sqlite.dialect()).text


def test_plain_text_may_be_a_statement() -> None:
    assert compiled(Statement(text("SELECT 1"))).text == "SELECT 1"


@pytest.mark.parametrize("value", [{}, {"message": 1}, {"texto": "olá 👍", "n": None}])
def test_json_comes_back_as_it_was(value: dict[str, object]) -> None:
    assert from_json(to_json(value)) == value


def test_no_json_is_none() -> None:
    assert from_json(None) is None
