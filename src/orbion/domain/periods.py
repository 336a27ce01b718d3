"""Read for which stretch of time an amount is: a month, a semester, a year."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

from orbion.domain.clauses import clauses
from orbion.domain.figures import Figures
from orbion.kit.pattern import Pattern

MONTH: Final = 1
_PERIODS: Final = tuple(
    (
        Pattern(rf"\b(?:por|ao?|em|n[oa]|a cada|/) ?(?:1 |um |uma )?(?:{noun})\b|\b(?:{kind})"),
        months,
    )
    for noun, kind, months in (
        ("mes", "mensa(?:l|is|lidade)", MONTH),
        ("bimestre", "bimestra", 2),
        ("trimestre", "trimestra", 3),
        ("semestre", "semestra", 6),
        ("ano|12 meses", "anua(?:l|is|lidade)|12 meses", 12),
    )
)


def periods(text: str) -> Iterator[int]:
    """In months, of each stretch that the folded text names."""
    return (months for pattern, months in _PERIODS if pattern.search(text))


def periodic(figures: Figures) -> Sequence[tuple[Decimal, int]]:
    """The amounts of a text by the only stretch of time that their clause names."""
    found = []
    for clause in clauses(figures.text):
        named = list(periods(clause.text))
        if len(named) == 1:
            end = clause.start + len(clause.text)
            inside = (each for each in figures.numbers if clause.start <= each.start < end)
            found += [(each.value, named[0]) for each in inside if each.unit in {None, "money"}]
    return found
