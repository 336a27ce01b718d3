"""Turn stored messages into the chat that a model reads."""

from collections.abc import Collection, Sequence
from typing import Final

from orbion.domain.media import shown_text
from orbion.domain.messages import Author, Message
from orbion.domain.turns import ChatMessage

MOST_CHARACTERS: Final = 6_000
_PERSON: Final = "[pessoa da equipe] "


def chat_history(history: Sequence[Message], *, without: Collection[int]) -> list[ChatMessage]:
    """The latest messages that fit, oldest first; those of the batch (`without`) come later."""
    chat: list[ChatMessage] = []
    room = MOST_CHARACTERS
    for message in reversed(history):
        said = _said(message)
        room -= len(said.text)
        if room < 0:
            break
        if message.id not in without and said.text:
            chat.append(said)
    return chat[::-1]


def _said(message: Message) -> ChatMessage:
    text = shown_text(message)
    if message.direction == "in":
        return ChatMessage(role="user", text=text)
    by = _PERSON if message.author is Author.PERSON else ""
    return ChatMessage(role="assistant", text=f"{by}{text}")
