"""Turn a WhatsApp message of any kind, however wrapped, into a kind, a text and a payload."""

from dataclasses import replace
from typing import Any

from orbion.adapters.channels.evolution_json import (
    Json,
    OddShapeError,
    as_object,
    as_text,
    compact,
)
from orbion.adapters.channels.evolution_kinds import READERS, Content, as_dict, read_part
from orbion.domain.leads import Referral
from orbion.domain.messages import MessageKind

_QUOTED_LIMIT = 256
_SILENT = frozenset({"messageContextInfo", "senderKeyDistributionMessage"})
_BUTTON_TYPES = frozenset({"buttonMessage", "interactiveMessage"})
_SPEECH_MARK = "[audio]"
_AD = "ctwa_ad"
_AD_FIELDS = ("title", "body", "sourceId", "sourceUrl", "ctwaClid")
_CONVERSION_FIELDS = ("conversionSource", "entryPointConversionApp")


def read_content(message: object, *, named: object = None, context: object = None) -> Content:
    """Read `data.message`; `named` is `data.messageType`, `context` is `data.contextInfo`.

    Raises:
        OddShapeError: it is no message object.
    """
    whole = as_object(message, "message")
    content = _innermost(whole)
    type_, body = _first_part(content, named)
    read = read_part(type_, body)
    if type_ == "conversation" and named in _BUTTON_TYPES:
        read = replace(read, kind=MessageKind.BUTTON)
    inner = as_dict(as_dict(body).get("contextInfo"))
    return _enriched(read, (whole, content), (as_dict(context), inner))


def protocol_part(message: object) -> Json | None:
    """The edit or revoke that some versions put where a message should be, however wrapped."""
    part = _innermost(as_dict(message)).get("protocolMessage")
    return part if isinstance(part, dict) else None


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
    known = next((name for name in content if name in READERS), None)
    if known is not None:
        return known, content[known]
    if isinstance(named, str) and named in READERS and named != "conversation":
        return named, content
    other = next((name for name in content if name not in _SILENT), None)
    if other is None:
        raise OddShapeError("the message is empty")
    return other, content[other]


def _enriched(read: Content, holders: tuple[Json, ...], contexts: tuple[Json, ...]) -> Content:
    """Add what stands beside the content: transcript, media link, quoted message, ad.

    Inline media is only noted: the gateway gives it again, and no database should hold it.
    """
    quoted = next((id_ for c in contexts if (id_ := as_text(c.get("stanzaId")))), "")
    extra = {
        "url": _beside(holders, "mediaUrl"),
        "inline": True if any(as_text(each.get("base64")) for each in holders) else None,
    }
    speech = _beside(holders, "speechToText").removeprefix(_SPEECH_MARK).strip()
    return replace(
        read,
        text=read.text or speech,
        payload={**(read.payload or {}), **compact(extra)} or None,
        quoted_id=quoted[:_QUOTED_LIMIT] or None,
        referral=next((found for c in contexts if (found := _referral(c))), None),
    )


def _beside(holders: tuple[Json, ...], name: str) -> str:
    return next((text for each in holders if (text := as_text(each.get(name)))), "")


def _referral(context: Json) -> Referral | None:
    """Click-to-WhatsApp attribution (contract section 3.3); a preview of a link is none."""
    reply = as_dict(context.get("externalAdReply"))
    entry = as_text(context.get("entryPointConversionSource"))
    if reply.get("sourceType") != "ad" and entry != _AD:
        return None
    fields = {name: as_text(reply.get(name)) for name in _AD_FIELDS}
    fields |= {name: as_text(context.get(name)) for name in _CONVERSION_FIELDS}
    return Referral(source=entry or _AD, details=compact(fields))
