"""Reads the body of each send route as Evolution 2.3.7 does: WhatsApp's message, or a refusal."""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeAlias

from orbion.simulators.asgi import Answer
from orbion.simulators.evolution_shapes import MEDIA_URL, failure
from orbion.simulators.evolution_store import Instance, Json

NOT_EMOJI: Final = failure(400, ["Reaction must be a single emoji or empty string"])
NO_MEDIA: Final = failure(400, ["Owned media must be a url or base64"])
NO_FILE_NAME: Final = failure(400, ["For base64 the file name must be informed."])
NO_DOWNLOAD: Final = failure(500, ["AxiosError: Request failed with status code 404"])
MEDIA_TYPES: Final = ("image", "document", "video", "audio")


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What WhatsApp gets; `text` is what a person reads of it: text, caption, emoji or "".

    Baileys shows the context of files and cards inside them too, that of a reaction nowhere.
    """

    type: str
    message: Json
    text: str = ""
    inner_context: bool = False
    has_context: bool = True


Reader: TypeAlias = Callable[[Instance, Json], Content | Answer]


def missing(body: Json, *names: str) -> Answer | None:
    lacking = [f'instance requires property "{name}"' for name in names if name not in body]
    return failure(400, [lacking]) if lacking else None


def read_content(kind: str, instance: Instance, body: Json) -> Content | Answer:
    """`kind` is the last part of the route, like `sendMedia`."""
    refused = missing(body, *REQUIRED[kind]) or _odd(body)
    return refused or READERS[kind](instance, body)


def _odd(body: Json) -> Answer | None:
    if not isinstance(body.get("number", ""), str):
        return failure(400, [["Invalid format"]])
    if type(body.get("delay", 0)) is not int:
        return failure(400, [["Enter a value in milliseconds"]])
    return None


def _text(_: Instance, body: Json) -> Content | Answer:
    if not isinstance(body["text"], str):
        return failure(400, [["instance.text is not of a type(s) string"]])
    if not body["text"].strip():
        return failure(400, ["Text is required"])
    return Content(type="conversation", message={"conversation": body["text"]}, text=body["text"])


def _media(instance: Instance, body: Json) -> Content | Answer:
    kind, source = body["mediatype"], body["media"]
    if kind not in MEDIA_TYPES:
        allowed = ",".join(MEDIA_TYPES)
        return failure(400, [[f"mediatype is not one of enum values: {allowed}"]])
    if not (_is_url(source) or _is_base64(source)):
        return NO_MEDIA
    if kind == "document" and not body.get("fileName") and not _is_url(source):
        return NO_FILE_NAME
    if source in instance.missing_files:
        return NO_DOWNLOAD
    caption = body.get("caption") or ""
    shown = {"caption": caption} if caption else {}
    if kind == "document":
        shown |= {"fileName": body.get("fileName") or source.rpartition("/")[2]}
    mimetype = body.get("mimetype") or "application/octet-stream"
    message = {f"{kind}Message": {**_file(mimetype), **shown}}
    return Content(type=f"{kind}Message", message=message, text=caption, inner_context=True)


def _audio(instance: Instance, body: Json) -> Content | Answer:
    if not (_is_url(body["audio"]) or _is_base64(body["audio"])):
        return NO_MEDIA
    if body["audio"] in instance.missing_files:
        return NO_DOWNLOAD
    part = {**_file("audio/ogg; codecs=opus"), "ptt": True}
    return Content(type="audioMessage", message={"audioMessage": part}, inner_context=True)


def _location(_: Instance, body: Json) -> Content | Answer:
    part = {
        "degreesLatitude": body["latitude"],
        "degreesLongitude": body["longitude"],
        "name": body["name"],
        "address": body["address"],
    }
    return Content(type="locationMessage", message={"locationMessage": part}, inner_context=True)


def _contact(_: Instance, body: Json) -> Content | Answer:
    card = body["contact"][0]
    name, phone, wuid = card["fullName"], card["phoneNumber"], card["wuid"]
    vcard = (
        f"BEGIN:VCARD\nVERSION:3.0\nN:{name}\nFN:{name}\n"
        f"item1.TEL;waid={wuid}:{phone}\nitem1.X-ABLabel:Celular\nEND:VCARD"
    )
    part = {"displayName": name, "vcard": vcard}
    return Content(type="contactMessage", message={"contactMessage": part}, inner_context=True)


def _reaction(_: Instance, body: Json) -> Content | Answer:
    emoji = body["reaction"]
    if any(letter.isascii() for letter in emoji):
        return NOT_EMOJI
    part = {"text": emoji, "key": body["key"], "senderTimestampMs": 0}
    message = {"reactionMessage": part}
    return Content(type="reactionMessage", message=message, text=emoji, has_context=False)


def _file(mimetype: str) -> Json:
    some = {str(place): 171 for place in range(32)}
    return {
        "url": MEDIA_URL,
        "mimetype": mimetype,
        "fileSha256": some,
        "fileLength": {"low": 123456, "high": 0, "unsigned": True},
        "mediaKey": some,
        "fileEncSha256": some,
        "directPath": MEDIA_URL.removeprefix("https://mmg.whatsapp.net"),
        "mediaKeyTimestamp": {"low": 1795165622, "high": 0, "unsigned": False},
    }


def _is_url(source: str) -> bool:
    return source.startswith(("http://", "https://"))


def _is_base64(source: str) -> bool:
    try:
        base64.b64decode(source, validate=True)
    except (binascii.Error, ValueError):
        return False
    return bool(source)


READERS: Final[Mapping[str, Reader]] = MappingProxyType(
    {
        "sendText": _text,
        "sendMedia": _media,
        "sendWhatsAppAudio": _audio,
        "sendLocation": _location,
        "sendContact": _contact,
        "sendReaction": _reaction,
    }
)
REQUIRED: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "sendText": ("number", "text"),
        "sendMedia": ("number", "mediatype", "media"),
        "sendWhatsAppAudio": ("number", "audio"),
        "sendLocation": ("number", "latitude", "longitude", "name", "address"),
        "sendContact": ("number", "contact"),
        "sendReaction": ("key", "reaction"),
    }
)
