"""Resolve who is on the other side of a chat from any version's form of the message key."""

from enum import StrEnum

from orbion.adapters.channels.evolution_json import Json, OddShapeError, as_text
from orbion.domain.identity import LID_SERVERS, PHONE_SERVERS, Identity

_LONGEST_USER = 20
_LONGEST_NAME = 128
_JID_FIELDS = ("remoteJid", "remoteJidAlt", "senderPn", "senderLid", "previousRemoteJid")


class Excluded(StrEnum):
    """Chats that are not a conversation with one customer."""

    GROUP = "group"
    BROADCAST = "broadcast"
    STATUS = "status"
    NEWSLETTER = "newsletter"
    SYSTEM = "system"


def excluded(jid: str) -> Excluded | None:
    """Say why a chat is not with one customer; None if it is."""
    user, _, server = jid.partition("@")
    match server:
        case "g.us":
            return Excluded.GROUP
        case "broadcast":
            return Excluded.STATUS if user == "status" else Excluded.BROADCAST
        case "newsletter":
            return Excluded.NEWSLETTER
        case "s.whatsapp.net" | "c.us" if user.strip("0") == "":
            return Excluded.SYSTEM
        case _:
            return None


def chat_jid(key: Json) -> str:
    jid = key.get("remoteJid")
    if not isinstance(jid, str):
        raise OddShapeError("remoteJid is missing")
    return without_device(jid)


def identity(key: Json, name: object = None) -> Identity:
    """Take the phone and the LID from whichever field holds them (contract section 3.2)."""
    address = chat_jid(key)
    jids = [without_device(jid) for field in _JID_FIELDS if isinstance(jid := key.get(field), str)]
    phone = _first(jids, PHONE_SERVERS)
    lid = _first(jids, LID_SERVERS)
    if address.partition("@")[2] not in PHONE_SERVERS | LID_SERVERS or not (phone or lid):
        raise OddShapeError("remoteJid is no known form")
    return Identity(
        address=address,
        phone=phone,
        lid=f"{lid}@lid" if lid else None,
        name=as_text(name).strip()[:_LONGEST_NAME] or None,
    )


def without_device(jid: str) -> str:
    """`5511…:12@s.whatsapp.net` is one person; bare digits (generic channel) are a phone."""
    user, at, server = jid.partition("@")
    user = user.partition(":")[0]
    return f"{user}@{server}" if at else f"{user}@s.whatsapp.net"


def _first(jids: list[str], servers: frozenset[str]) -> str | None:
    for jid in jids:
        user, _, server = jid.partition("@")
        if server in servers and user.isascii() and user.isdigit() and len(user) <= _LONGEST_USER:
            return user
    return None
