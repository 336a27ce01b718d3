"""Say whether what a reply counts, or how long something lasts, stands in the data."""

import re
from decimal import Decimal
from typing import Final

from orbion.domain.backing import MEASURES, Backing
from orbion.domain.figures import Figure
from orbion.domain.plurals import singular
from orbion.domain.prices import Told
from orbion.domain.text import words
from orbion.kit.pattern import Pattern

_COUNTED: Final = frozenset(
    words(
        "opcao opcoe plano pergu coisa item itens forma jeito ponto passo etapa detal infor palav"
        " modal alter dado tipo minut pacot kit curso modelo produ versa duvid motiv"
    )
)
_ARTICLE: Final = Pattern(r"\b[dn]?[oa]s\s+$")
_OF: Final = Pattern(r"(?<![\d.])\d{1,2} +[a-z]+ +d[aeo]s? +")
_HEADED: Final = Pattern(r"(?:\b[a-z]+ ){1,5}$")  # no figure between
_WORD: Final = re.compile(r"[a-z]+")
_NEXT: Final = 4
_DOZEN: Final = 12
_PARTY: Final = frozenset(words("pesso adult hospe passa unida"))  # how many somebody buys for
_FEW: Final = 3
_MONTH_OF_DAYS: Final = 30 * 1_440


def is_counted(figure: Figure, told: Told, backing: Backing) -> bool:
    value, unit = figure.value, figure.unit
    if (value, unit) in backing.counts or told.refuses(figure.start):
        return True
    if _in_other_unit(value, unit) in backing.counts:
        return True
    if _is_other_size(figure, told, backing):
        return False
    if unit in MEASURES or unit in _PARTY or _is_other_count(figure, told, backing):
        return _is_bought(figure, told) or _is_lasting(figure, backing)
    if any(0 < each.start - figure.start <= _NEXT for each in told.mentions):
        return value <= _DOZEN
    return _is_few(figure, told, backing) or _is_number(figure, told, backing)


def _in_other_unit(value: Decimal, unit: str | None) -> tuple[Decimal, str | None]:
    """«Três meses» of «90 dias», and the other way round."""
    if unit == "month":
        return value * _MONTH_OF_DAYS, "minute"
    if unit == "minute" and value % _MONTH_OF_DAYS == 0:
        return value / _MONTH_OF_DAYS, "month"
    return value, unit


def _is_number(figure: Figure, told: Told, backing: Backing) -> bool:
    """A number of the data, where these do not tell how many of it there are."""
    if figure.unit in backing.words and not told.is_priced(figure.start):
        return False
    prices = {price.price for price in backing.prices.values()}
    known = backing.numbers | backing.amounts | prices
    return figure.value in known or _is_bought(figure, told)


def _is_other_size(figure: Figure, told: Told, backing: Backing) -> bool:
    """«Ração de 20 kg» where «Ração 15 kg» is sold."""
    found = _HEADED.search(told.figures.text[: figure.start])
    spoken = _WORD.findall(found.group()) if found else []
    sizes = [size for word in spoken for size in backing.sizes.get(singular(word), ())]
    return any(unit == figure.unit for _, unit in sizes)


def _is_few(figure: Figure, told: Told, backing: Backing) -> bool:
    """«Três opções», «os dois»: how many of what was told."""
    if figure.value == len(backing.prices):
        return True
    article = _ARTICLE.search(told.figures.text[: figure.start])
    return bool(figure.unit in _COUNTED or article) and figure.value <= _FEW


def _is_lasting(figure: Figure, backing: Backing) -> bool:
    """«Uma hora e meia» of «a completa 1h30», which reads like a time of day."""
    return figure.unit == "minute" and any(figure.value == each.at for each in backing.openings)


def _is_other_count(figure: Figure, told: Told, backing: Backing) -> bool:
    """«3 vagas» where the texts count 2; «3 fotos dão R$ 45» multiplies."""
    counted = {unit for _, unit in backing.counts} - _COUNTED
    return figure.unit in counted and not told.is_priced(figure.start)


def _is_bought(figure: Figure, told: Told) -> bool:
    """«Duas horas de sala», «dois pares de meia», «duas pessoas»: how much is bought."""
    if figure.unit in _PARTY and told.is_priced(figure.start):
        return True
    found = _OF.match(told.figures.text, figure.start)
    if found is None or not told.is_priced(figure.start):
        return False
    return any(each.start == found.end() for each in told.mentions)
