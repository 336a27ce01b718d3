"""Keep each sentence of what is known as one statement: what it is about, its figures and days."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import groupby
from typing import Final

from orbion.domain.clauses import clauses, is_denied
from orbion.domain.figures import Figures
from orbion.domain.plurals import singular
from orbion.domain.text import words
from orbion.domain.vocabulary import STOP_WORDS
from orbion.kit.pattern import Pattern

_LONG: Final = re.compile(r"[a-z]{3,}")
_DAYS: Final = Pattern(r"&([1-8]*)&")
_WITHOUT: Final = Pattern(r"\b(?:sem|exceto|menos|fora|salvo|so|somente|apenas)\b")
_DENYING: Final = frozenset(words("nunca nem nenhum nenhuma jamais tambem"))
_STEM: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """`figures` are what it counts and its percentages, each with its unit."""

    text: str
    about: frozenset[str]
    figures: frozenset[tuple[Decimal, str | None]]
    days: frozenset[int]
    is_plain: bool
    """Whether it says that something is so, without a no and without an exception."""
    is_name: bool = False
    """Whether it is the name of a product."""


def read_statements(texts: Figures, names: Figures) -> tuple[Statement, ...]:
    """Of what the texts say and of each name of a product."""
    return (*_read(texts), *(replace(each, is_name=True) for each in _read(names)))


def _read(figures: Figures) -> Iterator[Statement]:
    return (statement(begin, end, figures) for begin, end in read_spans(figures.text))


def read_spans(text: str) -> Iterator[tuple[int, int]]:
    """Where each sentence begins and ends."""
    for _, group in groupby(clauses(text), key=lambda each: each.sentence):
        parts = list(group)
        yield parts[0].start, parts[-1].start + len(parts[-1].text)


def statement(begin: int, end: int, figures: Figures) -> Statement:
    """What stands there in the text of `figures`."""
    text = figures.text[begin:end]
    return Statement(
        text=text,
        about=frozenset(stems_in_order(text)),
        figures=frozenset(
            (each.value, each.unit)
            for each in (*figures.numbers, *figures.percents)
            if begin <= each.start < end and not each.is_money
        ),
        days=frozenset(int(day) for found in _DAYS.findall(text) for day in found),
        is_plain=not is_denied(text) and not _WITHOUT.search(text),
    )


def stems_in_order(text: str) -> Iterator[str]:
    """Of all words but the emptiest, plurals as singulars."""
    for word in _LONG.findall(text):
        if word not in STOP_WORDS | _DENYING:
            yield singular(word)[:_STEM]
