"""Find the city and the quarter that people name."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from orbion.domain.gazetteer import CITIES, QUARTERS
from orbion.domain.proper import CLAUSE, CONNECTIVES, proper, titled
from orbion.domain.text import fold, normalise, words
from orbion.domain.vocabulary import NO_PLACE, TRADES
from orbion.kit.pattern import Pattern

_LONGEST_FIRST: Final = tuple(sorted(QUARTERS.items(), key=lambda each: -len(each[0])))
_LIVING: Final = Pattern(
    r"\b(?:moro|moramos|resido|residimos|aqui|atendem?|mudei|mudar)\s+(?:aqui\s+|hoje\s+)?"
    r"(?:em|no|na|pra|para)\s+"
)
_SITUATED: Final = Pattern(
    r"\b(?:atendem?|(?:estou|estamos|to|fica|ficamos|sou|somos|falo|casa|loja|empresa|padaria"
    r"|cidade"
    r"|sitio|chacara|fazenda|terreno|imovel|apartamento|escritorio|obra)"
    r"(?:\s+(?:e|eh|fica))?\s+(?:de|em)|cidade\s*:|cidade\s+(?:e|eh|de)|municipio de)\s+"
)
_STATE: Final = Pattern(
    r"\s*[-/,]?\s*\b(?:ac|al|am|ap|ba|ce|df|es|go|ma|mg|ms|mt|pa|pb|pe|pi|pr|rj|rn|ro|rr|rs|sc"
    r"|se|sp"
    r"|to)\s*$"
)
_PLACED: Final = Pattern(
    r"^\s*(?:(?:e|eh|ou|mas|sou|moro|fica|aqui|oi|ola|bom dia|boa tarde|boa noite|interior"
    r"|cidade|em|de|na|no|do)\s+)*"
)
_BEFORE_CITY: Final = Pattern(
    r"(?:\b(?:em|de|pra|para|cidade|atendem?|no|do|ate|entre)\s+|cidade\s*:\s*)$"
)
_NO_CITY: Final = Pattern(
    r"\b(?:rua|av|avenida|alameda|travessa|rodovia|jardim|jd|vila|bairro|parque|banco|hotel"
    r"|shopping"
    r"|colegio|escola|loja|edificio|residencial|time|clube)\s+(?:d[aeo]s?\s+)?$"
)
_COMMON: Final = frozenset(
    words(
        "serra natal salto central amparo registro passos torres canela lins leme franca paulista"
        " colombo trindade formosa vitoria palmas santos pedreira cruzeiro toledo crato assis betim"
        " patos picos resende sorriso timon salvador belo rio foz prudente"
    )
)
_CLEAR: Final = 5
_LONGEST_CITY: Final = max(len(key.split()) for key in CITIES)
_WORD: Final = Pattern(r"[a-z0-9]+")
_ABBREVIATED: Final = (
    (Pattern(r"^(?:jd|jdm|jard)\.?\s+", re.IGNORECASE), "Jardim "),
    (Pattern(r"^(?:vl|v)\.?\s+", re.IGNORECASE), "Vila "),
    (Pattern(r"^(?:pq|pqe)\.?\s+", re.IGNORECASE), "Parque "),
)
_QUARTER: Final = Pattern(
    r"\bbairro\s*(?::|e|eh|chama|se chama|do|da|de)?\s+(?:(?:e"
    r"|eh)\s+)?(?:[oa]\s+)?"
)
_KIND: Final = (
    r"(?:vila|vl|jardim|jd|jdm|parque|pq|alto d[aeo]|chacara|recanto|residencial|bosque|morro"
    r"|cidade nova|cidade jardim|nova|setor|conjunto|loteamento|portal d[aeo]|colinas)"
)
_OF_KIND: Final = Pattern(
    rf"\b(?:n[oa]|em|d[oae]|pel[oa]|pr[oa]"
    rf"|para [oa])\s+(?={_KIND}\s+[a-z])"
)
_ALONE: Final = Pattern(r"(?:^|[,\n]\s*)(?=(?:vila|vl|jardim|jd|jdm|parque|pq|setor)\.?\s+[a-z]+)")
_LIVES_AT: Final = Pattern(
    r"\b(?:moro|moramos|fico|fica|ficamos|estou|estamos|to|aqui|casa|apto|ap|ape|apartamento"
    r"|sobrado"
    r"|terreno|imovel|algo|procuro|regiao|perto|proximo|lado|kitnet|studio|loja|quartos?|escola)"
    r"\s+(?:\w+\s+)?n[oa]\s+|\b(?:regiao|perto|proximo|lado)\s+(?:d[oa]|ao?)\s+"
)
_CENTRE: Final = Pattern(
    r"\b(?:no|do|pro|perto do|:)\s*centro\b(?!\s+(?:comercial"
    r"|de (?:estetica|saude)))"
)
_NO_QUARTER: Final = NO_PLACE | frozenset(
    words(
        "financeiro publico vendas matriculas norte sul leste oeste zona litoral praia"
        " interior rua avenida av parte mesma"
        " mesmo minha meu internet instagram facebook google site shopping escola predio"
        " cobertura chao terreo fundo anuncio face insta zap whats praca estado regiao"
        " bairro cidade faixa epoca"
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class City:
    """`name` as the gazetteer writes it, else as written in `quote`."""

    name: str
    quote: str


def find_city(text: str) -> City | None:
    folded = fold(text)
    known = next(_known_cities(text, folded), None)
    if known:
        return known
    for pattern, capital in ((_LIVING, False), (_SITUATED, True)):
        for start in pattern.finditer(folded):
            at_place = start.group().rstrip().endswith((" no", " na"))
            place = proper(text, start.end(), NO_PLACE, capital=capital or at_place)
            if place and not at_place and not _is_quarter(place):
                return City(name=titled(place), quote=place)
    return None


def place_alone(text: str) -> str:
    """Without «moro em» before and the state after."""
    folded = fold(text)
    start, end = _PLACED.match(folded), _STATE.search(folded)
    return text[start.end() if start else 0 : end.start() if end else len(text)]


def find_quarter(text: str) -> str | None:
    folded = fold(text)
    for pattern, capital in ((_QUARTER, False), (_OF_KIND, False), (_ALONE, False)):
        for start in pattern.finditer(folded):
            place = _quarter_at(text, start.end(), capital=capital)
            if place and (pattern is _QUARTER or normalise(place) not in CITIES):
                return place
    named = next(_known_quarters(text, folded), None)
    if named:
        return named
    for start in _LIVES_AT.finditer(folded):
        place = _quarter_at(text, start.end(), capital=True)
        if place and normalise(place) not in CITIES and fold(place.split()[0]) not in TRADES:
            return place
    return "Centro" if _CENTRE.search(folded) else None


def _known_cities(text: str, folded: str) -> Iterator[City]:
    for key, start, end in _named(folded):
        before = folded[:start]
        if _NO_CITY.search(before):
            continue
        alone = _stands_alone(text, start, end)
        is_common = key in _COMMON and text[start].islower() and not _LIVING.search(before)
        in_both = key in QUARTERS and not alone
        if (alone or _BEFORE_CITY.search(before)) and not is_common and not in_both:
            yield City(name=CITIES[key], quote=text[start:end])


def _named(folded: str) -> Iterator[tuple[str, int, int]]:
    """(key, start, end) of each city in the gazetteer, the longest at each place."""
    spoken = list(_WORD.finditer(folded))
    place = 0
    while place < len(spoken):
        sizes = range(min(_LONGEST_CITY, len(spoken) - place), 0, -1)
        keys = (
            (size, " ".join(each.group() for each in spoken[place : place + size]))
            for size in sizes
        )
        size, key = next(((size, key) for size, key in keys if key in CITIES), (1, ""))
        if key:
            yield key, spoken[place].start(), spoken[place + size - 1].end()
        place += size


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Whether the clause says nothing but the city, its state and where it stands."""
    clause = next(each for each in CLAUSE.finditer(text) if each.start() <= start < each.end())
    before, after = fold(text[clause.start() : start]), fold(text[end : clause.end()])
    empty = _PLACED.fullmatch(before) is not None or not before.strip()
    return empty and (not after.strip() or _STATE.fullmatch(after) is not None)


def _known_quarters(text: str, folded: str) -> Iterator[str]:
    for key, name in _LONGEST_FIRST:
        for found in re.finditer(rf"\b{re.escape(key)}\b", folded) if key in folded else ():
            before = folded[: found.start()]
            placed = re.search(r"\b(?:em|n[oa]|d[oa]|pr[oa]|pel[oa]|bairro)\s+$", before)
            if key in CITIES and before.endswith("em "):
                continue
            means_much = len(key) < _CLEAR and text[found.start()].islower()
            if placed and not means_much and key != "centro":
                yield name


def _quarter_at(text: str, start: int, *, capital: bool) -> str | None:
    place = proper(text, start, _NO_QUARTER, capital=capital)
    if place is None:
        return None
    kept = place.split()[:4]
    while kept and fold(kept[-1]) in CONNECTIVES:
        kept.pop()
    place = titled(" ".join(kept))
    for short, whole in _ABBREVIATED:
        place = short.sub(whole, place)
    return place


def _is_quarter(place: str) -> bool:
    key = normalise(place)
    return key in QUARTERS or key.split()[0] in {
        "vila",
        "jardim",
        "parque",
        "jd",
        "vl",
        "pq",
        "bairro",
    }
