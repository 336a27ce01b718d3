"""Write the numbers of a Brazilian text in plain digits: «mil e duzentos», «15k», «R$ 1.234,50»."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import chain
from types import MappingProxyType
from typing import Final

from orbion.domain.numbers import WORDS
from orbion.domain.text import words
from orbion.kit.pattern import Pattern

_TENS: Final = words("vinte trinta quarenta cinquenta sessenta setenta oitenta noventa")
_HUNDREDS: Final = words(
    "duzentos trezentos quatrocentos quinhentos seiscentos setecentos oitocentos novecentos"
)
_VALUES: Final[Mapping[str, int]] = MappingProxyType(
    {
        **WORDS,
        **{f"{each[:-2]}{end}": WORDS[each] for each in _HUNDREDS for end in ("as", "inhos", "ao")},
        **{f"{each[:-1]}{end}": WORDS[each] for each in _TENS for end in ("ao", "inha")},
        **dict.fromkeys(words("cenzinho cemzinho centao"), 100),
        **dict.fromkeys(words("dezao dezinho"), 10),
        **dict.fromkeys(words("mil milzinho"), 1_000),
        **dict.fromkeys(words("milhao milhoes"), 1_000_000),
        **dict.fromkeys(words("cincoenta cinqenta"), 50),
        "zero": 0,
        "duzia": 12,
        "dezesete": 17,
        "dezeseis": 16,
        "secenta": 60,
    }
)
_WORD: Final = "|".join(sorted(_VALUES, key=len, reverse=True))
_SPELLED: Final = Pattern(rf"\b(?:{_WORD})(?:(?:\s+e)?\s+(?:{_WORD}))*\b")
_SCALED: Final = Pattern(
    r"(?<![\w.,])(\d+(?:[.,]\d+)*)\s*(mil(?:hao|hoes)?|k|mi|paus?)(?![a-z])(\s*r\$)?"
)
_ADDED: Final = Pattern(r"(?<![\d.])(\d+000)\s+e\s+(\d{1,3})(?![\d.]|\s*(?:h\b|:|%|x\b))")
_CENTS: Final = Pattern(
    r"(?<![\d.:])(\d+)\s+reais\s+e\s+(\d{2})(?:\s+centavos)?(?!\d|\.\d)"
    r"|(?<![\d.:])(\d+)\s+e\s+(9[0579]|49)(?!\d|\.\d)"
    r"|(?<!entre )(?<![\d.:])(2[4-9]|[3-9]\d|\d{3}) e ([1-9][05])(?!\d|\.\d)"
)
_WRITTEN: Final = Pattern(r"(?<![\w.])\d{1,3}(?:\.\d{3})+(?:,\d+)?(?!\d)|\d+,\d+|\d+\.\d+|\d+")
_SCALES: Final[Mapping[str, int]] = MappingProxyType(
    {
        "mil": 1_000,
        "k": 1_000,
        "pau": 1_000,
        "paus": 1_000,
        "mi": 1_000_000,
        "milhao": 1_000_000,
        "milhoes": 1_000_000,
    }
)
_IDIOMS: Final = tuple(
    (hint, Pattern(pattern), written)
    for hint, pattern, written in (
        ("cento", r"\bpor\s*cento\b", "%"),
        ("metade", r"(?<!na )\b(?:(?:a|pela) )?metade\b", "50%"),
        ("duzia", r"\bmeia\s+duzia\b", "6"),
        ("duzia", r"\buma\s+duzia\b", "12"),
        ("milhao", r"\bmeio\s+milhao\b", "500000"),
        ("hora", r"\bmeia\s+hora\b", "30 minutos"),
        ("meia", r"\b(horas?)\s+e\s+meia\b", r"\1 e 30 minutos"),
    )
)
_THOUSAND: Final = 1_000
_HUNDRED: Final = 100
_TEN: Final = 10
_TWENTY: Final = 20


def in_digits(folded: str) -> str:
    """Every number of folded text as «1234» or «99.90»; «um» and «uma» alone stay words."""
    for hint, idiom, written in _IDIOMS:
        if hint in folded:
            folded = idiom.sub(written, folded)
    folded = _SCALED.sub(_scale, folded)
    folded = _SPELLED.sub(lambda found: " ".join(_spell(found.group().split())), folded)
    folded = _SCALED.sub(_scale, folded)
    folded = _WRITTEN.sub(lambda found: _plain(found.group()), folded)
    folded = _ADDED.sub(lambda found: str(int(found[1]) + int(found[2])), folded)
    return _CENTS.sub(_with_cents, folded)


def _with_cents(found: re.Match[str]) -> str:
    whole, cents = (part for part in found.groups() if part)
    return f"r$ {whole}.{cents}"


def _scale(found: re.Match[str]) -> str:
    """«15k», «2 mil»; people count thousands of reais in «paus»."""
    number = Decimal(_plain(found[1])) * _SCALES[found[2]]
    reais = " reais" if found[2].startswith("pau") else ""
    return f"{number.normalize():f}{reais}{found[3] or ''}"


def _plain(written: str) -> str:
    if re.fullmatch(r"\d{1,3}(?:\.\d{3})+(?:,\d+)?", written):
        written = written.replace(".", "")
    return written.replace(",", ".")


def _spell(said: list[str]) -> Iterator[str]:
    """The numbers of one run of number words, in order."""
    total, part, joined, is_open = 0, 0, False, False
    for word in said:
        if word == "e":
            joined = True
            continue
        value = _VALUES[word]
        if is_open and not _continues(total, part, value, joined=joined):
            yield from chain((_word(total + part, said),), ("e",) if joined else ())
            total, part = 0, 0
        total, part = _grown(total, part, value)
        joined, is_open = False, True
    yield _word(total + part, said)


def _word(value: int, said: list[str]) -> str:
    """«um» alone is an article more often than a number."""
    return said[0] if value == 1 and said[0] in {"um", "uma"} else str(value)


def _continues(total: int, part: int, value: int, *, joined: bool) -> bool:
    if value >= _THOUSAND:
        return value > _THOUSAND or (total % _THOUSAND == 0 and (part > 0 or total == 0))
    if part == 0:
        return total > 0
    if part % _HUNDRED == 0:
        return value < _HUNDRED
    if part >= _TWENTY and part % _TEN == 0:
        return value < _TEN and joined
    return joined and total == 0 and part < _HUNDRED <= value


def _grown(total: int, part: int, value: int) -> tuple[int, int]:
    if value == _THOUSAND:
        return total + (part or 1) * value, 0
    if value > _THOUSAND:
        return (total + part or 1) * value, 0
    if value >= _HUNDRED and part:  # «dezessete e quinhentos» is 17.500
        return total + part * _THOUSAND, value
    return total, part + value
