"""Show a message that is not text as the words a prompt and a history can hold."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from orbion.domain.messages import Message, MessageKind
from orbion.domain.money import write_amount

MARKERS: Final[Mapping[MessageKind, str]] = MappingProxyType(
    {
        MessageKind.IMAGE: "[imagem]",
        MessageKind.AUDIO: "[áudio]",
        MessageKind.VIDEO: "[vídeo]",
        MessageKind.DOCUMENT: "[documento]",
        MessageKind.STICKER: "[figurinha]",
        MessageKind.LOCATION: "[localização]",
        MessageKind.CONTACT: "[contato]",
        MessageKind.POLL: "[enquete]",
        MessageKind.ORDER: "[pedido]",
        MessageKind.PRODUCT: "[produto]",
        MessageKind.UNSUPPORTED: "[mensagem]",
    }
)
REACTION_MARKER: Final = "[reação]"
_UNREADABLE: Final = frozenset(MARKERS.values())
_REAL: Final = "BRL"


def shown_text(message: Message) -> str:
    """The text or caption; without one, the marker of the kind. A purchase shows what it is of."""
    if message.kind is MessageKind.REACTION:
        return f"{REACTION_MARKER} {message.text}".rstrip()
    marker = MARKERS.get(message.kind, "")
    if message.kind in {MessageKind.ORDER, MessageKind.PRODUCT}:
        return f"{_detailed(marker, message.payload or {})} {message.text.strip()}".rstrip()
    return message.text.strip() or marker


def write_poll(question: str, options: Sequence[str]) -> str:
    """A poll as text: the question, then an option a line."""
    return "\n".join((question, *(f"- {option}" for option in options))).strip()


def _detailed(marker: str, payload: Mapping[str, Any]) -> str:
    """«[pedido: 2 itens, R$ 99,00]»; an amount in another currency is not shown."""
    items, price = payload.get("items"), payload.get("price_1000")
    parts = (
        payload.get("title"),
        f"{items} {'item' if items == 1 else 'itens'}" if isinstance(items, int) else None,
        write_amount(price // 10)
        if isinstance(price, int) and payload.get("currency") == _REAL
        else None,
    )
    said = ", ".join(part for part in parts if part)
    return f"{marker[:-1]}: {said}]" if said else marker


def is_unreadable(text: str) -> bool:
    """Whether this stands for media whose content nobody has read."""
    return text.strip() in _UNREADABLE


def is_reaction(text: str) -> bool:
    return text.startswith(REACTION_MARKER)
