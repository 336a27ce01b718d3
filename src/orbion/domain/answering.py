"""Answer a customer from the playbook's data alone: the one deterministic answerer."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date
from math import inf
from typing import Final, TypeAlias

from orbion.domain.extraction import read_slot, says_only
from orbion.domain.media import is_reaction, is_unreadable
from orbion.domain.money import write_amount
from orbion.domain.opening_hours import write_clock
from orbion.domain.passages import CERTAIN, ENOUGH, SURE, Found, Passage
from orbion.domain.playbook import Item, Opening, Playbook, Slot
from orbion.domain.qualification import open_slots
from orbion.domain.questions import asks_address, asks_hours, asks_identity, asks_price, is_question
from orbion.domain.reply import Reply, ReplyBubble, ReplyFact
from orbion.domain.retrieval import (
    answers_price,
    find_faq,
    find_items,
    names_unknown_thing,
)
from orbion.domain.text import contains_phrase, sentences
from orbion.domain.turns import Facts
from orbion.domain.vocabulary import COURTESY, GREETINGS, THANKS, spelled_out

_MOST_ANSWERS: Final = 2
_MOST_ITEMS: Final = 6
_FAQ: Final = "faq:"
_PLAIN_WORDS: Final = 8
_COURTEOUS: Final = GREETINGS | THANKS | COURTESY


@dataclass(frozen=True, slots=True, kw_only=True)
class _Heard:
    """What the customer's messages hold, before any word of the answer is chosen."""

    answers: tuple[ReplyBubble, ...]
    facts: dict[str, ReplyFact]
    wonders: bool
    greets: bool
    thanks: bool
    sent_media: bool
    substance: bool


LookUp: TypeAlias = Callable[[Playbook, str], Sequence[ReplyBubble]]
"""What the data say to one sentence, found as `look_up` does or kept from when it was."""


def look_up(playbook: Playbook, sentence: str) -> Sequence[ReplyBubble]:
    """What the data say to one sentence; nothing if it asks for nothing known."""
    said = spelled_out(sentence)
    found = _about_itself(playbook, said)
    entry = find_faq(playbook, said, surely=bool(found))
    items = find_items(playbook, said) if asks_price(said) else ()
    if items and not (entry and answers_price(entry)):
        return [_price_list(playbook, items)]
    if entry:
        return [ReplyBubble(text=entry.answer, fact_ids=(entry.fact_id,))]
    if found or not asks_price(said) or names_unknown_thing(playbook, said):
        return found
    return [_price_list(playbook, playbook.catalogue[:_MOST_ITEMS])] if playbook.catalogue else []


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """Where a conversation stands when it is answered.

    `asked` is the slot whose question was asked last; `today` the day in the zone of the business;
    what is `given_up` is not asked for any more; `passages` of the business's documents answer what
    nothing else does.
    """

    asked: str | None
    first_contact: bool
    today: date | None = None
    given_up: Collection[str] = ()
    passages: Sequence[Found] = ()
    look: LookUp = look_up


def answer(playbook: Playbook, pending: Sequence[str], facts: Facts, now: Situation) -> Reply:
    """Answer `pending` texts in one to three bubbles and ask one open question at most.

    `facts` are the slots known before.
    """
    if all(map(is_reaction, pending)):
        return Reply(silence_reason="reaction")
    asked, first_contact = now.asked, now.first_contact
    heard = _hear(playbook, pending, facts, now)
    reason = _handoff_reason(playbook, pending)
    if reason:
        return Reply(facts=heard.facts, handoff=reason)
    if not (first_contact or asked or _needs_answer(heard)):
        return Reply(silence_reason="nothing_to_answer")
    known = {**facts, **{slot: fact.value for slot, fact in heard.facts.items()}}
    missing = [slot for slot in open_slots(playbook, known) if slot.key not in now.given_up]
    question = _next_question(missing, heard, asked)
    ends = question is None and (asked is not None or bool(heard.facts))
    reaction = _reaction(playbook, heard, known, ends=ends)
    bubbles = _compose(playbook, heard, reaction, question, first_contact=first_contact)
    return Reply(bubbles=bubbles, facts=heard.facts, asked=question.key if question else None)


def is_plain(
    playbook: Playbook,
    pending: Sequence[str],
    facts: Facts,
    *,
    asked: str | None,
    today: date | None = None,
    look: LookUp = look_up,
) -> bool:
    """Whether the batch does nothing but answer our question: no word of a model is needed then.

    Each message is short, tells what a slot wants to know or is mere courtesy, and asks nothing.
    """
    if asked is None or any(map(is_reaction, pending)) or _handoff_reason(playbook, pending):
        return False
    if asked not in _learn(playbook, pending, facts, asked=asked, today=today):
        return False
    now = Situation(asked=asked, first_contact=False, today=today, look=look)
    heard = _hear(playbook, pending, facts, now)
    if heard.answers or heard.sent_media or asked not in heard.facts:
        return False
    quotes = {fact.quote for fact in heard.facts.values()}
    return all(_is_plainly_said(text, quotes) for text in pending)


def _is_plainly_said(text: str, quotes: Collection[str]) -> bool:
    if _is_courteous(text):
        return True
    is_short = len(spelled_out(text).split()) <= _PLAIN_WORDS
    tells = any(quote in text for quote in quotes)
    return tells and is_short and not any(map(is_question, sentences(text)))


def _hear(playbook: Playbook, pending: Sequence[str], facts: Facts, now: Situation) -> _Heard:
    texts = [text for text in pending if not is_unreadable(text) and not is_reaction(text)]
    parts = [part for text in texts for part in sentences(text)]
    learnt = _learn(playbook, texts, facts, asked=now.asked, today=now.today)
    slot = playbook.slot(now.asked)
    said = learnt.get(now.asked) if now.asked else None
    asking = [part for part in parts if not (slot and said and says_only(slot, part, said))]
    answers = {bubble.fact_ids: bubble for part in asking for bubble in _find(playbook, part, now)}
    spoken = {word for text in texts for word in spelled_out(text).split()}
    return _Heard(
        answers=tuple(answers.values()),
        facts=learnt,
        wonders=not learnt and any(is_question(part) for part in parts if not _is_courteous(part)),
        greets=not spoken.isdisjoint(GREETINGS),
        thanks=not spoken.isdisjoint(THANKS),
        sent_media=any(map(is_unreadable, pending)),
        substance=bool(spoken - GREETINGS - THANKS - COURTESY),
    )


def _is_courteous(part: str) -> bool:
    """«Tudo bem?» asks for nothing."""
    return set(spelled_out(part).split()) <= _COURTEOUS


def _needs_answer(heard: _Heard) -> bool:
    return heard.substance or heard.greets or heard.thanks or heard.sent_media


def _learn(
    playbook: Playbook,
    texts: Sequence[str],
    facts: Facts,
    *,
    asked: str | None,
    today: date | None,
) -> dict[str, ReplyFact]:
    """New or corrected values; each message is read for the asked slot, then for all others."""
    learnt: dict[str, ReplyFact] = {}
    for text in texts:
        for slot in playbook.slots:
            is_asked = slot.key == asked and slot.key not in learnt
            found = read_slot(slot, text, asked=is_asked, today=today)
            if found and found.value != facts.get(slot.key):
                learnt[slot.key] = found
    return learnt


def _handoff_reason(playbook: Playbook, pending: Sequence[str]) -> str | None:
    said = [spelled_out(text) for text in pending]
    return next(
        (
            rule.reason
            for rule in playbook.handoff.rules
            if any(contains_phrase(text, phrase) for text in said for phrase in rule.phrases)
        ),
        None,
    )


def _find(playbook: Playbook, sentence: str, now: Situation) -> Sequence[ReplyBubble]:
    """What the playbook says to one sentence, or what the documents say to a question.

    A passage that is surely asked for comes before an answer that is only like the question.
    """
    found = now.look(playbook, sentence)
    read = next((each for each in now.passages if each.sentence == sentence), None)
    if read is None or not is_question(sentence):
        return found
    if read.likeness < _least(playbook, sentence, found):
        return found
    return [quoted(read.passage)]


def _least(playbook: Playbook, sentence: str, found: Sequence[ReplyBubble]) -> float:
    """How like the question a passage must be to be said in place of what was found."""
    if not found:
        return ENOUGH
    if not all(fact.startswith(_FAQ) for bubble in found for fact in bubble.fact_ids):
        return inf
    surely = find_faq(playbook, spelled_out(sentence), surely=True) is not None
    return CERTAIN if surely else SURE


def quoted(passage: Passage) -> ReplyBubble:
    """A passage word for word, with its source."""
    return ReplyBubble(text=passage.text, fact_ids=(passage.fact_id,))


def _about_itself(playbook: Playbook, said: str) -> list[ReplyBubble]:
    found = []
    if asks_identity(said):
        found.append(ReplyBubble(text=playbook.texts.identity, fact_ids=("identity",)))
    if asks_hours(said):
        found.append(ReplyBubble(text=write_hours(playbook), fact_ids=("hours",)))
    if asks_address(said):
        found.append(ReplyBubble(text=f"Nosso endereço: {playbook.address}", fact_ids=("address",)))
    return found


def _price_list(playbook: Playbook, items: Sequence[Item]) -> ReplyBubble:
    lines = (playbook.texts.price_intro, *map(write_item, items))
    return ReplyBubble(text="\n".join(lines), fact_ids=tuple(item.fact_id for item in items))


def write_item(item: Item) -> str:
    """«• Kit: R$ 900,00 instalado, ou 12x de R$ 80,00 (até 5% de desconto no Pix)»."""
    line = f"• {item.name}: {write_amount(item.price)} {item.unit}".rstrip()
    if item.instalments:
        line += f", ou {item.instalments.count}x de {write_amount(item.instalments.amount)}"
    if item.discount:
        line += f" (até {item.discount.percent}% de desconto {item.discount.condition})"
    return line


def write_hours(playbook: Playbook) -> str:
    """As one sentence: «Atendemos de segunda a sexta, das 8h às 18h; aos sábados, …»."""
    return f"Atendemos {'; '.join(map(_write_opening, playbook.hours))}."


def _write_opening(opening: Opening) -> str:
    return f"{opening.label}, das {write_clock(opening.opens)} às {write_clock(opening.closes)}"


def _next_question(missing: Sequence[Slot], heard: _Heard, asked: str | None) -> Slot | None:
    """The first open slot; one just asked in vain waits, unless a question came between."""
    if heard.thanks and not heard.substance:
        return None
    in_vain = asked is not None and not heard.answers and heard.substance
    others = [slot for slot in missing if slot.key != asked] if in_vain else missing
    return next(iter(others), None)


def _compose(
    playbook: Playbook,
    heard: _Heard,
    reaction: str,
    question: Slot | None,
    *,
    first_contact: bool,
) -> tuple[ReplyBubble, ...]:
    greeting = (
        [ReplyBubble(text=playbook.greeting, fact_ids=("identity",))] if first_contact else []
    )
    answers = list(heard.answers[:_MOST_ANSWERS])
    if greeting and answers:
        answers = [_merged(answers)]
    quiet = first_contact and not (heard.wonders or heard.sent_media)
    reacting = [] if quiet else [ReplyBubble(text=reaction)]
    asking = [ReplyBubble(text=question.question)] if question else []
    return _join(greeting, answers or reacting, asking)


def _reaction(playbook: Playbook, heard: _Heard, known: Facts, *, ends: bool) -> str:
    """What to say where no data answer: one sentence; `ends` = nothing is left to ask."""
    texts = playbook.texts
    if heard.sent_media and not heard.substance:
        return texts.media_unsupported
    if heard.wonders:
        return texts.fallback
    if heard.facts:
        number = len(known) % len(texts.acknowledgements)
        return texts.complete if ends else texts.acknowledgements[number]
    if ends and heard.substance:
        return texts.complete
    if heard.thanks:
        return texts.thanks
    return texts.welcome_back if heard.greets and not heard.substance else texts.moving_on


def _merged(answers: Sequence[ReplyBubble]) -> ReplyBubble:
    return ReplyBubble(
        text="\n".join(answer.text for answer in answers),
        fact_ids=tuple(fact for answer in answers for fact in answer.fact_ids),
    )


def _join(
    greeting: list[ReplyBubble], opening: list[ReplyBubble], asking: list[ReplyBubble]
) -> tuple[ReplyBubble, ...]:
    """A short reaction and the question share a bubble, as people write; answers stand alone."""
    if len(opening) == 1 and asking and not opening[0].fact_ids:
        text = f"{opening[0].text} {asking[0].text}"
        return (*greeting, ReplyBubble(text=text))
    return (*greeting, *opening, *asking)
