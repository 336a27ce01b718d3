"""Gather what a reply may rest on: a catalogue, the texts of a business, the words of a chat."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import chain
from types import MappingProxyType
from typing import Final

from orbion.domain.addresses import ABBREVIATED
from orbion.domain.clauses import clauses, is_denied
from orbion.domain.features import read_features
from orbion.domain.figures import UNITS, Figure, Figures, Instalment, read_figures
from orbion.domain.owners import Owners, read_bounds, read_owners
from orbion.domain.periods import periodic
from orbion.domain.plurals import singular
from orbion.domain.prices import Price
from orbion.domain.products import Named, name_products
from orbion.domain.promises import Promise, find_promises
from orbion.domain.schedule import Opening, openings
from orbion.domain.statements import Statement, read_statements
from orbion.domain.text import compose, fold, words
from orbion.domain.vocabulary import STOP_WORDS

MEASURES: Final = frozenset(("minute", "month", "room", "metre", "km"))
_HOUSE: Final = re.compile(
    r"\b(?:rua|av|avenida|alameda|travessa|rodovia|estrada|praca|sala|loja|andar|bloco|apto"
    r"|br)\b[^\n;]{0,30}$"
)
_WORD: Final = re.compile(r"[a-z]+|\d+")
_DIGITS: Final = re.compile(r"(?<![\d.,])\d{1,4}(?![\d.,])")  # the 14 of «175/70 R14»
_LONG: Final = re.compile(r"[a-z]{3,}")
_DENYING: Final = frozenset(words("nunca nem nenhum nenhuma jamais tambem"))
_STEM: Final = 5
_TELLING: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueFact:
    """A product that is sold; `aliases` are other names of it."""

    name: str
    price: Decimal
    instalments: tuple[tuple[int, Decimal], ...] = ()
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Backing:
    """All that a reply may rest on, read once; `read` makes it."""

    prices: Mapping[str, Price]
    products: tuple[Named, ...]
    heads: frozenset[str]
    words: frozenset[str]
    text: str
    links: frozenset[str]
    contacts: frozenset[str]
    dates: frozenset[tuple[int, int | None]]
    percents: frozenset[Decimal]
    instalments: tuple[Instalment, ...]
    amounts: frozenset[Decimal]
    numbers: frozenset[Decimal]
    written: frozenset[Decimal]
    houses: Mapping[Decimal, frozenset[str]]
    counts: frozenset[tuple[Decimal, str | None]]
    openings: tuple[Opening, ...]
    promises: Mapping[str, Sequence[Promise]] = field(default_factory=dict)
    echoes: frozenset[Decimal] = frozenset()
    said: frozenset[str] = frozenset()
    own_contacts: frozenset[str] = frozenset()
    denials: tuple[frozenset[str], ...] = ()
    bounds: Mapping[int, frozenset[str]] = field(default_factory=dict)
    owners: Owners = field(default_factory=dict)
    percent_contexts: Mapping[Decimal, frozenset[str]] = field(default_factory=dict)
    contexts: Mapping[Decimal, frozenset[str]] = field(default_factory=dict)
    statements: tuple[Statement, ...] = ()
    features: Mapping[str, frozenset[str]] = field(default_factory=dict)
    periodic: Sequence[tuple[Decimal, int]] = ()
    sizes: Mapping[str, frozenset[tuple[Decimal, str | None]]] = field(default_factory=dict)

    def with_chat(self, texts: Iterable[str]) -> "Backing":
        """With the words of a customer: they name people and places, offer and promise nothing."""
        said = "\n".join(texts)
        free = read_figures(said)
        houses = _houses(free)
        return replace(
            self,
            said=_words_of(said, free.text, free.numbers),
            own_contacts=free.phones | free.emails | free.documents,
            dates=self.dates | free.dates,
            echoes=frozenset((*_amounts(free, houses), *(each.value for each in free.percents))),
            numbers=self.numbers | {each.value for each in free.numbers if each not in houses},
            counts=self.counts | {(each.value, each.unit) for each in free.numbers},
            openings=(*self.openings, *(each for each in openings(free.text) if not each.days)),
        )

    @property
    def open_days(self) -> frozenset[int]:
        return frozenset(day for each in self.openings if each.is_open for day in each.days)


def read_backing(catalogue: Sequence[CatalogueFact], texts: Iterable[str]) -> Backing:
    """`texts` are what else is known: hours, address, notes, answers, the customer's words."""
    joined = "\n".join(texts)
    free = read_figures(joined)
    products = name_products({item.name: _names(item) for item in catalogue})
    named = read_figures("\n".join(name for item in catalogue for name in _names(item)))
    promises: defaultdict[str, list[Promise]] = defaultdict(list)
    for promise in find_promises(free.text):
        promises[promise.family].append(promise)
    houses = _houses(free)
    known = (*free.numbers, *named.numbers)
    return Backing(
        prices={
            item.name: Price(price=item.price, instalments=item.instalments) for item in catalogue
        },
        products=products,
        owners=read_owners(free, products),
        bounds=read_bounds(chain.from_iterable(promises.values()), free, products),
        heads=frozenset(_heads(catalogue)),
        words=_words_of(joined, f"{free.text} {named.text}", known),
        text=free.text,
        links=free.links,
        contacts=free.phones | free.emails | free.documents,
        dates=free.dates,
        percents=frozenset(each.value for each in free.percents),
        instalments=free.instalments,
        amounts=frozenset(_amounts(free, houses)),
        numbers=frozenset(
            (
                *(each.value for each in known if each not in houses),
                *(Decimal(each) for item in catalogue for each in _DIGITS.findall(item.name)),
            )
        ),
        written=frozenset(each.written for each in known if each.written and each not in houses),
        houses=MappingProxyType({each.value: before(each, free.text) for each in houses}),
        counts=frozenset((each.value, each.unit) for each in known),
        openings=tuple(openings(free.text)),
        promises=MappingProxyType(promises),
        denials=tuple(_denials(free.text)),
        percent_contexts=MappingProxyType(_contexts(free.text, free.percents)),
        contexts=MappingProxyType(_contexts(free.text, free.numbers)),
        statements=read_statements(free, named),
        periodic=periodic(free),
        features=MappingProxyType(read_features(free, products)),
        sizes=MappingProxyType(_sizes(catalogue)),
    )


def _houses(free: Figures) -> Collection[Figure]:
    return frozenset(each for each in free.numbers if is_house(each, free.text))


def _words_of(written: str, read: str, counted: Iterable[Figure]) -> frozenset[str]:
    """Each word as it is written and read, as a singular, in full and by its beginning."""
    both = f"{read} {fold(compose(written))}"
    spoken = frozenset((*_WORD.findall(both), *_WORD.findall(both.replace("-", ""))))
    forms = {form for word in spoken for form in (word, singular(word), *ABBREVIATED.get(word, ()))}
    units = {each.unit for each in counted}
    alike = {word for word, (unit, _) in UNITS.items() if unit in units}  # dorms are quartos
    return frozenset((*forms, *(form[:_STEM] for form in forms), *alike))


def _denials(text: str) -> Iterable[frozenset[str]]:
    """What each «não …» of the data is about: nothing may be said to be so after all."""
    for clause in clauses(text):
        if is_denied(clause.text) and len(about := subjects(clause.text)) >= _TELLING:
            yield about


def subjects(text: str) -> frozenset[str]:
    """Stems of all words of a clause but the emptiest."""
    return frozenset(
        word[:_STEM] for word in _LONG.findall(text) if word not in STOP_WORDS | _DENYING
    )


def _contexts(text: str, figures: Iterable[Figure]) -> dict[Decimal, frozenset[str]]:
    """What each figure of the texts is said of."""
    found: defaultdict[Decimal, frozenset[str]] = defaultdict(frozenset)
    for clause in clauses(text):
        for each in figures:
            if clause.start <= each.start < clause.start + len(clause.text):
                found[each.value] |= subjects(clause.text)
    return found


def is_house(figure: Figure, text: str) -> bool:
    """The 540 of «Rua XV, 540» is where something stands, and nothing that is sold."""
    return not figure.is_money and _HOUSE.search(text[: figure.start]) is not None


def before(figure: Figure, text: str, most: int = _TELLING) -> frozenset[str]:
    """The last words before it."""
    spoken = _WORD.findall(text[: figure.start])[-most:]
    is_after_date = text[: figure.start].rstrip(" ,").endswith("#")  # «Sete de Abril, 140»
    return frozenset(spoken) - STOP_WORDS | ({"#"} if is_after_date else set())


def _names(item: CatalogueFact) -> tuple[str, ...]:
    return (item.name, *item.aliases)


def _heads(catalogue: Sequence[CatalogueFact]) -> Iterable[str]:
    for item in catalogue:
        yield from _WORD.findall(read_figures(item.name).text)[:1]


def _sizes(
    catalogue: Sequence[CatalogueFact],
) -> dict[str, frozenset[tuple[Decimal, str | None]]]:
    """What the names of products count, by their first word: 15 kg of «Ração 15 kg»."""
    found: defaultdict[str, frozenset[tuple[Decimal, str | None]]] = defaultdict(frozenset)
    for item in catalogue:
        named = read_figures(item.name)
        for head in _WORD.findall(named.text)[:1]:
            found[head] |= {(each.value, each.unit) for each in named.numbers if each.unit}
    return dict(found)


def _amounts(free: Figures, houses: Collection[Figure]) -> Iterable[Decimal]:
    """Bare numbers too: notes say «conta de 450»; what is counted in something is no money."""
    for each in free.numbers:
        if each in houses:
            continue
        if each.is_money or each.unit not in MEASURES:
            yield each.value
    for instalment in free.instalments:
        if instalment.amount is not None:
            yield instalment.amount
            yield instalment.amount * instalment.count
