"""Read each kind of WhatsApp message, already unwrapped, into a kind, a text and a payload."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from orbion.adapters.channels.evolution_json import Json, as_integer, as_number, as_text, compact
from orbion.domain.leads import Referral
from orbion.domain.media import write_poll
from orbion.domain.messages import MessageKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """`type` is WhatsApp's name of the kind; `payload` what the kind holds beside its text."""

    kind: MessageKind
    type: str
    text: str = ""
    payload: Json | None = None
    quoted_id: str | None = None
    referral: Referral | None = None


Reader = Callable[[str, Json], Content]

_TYPE_LIMIT = 64
_VCARD_LIMIT = 4096
_CONTACTS_LIMIT = 20
_OPTIONS_LIMIT = 20


def read_part(type_: str, body: Any) -> Content:
    """Read one content part; an unknown type is `unsupported`."""
    reader = READERS.get(type_, _unsupported)
    return reader(type_, body if isinstance(body, dict) else {"text": body})


def as_dict(value: Any) -> Json:
    """The object, or an empty one for whatever stands in its place."""
    return value if isinstance(value, dict) else {}


def as_list(value: Any, limit: int) -> list[Any]:
    return value[:limit] if isinstance(value, list) else []


def _text(type_: str, body: Json) -> Content:
    return Content(kind=MessageKind.TEXT, type=type_, text=as_text(body.get("text")))


def _media(kind: MessageKind) -> Reader:
    """All that a later fetch needs beside the message's id; `media_id` is Meta's (section 3.5)."""

    def read(type_: str, body: Json) -> Content:
        payload = compact(
            {
                "mimetype": as_text(body.get("mimetype")) or as_text(body.get("mime_type")),
                "file_name": as_text(body.get("fileName")) or as_text(body.get("title")),
                "seconds": as_integer(body.get("seconds")),
                "size": as_integer(body.get("fileLength")),
                "ptt": True if body.get("ptt") is True else None,
                "media_id": as_text(body.get("id")),
            }
        )
        return Content(
            kind=kind, type=type_, text=as_text(body.get("caption")), payload=payload or None
        )

    return read


def _location(type_: str, body: Json) -> Content:
    payload = compact(
        {
            "latitude": as_number(body.get("degreesLatitude")),
            "longitude": as_number(body.get("degreesLongitude")),
            "name": as_text(body.get("name")),
            "address": as_text(body.get("address")),
        }
    )
    return Content(
        kind=MessageKind.LOCATION,
        type=type_,
        text=as_text(body.get("caption")),
        payload=payload or None,
    )


def _contacts(type_: str, body: Json) -> Content:
    contacts = [
        compact(
            {
                "name": as_text(card.get("displayName")),
                "vcard": as_text(card.get("vcard"))[:_VCARD_LIMIT],
            }
        )
        for card in as_list(body.get("contacts", [body]), _CONTACTS_LIMIT)
        if isinstance(card, dict)
    ]
    return Content(kind=MessageKind.CONTACT, type=type_, payload={"contacts": contacts})


def _reaction(type_: str, body: Json) -> Content:
    """An empty text takes the reaction back."""
    target = as_text(as_dict(body.get("key")).get("id"))
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
    chosen = as_text(as_dict(body.get("singleSelectReply")).get("selectedRowId"))
    about = as_text(body.get("description"))
    return Content(
        kind=MessageKind.LIST,
        type=type_,
        text=as_text(body.get("title")) or chosen,
        payload=compact({"id": chosen, "description": about}) or None,
    )


def _flow_choice(type_: str, body: Json) -> Content:
    chosen = _flow_id(as_dict(body.get("nativeFlowResponseMessage")).get("paramsJson"))
    return Content(
        kind=MessageKind.BUTTON,
        type=type_,
        text=as_text(as_dict(body.get("body")).get("text")) or chosen,
        payload=compact({"id": chosen}) or None,
    )


def _flow_id(params: object) -> str:
    try:
        fields = msgspec.json.decode(as_text(params))
    except (ValueError, RecursionError):
        return ""
    return as_text(as_dict(fields).get("id"))


def _poll(type_: str, body: Json) -> Content:
    options = _names(body.get("options"), "optionName")
    return Content(
        kind=MessageKind.POLL,
        type=type_,
        text=write_poll(as_text(body.get("name")), options),
        payload=compact({"options": options or None}) or None,
    )


def _poll_vote(type_: str, body: Json) -> Content:
    """All options that are selected now; the vote that a customer took back asks for nothing."""
    selected = as_dict(body.get("vote")).get("selectedOptions")
    if selected == []:
        return _unsupported(type_, body)
    target = as_text(as_dict(body.get("pollCreationMessageKey")).get("id"))
    return Content(
        kind=MessageKind.POLL,
        type=type_,
        text=", ".join(_names(selected, "name")),
        payload=compact({"poll": target}) or None,
    )


def _names(items: Any, field: str) -> list[str]:
    """Options come as strings or as objects with a name, depending on the version."""
    named = (as_text(as_dict(item).get(field)) or as_text(item) for item in as_list(items, 99))
    return [name for name in named if name][:_OPTIONS_LIMIT]


def _order(type_: str, body: Json) -> Content:
    payload = compact(
        {
            "id": as_text(body.get("orderId")),
            "title": as_text(body.get("orderTitle")),
            "items": as_integer(body.get("itemCount")),
            **_price(body, "totalAmount1000", "totalCurrencyCode"),
        }
    )
    text = as_text(body.get("message"))
    return Content(kind=MessageKind.ORDER, type=type_, text=text, payload=payload or None)


def _product(type_: str, body: Json) -> Content:
    product = as_dict(body.get("product"))
    named = {"id": as_text(product.get("productId")), "title": as_text(product.get("title"))}
    payload = compact({**named, **_price(product, "priceAmount1000", "currencyCode")})
    text = as_text(body.get("body"))
    return Content(kind=MessageKind.PRODUCT, type=type_, text=text, payload=payload or None)


def _price(body: Json, amount: str, currency: str) -> Json:
    """WhatsApp counts in thousandths."""
    return {"price_1000": as_integer(body.get(amount)), "currency": as_text(body.get(currency))}


def _titled(type_: str, body: Json) -> Content:
    """A menu of buttons or rows that somebody sent: what it says, without the choices."""
    names = ("title", "contentText", "text", "description")
    shown = [as_text(as_dict(body.get("body")).get("text"))]
    shown += [as_text(body.get(name)) for name in names]
    return Content(kind=MessageKind.TEXT, type=type_, text="\n".join(filter(None, shown)).strip())


def _template(type_: str, body: Json) -> Content:
    fields = ("hydratedTemplate", "hydratedFourRowTemplate")
    filled = next((found for name in fields if (found := as_dict(body.get(name)))), {})
    if not filled:
        return _titled(type_, as_dict(body.get("interactiveMessageTemplate")))
    shown = (as_text(filled.get("hydratedTitleText")), as_text(filled.get("hydratedContentText")))
    return Content(kind=MessageKind.TEXT, type=type_, text="\n".join(filter(None, shown)))


def _unsupported(type_: str, _body: Json) -> Content:
    shown = as_text(type_)[:_TYPE_LIMIT]
    return Content(kind=MessageKind.UNSUPPORTED, type=type_, payload={"type": shown})


_IMAGE = _media(MessageKind.IMAGE)
_VIDEO = _media(MessageKind.VIDEO)

READERS: Mapping[str, Reader] = {
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
    "pollCreationMessage": _poll,
    "pollCreationMessageV2": _poll,
    "pollCreationMessageV3": _poll,
    "pollCreationMessageV5": _poll,
    "pollUpdateMessage": _poll_vote,
    "orderMessage": _order,
    "productMessage": _product,
    "interactiveMessage": _titled,
    "buttonsMessage": _titled,
    "buttonMessage": _titled,
    "listMessage": _titled,
    "templateMessage": _template,
}
