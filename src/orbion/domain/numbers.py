"""Read numbers that are written in words, as Brazilians say them."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from orbion.domain.text import words

WORDS: Final[Mapping[str, int]] = MappingProxyType(
    {
        **dict.fromkeys(("um", "uma"), 1),
        **dict.fromkeys(("dois", "duas"), 2),
        **{
            word: value
            for value, word in enumerate(
                words(
                    "tres quatro cinco seis sete oito nove dez onze doze treze quatorze quinze"
                    " dezesseis dezessete dezoito dezenove vinte"
                ),
                3,
            )
        },
        "catorze": 14,
        "trinta": 30,
        "quarenta": 40,
        "cinquenta": 50,
        "sessenta": 60,
        "setenta": 70,
        "oitenta": 80,
        "noventa": 90,
        **dict.fromkeys(("cem", "cento"), 100),
        **{
            word: value * 100
            for value, word in enumerate(
                words(
                    "duzentos trezentos quatrocentos quinhentos seiscentos setecentos oitocentos"
                    " novecentos"
                ),
                2,
            )
        },
    }
)
_SCALES: Final[Mapping[str, int]] = MappingProxyType(
    {"mil": 1_000, "milhao": 1_000_000, "milhoes": 1_000_000}
)
_ANY: Final = "|".join(sorted((*WORDS, *_SCALES), key=len, reverse=True))
SPOKEN: Final = re.compile(rf"\b(?:meio milhao|(?:{_ANY})(?:\s+(?:e\s+)?(?:{_ANY}))*)\b")


def spoken_number(said: str) -> int:
    """The value of what `SPOKEN` matched in folded text: «mil e duzentos» is 1200."""
    if said == "meio milhao":
        return 500_000
    total, part = 0, 0
    for word in said.split():
        if word in _SCALES:
            total, part = total + max(part, 1) * _SCALES[word], 0
        else:
            part += WORDS.get(word, 0)
    return total + part


def number(said: str) -> int:
    """Digits or one word."""
    return int(said) if said.isdigit() else WORDS.get(said, 0)
