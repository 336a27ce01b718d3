"""Find deeds told with a verb that no table holds, by what they were done to."""

import re
from collections.abc import Iterator
from typing import Final

from orbion.domain.text import words
from orbion.kit.pattern import Pattern

_DID: Final = Pattern(r"\b((?:[a-z]{2,}[^r\W]|[a-z]*rr)ei)\b")
_YOURS: Final = Pattern(
    r"^ (?:(?:o|a|os|as|d[oa]) )?(?:seu|sua|seus|suas|teu|tua)\b|\b(?:no sistema|no seu nome)\b"
)
_SAID_OR_THOUGHT: Final = frozenset(
    words(
        "achei adorei amei gostei falei comentei expliquei mencionei perguntei citei mostrei"
        " indiquei pensei lembrei imaginei notei reparei fiquei demorei errei digitei esperei"
        " tentei usei considerei listei detalhei olhei peguei aproveitei deixei preparei montei"
        " captei analisei avaliei calculei escutei enxerguei estranhei interpretei confundirei sei"
    )
)


def find_other_deeds(text: str) -> Iterator[re.Match[str]]:
    """«Renovei sua matrícula»: something was done to what is the customer's."""
    for found in _DID.finditer(text):
        if found[1] not in _SAID_OR_THOUGHT and _YOURS.search(text[found.end() :]):
            yield found
