"""Read what a playbook wants to know out of the customer's own words."""

import re
from collections.abc import Callable, Collection, Mapping
from itertools import dropwhile, takewhile
from types import MappingProxyType
from typing import Final

from orbion.domain.money import find_amounts, write_amount
from orbion.domain.playbook import Option, Slot, SlotKind
from orbion.domain.reply import ReplyFact
from orbion.domain.text import compose, contains_phrase, fold, normalise, words
from orbion.domain.vocabulary import GREETINGS, NO_NAME, NO_PLACE

_EMAIL: Final = re.compile(r"[a-z0-9._%+-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)+")
_CLAUSE: Final = re.compile(r"[^,.;:!?\n()]+")
_PROPER: Final = re.compile(r"[^\W\d_][\w'-]*")
_CONNECTIVES: Final = frozenset(["de", "do", "da", "dos", "das", "d"])
_NAMED: Final = re.compile(
    r"\b(?:meu nome (?:e|eh)|me chamo|(?:pode |podem )?me chamar? de)\s+(?:[oa]\s+)?"
)
_INTRODUCED: Final = re.compile(
    r"\b(?:aqui (?:e|eh)|aqui quem fala (?:e|eh)|sou)\s+[oa]\s+|^sou\s+"
)
_LIVING: Final = re.compile(
    r"\b(?:moro|moramos|resido|aqui|atendem?)\s+(?:aqui\s+)?(?:em|no|na)\s+"
)
_SITUATED: Final = re.compile(
    r"\b(?:atendem?|(?:estou|estamos|fica|ficamos|sou|somos|falo|casa|loja|empresa|padaria|cidade)"
    r"\s+(?:de|em))\s+"
)
_PLACED: Final = re.compile(r"^\s*(?:(?:e\s+)?(?:moro|sou|fica|aqui)\s+)?(?:(?:em|de|na|no)\s+)?")
_STATE: Final = re.compile(
    r"\s*[-/,]?\s*\b(?:ac|al|am|ap|ba|ce|df|es|go|ma|mg|ms|mt|pa|pb|pe|pi|pr|rj|rn|ro|rr|rs|sc|se|sp"
    r"|to)\s*$"
)
_LONGEST_NAME: Final = 6
_LONGEST_TEXT: Final = 200
_LEAST_BILL: Final = 20_00


def read_slot(slot: Slot, text: str, *, asked: bool) -> ReplyFact | None:
    """The slot's value in `text`; a slot that was just asked for needs fewer signs."""
    return _READERS[slot.kind](slot, compose(text), asked)


def read_value(slot: Slot, value: str) -> str | None:
    """A value proposed by a model in its normal form; None if the slot's kind cannot be it."""
    found = read_slot(slot, value, asked=True)
    return found.value if found else None


def _name(_: Slot, text: str, asked: bool) -> ReplyFact | None:  # noqa: FBT001 the readers' shape
    folded = fold(text)
    for pattern, capital in ((_NAMED, False), (_INTRODUCED, not asked)):
        start = pattern.search(folded)
        name = _proper(text, start.end(), NO_NAME, capital=capital) if start else None
        if name:
            return ReplyFact(value=_titled(name), quote=name)
    return _answered(text, NO_NAME) if asked and "?" not in text else None


def _city(_: Slot, text: str, asked: bool) -> ReplyFact | None:  # noqa: FBT001 the readers' shape
    folded = fold(text)
    for pattern, capital in ((_LIVING, False), (_SITUATED, True)):
        for start in pattern.finditer(folded):
            place = _proper(text, start.end(), NO_PLACE, capital=capital)
            if place:
                return ReplyFact(value=_titled(place), quote=place)
    return _answered(_place_alone(text), NO_PLACE) if asked and "?" not in text else None


def _place_alone(text: str) -> str:
    """Without «moro em» before and the state after."""
    folded = fold(text)
    start, end = _PLACED.match(folded), _STATE.search(folded)
    return text[start.end() if start else 0 : end.start() if end else len(text)]


def _answered(text: str, unlikely: Collection[str]) -> ReplyFact | None:
    """The first clause that is nothing but a proper noun, with a greeting before it at most."""
    for clause in _CLAUSE.findall(text):
        said = list(dropwhile(lambda word: fold(word) in GREETINGS, clause.split()))
        if said and _proper(" ".join(said), 0, unlikely, capital=False) == " ".join(said):
            return ReplyFact(value=_titled(" ".join(said)), quote=" ".join(said))
    return None


def _proper(text: str, start: int, unlikely: Collection[str], *, capital: bool) -> str | None:
    """The proper noun that begins at `start`, with the «de», «da» inside it."""
    clause = _CLAUSE.match(text, start)
    taken = list(
        takewhile(
            lambda word: (
                fold(word) in _CONNECTIVES
                or bool(
                    _PROPER.fullmatch(word)
                    and fold(word) not in unlikely
                    and not (capital and word[0].islower())
                )
            ),
            clause.group().split() if clause else (),
        )
    )
    while taken and fold(taken[-1]) in _CONNECTIVES:
        taken.pop()
    noun = " ".join(taken)
    return noun if 0 < len(taken) <= _LONGEST_NAME and fold(taken[0]) not in _CONNECTIVES else None


def _titled(noun: str) -> str:
    return " ".join(
        word.lower() if fold(word) in _CONNECTIVES else word[:1].upper() + word[1:].lower()
        for word in noun.split()
    )


def _option(slot: Slot, text: str, asked: bool) -> ReplyFact | None:  # noqa: FBT001 the readers' shape
    said = normalise(text)
    matches = (
        (len(phrase), option.value)
        for option in slot.options
        for phrase in _phrases(option, asked=asked)
        if contains_phrase(said, phrase) and not _denied(said, phrase)
    )
    best = max(matches, default=None, key=lambda match: match[0])
    return ReplyFact(value=best[1], quote=text.strip()[:_LONGEST_TEXT]) if best else None


def _phrases(option: Option, *, asked: bool) -> tuple[str, ...]:
    spoken = (normalise(option.value), *option.replies) if asked else ()
    return (*spoken, *option.aliases)


def _denied(said: str, phrase: str) -> bool:
    return bool(re.search(rf"\bnao (?:e |eh |sou |tenho |temos )?(?:um |uma )?{phrase}\b", said))


def _money(slot: Slot, text: str, asked: bool) -> ReplyFact | None:  # noqa: FBT001 the readers' shape
    cued = not set(words(text)).isdisjoint(slot.cues)
    if not (asked or cued):
        return None
    amounts = [
        amount
        for amount in find_amounts(text)
        if (amount.marked or asked or amount.centavos >= _LEAST_BILL)
        and slot.accepts(amount.centavos)
    ]
    best = next((amount for amount in amounts if amount.marked), next(iter(amounts), None))
    return ReplyFact(value=write_amount(best.centavos), quote=best.quote) if best else None


def _email(_: Slot, text: str, __: bool) -> ReplyFact | None:  # noqa: FBT001 the readers' shape
    found = _EMAIL.search(fold(text))
    return ReplyFact(value=found.group(), quote=found.group()) if found else None


def _text(_: Slot, text: str, asked: bool) -> ReplyFact | None:  # noqa: FBT001 the readers' shape
    said = text.strip()[:_LONGEST_TEXT]
    return ReplyFact(value=said, quote=said) if asked and said and "?" not in said else None


_READERS: Final[Mapping[SlotKind, Callable[[Slot, str, bool], ReplyFact | None]]] = (
    MappingProxyType(
        {
            SlotKind.NAME: _name,
            SlotKind.CITY: _city,
            SlotKind.OPTION: _option,
            SlotKind.MONEY: _money,
            SlotKind.EMAIL: _email,
            SlotKind.TEXT: _text,
        }
    )
)
