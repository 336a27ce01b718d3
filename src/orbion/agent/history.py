"""Turn stored messages into the chat that a model reads."""

from collections.abc import Callable, Collection, Sequence
from typing import Final, TypeVar

from orbion.domain.media import shown_text
from orbion.domain.messages import Author, Message
from orbion.domain.turns import ChatMessage

T = TypeVar("T")

CHARACTERS_PER_TOKEN: Final = 4  # an estimate: no tokenizer works without fetching its vocabulary
HISTORY_TOKENS: Final = 1_500
MOST_CHARACTERS: Final = HISTORY_TOKENS * CHARACTERS_PER_TOKEN
MOST_OF_ONE: Final = 4_000
BLOCK: Final = 8
_PERSON: Final = "[pessoa da equipe] "


def chat_history(history: Sequence[Message], *, without: Collection[int]) -> list[ChatMessage]:
    """The latest messages that fit, oldest first; those of the batch (`without`) come later.

    What is left out is left out by whole blocks of `seq`, so that the beginning of the chat stays
    the same for several turns and a provider can reuse what it has read of it.
    """
    said = map(_said, _within(history, without))
    return [each for each in said if each.text]


def begins_at(history: Sequence[Message], *, without: Collection[int]) -> int | None:
    """The `seq` that the chat begins with; None if nothing stands before it."""
    earlier = [message for message in history if message.id not in without]
    within = _within(history, without)
    is_whole = len(within) == len(earlier) and _starts(earlier)
    return None if is_whole or not within else within[0].seq


def shown(message: Message) -> str:
    """What a prompt holds of one message."""
    return shown_text(message)[:MOST_OF_ONE]


def newest_within(room: int, items: Sequence[T], length: Callable[[T], int]) -> Sequence[T]:
    """The end of `items` whose lengths together are at most `room`."""
    for index in range(len(items) - 1, -1, -1):
        room -= length(items[index])
        if room < 0:
            return items[index + 1 :]
    return items


def _within(history: Sequence[Message], without: Collection[int]) -> Sequence[Message]:
    earlier = [message for message in history if message.id not in without]
    fitting = newest_within(MOST_CHARACTERS, earlier, lambda message: len(_said(message).text))
    if len(fitting) == len(earlier) and _starts(earlier):
        return fitting
    return fitting[_first_of_a_block([message.seq for message in fitting]) :]


def _starts(earlier: Sequence[Message]) -> bool:
    """Whether these begin where the conversation did."""
    return all(message.seq == 1 for message in earlier[:1])


def _first_of_a_block(seqs: Sequence[int]) -> int:
    return next((index for index, seq in enumerate(seqs) if seq % BLOCK == 0), 0)


def _said(message: Message) -> ChatMessage:
    text = shown(message)
    if message.direction == "in":
        return ChatMessage(role="user", text=text)
    by = _PERSON if message.author is Author.PERSON else ""
    return ChatMessage(role="assistant", text=f"{by}{text}")
