"""Take the proper noun that begins at a place in a sentence, as people write it on WhatsApp."""

import re
from collections.abc import Collection
from itertools import takewhile
from typing import Final

from orbion.domain.text import fold

CLAUSE: Final = re.compile(r"[^,.;:!?\n()]+")
CONNECTIVES: Final = frozenset(["de", "do", "da", "dos", "das", "d", "del", "di"])
_PROPER: Final = re.compile(r"[^\W\d_][\w'\u2019-]*")
_LONGEST: Final = 6


def proper(text: str, start: int, unlikely: Collection[str], *, capital: bool) -> str | None:
    """The proper noun that begins at `start`, with the «de», «da» inside it."""
    clause = CLAUSE.match(text, start)
    taken = list(
        takewhile(
            lambda word: (
                fold(word) in CONNECTIVES
                or bool(
                    _PROPER.fullmatch(word)
                    and fold(word) not in unlikely
                    and not (capital and word[0].islower())
                )
            ),
            clause.group().split() if clause else (),
        )
    )
    while taken and fold(taken[-1]) in CONNECTIVES:
        taken.pop()
    noun = " ".join(taken)
    return noun if 0 < len(taken) <= _LONGEST and fold(taken[0]) not in CONNECTIVES else None


def titled(noun: str) -> str:
    return " ".join(
        word.lower() if fold(word) in CONNECTIVES else word[:1].upper() + word[1:].lower()
        for word in noun.split()
    )
