"""Judge by its wording what a message wants, with weights that were learnt from labelled lines.

Rules know turns of phrase; most wishes that they miss are made of known words in another order.
The weights are data in `weights/`, written by `scripts/learn_wording.py` from `tests/corpora`.
"""

from collections.abc import Collection, Iterator, Mapping
from functools import cached_property
from math import exp, sqrt
from pathlib import Path
from typing import Final

from orbion.domain.spelling import sound
from orbion.domain.stop_letters import letters
from orbion.domain.text import clauses
from orbion.domain.vocabulary import spelled_out

FOLDER: Final = Path(__file__).parent / "weights"
BIAS: Final = ""  # the piece that every message has
UNIT: Final = 100  # weights are written in hundredths
_LONGEST_RUN: Final = 3
_PARTS: Final = (3, 4)
_MOST_LETTERS: Final = 4
_REACH: Final = 6  # letters between two that are seen together
_MOST_WORDS: Final = 60  # a longer message says more than one thing
_FARTHEST: Final = 40.0
_UNLIKELY: Final = 0.03


class Wording:
    """The weights of one question, read when it is first asked."""

    def __init__(self, name: str, *, likely: float) -> None:
        self._file = FOLDER / f"{name}.tsv"
        self._likely = likely

    def wants(self, text: str, *, by_rule: bool) -> bool:
        """What rules found holds unless it is most unlikely; what they missed must be likely."""
        found = pieces(text)
        if not found:
            return by_rule
        return likelihood(self._weights, found) >= (_UNLIKELY if by_rule else self._likely)

    @cached_property
    def _weights(self) -> Mapping[str, float]:
        lines = self._file.read_text(encoding="utf-8").splitlines()
        pairs = (line.rsplit("\t", 1) for line in lines)
        return {piece: int(weight) / UNIT for piece, weight in pairs}


def likelihood(weights: Mapping[str, float], found: Collection[str]) -> float:
    total = sum(weights.get(piece, 0.0) for piece in sorted(found))
    stands = weights[BIAS] + total / sqrt(len(found))
    return 1 / (1 + exp(min(_FARTHEST, max(-_FARTHEST, -stands))))


def pieces(text: str) -> frozenset[str]:
    """Words by their sound, neighbours, parts of words, and what the words do in a wish to stop."""
    said = [word for part in clauses(text) for word in spelled_out(part).split()]
    if not said or len(said) > _MOST_WORDS:
        return frozenset()
    heard = ["^", *map(sound, said), "$"]
    roles = f"^{letters(' '.join(said)).replace('F', '')}$"
    asks = ("?",) if "?" in text else ()
    parts = (part for word in heard[1:-1] for part in _parts(f"<{word}>"))
    return frozenset((*_runs(heard), *parts, *_roles(roles), *asks))


def _roles(roles: str) -> Iterator[str]:
    for size in range(1, _MOST_LETTERS + 1):
        for start in _starts(roles, size):
            yield f"L {roles[start : start + size]}"
    for place, first in enumerate(roles):
        for second in roles[place + 1 : place + 1 + _REACH]:
            yield f"P {first}{second}"


def _runs(heard: list[str]) -> Iterator[str]:
    for size in range(1, _LONGEST_RUN + 1):
        for start in _starts(heard, size):
            yield f"{size} {' '.join(heard[start : start + size])}"
    for start in _starts(heard, _LONGEST_RUN):
        yield f"- {heard[start]} {heard[start + 2]}"


def _parts(word: str) -> Iterator[str]:
    for size in _PARTS:
        for start in _starts(word, size):
            yield f"c {word[start : start + size]}"


def _starts(whole: str | list[str], size: int) -> range:
    return range(max(0, len(whole) - size + 1))
