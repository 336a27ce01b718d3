"""Read what a playbook wants to know out of the customer's own words."""

import re
from collections.abc import Callable, Collection, Mapping
from datetime import date
from itertools import dropwhile
from types import MappingProxyType
from typing import Final

from orbion.domain.documents import find_cpf
from orbion.domain.entities import find_bedrooms, find_count, find_email
from orbion.domain.moments import find_date, find_time
from orbion.domain.money import find_amounts, write_amount
from orbion.domain.people import find_child, find_company, find_name
from orbion.domain.phones import find_phones
from orbion.domain.places import find_city, find_quarter, place_alone
from orbion.domain.playbook import Option, Slot, SlotKind
from orbion.domain.proper import CLAUSE, proper, titled
from orbion.domain.reply import ReplyFact
from orbion.domain.text import compose, contains_phrase, fold, normalise, words
from orbion.domain.vocabulary import GREETINGS, NO_NAME, NO_PLACE

_LONGEST_TEXT: Final = 200
_LEAST_BILL: Final = 20_00


def read_slot(slot: Slot, text: str, *, asked: bool, today: date | None = None) -> ReplyFact | None:
    """The slot's value in `text`; a slot that was just asked for needs fewer signs.

    `today` is the day on which it was written, in the zone of the business.
    """
    if slot.kind is SlotKind.DATE:
        day = find_date(text, today) if today else None
        return _whole(day.isoformat() if day else None, text)
    return _READERS[slot.kind](slot, compose(text), asked)


def read_value(slot: Slot, value: str, *, today: date | None = None) -> str | None:
    """A value proposed by a model in its normal form; None if the slot's kind cannot be it."""
    found = read_slot(slot, value, asked=True, today=today)
    return found.value if found else None


def says_only(slot: Slot, part: str, fact: ReplyFact) -> bool:
    """Whether a part of a message is nothing but the value: then it asks for nothing either."""
    said = normalise(part)
    if slot.kind is SlotKind.OPTION:
        return any(said in _phrases(option, asked=True) for option in slot.options)
    return said == normalise(fact.quote)


def _name(_: Slot, text: str, asked: bool) -> ReplyFact | None:  # noqa: FBT001 the readers' shape
    name = find_name(text, answering=asked)
    if name:
        return ReplyFact(value=titled(name), quote=name)
    return _bare(text, NO_NAME, asked=asked)


def _city(_: Slot, text: str, asked: bool) -> ReplyFact | None:  # noqa: FBT001 the readers' shape
    found = find_city(text)
    if found:
        return ReplyFact(value=found.name, quote=found.quote)
    return _bare(place_alone(text), NO_PLACE, asked=asked)


def _answered(text: str, unlikely: Collection[str]) -> ReplyFact | None:
    """The first clause that is nothing but a proper noun, with a greeting before it at most."""
    for clause in CLAUSE.findall(text):
        said = list(dropwhile(lambda word: fold(word) in GREETINGS, clause.split()))
        if said and proper(" ".join(said), 0, unlikely, capital=False) == " ".join(said):
            return ReplyFact(value=titled(" ".join(said)), quote=" ".join(said))
    return None


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
    found = find_email(text)
    return ReplyFact(value=found[0], quote=found[1]) if found else None


def _phone(_: Slot, text: str, __: bool) -> ReplyFact | None:  # noqa: FBT001 the readers' shape
    found = next(iter(find_phones(text)), None)
    return ReplyFact(value=found[0], quote=found[1]) if found else None


def _cpf(_: Slot, text: str, __: bool) -> ReplyFact | None:  # noqa: FBT001 the readers' shape
    found = find_cpf(text)
    return ReplyFact(value=found[0], quote=found[1]) if found else None


def _time(_: Slot, text: str, __: bool) -> ReplyFact | None:  # noqa: FBT001 the readers' shape
    at = find_time(text)
    return _whole(at.isoformat("minutes") if at else None, text)


def _company(_: Slot, text: str, asked: bool) -> ReplyFact | None:  # noqa: FBT001 the readers' shape
    found = find_company(text)
    return ReplyFact(value=found, quote=found) if found else _bare(text, NO_NAME, asked=asked)


def _neighborhood(_: Slot, text: str, asked: bool) -> ReplyFact | None:  # noqa: FBT001 the readers' shape
    return _whole(find_quarter(text), text) or _bare(place_alone(text), NO_PLACE, asked=asked)


def _bedrooms(_: Slot, text: str, asked: bool) -> ReplyFact | None:  # noqa: FBT001 the readers' shape
    return _whole(find_bedrooms(text) or (find_count(text) if asked else None), text)


def _child_name(_: Slot, text: str, asked: bool) -> ReplyFact | None:  # noqa: FBT001 the readers' shape
    return _whole(find_child(text).name, text) or _bare(text, NO_NAME, asked=asked)


def _child_age(_: Slot, text: str, asked: bool) -> ReplyFact | None:  # noqa: FBT001 the readers' shape
    return _whole(find_child(text).age or (find_count(text) if asked else None), text)


def _whole(value: str | int | None, text: str) -> ReplyFact | None:
    """A value that is read from more than one word stands in all of them."""
    return ReplyFact(value=str(value), quote=text.strip()[:_LONGEST_TEXT]) if value else None


def _bare(text: str, unlikely: Collection[str], *, asked: bool) -> ReplyFact | None:
    return _answered(text, unlikely) if asked and "?" not in text else None


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
            SlotKind.PHONE: _phone,
            SlotKind.CPF: _cpf,
            SlotKind.TIME: _time,
            SlotKind.COMPANY: _company,
            SlotKind.NEIGHBORHOOD: _neighborhood,
            SlotKind.BEDROOMS: _bedrooms,
            SlotKind.CHILD_NAME: _child_name,
            SlotKind.CHILD_AGE: _child_age,
            SlotKind.TEXT: _text,
        }
    )
)
