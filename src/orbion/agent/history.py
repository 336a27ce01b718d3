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
    earlier = [(message.seq, _said(message)) for message in history if message.id not in without]
    fitting = newest_within(MOST_CHARACTERS, earlier, lambda said: len(said[1].text))
    is_whole = len(fitting) == len(earlier) and all(seq == 1 for seq, _ in earlier[:1])
    start = 0 if is_whole else _first_of_a_block([seq for seq, _ in fitting])
    return [said for _, said in fitting[start:] if said.text]


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


def _first_of_a_block(seqs: Sequence[int]) -> int:
    return next((index for index, seq in enumerate(seqs) if seq % BLOCK == 0), 0)


def _said(message: Message) -> ChatMessage:
    text = shown(message)
    if message.direction == "in":
        return ChatMessage(role="user", text=text)
    by = _PERSON if message.author is Author.PERSON else ""
    return ChatMessage(role="assistant", text=f"{by}{text}")
