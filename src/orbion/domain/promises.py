"""Find what a reply promises beyond figures, and whether the data of the business back it."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from orbion.domain.clauses import Clause, clauses, is_denied, is_open
from orbion.domain.promise_words import FAMILIES
from orbion.domain.text import words
from orbion.domain.vocabulary import COURTESY, GREETINGS, STOP_WORDS
from orbion.kit.pattern import Pattern

_STEM: Final = 5
_LEAST: Final = 3
_WORD: Final = re.compile(r"[a-z]+")
_BY_WORDS: Final = frozenset(
    ("payment", "credential", "included", "warranty", "attribute", "superlative", "stock")
)
_SOON: Final = re.compile(
    r"hoje|amanha|na hora|mesmo dia|(?:semana|mes) que vem|proxima semana|n?es[st]a semana"
    r"|fim do mes|fim de semana"
)
_BEING: Final = Pattern(r"\b(?:esta|estao|ta|tao|e|sao|vem|vao|ja)\b(?: ja)?(?: tudo)? $")
_INCLUDED: Final = Pattern(r"(?:ja )?inclu(?:s|id)[oa]s?\b")
_ONWARD: Final = Pattern(r"\be (?:sai|fica|custa|esta|ta|vale)\b.*")  # «… e sai por R$ 90»
# Judged as a count.
_MEASURED: Final = Pattern(
    r"\b\d+(?:\.\d+)? ?(?:kg|quilos?|gb|mb|tb|litros?|metros?|ml|m2)\b"
    r"(?: de (?:memoria|ram|armazenamento|area))?"
)
_PARTS: Final = Pattern(
    r"\b(?:valor\w*|preco\w*|mensalidade\w*|plano\w*|pacote\w*|servico\w*|tudo|total|mesmo)\b"
)
_EMPTY: Final = frozenset(
    words(
        "usar mes meses dia dias ano anos aninhos hora horas vez vem vai das incluso"
        " inclusos inclusa "
        "inclusas incluido incluida inclui incluindo "
        "acompanha direito aceita"
        " aceitam aceitamos recebemos parcelamos parcela parcelar pagar pagamento financiamos "
        "dividir"
        " trabalhamos garantia gente qualquer todos todas ficar ficam melhor instalado entrega"
        " entregamos voce reais disponivel disponiveis temos tenho existe ainda certinho tudo"
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """`words` are stems of what is promised, `around` of the rest, `soon` says when."""

    family: str
    clause: Clause
    words: frozenset[str]
    around: frozenset[str]
    soon: frozenset[str]
    start: int


def stems(text: str) -> frozenset[str]:
    """Of the words that carry a subject."""
    return frozenset(
        word[:_STEM] for word in _WORD.findall(text) if len(word) >= _LEAST and word not in _IDLE
    )


_IDLE: Final = STOP_WORDS | GREETINGS | COURTESY | _EMPTY


def find_promises(text: str) -> Iterator[Promise]:
    """Of folded text in digits; what is denied or still to be found out is no promise."""
    for clause in clauses(text):
        if is_open(clause.text):
            continue
        for family, pattern in FAMILIES.items():
            for found in pattern.finditer(clause.text):
                if not is_denied(clause.text, found.start()):
                    yield _promise(family, clause, found)


def _promise(family: str, clause: Clause, found: re.Match[str]) -> Promise:
    said = _included(clause, found) if family == "included" else found.group()
    rest = f"{clause.text[: found.start()]} {clause.text[found.end() :]}"
    return Promise(
        family=family,
        clause=clause,
        words=stems(said),
        around=stems(rest),
        start=clause.start + found.start(),
        soon=frozenset(_SOON.findall(said)),
    )


def _included(clause: Clause, found: re.Match[str]) -> str:
    """«Inclui X» says it behind, «X está incluso» before."""
    after, before = clause.text[found.start() :], clause.text[: found.start()]
    after = _ONWARD.sub("", _MEASURED.sub(" ", after))
    is_before = _is_said_before(clause, clause.start + found.start())
    return f"{_PARTS.sub('', before)} {after}" if is_before else after


def _is_said_before(clause: Clause, start: int) -> bool:
    before, after = clause.text[: start - clause.start], clause.text[start - clause.start :]
    is_said = _INCLUDED.match(after) is not None and not stems(after)
    return is_said or _BEING.search(before) is not None


_GIFT: Final = Pattern(r"\b(?:brindes?|presente|bonus|cortesia|ganh(?:a|am|e|em|ou|ar))\b")
_FIRST: Final = frozenset(("prime", "segun"))  # «primeira aula grátis» says more by «aula»
_ABOUT: Final[Mapping[str, Callable[[Promise], frozenset[str]]]] = MappingProxyType(
    {"waiver": lambda promise: promise.words, "free": lambda promise: promise.around}
)


def _is_told_there(promise: Promise, grounds: Mapping[str, Sequence[Promise]]) -> bool:
    """Whether anything that is told to be included is about one of its words."""
    told = grounds.get(promise.family, ())
    about = frozenset(stem for each in told for stem in each.words | each.around)
    return bool(told) and (not promise.words or bool(promise.words & about))


def is_backed(
    promise: Promise, grounds: Mapping[str, Sequence[Promise]], known: AbstractSet[str], text: str
) -> bool:
    """Whether the data promise the same, about the same thing."""
    if promise.family == "unlimited":
        return promise.clause.text[promise.start - promise.clause.start :].strip() in text
    if promise.family == "delivery":
        return all(when in text for when in promise.soon)
    if promise.family == "included" and _is_said_before(promise.clause, promise.start):
        return promise.words <= known and _is_told_there(promise, grounds)
    if promise.family in _BY_WORDS:
        return promise.words <= known if promise.words else promise.family in grounds
    return _is_told_of(promise, grounds.get(promise.family, ()), known)


def _is_told_of(promise: Promise, alike: Sequence[Promise], known: AbstractSet[str]) -> bool:
    """Whether it is promised of the same thing; a gift must be one that the data name."""
    if promise.family not in _ABOUT:
        return bool(alike)
    said = promise.words if promise.family == "waiver" else promise.around
    telling = said - _FIRST or said
    if _GIFT.search(promise.clause.text) and not telling <= known:
        return False
    return any(not said or telling & _ABOUT[promise.family](each) for each in alike)
