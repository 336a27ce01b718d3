"""Tell whether an amount or an instalment of a reply is one of the product it is said of."""

import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations
from typing import Final

from orbion.domain.clauses import clauses
from orbion.domain.figures import Figure, Figures, Instalment
from orbion.domain.products import Mention
from orbion.kit.pattern import Pattern

_SENTENCE_END: Final = Pattern(r"[!?;\n]|\.(?!\d)")
_SUM: Final = Pattern(
    r"\bjunt[oa]s?\b|\btotal\b|\b(?:os|as) (?:2|3|4|dois|duas)\b|\bsoma\w*|\btudo\b|\bambos\b|\+"
    r"|\bmais\b|\be (?:o|a)\b|\bao todo\b|\bcombo\b|\bcom\b|\be [a-z]+,? dao?\b"
)
_DIFFERENCE: Final = Pattern(
    r"\bdiferenca\b|\ba (?:mais|menos)\b|\bmais (?:car|barat)\w+|\beconomi\w+|\bacima\b|\babaixo\b"
)
_PAIR: Final = Pattern(r"\b(?:casal|par|dupla|ambos)\b")
_EACH: Final = Pattern(r"\bcada\b|\bsai\w* a\b|\bpor (?:pessoa|unidade|aula|dia)\b|\bunidade\b")
_SIZE: Final = Pattern(r"(?<![\d.,$])\d{1,3}(?![\d.]\d|\d)")
_MOST_TIMES: Final = 36


_UNABLE: Final = Pattern(
    r"\b(?:nao|nem)\s+(?:\w+\s+){0,2}(?:consig\w+|consegu\w+|poss?o|podemos|pode|temos|tenho|tem"
    r"|trabalh\w+"
    r"|faz\w*|faco|da|rola|existe|ha|vend\w+|oferec\w+|chega\w*|aceit\w+|encontr\w+|ach\w+"
    r"|sei)\b(?! mais de| menos)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What one product costs, in reais; `counts` of its instalments with the amount of each."""

    price: Decimal
    instalments: tuple[tuple[int, Decimal], ...] = ()

    @property
    def amounts(self) -> frozenset[Decimal]:
        totals = (count * amount for count, amount in self.instalments)
        return frozenset((self.price, *(amount for _, amount in self.instalments), *totals))


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A reply's figures and the products it names, in the order in which they stand."""

    figures: Figures
    mentions: Sequence[Mention]
    places: Sequence[int]

    def about(self, start: int) -> AbstractSet[str]:
        """The products of which something at `start` is said; none if no product was named."""
        begin, end = self._sentence(start)
        inside = [each for each in self.mentions if begin <= each.start < end]
        before = [each for each in inside if each.start < start]
        others = [place for place in self.places if begin <= place < end]
        if before and not self._leads(inside, others):
            return _nearest(before, others)
        after = [each for each in inside if each.start > start]
        if after:
            until = min((place for place in others if place > after[0].start), default=end)
            return {each.key for each in after if each.start < until}
        earlier = [each for each in self.mentions if each.start < begin]
        return {earlier[-1].key} if earlier and not before else {each.key for each in before[-1:]}

    def _leads(self, inside: Sequence[Mention], others: Sequence[int]) -> bool:
        """Whether the sentence says «R$ 99 o Básico e R$ 199 o Premium»."""
        return bool(others) and min(others) < inside[0].start and len(inside) >= len(others)

    def _sentence(self, start: int) -> tuple[int, int]:
        begin, end = 0, len(self.figures.text)
        for found in _SENTENCE_END.finditer(self.figures.text):
            if found.start() < start:
                begin = found.end()
            else:
                end = found.start()
                break
        return begin, end

    def is_priced(self, start: int) -> bool:
        """Whether the sentence around the place holds an amount."""
        begin, end = self._sentence(start)
        return any(begin <= place < end for place in self.places)

    def names(self, start: int) -> bool:
        """Whether the sentence around the place names a product."""
        begin, end = self._sentence(start)
        return any(begin <= each.start < end for each in self.mentions)

    def refuses(self, start: int) -> bool:
        """«Não consigo fazer por 400» promises nothing."""
        return any(
            clause.start <= start < clause.start + len(clause.text)
            and _UNABLE.search(clause.text) is not None
            for clause in clauses(self.figures.text)
        )

    def sentence_at(self, start: int) -> str:
        begin, end = self._sentence(start)
        return self.figures.text[begin:end]


def _nearest(before: Sequence[Mention], others: Sequence[int]) -> AbstractSet[str]:
    """The last product named, with those named just before it without a figure between."""
    cut = max((place for place in others if place < before[-1].start), default=-1)
    return {each.key for each in before if each.start > cut}


def derived(
    figure: Figure,
    prices: Sequence[Price],
    named: Sequence[Price],
    told: Told,
    *,
    offs: AbstractSet[Decimal],
    extras: AbstractSet[Decimal],
    sizes: AbstractSet[Decimal],
) -> bool:
    """Whether the amount follows exactly from the prices and what the sentence says.

    `offs` are percentages, `extras` other amounts and `sizes` the numbers that the data hold.
    """
    amount = figure.value
    said = told.sentence_at(figure.start)
    told_sizes = {Decimal(each) for each in _SIZE.findall(said)}
    among = sizes if _EACH.search(said) else sizes & told_sizes
    if any(price.price == amount * size for price in prices for size in among if size > 1):
        return True
    return amount in {
        *(_sums(prices) if _SUM.search(said) else ()),
        *(_differences(prices) if _DIFFERENCE.search(said) else ()),
        *(price.price * times for price in prices for times in _times(said)),
        *_with_extras(named, said, extras),
        *(extra * times for extra in extras for times in _times(said)),
        *(price.price * (100 - off) / 100 for price in prices for off in offs),
        *(
            price.price * times * (100 - off) / 100
            for price in named
            for off in offs
            for times in _times(said)
        ),
        *(price.price * off / 100 for price in prices for off in offs),
    }


def _with_extras(
    prices: Sequence[Price], said: str, extras: AbstractSet[Decimal]
) -> Iterator[Decimal]:
    if not _SUM.search(said):
        return
    for times in (1, *_times(said)):
        yield from (price.price * times + extra for price in prices for extra in extras)


def _sums(prices: Sequence[Price]) -> Iterator[Decimal]:
    for size in (2, 3):
        for chosen in combinations(prices, size):
            yield sum((each.price for each in chosen), Decimal())


def _differences(prices: Sequence[Price]) -> Iterator[Decimal]:
    for one, other in combinations(prices, 2):
        yield from (abs(each - less) for each in one.amounts for less in other.amounts)
        yield from (abs(one.price + other.price - each.price) for each in prices)
    for price in prices:
        for count, amount in price.instalments:
            yield abs(count * amount - price.price)


def _times(said: str) -> AbstractSet[int]:
    found = re.findall(r"(?<![\d.,$@/])(\d{1,2})\s+(?!x\b|vezes|parcelas|%)[a-z]", said)
    paired = {2} if _PAIR.search(said) else set()
    return paired | {int(each) for each in found if 1 < int(each) <= _MOST_TIMES}


def fits(instalment: Instalment, prices: Sequence[Price]) -> bool:
    """Whether one of the products is sold in these instalments."""
    return any(
        count == instalment.count and instalment.amount in {None, amount, price.price}
        for price in prices
        for count, amount in price.instalments
    )
