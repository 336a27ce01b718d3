"""Builds the JSON of Evolution API 2.3.7 exactly as the captured traffic shows it."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from random import Random
from types import MappingProxyType
from typing import Any, Final, Literal

from orbion.simulators.asgi import Answer
from orbion.simulators.evolution_store import GROUP, PERSON, Instance, Json, Socket, Webhook

SERVER_URL: Final = "http://evolution:8080"
LOCAL: Final = timedelta(hours=-3)
REASONS: Final[Mapping[int, str]] = MappingProxyType(
    {
        400: "Bad Request",
        401: "Unauthorized",
        404: "Not Found",
        429: "Too Many Requests",
        500: "Internal Server Error",
    }
)
EVENTS: Final = (
    "APPLICATION_STARTUP",
    "QRCODE_UPDATED",
    "MESSAGES_SET",
    "MESSAGES_UPSERT",
    "MESSAGES_EDITED",
    "MESSAGES_UPDATE",
    "MESSAGES_DELETE",
    "SEND_MESSAGE",
    "SEND_MESSAGE_UPDATE",
    "CONTACTS_SET",
    "CONTACTS_UPSERT",
    "CONTACTS_UPDATE",
    "PRESENCE_UPDATE",
    "CHATS_SET",
    "CHATS_UPSERT",
    "CHATS_UPDATE",
    "CHATS_DELETE",
    "GROUPS_UPSERT",
    "GROUP_UPDATE",
    "GROUP_PARTICIPANTS_UPDATE",
    "CONNECTION_UPDATE",
    "LABELS_EDIT",
    "LABELS_ASSOCIATION",
    "CALL",
    "TYPEBOT_START",
    "TYPEBOT_CHANGE_STATUS",
    "REMOVE_INSTANCE",
    "LOGOUT_INSTANCE",
    "INSTANCE_CREATE",
    "INSTANCE_DELETE",
    "STATUS_INSTANCE",
)
MEDIA_URL: Final = "https://mmg.whatsapp.net/v/t62.7118-24/1_n.enc?ccb=11-4&oh=01_Q5&oe=6900"

Kind = Literal[
    "conversation",
    "ephemeralMessage",
    "imageMessage",
    "audioMessage",
    "documentMessage",
    "locationMessage",
    "buttonsResponseMessage",
    "reactionMessage",
]


def failure(status: int, message: Any) -> Answer:
    body = {"status": status, "error": REASONS[status], "response": {"message": message}}
    return Answer(status=status, body=body)


def envelope(instance: Instance, event: str, data: Any, *, url: str, now: int) -> Json:
    """The webhook body; `date_time` is São Paulo's time under a false Z, as in production."""
    body = {
        "event": event,
        "instance": instance.name,
        "data": data,
        "destination": url,
        "date_time": iso(now, shift=LOCAL),
        "sender": instance.jid,
        "server_url": SERVER_URL,
        "apikey": instance.token if instance.exposes_token else None,
    }
    if instance.socket is Socket.UNPAIRED:
        del body["sender"]
    return body


def iso(now: int, *, shift: timedelta = timedelta(0)) -> str:
    moment = datetime.fromtimestamp(now / 1000, UTC) + shift
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{now % 1000:03d}Z"


def ios_id(random: Random) -> str:
    return f"3A{random.getrandbits(72):018X}"


def android_id(random: Random) -> str:
    return f"AC{random.getrandbits(120):030X}"


def api_id(random: Random) -> str:
    return f"3EB0{random.getrandbits(72):018X}"


def row_id(random: Random) -> str:
    return f"cm{random.getrandbits(92):023x}"


def content(kind: Kind, text: str) -> Json:
    """The `message` of an inbound message; `text` is its text, caption, address or emoji."""
    return {kind: _CONTENTS[kind](text)}


def _media(mimetype: str, **more: object) -> Json:
    key = {str(place): 171 for place in range(32)}
    length = {"low": 123456, "high": 0, "unsigned": True}
    return {"url": MEDIA_URL, "mimetype": mimetype, "fileLength": length, "mediaKey": key, **more}


def _ephemeral(text: str) -> Json:
    context = {"mentionedJid": [], "groupMentions": [], "expiration": 604800}
    return {"message": {"extendedTextMessage": {"text": text, "contextInfo": context}}}


def _location(text: str) -> Json:
    return {"degreesLatitude": -23.5, "degreesLongitude": -46.6, "name": "Casa", "address": text}


_CONTENTS: Final[Mapping[Kind, Callable[[str], Any]]] = MappingProxyType(
    {
        "conversation": str,
        "ephemeralMessage": _ephemeral,
        "imageMessage": lambda text: _media("image/jpeg", caption=text, height=1280, width=720),
        "audioMessage": lambda _: _media("audio/ogg; codecs=opus", seconds=7, ptt=True),
        "documentMessage": lambda text: _media(
            "application/pdf", caption=text, fileName="conta-de-luz.pdf"
        ),
        "locationMessage": _location,
        "buttonsResponseMessage": lambda text: {
            "selectedButtonId": "1",
            "selectedDisplayText": text,
        },
        "reactionMessage": lambda text: {
            "key": {"remoteJid": "", "fromMe": True, "id": "3EB0AAAAAAAAAAAAAAAAAA"},
            "text": text,
        },
    }
)


def inbound_key(jid: str, alternative: str | None, *, mode: str, key_id: str) -> Json:
    key = {"remoteJid": jid, "remoteJidAlt": alternative, "fromMe": False, "id": key_id}
    key |= {"addressingMode": mode, "participant": ""}
    return {name: value for name, value in key.items() if value is not None}


def inbound(instance: Instance, key: Json, message: Json, *, name: str | None, now: int) -> Json:
    """`messages.upsert` data; a `fromMe` key makes it a person writing on the phone."""
    mine = key["fromMe"]
    return {
        "key": key,
        "pushName": instance.profile if mine else name,
        "status": "SERVER_ACK" if mine else "DELIVERY_ACK",
        "message": message,
        "messageType": next(iter(message)),
        "messageTimestamp": now // 1000,
        "instanceId": instance.id,
        "source": "android" if mine else "ios",
    }


def outbound(instance: Instance, *, key: Json, message: Json, context: Json, now: int) -> Json:
    """The answer of a send, which is also `send.message` data; `context` may be empty."""
    data = {
        "key": key,
        "pushName": "Você",
        "status": "PENDING",
        "message": message,
        "contextInfo": context,
        "messageType": next(iter(message)),
        "messageTimestamp": now // 1000,
        "instanceId": instance.id,
        "source": "web",
    }
    if not context:
        del data["contextInfo"]
    return data


def sending_context(jid: str, quote: Json, *, now: int) -> Json:
    """What Baileys adds to a message for one person; a group's has nothing."""
    if jid.endswith(GROUP):
        return {}
    return {
        "mentionedJid": [],
        "groupMentions": [],
        "ephemeralSettingTimestamp": {"low": now // 1000, "high": 0, "unsigned": False},
        "disappearingMode": {"initiator": 0},
        **quote,
    }


def stored(data: Json, *, db_id: str, key: Json) -> Json:
    """The findMessages row of a webhook's data (without its receipts)."""
    kept = ("pushName", "messageType", "message", "messageTimestamp", "instanceId", "source")
    row = {"id": db_id, "key": key, **{name: data[name] for name in kept}}
    return {**row, "contextInfo": data.get("contextInfo")}


def receipt(data: Json, status: str, *, db_id: str) -> Json:
    """`messages.update` data for a sent message."""
    key = data["key"]
    return {
        "keyId": key["id"],
        "remoteJid": key["remoteJid"],
        "fromMe": True,
        "status": status,
        "instanceId": data["instanceId"],
        "messageId": db_id,
    }


def connection_state(instance: Instance) -> Answer:
    return Answer(body={"instance": {"instanceName": instance.name, "state": instance.state}})


def connection(instance: Instance, *, reason: int) -> Json:
    data = {"instance": instance.name, "state": instance.state, "statusReason": reason}
    if instance.state == "open":
        picture = "https://pps.whatsapp.net/v/t61/pic.jpg"
        opened = {"wuid": instance.jid, "profileName": instance.profile}
        data |= {**opened, "profilePictureUrl": picture}
    return data


def webhook_row(instance: Instance, webhook: Webhook, *, now: int) -> Json:
    return {
        "id": f"cm{instance.id.replace('-', '')[:23]}",
        "url": webhook.url,
        "headers": webhook.headers,
        "enabled": webhook.enabled,
        "events": list(webhook.events or EVENTS),
        "webhookByEvents": webhook.by_events,
        "webhookBase64": webhook.base64,
        "createdAt": iso(now),
        "updatedAt": iso(now),
        "instanceId": instance.id,
    }


def instance_row(instance: Instance, *, now: int) -> Json:
    stamps = {"createdAt": iso(now), "updatedAt": iso(now)}
    settings = {
        "id": f"cm{instance.id.replace('-', '')[:23]}",
        "rejectCall": False,
        "msgCall": "",
        "groupsIgnore": True,
        "alwaysOnline": False,
        "readMessages": False,
        "readStatus": False,
        "syncFullHistory": False,
        "wavoipToken": "",
        **stamps,
        "instanceId": instance.id,
    }
    nothing = ("disconnectionReasonCode", "disconnectionObject", "disconnectionAt")
    integrations = ("Chatwoot", "Proxy", "Rabbitmq", "Nats", "Sqs", "Websocket")
    return {
        "id": instance.id,
        "name": instance.name,
        "connectionStatus": instance.state,
        "ownerJid": instance.jid,
        "profileName": instance.profile,
        "profilePicUrl": "https://pps.whatsapp.net/v/t61/pic.jpg",
        "integration": "WHATSAPP-BAILEYS",
        "number": None,
        "businessId": None,
        "token": instance.token,
        "clientName": "evolution_exchange",
        **dict.fromkeys(nothing),
        **stamps,
        **dict.fromkeys(integrations),
        "Setting": settings,
        "_count": {"Message": len(instance.records), "Contact": len(instance.known), "Chat": 0},
    }


def person(phone: str) -> str:
    return phone if "@" in phone else phone + PERSON
