"""Keep the last messages of conversations and carry them along with this process's own commits."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from orbion.adapters.db.tx import Moved
from orbion.domain.messages import Message, Outcome
from orbion.kit.cache import Cache, CacheStatistics

HISTORY: Final = 20
_UNSEEN: Final = frozenset({Outcome.SUPERSEDED, Outcome.SUPPRESSED, Outcome.DEAD})
_FIRST_VERSION: Final = 1

HistoryKey: TypeAlias = tuple[int, int]
"""A conversation and its version: whatever changes what a customer saw or wrote moves that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Histories:
    """A commit that adds a message or settles one as sent moves the entry to the next version.

    Any other change leaves a version without an entry, and so does another process: then the next
    turn reads. What an operator does not see in a prompt (how a customer's message ended) may be
    older than the database.
    """

    cache: Cache[HistoryKey, Sequence[Message]]

    @property
    def statistics(self) -> CacheStatistics:
        return self.cache.statistics

    async def get(
        self,
        conversation_id: int,
        version: int,
        load: Callable[[], Awaitable[Sequence[Message]]],
    ) -> Sequence[Message]:
        """What the customer saw or wrote, oldest first; `load` reads the last rows by seq."""
        return seen(await self.cache.get((conversation_id, version), load))

    def carry(self, moves: Iterable[Moved]) -> None:
        """Follow committed moves, in their order."""
        for move in moves:
            key = (move.conversation_id, move.version - 1)
            before = () if _begins(move) else self.cache.peek(key)
            if before is not None:
                self.cache.invalidate(key)
                self.cache.put((move.conversation_id, move.version), _after(before, move))


def seen(rows: Sequence[Message]) -> Sequence[Message]:
    """What was said before the conversation began came in any order: it stands by its time."""
    shown = [each for each in rows if each.direction == "in" or each.outcome not in _UNSEEN]
    return sorted(shown, key=_place)


def _place(message: Message) -> tuple[int, int]:
    return (message.seq, 0) if message.seq > 0 else (0, message.occurred_at)


def _begins(move: Moved) -> bool:
    return move.version == _FIRST_VERSION and move.added is not None


def _after(before: Sequence[Message], move: Moved) -> Sequence[Message]:
    """A row that was read a moment too late is there already."""
    if move.added is not None:
        kept = [each for each in before if each.id != move.added.id]
        return [*kept, move.added][-HISTORY:]
    return [
        replace(each, outcome=Outcome.SENT, reason=None, provider_id=move.provider_id)
        if each.id == move.sent_id
        else each
        for each in before
    ]
