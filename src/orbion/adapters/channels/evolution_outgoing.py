"""Turn what is to be said into the request of Evolution that says it (contract section 6)."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from orbion.adapters.channels.evolution_json import Json
from orbion.domain.outgoing import (
    Choices,
    ContactCard,
    Content,
    Location,
    Media,
    Outgoing,
    Reaction,
    Text,
    VoiceNote,
    cleaned,
)

_FILE_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {"image": "imagem", "video": "video", "document": "documento"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SendRequest:
    path: str
    body: Json

    @property
    def quotes(self) -> bool:
        return "quoted" in self.body

    def without_quote(self) -> "SendRequest":
        body = {name: value for name, value in self.body.items() if name != "quoted"}
        return SendRequest(path=self.path, body=body)


def request_for(address: str, outgoing: Outgoing) -> SendRequest:
    """Presence is shown apart from the send, so `delay` is 0: it would hold the answer back."""
    path, body = _content(address, cleaned(outgoing.content))
    if isinstance(outgoing.content, Reaction):
        return SendRequest(path=path, body=body)
    common: Json = {"number": address, "delay": 0, "messageId": outgoing.message_id}
    if outgoing.quoted_id is not None:
        common["quoted"] = {"key": {"id": outgoing.quoted_id}}
    return SendRequest(path=path, body={**common, **body})


def _content(address: str, content: Content) -> tuple[str, Json]:
    match content:
        case Text() | Choices():
            return "message/sendText", {"text": content.text, "linkPreview": False}
        case Media():
            return "message/sendMedia", _media(content)
        case VoiceNote():
            return "message/sendWhatsAppAudio", {"audio": content.source, "encoding": True}
        case Location():
            return "message/sendLocation", _location(content)
        case Reaction():
            key = {"id": content.target, "remoteJid": address, "fromMe": False}
            return "message/sendReaction", {"key": key, "reaction": content.emoji}
        case ContactCard():
            return "message/sendContact", {"contact": [_card(content)]}


def _media(content: Media) -> Json:
    return {
        "mediatype": content.medium,
        "mimetype": content.mimetype,
        "media": content.source,
        "caption": content.caption,
        "fileName": content.file_name or _FILE_NAMES[content.medium],
    }


def _location(content: Location) -> Json:
    """The gateway refuses one without name and address."""
    return {
        "latitude": content.latitude,
        "longitude": content.longitude,
        "name": content.name or content.address,
        "address": content.address or content.name,
    }


def _card(content: ContactCard) -> Json:
    number = f"+{content.phone}"
    return {"fullName": content.name, "wuid": content.phone, "phoneNumber": number}
