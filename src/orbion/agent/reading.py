"""Reads in the business's documents what a customer's words ask for."""

from collections.abc import Sequence
from dataclasses import dataclass

from orbion.agent.history import shown
from orbion.domain.messages import Message
from orbion.domain.passages import Found, Passage, asked_terms, find_passages
from orbion.ports import Knowledge


@dataclass(frozen=True, slots=True)
class NoDocuments:
    """A business without any."""

    async def passages(self, business: str, terms: Sequence[str]) -> Sequence[Passage]:
        del business, terms
        return ()


async def read_for(knowledge: Knowledge, business: str, texts: Sequence[str]) -> tuple[Found, ...]:
    """The passage that answers each sentence, where one does."""
    return find_passages(await knowledge.passages(business, asked_terms(texts)), texts)


def words_of(batch: Sequence[Message]) -> tuple[str, ...]:
    """What the turn reads of each message."""
    return tuple(text for message in batch if (text := shown(message)))
