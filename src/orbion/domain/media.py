"""Show a message that is not text as the words a prompt and a history can hold."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from orbion.domain.messages import Message, MessageKind

MARKERS: Final[Mapping[MessageKind, str]] = MappingProxyType(
    {
        MessageKind.IMAGE: "[imagem]",
        MessageKind.AUDIO: "[áudio]",
        MessageKind.VIDEO: "[vídeo]",
        MessageKind.DOCUMENT: "[documento]",
        MessageKind.STICKER: "[figurinha]",
        MessageKind.LOCATION: "[localização]",
        MessageKind.CONTACT: "[contato]",
        MessageKind.UNSUPPORTED: "[mensagem]",
    }
)
REACTION_MARKER: Final = "[reação]"
_UNREADABLE: Final = frozenset(MARKERS.values())


def shown_text(message: Message) -> str:
    """The text or caption; without one, the marker of the kind."""
    if message.kind is MessageKind.REACTION:
        return f"{REACTION_MARKER} {message.text}".rstrip()
    return message.text.strip() or MARKERS.get(message.kind, "")


def is_unreadable(text: str) -> bool:
    """Whether this stands for media whose content nobody has read."""
    return text.strip() in _UNREADABLE


def is_reaction(text: str) -> bool:
    return text.startswith(REACTION_MARKER)
