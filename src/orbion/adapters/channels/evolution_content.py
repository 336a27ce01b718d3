"""Turn a WhatsApp message of any kind, however wrapped, into a kind, a text and a payload."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from orbion.adapters.channels.evolution_json import (
    Json,
    OddShapeError,
    as_integer,
    as_object,
    as_text,
    compact,
)
from orbion.domain.messages import MessageKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """`type` is WhatsApp's name of the kind; `payload` what the kind holds beside its text."""

    kind: MessageKind
    type: str
    text: str = ""
    payload: Json | None = None
    quoted_id: str | None = None


Reader = Callable[[str, Json], Content]

_QUOTED_LIMIT = 256
_VCARD_LIMIT = 4096
_CONTACTS_LIMIT = 20
_SILENT = frozenset({"messageContextInfo", "senderKeyDistributionMessage"})
_BUTTON_TYPES = frozenset({"buttonMessage", "interactiveMessage"})
_SPEECH_MARK = "[audio]"


def read_content(message: object, *, named: object = None, context: object = None) -> Content:
    """Read `data.message`; `named` is `data.messageType`, `context` is `data.contextInfo`.

    Raises:
        OddShapeError: it is no message object.
    """
    whole = as_object(message, "message")
    content = _innermost(whole)
    type_, body = _first_part(content, named)
    reader = _READERS.get(type_, _unsupported)
    read = reader(type_, body if isinstance(body, dict) else {"text": body})
    if type_ == "conversation" and named in _BUTTON_TYPES:
        read = replace(read, kind=MessageKind.BUTTON)
    about = [context, body.get("contextInfo") if isinstance(body, dict) else None]
    contexts = [item for item in about if isinstance(item, dict)]
    return _enriched(read, whole, contexts)


def _innermost(message: Json) -> Json:
    """Unwrap ephemeral, view-once and every other wrapper: a part that holds a `message`."""
    inner = message
    while True:
        parts = (part for part in inner.values() if isinstance(part, dict))
        wrapped = next((p["message"] for p in parts if isinstance(p.get("message"), dict)), None)
        if wrapped is None:
            return inner
        inner = wrapped


def _first_part(content: Json, named: object) -> tuple[str, Any]:
    known = next((name for name in content if name in _READERS), None)
    if known is not None:
        return known, content[known]
    if isinstance(named, str) and named in _READERS and named != "conversation":
        return named, content
    other = next((name for name in content if name not in _SILENT), None)
    if other is None:
        raise OddShapeError("the message is empty")
    return other, content[other]


def _enriched(read: Content, whole: Json, contexts: list[Json]) -> Content:
    """Add what stands beside the content: transcript, media link, quoted message, ad."""
    extra: Json = {}
    if link := as_text(whole.get("mediaUrl")):
        extra["url"] = link
    for context in contexts:
        if ad := _advert(context):
            extra.setdefault("ad", ad)
    quoted = next((id_ for c in contexts if (id_ := as_text(c.get("stanzaId")))), "")
    speech = as_text(whole.get("speechToText")).removeprefix(_SPEECH_MARK).strip()
    return replace(
        read,
        text=read.text or speech,
        payload={**(read.payload or {}), **extra} or None,
        quoted_id=quoted[:_QUOTED_LIMIT] or None,
    )


def _advert(context: Json) -> Json:
    """Click-to-WhatsApp attribution (contract section 3.3)."""
    reply = context.get("externalAdReply")
    if not isinstance(reply, dict) or reply.get("sourceType") != "ad":
        return {}
    fields = ("title", "body", "sourceId", "sourceUrl", "ctwaClid")
    return compact({name: as_text(reply.get(name)) for name in fields})


def _text(type_: str, body: Json) -> Content:
    return Content(kind=MessageKind.TEXT, type=type_, text=as_text(body.get("text")))


def _media(kind: MessageKind) -> Reader:
    def read(type_: str, body: Json) -> Content:
        payload = compact(
            {
                "mimetype": as_text(body.get("mimetype")) or as_text(body.get("mime_type")),
                "file_name": as_text(body.get("fileName")),
                "seconds": as_integer(body.get("seconds")),
                "size": as_integer(body.get("fileLength")),
                "ptt": True if body.get("ptt") is True else None,
            }
        )
        return Content(
            kind=kind, type=type_, text=as_text(body.get("caption")), payload=payload or None
        )

    return read


def _location(type_: str, body: Json) -> Content:
    numbers = {
        "latitude": body.get("degreesLatitude"),
        "longitude": body.get("degreesLongitude"),
    }
    names = {"name": as_text(body.get("name")), "address": as_text(body.get("address"))}
    measured = {name: value for name, value in numbers.items() if isinstance(value, int | float)}
    return Content(
        kind=MessageKind.LOCATION, type=type_, payload={**measured, **compact(names)} or None
    )


def _contacts(type_: str, body: Json) -> Content:
    cards = body.get("contacts", [body])
    contacts = [
        compact(
            {
                "name": as_text(card.get("displayName")),
                "vcard": as_text(card.get("vcard"))[:_VCARD_LIMIT],
            }
        )
        for card in (cards if isinstance(cards, list) else [])[:_CONTACTS_LIMIT]
        if isinstance(card, dict)
    ]
    return Content(kind=MessageKind.CONTACT, type=type_, payload={"contacts": contacts})


def _reaction(type_: str, body: Json) -> Content:
    """An empty text takes the reaction back."""
    key = body.get("key")
    target = as_text(key.get("id")) if isinstance(key, dict) else ""
    return Content(
        kind=MessageKind.REACTION,
        type=type_,
        text=as_text(body.get("text")),
        payload=compact({"target": target}) or None,
    )


def _choice(kind: MessageKind, text_field: str, id_field: str) -> Reader:
    def read(type_: str, body: Json) -> Content:
        chosen = as_text(body.get(id_field))
        return Content(
            kind=kind,
            type=type_,
            text=as_text(body.get(text_field)) or chosen,
            payload=compact({"id": chosen}) or None,
        )

    return read


def _list_choice(type_: str, body: Json) -> Content:
    reply = body.get("singleSelectReply")
    chosen = as_text(reply.get("selectedRowId")) if isinstance(reply, dict) else ""
    about = as_text(body.get("description"))
    return Content(
        kind=MessageKind.LIST,
        type=type_,
        text=as_text(body.get("title")) or chosen,
        payload=compact({"id": chosen, "description": about}) or None,
    )


def _flow_choice(type_: str, body: Json) -> Content:
    shown, flow = body.get("body"), body.get("nativeFlowResponseMessage")
    chosen = _flow_id(flow.get("paramsJson")) if isinstance(flow, dict) else ""
    text = as_text(shown.get("text")) if isinstance(shown, dict) else ""
    return Content(
        kind=MessageKind.BUTTON,
        type=type_,
        text=text or chosen,
        payload=compact({"id": chosen}) or None,
    )


def _flow_id(params: object) -> str:
    try:
        fields = msgspec.json.decode(as_text(params))
    except (msgspec.DecodeError, RecursionError):
        return ""
    return as_text(fields.get("id")) if isinstance(fields, dict) else ""


def _unsupported(type_: str, _body: Json) -> Content:
    return Content(kind=MessageKind.UNSUPPORTED, type=type_, payload={"type": as_text(type_)[:64]})


_IMAGE = _media(MessageKind.IMAGE)
_VIDEO = _media(MessageKind.VIDEO)

_READERS: Mapping[str, Reader] = {
    "conversation": _text,
    "extendedTextMessage": _text,
    "imageMessage": _IMAGE,
    "videoMessage": _VIDEO,
    "ptvMessage": _VIDEO,
    "audioMessage": _media(MessageKind.AUDIO),
    "documentMessage": _media(MessageKind.DOCUMENT),
    "stickerMessage": _media(MessageKind.STICKER),
    "locationMessage": _location,
    "liveLocationMessage": _location,
    "contactMessage": _contacts,
    "contactsArrayMessage": _contacts,
    "reactionMessage": _reaction,
    "buttonsResponseMessage": _choice(
        MessageKind.BUTTON, "selectedDisplayText", "selectedButtonId"
    ),
    "templateButtonReplyMessage": _choice(MessageKind.BUTTON, "selectedDisplayText", "selectedId"),
    "listResponseMessage": _list_choice,
    "interactiveResponseMessage": _flow_choice,
}
