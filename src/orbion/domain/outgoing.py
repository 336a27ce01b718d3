"""What may be sent to a customer: a closed set of contents, and how each is recognised again."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import Any, Final, Literal, Protocol, TypeAlias

import msgspec

from orbion.domain.messages import MessageKind
from orbion.domain.text import printable

_SAME_PLACE_DEGREES: Final = 1e-6  # a tenth of a metre


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    text: str

    @property
    def kind(self) -> MessageKind:
        return MessageKind.TEXT


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """A file; `source` is an address that the gateway downloads, or the bytes in base64."""

    medium: Literal["image", "video", "document"]
    source: str
    mimetype: str
    caption: str = ""
    file_name: str | None = None

    @property
    def kind(self) -> MessageKind:
        return MessageKind(self.medium)

    @property
    def text(self) -> str:
        return self.caption


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceNote:
    """Speech; `source` as of `Media`, in any format that the gateway can turn into Opus."""

    source: str

    @property
    def kind(self) -> MessageKind:
        return MessageKind.AUDIO

    @property
    def text(self) -> str:
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A pin on the map, in degrees; WhatsApp shows name and address under it."""

    latitude: float
    longitude: float
    name: str
    address: str

    @property
    def kind(self) -> MessageKind:
        return MessageKind.LOCATION

    @property
    def text(self) -> str:
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """One emoji on the customer's message `target` (its gateway id); "" takes it back."""

    emoji: str
    target: str

    @property
    def kind(self) -> MessageKind:
        return MessageKind.REACTION

    @property
    def text(self) -> str:
        return self.emoji


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactCard:
    """Somebody to write to; `phone` is digits with country and area code."""

    name: str
    phone: str

    @property
    def kind(self) -> MessageKind:
        return MessageKind.CONTACT

    @property
    def text(self) -> str:
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """A question with its answers to choose from.

    It is numbered text wherever buttons and lists cannot be relied on (contracts/evolution section
    6.4), so its kind is text, and the customer's «2» is an ordinary message.
    """

    question: str
    options: tuple[str, ...]

    @property
    def kind(self) -> MessageKind:
        return MessageKind.TEXT

    @property
    def text(self) -> str:
        numbered = (f"{number}. {option}" for number, option in enumerate(self.options, 1))
        return "\n".join((self.question, *numbered))


Content: TypeAlias = Text | Media | VoiceNote | Location | Reaction | ContactCard | Choices
"""`kind` and `text` of each are what an echo of it shows: caption, emoji, numbered words or ""."""

_WITH_PAYLOAD: Final[Mapping[MessageKind, type[Content]]] = MappingProxyType(
    {
        MessageKind.TEXT: Choices,
        MessageKind.IMAGE: Media,
        MessageKind.VIDEO: Media,
        MessageKind.DOCUMENT: Media,
        MessageKind.AUDIO: VoiceNote,
        MessageKind.LOCATION: Location,
        MessageKind.REACTION: Reaction,
        MessageKind.CONTACT: ContactCard,
    }
)


class Shown(Protocol):
    """A message of ours as an echo or a look-up shows it, its payload as a channel reads one."""

    @property
    def kind(self) -> MessageKind: ...

    @property
    def text(self) -> str: ...

    @property
    def payload(self) -> Mapping[str, Any] | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A content on its way: `message_id` stays the same however often it is tried.

    `quoted_id` is the gateway id of the customer's message under which it is to stand.
    """

    content: Content
    message_id: str
    quoted_id: str | None = None


def to_payload(content: Content) -> dict[str, Any] | None:
    """Everything beside kind and text that is needed to build it again; None for plain text."""
    if isinstance(content, Text):
        return None
    found: dict[str, Any] = msgspec.to_builtins(content)
    return found


def from_payload(kind: MessageKind, text: str, payload: Mapping[str, Any] | None) -> Content:
    """Build the content of a stored row again."""
    if payload is None:
        return Text(text=text)
    content: Content = msgspec.convert(payload, _WITH_PAYLOAD[kind])
    return content


def cleaned(content: Content) -> Content:
    """Take out what no database, gateway or screen can bear: see `printable`."""
    changed = {each.name: _clean(getattr(content, each.name)) for each in fields(content)}
    return replace(content, **changed)


def is_file(content: Content) -> bool:
    """Whether the gateway has a file to fetch, convert or upload before it can accept."""
    return isinstance(content, Media | VoiceNote)


def is_same(content: Content, message: Shown) -> bool:
    """Whether a message that a gateway shows is this content.

    Files are told apart by their words and names alone: a gateway stores them anew. One that shows
    none (the generic channel of Evolution drops captions) still counts: to miss our own message
    means to send it twice.
    """
    if message.kind is not content.kind:
        return False
    shown = message.payload or {}
    match content:
        case Media():
            shown_name = shown.get("file_name") or content.file_name
            return message.text in {content.caption, ""} and shown_name == content.file_name
        case Location():
            return _is_near(shown.get("latitude"), content.latitude) and _is_near(
                shown.get("longitude"), content.longitude
            )
        case Reaction():
            return (message.text, shown.get("target")) == (content.emoji, content.target)
        case ContactCard():
            cards = shown.get("contacts") or [{}]
            return bool(cards[0].get("name") == content.name)
        case Text() | VoiceNote() | Choices():
            return message.text == content.text


def _is_near(shown: object, wanted: float) -> bool:
    return isinstance(shown, int | float) and math.isclose(
        shown, wanted, abs_tol=_SAME_PLACE_DEGREES
    )


def _clean(value: Any) -> Any:
    match value:
        case str():
            return printable(value)
        case tuple():
            return tuple(map(_clean, value))
        case _:
            return value
