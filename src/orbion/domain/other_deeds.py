"""Find deeds told with a verb that no table holds, by what they were done to."""

import re
from collections.abc import Iterator
from typing import Final

from orbion.domain.text import words
from orbion.kit.pattern import Pattern

_DID: Final = Pattern(
    r"\b((?:[a-z]{2,}[^r\W]|[a-z]*rr|par|recuper|compr|cobr|dobr)ei)\b"
    r"|^\W*(?:(?:ja|eu|pronto|prontinho|ok)\W+)*([a-z]+[^aeiou\W]i)\b"
)
_YOURS: Final = Pattern(
    r"\b(?:seu|sua|seus|suas|teu|tua|no sistema)\b|^ (?:o|a|os|as) \w+ d[oae] [a-z]{3,}"
)
_SAID_OR_THOUGHT: Final = frozenset(
    words(
        "achei adorei amei gostei falei comentei expliquei mencionei perguntei citei mostrei"
        " indiquei pensei lembrei imaginei notei reparei fiquei demorei errei digitei esperei"
        " tentei usei considerei listei detalhei olhei peguei aproveitei deixei preparei montei"
        " captei analisei avaliei escutei enxerguei estranhei interpretei sei entendi percebi"
        " conheci recebi ouvi senti perdi esqueci aprendi escolhi respondi descobri resolvi sugeri"
        " vi li ali sofri dormi sorri nasci cresci vivi corri confundi compreendi escrevi"
        " resumi permiti pedi disse mostrei citei reconheci consegui"
    )
)


def find_other_deeds(text: str) -> Iterator[re.Match[str]]:
    """«Renovei sua matrícula»: something was done to what is the customer's."""
    for found in _DID.finditer(text):
        if (found[1] or found[2]) not in _SAID_OR_THOUGHT and _YOURS.search(text[found.end() :]):
            yield found
