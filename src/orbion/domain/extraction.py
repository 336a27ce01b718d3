"""Read what a playbook wants to know out of the customer's own words."""

import re
from collections.abc import Callable, Collection, Mapping
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
_INTRODUCED: Final = re.compile(r"\b(?:aqui (?:e|eh)|aqui quem fala (?:e|eh)|sou)\s+[oa]\s+|^sou\s+")
_LIVING: Final = re.compile(
    r"\b(?:moro|moramos|resido|estou|fica|ficamos|aqui|atendem?|minha cidade e|cidade de)\s+"
    r"(?:aqui\s+)?(?:(?:em|no|na)\s+)?(?=[a-z])"
)
_FROM: Final = re.compile(r"\b(?:sou|somos|falo|casa|loja|empresa|padaria)\s+(?:de|do|da|em)\s+")
_PLACED: Final = re.compile(r"^\s*(?:(?:e\s+)?(?:moro|sou|fica|aqui)\s+)?(?:(?:em|de|na|no)\s+)?")
_STATE: Final = re.compile(
    r"\s*[-/,]?\s*\b(?:ac|al|am|ap|ba|ce|df|es|go|ma|mg|ms|mt|pa|pb|pe|pi|pr|rj|rn|ro|rr|rs|sc|se|sp"
    r"|to)\s*$"
)
_LONGEST_NAME: Final = 4
_LONGEST_TEXT: Final = 200
_FEWEST_DIGITS_OF_A_BILL: Final = 20_00


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
    for pattern, capital in ((_LIVING, False), (_FROM, True)):
        for start in pattern.finditer(folded):
            bare = not re.search(r"\b(?:em|no|na|de|e)\s+$", start.group())
            place = _proper(text, start.end(), NO_PLACE, capital=capital or bare)
            if place:
                return ReplyFact(value=_titled(place), quote=place)
    if not asked or "?" in text:
        return None
    stated = _STATE.search(folded)
    trimmed = text[_end(_PLACED, folded) : stated.start() if stated else len(text)]
    return _answered(trimmed, NO_PLACE)


def _end(pattern: re.Pattern[str], text: str) -> int:
    found = pattern.match(text)
    return found.end() if found else 0


def _answered(text: str, unlikely: Collection[str]) -> ReplyFact | None:
    """The first clause that is nothing but a proper noun, with a greeting before it at most."""
    for clause in _CLAUSE.findall(text):
        start = 0
        for word in _PROPER.finditer(clause):
            if fold(word.group()) not in GREETINGS:
                start = word.start()
                break
        said = clause[start:].strip()
        if said and _proper(said, 0, unlikely, capital=False) == said:
            return ReplyFact(value=_titled(said), quote=said)
    return None


def _proper(text: str, start: int, unlikely: Collection[str], *, capital: bool) -> str | None:
    """The proper noun that begins at `start`: up to four words and their «de», «da»."""
    end, taken = start, 0
    for found in _PROPER.finditer(text, start):
        word = found.group()
        if found.start() > start and text[end : found.start()].strip(" "):
            break
        joined = taken > 0 and fold(word) in _CONNECTIVES
        if not joined and (fold(word) in unlikely or (capital and word.islower())):
            break
        if taken == _LONGEST_NAME:
            return None
        if joined:
            if not _goes_on(text, found.end(), unlikely):
                break
            continue
        end, taken = found.end(), taken + 1
    return text[start:end].strip() or None
