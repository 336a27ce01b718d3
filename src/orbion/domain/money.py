"""Find amounts of Brazilian money in text, and write them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from orbion.domain.text import compose, fold

_AMOUNT: Final = re.compile(
    r"(?<![\w.,/-])(?P<sign>r\$\s*)?"
    r"(?P<whole>\d{1,3}(?:\.\d{3})+|\d{1,7})(?P<cents>[.,]\d{1,2})?(?!\d|/\d|[.,]\d)"
    r"\s*(?P<scale>mil(?![a-z])|k(?![a-z])|milhao|milhoes|mi(?![a-z]))?"
    r"(?P<unit>\s*(?:de\s+)?(?:reais|real|contos?|pilas?)(?![a-z]))?"
    r"(?!\s*(?:kwh|kwp|kw|%|m2|anos?|dias?|meses|horas?|h(?![a-z])|placas?|pessoas?))"
)
_SCALES: Final[Mapping[str, int]] = MappingProxyType(
    {"mil": 1_000, "k": 1_000, "mi": 1_000_000, "milhao": 1_000_000, "milhoes": 1_000_000}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """`marked` = written with R$, «reais», «mil» …; a bare number may mean something else."""

    centavos: int
    quote: str
    marked: bool


def find_amounts(text: str) -> tuple[Amount, ...]:
    """In order of appearance: «R$ 1.234,56», «uns 400 reais», «1,2 mil», «450»."""
    composed = compose(text)
    return tuple(_amount(found, composed) for found in _AMOUNT.finditer(fold(composed)))


def _amount(found: re.Match[str], text: str) -> Amount:
    number = found["whole"].replace(".", "") + (found["cents"] or "").replace(",", ".")
    scale = found["scale"]
    times = _SCALES[scale] if scale else 1
    return Amount(
        centavos=int(Decimal(number) * times * 100),
        quote=text[found.start() : found.end()].strip(),
        marked=bool(found["sign"] or scale or found["unit"]),
    )


def write_amount(centavos: int) -> str:
    """«R$ 12.900,00»."""
    whole, cents = divmod(centavos, 100)
    return f"R$ {whole:,}".replace(",", ".") + f",{cents:02d}"
