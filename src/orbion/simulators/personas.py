"""Lets personas write to the business and answer what it asks, each at its own pace."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from orbion.domain.playbook import Playbook
from orbion.domain.text import normalise
from orbion.evals.personas import Ending, Persona
from orbion.simulators.evolution import EvolutionSimulator
from orbion.simulators.evolution_shapes import person
from orbion.simulators.persona_facts import DECLINED, asked_slot, key_of, spoken, volunteered
from orbion.simulators.persona_hints import Cue, read_goal, read_hint
from orbion.simulators.persona_style import style_of

MOST_TURNS: Final = 24
PATIENCE_SECONDS: Final = 90.0
READING_SECONDS: Final = 12.0
TYPING_SECONDS: Final = 0.4


@dataclass(slots=True, kw_only=True)
class Mind:
    """What a persona still wants to say, and what it was asked so far.

    `asked` counts the questions by slot; `told` are the slots whose question was answered.
    """

    persona: Persona
    playbook: Playbook
    facts: dict[str, str | None] = field(init=False)
    asked: Counter[str] = field(default_factory=Counter)
    told: set[str] = field(default_factory=set)
    asked_in_vain: int = 0
    _cues: list[Cue] = field(init=False)

    def __post_init__(self) -> None:
        self.facts = dict(self.persona.facts)
        self._cues = []
        for hint in self.persona.hints:
            cue = read_hint(hint)
            if cue.hides:
                self._forget(cue.hides)
            else:
                self._cues.append(cue)

    def opens(self) -> Sequence[str]:
        style = style_of(self.persona.style)
        return [style(style.greeting), style(read_goal(self.persona.goal))]

    def replies(self, heard: Sequence[str]) -> Sequence[str]:
        """The messages that follow on an answer; none when nothing is left to say."""
        style = style_of(self.persona.style)
        return [style(line) for line in self._lines("\n".join(heard))]

    def _lines(self, heard: str) -> Iterator[str]:
        if self.playbook.texts.opt_out_question in heard:
            yield "sim" if self.persona.expected is Ending.OPTED_OUT else "não"
            return
        slot = asked_slot(self.playbook, heard)
        if slot is not None:
            self.asked_in_vain += slot.key in self.told
            self.asked[slot.key] += 1
            answer = spoken(slot, self.facts)
            if answer != DECLINED:
                self.told.add(slot.key)
            yield answer
        cue = self._next_cue(is_asked=slot is not None)
        if cue is not None:
            self._learn(cue.learns)
            given: list[str | None] = [*self._given(cue.gives)] or [cue.says]
            yield from filter(None, given)

    def _given(self, named: frozenset[str]) -> Iterator[str]:
        """What the persona knows under these names."""
        for slot in self.playbook.slots:
            is_meant = any(key_of(slot, {name: ""}) for name in named)
            if is_meant and key_of(slot, self.facts):
                self.told.add(slot.key)
                yield volunteered(slot, self.facts)

    def _next_cue(self, *, is_asked: bool) -> Cue | None:
        """The first that fits; while questions come, a correction waits for what it corrects."""
        for place, cue in enumerate(self._cues):
            early = cue.learns is not None and self._slot_of(cue.learns[0]) not in self.told
            if not is_asked or not (cue.late or early):
                return self._cues.pop(place)
        return None

    def _learn(self, learnt: tuple[str, str] | None) -> None:
        if learnt is None:
            return
        what, new = learnt
        self.facts[self._known_as(what) or what] = new

    def _forget(self, what: str) -> None:
        self.facts[self._known_as(what) or what.replace(" ", "_")] = None

    def _known_as(self, what: str) -> str | None:
        """The fact that somebody calls by this name, if only by that of a slot."""
        slot = self._slot_of(what)
        return next(
            (key_of(each, self.facts) or slot for each in self.playbook.slots if each.key == slot),
            None,
        )

    def _slot_of(self, what: str) -> str | None:
        name = what.replace(" ", "_")
        return next(
            (
                slot.key
                for slot in self.playbook.slots
                if key_of(slot, {name: ""}) or normalise(slot.label) == what
            ),
            None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One message of a conversation."""

    by: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """What a conversation was like for its customer; `turns` are its own."""

    persona: Persona
    lines: Sequence[Line]
    turns: int
    unanswered: int
    asked: Mapping[str, int]
    asked_in_vain: int


async def talk(gateway: EvolutionSimulator, mind: Mind, *, instance: str, phone: str) -> Talk:
    """Write, read, answer, until nothing is left to say or nobody answers any more."""
    lines: list[Line] = []
    unanswered = turns = 0
    saying = mind.opens()
    while saying and turns < MOST_TURNS:
        turns += 1
        before = len(_told(gateway, phone))
        for text in saying:
            gateway.customer_says(instance, phone, text, name=_profile(mind.persona))
            lines.append(Line(by="customer", text=text))
            await asyncio.sleep(TYPING_SECONDS)
        heard = await _hear(gateway, phone, before)
        lines += [Line(by="business", text=text) for text in heard]
        if not heard:
            unanswered += 1
            break
        saying = mind.replies(heard)
    return Talk(
        persona=mind.persona,
        lines=lines,
        turns=turns,
        unanswered=unanswered,
        asked=mind.asked,
        asked_in_vain=mind.asked_in_vain,
    )


def _profile(persona: Persona) -> str:
    return f"Cliente {persona.id}"


async def _hear(gateway: EvolutionSimulator, phone: str, read: int) -> Sequence[str]:
    """What comes until nothing more does."""
    heard: Sequence[str] = ()
    wait = PATIENCE_SECONDS
    while True:
        have = read + len(heard)
        try:
            async with asyncio.timeout(wait):
                await gateway.wait_for(lambda: len(_told(gateway, phone)) > have)  # noqa: B023 waited for here
        except TimeoutError:
            return heard
        heard = _told(gateway, phone)[read:]
        wait = READING_SECONDS


def _told(gateway: EvolutionSimulator, phone: str) -> Sequence[str]:
    jid = person(phone)
    return [sent.text for sent in gateway.journal if sent.jid == jid]
