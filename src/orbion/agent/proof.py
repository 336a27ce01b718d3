"""Believe of a lead only what the customer's own words of this turn prove."""

from datetime import date

from orbion.domain.extraction import read_value
from orbion.domain.leads import Fact
from orbion.domain.messages import Message
from orbion.domain.moments import day_of
from orbion.domain.playbook import Playbook, Slot, SlotKind
from orbion.domain.reply import ReplyFact
from orbion.domain.text import contains_phrase, normalise
from orbion.domain.turns import TurnInput


def prove(playbook: Playbook, given: TurnInput, key: str, said: ReplyFact) -> Fact | None:
    """The fact if it is new, fits its slot, and stands in words that this batch really holds."""
    slot = playbook.slot(key)
    source = source_of(given, said.quote)
    if slot is None or source is None:
        return None
    today = day_of(source.occurred_at, playbook.timezone)
    value = read_value(slot, said.value, today=today)
    if value is None or value == given.lead.facts.get(key):
        return None
    if not _says(slot, said.quote, value, today):
        return None
    return Fact(slot=key, value=value, message_id=source.id, quote=said.quote)


def source_of(given: TurnInput, quote: str) -> Message | None:
    """The message of the batch that holds the quoted words."""
    said = normalise(quote)
    return next((each for each in given.batch if contains_phrase(normalise(each.text), said)), None)


def _says(slot: Slot, quote: str, value: str, today: date) -> bool:
    """Whether the quote is about this value; an option may be inferred, for its set is closed."""
    return (
        slot.kind is SlotKind.OPTION
        or read_value(slot, quote, today=today) == value
        or contains_phrase(normalise(quote), normalise(value))
    )
