"""Read an Evolution webhook into events, each item on its own and nothing trusted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from orbion.adapters.channels.evolution_content import protocol_part, read_content
from orbion.adapters.channels.evolution_identity import chat_jid, excluded, identity
from orbion.adapters.channels.evolution_json import (
    Json,
    OddShapeError,
    as_id,
    as_integer,
    as_object,
    as_text,
    decode,
    redacted,
    redacted_text,
)
from orbion.adapters.channels.evolution_kinds import as_dict
from orbion.domain.errors import RejectedError
from orbion.domain.events import (
    ConnectionChanged,
    ConnectionState,
    DeliveryStatus,
    Event,
    EventIgnored,
    EventQuarantined,
    HistoryReceived,
    MessageDeleted,
    MessageEchoed,
    MessageEdited,
    MessageReceived,
    Spoken,
    StatusChanged,
)
from orbion.domain.messages import MessageKind


class Ignored(StrEnum):
    """Known events that never lead to a turn; chats that are none are in `Excluded`."""

    CONTACTS = "contacts"
    CHATS = "chats"
    PRESENCE = "presence"
    CALL = "call"
    LABELS = "labels"
    GROUPS = "groups"
    QRCODE = "qrcode"
    INSTANCE = "instance"
    HISTORY = "history"
    TYPEBOT = "typebot"
    PROTOCOL = "protocol"
    ALBUM = "album"
    STATUS_UPDATE = "status_update"
    EMPTY = "empty"


class Quarantine(StrEnum):
    """Why a person should look at what came."""

    NOT_JSON = "not_json"
    UNKNOWN_EVENT = "unknown_event"
    ODD_SHAPE = "odd_shape"
    WRONG_INSTANCE = "wrong_instance"
    UNREADABLE_ITEM = "unreadable_item"


Reader = Callable[[Json, int], Event]
"""Reads one item of an event; the second argument is now, ms UTC."""


@dataclass(frozen=True, slots=True)
class _Kind:
    reader: Reader
    flaw: Quarantine = Quarantine.ODD_SHAPE


_MILLISECONDS_FROM = 100_000_000_000  # as seconds that would be the year 5138
_SKEW_MS = 86_400_000
_IGNORED_FAMILIES: Mapping[str, Ignored] = {
    "contacts": Ignored.CONTACTS,
    "chats": Ignored.CHATS,
    "presence": Ignored.PRESENCE,
    "call": Ignored.CALL,
    "labels": Ignored.LABELS,
    "groups": Ignored.GROUPS,
    "group": Ignored.GROUPS,
    "group-participants": Ignored.GROUPS,
    "qrcode": Ignored.QRCODE,
    "typebot": Ignored.TYPEBOT,
    "application": Ignored.INSTANCE,
}
_IGNORED_EVENTS: Mapping[str, Ignored] = {
    "instance.create": Ignored.INSTANCE,
}
_STATUSES: Mapping[str, DeliveryStatus] = {
    "ERROR": DeliveryStatus.FAILED,
    "FAILED": DeliveryStatus.FAILED,
    "PENDING": DeliveryStatus.PENDING,
    "SERVER_ACK": DeliveryStatus.SENT,
    "SENT": DeliveryStatus.SENT,
    "DELIVERY_ACK": DeliveryStatus.DELIVERED,
    "DELIVERED": DeliveryStatus.DELIVERED,
    "READ": DeliveryStatus.READ,
    "PLAYED": DeliveryStatus.READ,
}
_CONTENT_STATUSES = frozenset({"DELETED", "EDITED"})  # not about delivery; have their own events
_EDIT_TYPES = ("MESSAGE_EDIT", 14)
_REVOKE_TYPES = ("REVOKE", 0)
_HISTORY_EVENTS = frozenset({"messages.set", "messaging-history.set"})


def parse_webhook(body: bytes, *, instance: str, now: int) -> list[Event]:
    """Return one event per item, in their order; never raises. `now` is ms UTC."""
    try:
        envelope = decode(body)
    except RejectedError:
        return [EventQuarantined(reason=Quarantine.NOT_JSON, raw=redacted_text(body))]
    if not isinstance(envelope, dict) or not isinstance(envelope.get("event"), str):
        return [_quarantined(Quarantine.ODD_SHAPE, envelope)]
    if envelope.get("instance") != instance:
        return [_quarantined(Quarantine.WRONG_INSTANCE, envelope)]
    return _events(envelope, now)


def parse_record(record: Any, *, instance: str, now: int) -> list[Event]:
    """Read one record of findMessages: what its webhook told, then what became of it since.

    Of a deleted message the gateway keeps no text, of an edited one the last; it does not say when,
    so the edit is as new as this reading. `now` is ms UTC. Never raises.
    """
    data = dict(as_dict(record))
    statuses = _statuses(data.pop("MessageUpdate", None))
    is_deleted = as_dict(data.get("key")).get("deleted") is True or data.get("message") is None
    envelope = {"event": "messages.upsert", "instance": instance}
    item = data if isinstance(record, dict) else record
    event = _item(_GONE if is_deleted else _SAID, item, envelope, now)
    if not isinstance(event, MessageReceived | MessageEchoed):
        return [event]
    return [event, *_fate(event, statuses, now)]


def _statuses(updates: Any) -> list[str]:
    found = updates if isinstance(updates, list) else ()
    return [as_text(as_dict(each).get("status")) for each in found]


def _fate(event: Spoken, statuses: list[str], now: int) -> list[Event]:
    """An edit of either side, and how far our own message came."""
    id_, mine = event.provider_id, isinstance(event, MessageEchoed)
    found: list[Event] = []
    if "EDITED" in statuses:
        found.append(MessageEdited(provider_id=id_, text=event.text, at=now, from_me=mine))
    ranks = [_STATUSES[each] for each in statuses if each in _STATUSES]
    if mine and ranks:
        found.append(StatusChanged(provider_id=id_, status=max(ranks)))
    return found


def _events(envelope: Json, now: int) -> list[Event]:
    name = envelope["event"].lower().replace("_", ".")
    ignored = _IGNORED_EVENTS.get(name) or _IGNORED_FAMILIES.get(name.partition(".")[0])
    if ignored is not None:
        return [EventIgnored(reason=ignored)]
    if name in _HISTORY_EVENTS:
        return _history(envelope.get("data"), now)
    kind = _KINDS.get(name)
    if kind is None:
        return [_quarantined(Quarantine.UNKNOWN_EVENT, envelope)]
    data = envelope.get("data")
    items = data if isinstance(data, list) else [{} if data is None else data]
    return [_item(kind, item, envelope, now) for item in items] or [
        EventIgnored(reason=Ignored.EMPTY)
    ]


def _item(kind: _Kind, item: Any, envelope: Json, now: int) -> Event:
    """One bad item is set aside whole, with its envelope, so that it can be replayed."""
    try:
        return kind.reader(as_object(item, "data"), now)
    except Exception:  # noqa: BLE001 - whatever is wrong with one item, its siblings live
        return _quarantined(kind.flaw, {**envelope, "data": item})


def _history(data: Any, now: int) -> list[Event]:
    """The newest first, as the past is counted backwards; what cannot be read is not missed."""
    found = [_past(item, now) for item in data] if isinstance(data, list) else []
    dated = [event for event in found if event is not None]
    dated.sort(key=lambda event: event.message.occurred_at, reverse=True)
    ignored = len(found) - len(dated) or int(not dated)
    return [*dated, *([EventIgnored(reason=Ignored.HISTORY)] * ignored)]


def _past(item: Any, now: int) -> HistoryReceived | None:
    try:
        event = _upsert(as_object(item, "data"), now)
    except Exception:  # noqa: BLE001 - one odd item of the past costs no sibling
        return None
    if not isinstance(event, MessageReceived | MessageEchoed):
        return None
    return HistoryReceived(message=event)


def _quarantined(reason: Quarantine, document: Any) -> EventQuarantined:
    return EventQuarantined(reason=reason, raw=redacted(document))


def _upsert(data: Json, now: int) -> Event:
    return _message(data, now, by_api=False)


def _sent(data: Json, now: int) -> Event:
    return _message(data, now, by_api=True)


def _message(data: Json, now: int, *, by_api: bool) -> Event:
    key = as_object(data.get("key"), "key")
    chat = excluded(chat_jid(key))
    if chat is not None:
        return EventIgnored(reason=chat)
    provider_id = as_id(key.get("id"), "key.id")
    content = read_content(
        data.get("message"), named=data.get("messageType"), context=data.get("contextInfo")
    )
    occurred_at = _occurred_at(data.get("messageTimestamp"), now)
    from_me = _is_mine(key)
    if content.type == "protocolMessage":
        part = as_object(protocol_part(data.get("message")), "protocolMessage")
        return _protocol(part, from_me=from_me, at=occurred_at)
    if content.type == "albumMessage":
        return EventIgnored(reason=Ignored.ALBUM)
    if by_api or from_me:
        return MessageEchoed(
            provider_id=provider_id,
            recipient=identity(key),
            kind=content.kind,
            text=content.text,
            occurred_at=occurred_at,
            by_api=by_api,
            payload=content.payload,
        )
    return MessageReceived(
        provider_id=provider_id,
        sender=identity(key, data.get("pushName")),
        kind=content.kind,
        text=content.text,
        occurred_at=occurred_at,
        payload=content.payload,
        quoted_id=content.quoted_id,
        referral=content.referral,
    )


def _is_mine(key: Json) -> bool:
    return key.get("fromMe") in (True, "true")


def _protocol(part: Json, *, from_me: bool, at: int) -> Event:
    """An edit or a revoke inside a message: its own key says from whom only as the sender sees."""
    key = part.get("key")
    target = as_text(key.get("id")) if isinstance(key, dict) else ""
    if target and part.get("type") in _EDIT_TYPES:
        return _edit(target, part.get("editedMessage"), at=at, from_me=from_me)
    if target and part.get("type") in _REVOKE_TYPES:
        return MessageDeleted(provider_id=target, from_me=from_me)
    return EventIgnored(reason=Ignored.PROTOCOL)


def _edit(target: str, message: Any, *, at: int, from_me: bool) -> Event:
    content = read_content(message)
    if content.kind is MessageKind.UNSUPPORTED:
        raise OddShapeError("an edit into something unknown")
    return MessageEdited(
        provider_id=as_id(target, "key.id"), text=content.text, at=at, from_me=from_me
    )


def _occurred_at(value: object, now: int) -> int:
    """Ms UTC from Unix seconds; now when it is missing or cannot be true."""
    stamp = as_integer(value) or 0
    milliseconds = stamp if stamp >= _MILLISECONDS_FROM else stamp * 1000
    return milliseconds if 0 < milliseconds <= now + _SKEW_MS else now


def _status(data: Json, _now: int) -> Event:
    """A change of content, or a vote, comes with a status that says nothing about delivery."""
    status = data.get("status")
    if status in _CONTENT_STATUSES or data.get("message") or data.get("pollUpdates"):
        return EventIgnored(reason=Ignored.STATUS_UPDATE)
    if not isinstance(status, str) or status not in _STATUSES:
        raise OddShapeError("status is unknown")
    return StatusChanged(
        provider_id=as_id(data.get("keyId") or _key_id(data), "keyId"), status=_STATUSES[status]
    )


def _deleted(data: Json, _now: int) -> Event:
    """A customer's revoke has the key flat, our own delete has it in `key` (section 4)."""
    key = data.get("key")
    flat = key if isinstance(key, dict) else data
    jid = flat.get("remoteJid")
    if isinstance(jid, str) and (chat := excluded(jid)) is not None:
        return EventIgnored(reason=chat)
    return MessageDeleted(provider_id=as_id(flat.get("id"), "id"), from_me=_is_mine(flat))


def _edited(data: Json, now: int) -> Event:
    key = as_object(data.get("key"), "key")
    chat = excluded(chat_jid(key))
    if chat is not None:
        return EventIgnored(reason=chat)
    if data.get("type") not in _EDIT_TYPES:
        return EventIgnored(reason=Ignored.PROTOCOL)
    return _edit(
        as_id(key.get("id"), "key.id"),
        data.get("editedMessage"),
        at=_occurred_at(data.get("timestampMs"), now),
        from_me=_is_mine(key),
    )


def _connection(data: Json, _now: int) -> Event:
    state = data.get("state")
    if state not in set(ConnectionState):
        raise OddShapeError("state is unknown")
    return ConnectionChanged(state=ConnectionState(state), reason=_code(data.get("statusReason")))


def _logged_out(_data: Json, _now: int) -> Event:
    return ConnectionChanged(state=ConnectionState.CLOSE, reason="logout")


def _removed(_data: Json, _now: int) -> Event:
    return ConnectionChanged(state=ConnectionState.CLOSE, reason="removed")


def _instance_status(data: Json, _now: int) -> Event:
    if data.get("status") != "closed":
        return EventIgnored(reason=Ignored.INSTANCE)
    return ConnectionChanged(
        state=ConnectionState.CLOSE, reason=_code(data.get("disconnectionReasonCode"))
    )


def _code(value: object) -> str | None:
    code = as_integer(value)
    return None if code is None else str(code)[:20]


def _key_id(data: Json) -> str:
    key = data.get("key")
    return as_text(key.get("id")) if isinstance(key, dict) else ""


_SAID = _Kind(_upsert, Quarantine.UNREADABLE_ITEM)
_GONE = _Kind(_deleted, Quarantine.UNREADABLE_ITEM)
_KINDS: Mapping[str, _Kind] = {
    "messages.upsert": _SAID,
    "send.message": _Kind(_sent, Quarantine.UNREADABLE_ITEM),
    "messages.update": _Kind(_status),
    "messages.delete": _Kind(_deleted),
    "messages.edited": _Kind(_edited),
    "send.message.update": _Kind(_edited),
    "connection.update": _Kind(_connection),
    "logout.instance": _Kind(_logged_out),
    "remove.instance": _Kind(_removed),
    "instance.delete": _Kind(_removed),
    "status.instance": _Kind(_instance_status),
}
