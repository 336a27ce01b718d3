"""Finds what the data of a business say to single questions, and keeps it by their versions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final, TypeAlias

from orbion.agent.history import shown
from orbion.domain.answering import look_up
from orbion.domain.messages import Message
from orbion.domain.passages import MOST_PASSAGES, Found, Passage, asked_terms, best_passage
from orbion.domain.playbook import Playbook
from orbion.domain.reply import ReplyBubble
from orbion.domain.text import sentences
from orbion.domain.vocabulary import spelled_out
from orbion.kit.cache import Cache, CacheStatistics
from orbion.ports import Knowledge

AnswerKey: TypeAlias = tuple[str, int, str, str]
"""A business, the versions of its documents and of its playbook, and the words of a question."""

MOST_SENTENCES: Final = 30
"""Each may cost a search."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the data say to one sentence: its passage, and the playbook's words once wanted."""

    playbook: Playbook
    said: str
    found: Found | None

    @cached_property
    def bubbles(self) -> Sequence[ReplyBubble]:
        return look_up(self.playbook, self.said)


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What was found for the sentences of a turn, or of a tool's question."""

    passages: tuple[Found, ...] = ()
    answers: Mapping[str, Answer] = field(default_factory=dict)

    def look(self, playbook: Playbook, sentence: str) -> Sequence[ReplyBubble]:
        """As `look_up` does; a sentence that was not read is looked up now."""
        answer = self.answers.get(spelled_out(sentence))
        return look_up(playbook, sentence) if answer is None else answer.bubbles


NOTHING_READ: Final = Read()


@dataclass(frozen=True, slots=True)
class NoDocuments:
    """A business without any."""

    async def passages(self, business: str, terms: Sequence[str]) -> Sequence[Passage]:
        del business, terms
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """An answer hangs on the data and on the question's own words, so customers may share it.

    What hangs on a conversation is never kept: neither prompts nor what a model says to them.
    """

    knowledge: Knowledge = field(default_factory=NoDocuments)
    cache: Cache[AnswerKey, Answer] | None = None

    @property
    def statistics(self) -> Mapping[str, CacheStatistics]:
        return {} if self.cache is None else {"answer": self.cache.statistics}

    async def read(
        self, business: str, version: int, playbook: Playbook, texts: Sequence[str]
    ) -> Read:
        """`version` is that of the business's documents, read before they are searched.

        So what is kept under it is never older. Of a flood only the newest sentences are read.
        """
        found: list[Found] = []
        answers: dict[str, Answer] = {}
        parts = [part for text in texts for part in sentences(text)]
        for part in parts[-MOST_SENTENCES:]:
            said = spelled_out(part)
            key = (business, version, playbook.version, said)
            answer = answers[said] = await self._answer(key, playbook)
            if answer.found is not None:
                found.append(replace(answer.found, sentence=part))
        return Read(passages=tuple(found[:MOST_PASSAGES]), answers=answers)

    async def _answer(self, key: AnswerKey, playbook: Playbook) -> Answer:
        business, _, _, said = key

        async def load() -> Answer:
            terms = asked_terms([said])
            candidates = await self.knowledge.passages(business, terms) if terms else ()
            return Answer(playbook=playbook, said=said, found=best_passage(candidates, said))

        return await (load() if self.cache is None else self.cache.get(key, load))


def words_of(batch: Sequence[Message]) -> tuple[str, ...]:
    """What the turn reads of each message."""
    return tuple(text for message in batch if (text := shown(message)))
