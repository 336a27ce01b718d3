"""The set `entities`: what of a message is worth noting, and is it noted right?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any, Final

from orbion.domain.entities import Entities, read_entities
from orbion.domain.text import normalise
from orbion.domain.toml_table import TomlTable
from orbion.evals.labelled import WRITTEN, EvalSet, f1, values
from orbion.evals.scores import Judged

TODAY: Final = date(2026, 11, 20)
_TEXTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "name": 'write a name, such as "Ana Lima"',
        "company": 'write a name, such as "Padaria Central"',
        "email": 'write an address, such as "ana@exemplo.com"',
        "phone_e164": 'write E.164, such as "+5511987654321"',
        "date": 'write "YYYY-MM-DD"',
        "time": 'write "HH:MM"',
        "child_name": 'write a name, such as "Davi"',
        "city": 'write a city, such as "Campinas"',
        "neighborhood": 'write a quarter, such as "Vila Mariana"',
    }
)
_AMOUNTS: Final = ("budget_brl", "bill_brl")
_COUNTS: Final = ("bedrooms", "child_age")
_WORDS: Final = frozenset(["name", "company", "child_name", "city", "neighborhood"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    text: str
    expected: Mapping[str, Any]


def _parse(table: TomlTable) -> Noted:
    text = table.text("text", WRITTEN)
    expected = table.table("expected", 'add "expected" with the fields that the text holds')
    noted: dict[str, Any] = {}
    for key in expected.names():
        if key in _TEXTS:
            noted[key] = expected.text(key, _TEXTS[key])
        elif key in _AMOUNTS:
            noted[key] = expected.amount(key, "write reais as a number, such as 1234.56")
        elif key in _COUNTS:
            noted[key] = expected.number(key, "write a whole number")
    expected.close()
    return Noted(text=text, expected=noted)


def _judge(case: Noted) -> Sequence[Judged]:
    found = _shown(read_entities(case.text, TODAY))
    return tuple(
        judged
        for key in (*_TEXTS, *_AMOUNTS, *_COUNTS)
        for judged in _field(key, case.expected.get(key), found.get(key))
    )


def _field(key: str, expected: Any, found: Any) -> tuple[Judged, ...]:
    """Names and places are the same in any writing: «JOAO» is «João»."""
    if key in _WORDS and expected and found and normalise(expected) == normalise(found):
        found = expected
    return values(expected, found, key)


def _shown(found: Entities) -> Mapping[str, Any]:
    return {
        "name": found.name,
        "company": found.company,
        "email": found.email,
        "phone_e164": found.phone_e164,
        "date": found.day.isoformat() if found.day else None,
        "time": found.at.isoformat("minutes") if found.at else None,
        "child_name": found.child_name,
        "city": found.city,
        "neighborhood": found.neighborhood,
        "budget_brl": found.budget,
        "bill_brl": found.bill,
        "bedrooms": found.bedrooms,
        "child_age": found.child_age,
    }


ENTITIES: Final = EvalSet(
    name="entities",
    purpose="what a message tells of its writer and their wish",
    parse=_parse,
    judge=_judge,
    gate=(f1(0.9),),
)
