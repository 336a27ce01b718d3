"""Find amounts of Brazilian money in text, and write them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from operator import itemgetter
from types import MappingProxyType
from typing import Final

from orbion.domain.numbers import SPOKEN, spoken_number
from orbion.domain.text import compose, fold

_AMOUNT: Final = re.compile(
    r"(?<![\w.,/-])(?P<sign>r\$\s*)?"
    r"(?P<whole>\d{1,3}(?:\.\d{3})+|\d{1,7})(?P<cents>[.,]\d{1,2})?(?!\d|/\d|[.,]\d)"
    r"(?P<scale>\s*(?:mil(?![a-z])|k(?![a-z])|milhao|milhoes|mi(?![a-z]))|m(?![a-z0-9²]))?"
    r"(?P<more>(?<=milhao|ilhoes) e (?:meio|\d{3})(?!\d|\s*(?:mil|k)))?"
    r"(?P<unit>\s*(?:de\s+)?(?:reais|real|contos?|pilas?|paus?)(?![a-z]))?"
    r"(?!\s*(?:kwh|kwp|kw|%|m2|m²|x(?![a-z])|vezes|anos?|aninhos?|dias?|mes(?:es)?(?![a-z])"
    r"|semanas?"
    r"|horas?|h(?![a-z])|minutos?|min(?![a-z])|placas?|paineis|pessoas?|quartos?"
    r"|q(?:u?ar)?to?s?(?![a-z])"
    r"|dorm|suites?|vagas?|banheiros?|metros?|andar|km(?![a-z])|litros?|parcelas?|modulos?))"
)
_PARTS: Final = re.compile(r"\d\s*x\s*(?:de\s+)?$")
_UNIT: Final = re.compile(r"\s*(?:de\s+)?(?:reais|real|contos?|pilas?|paus?)(?![a-z])")
_NEAR: Final = 10
_LEAST_SPOKEN: Final = 100
_SCALES: Final[Mapping[str, int]] = MappingProxyType(
    {
        "mil": 1_000,
        "k": 1_000,
        "m": 1_000_000,
        "mi": 1_000_000,
        "milhao": 1_000_000,
        "milhoes": 1_000_000,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """`marked` = written with R$, «reais», «mil» …; a bare number may mean something else."""

    centavos: int
    quote: str
    marked: bool


def find_amounts(text: str) -> tuple[Amount, ...]:
    """In order of appearance: «R$ 1.234,56», «12x de 99», «1,2 mil», «450», «dois mil»."""
    composed = compose(text)
    folded = fold(composed)
    written = [
        (found.start(), _amount(found, composed, folded)) for found in _AMOUNT.finditer(folded)
    ]
    spoken = [
        (found.start(), _spoken(found, composed, folded)) for found in SPOKEN.finditer(folded)
    ]
    return tuple(amount for _, amount in sorted(written + spoken, key=itemgetter(0)) if amount)


def _amount(found: re.Match[str], text: str, folded: str) -> Amount | None:
    """A small «m» means metres, a large one millions."""
    number = found["whole"].replace(".", "") + (found["cents"] or "").replace(",", ".")
    scale = (found["scale"] or "").strip()
    if scale == "m" and text[found.end("scale") - 1] != "M":
        return None
    times = _SCALES[scale] if scale else 1
    more = Decimal((found["more"] or "0").replace("e meio", "500").split()[-1]) * 1_000
    part = _PARTS.search(folded, max(0, found.start("whole") - _NEAR), found.start("whole"))
    return Amount(
        centavos=int((Decimal(number) * times + more) * 100),
        quote=text[found.start() : found.end()].strip(),
        marked=bool(found["sign"] or scale or found["unit"] or part),
    )


def _spoken(found: re.Match[str], text: str, folded: str) -> Amount | None:
    """Small numbers in words count other things; what follows digits («450 mil») is theirs."""
    unit = _UNIT.match(folded, found.end())
    value = spoken_number(found.group())
    if (value < _LEAST_SPOKEN and not unit) or folded[: found.start()].rstrip()[-1:].isdigit():
        return None
    return Amount(
        centavos=value * 100,
        quote=text[found.start() : unit.end() if unit else found.end()],
        marked=bool(unit) or "mil" in found.group(),
    )


def write_amount(centavos: int) -> str:
    """«R$ 12.900,00»."""
    whole, cents = divmod(centavos, 100)
    return f"R$ {whole:,}".replace(",", ".") + f",{cents:02d}"
