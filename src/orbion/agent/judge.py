"""Decide whether what the model wrote may become the answer of a turn."""

from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, field, replace
from functools import partial
from typing import Final

from orbion.agent.checks import Grounds, find_problems, runs
from orbion.agent.fallback import fall_back
from orbion.agent.prompt import INSTRUCTIONS, knowledge
from orbion.domain.answering import write_hours, write_item
from orbion.domain.backing import Backing
from orbion.domain.errors import RejectedError
from orbion.domain.known import known_to
from orbion.domain.placeholders import fact_values, render
from orbion.domain.playbook import Playbook
from orbion.domain.prompt import Prompt
from orbion.domain.reply import Reply, from_json

_LINE: Final = 12
_SECRET: Final = runs(INSTRUCTIONS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """What a playbook backs, alone or with passages that were read, is kept by its version.

    No more than `most_known` of these are kept.
    """

    most_known: int = 32
    _known: dict[tuple[str, tuple[str, ...]], Backing] = field(default_factory=dict)
    _own: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def __call__(
        self,
        text: str,
        prompt: Prompt,
        *,
        handoff: str | None = None,
        receipts: tuple[str, ...] = (),
    ) -> Reply | str:
        """The reply if it may leave, else the reasons why not, separated by commas.

        `handoff` is why a tool has already called a person, who then needs no words of the model;
        `receipts` name the tools that did something in this turn.
        """
        try:
            reply = _rendered(from_json(text), prompt.playbook)
        except RejectedError as error:
            return error.code
        if handoff and not reply.handoff:
            reply = replace(reply, handoff=handoff)
        problems = find_problems(reply, self._grounds(prompt, receipts))
        if not problems and _silent(reply) and not _silent(fall_back(prompt)):
            return "silence"
        return ",".join(problems) or reply

    def _grounds(self, prompt: Prompt, receipts: tuple[str, ...]) -> Grounds:
        """The data of the business and the words of the customer; the assistant's prove nothing."""
        backing: Callable[[], Backing] = partial(self._backing, prompt)
        return Grounds(
            secret=_SECRET,
            backing=backing,
            facts=prompt.facts,
            given_up=prompt.given_up,
            language=prompt.language,
            receipts=receipts,
            own=(*self._lines(prompt.playbook), *(each.passage.text for each in prompt.passages)),
            written=_sentences(prompt.playbook),
        )

    def _lines(self, playbook: Playbook) -> tuple[str, ...]:
        lines = self._own.get(playbook.version)
        if lines is None:
            if len(self._own) >= self.most_known:
                self._own.clear()
            lines = self._own[playbook.version] = _own_lines(playbook)
        return lines

    def _backing(self, prompt: Prompt) -> Backing:
        chat_only = (message for message in prompt.messages if message is not prompt.summary)
        said = (message.text for message in chat_only if message.role == "user")
        read = tuple(each.passage.text for each in prompt.passages)
        return self._of(prompt.playbook, read).with_chat((*said, *prompt.facts.values()))

    def _of(self, playbook: Playbook, passages: tuple[str, ...] = ()) -> Backing:
        """Many customers ask the same, and then the same passages answer."""
        key = (playbook.version, passages)
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= self.most_known:
                self._known.clear()
            known = self._known[key] = known_to(playbook, (*_texts(playbook), *passages))
        return known


def _silent(reply: Reply) -> bool:
    return not reply.bubbles and not reply.handoff


def _rendered(reply: Reply, playbook: Playbook) -> Reply:
    if not any("{{" in bubble.text for bubble in reply.bubbles):
        return reply
    values = fact_values(playbook)
    bubbles = (replace(each, text=render(each.text, values)) for each in reply.bubbles)
    return replace(reply, bubbles=tuple(bubbles))


def _own_lines(playbook: Playbook) -> tuple[str, ...]:
    """The longest first; one so short that it may be part of another's words does not count."""
    lines = (
        *(entry.answer for entry in playbook.knowledge),
        *(slot.question for slot in playbook.slots),
        *map(write_item, playbook.catalogue),
        write_hours(playbook),
        playbook.address,
        playbook.greeting,
    )
    return tuple(sorted((each for each in lines if len(each) >= _LINE), key=len, reverse=True))


def _sentences(playbook: Playbook) -> tuple[str, ...]:
    """What is said of what was done."""
    sentences = (text for text in astuple(playbook.texts) if isinstance(text, str))
    told = (*sentences, *playbook.texts.acknowledgements)
    return tuple(text for text in told if len(text) >= _LINE)


def _texts(playbook: Playbook) -> Sequence[str]:
    sentences = (text for text in astuple(playbook.texts) if isinstance(text, str))
    return (knowledge(playbook), *sentences, *playbook.texts.acknowledgements)
