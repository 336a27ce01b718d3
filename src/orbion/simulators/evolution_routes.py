"""Answers the gateway's other routes: presence, reads, states, webhook settings."""

import asyncio
import math
from collections.abc import Callable
from typing import Final

from orbion.simulators.asgi import Answer
from orbion.simulators.evolution_contents import missing
from orbion.simulators.evolution_sends import socket_error, unreachable
from orbion.simulators.evolution_shapes import (
    EVENTS,
    connection_state,
    failure,
    instance_row,
    webhook_row,
)
from orbion.simulators.evolution_store import Instance, Json, Read, Socket, Webhook
from orbion.simulators.faults import Chaos

BOOM: Final = (
    ("Connection Closed", 428, "Precondition Required"),
    ("Timed Out", 408, "Request Time-out"),
)


class Routes:
    def __init__(self, *, now: Callable[[], int], chaos: Chaos) -> None:
        self.reads: list[Read] = []
        self._now = now
        self._chaos = chaos

    async def presence(self, instance: Instance, body: Json) -> Answer:
        refused = missing(body, "number", "presence", "delay")
        if refused is not None:
            return refused
        if instance.socket is Socket.UNPAIRED:
            reason = "TypeError: Cannot read properties of undefined (reading 'onWhatsApp')"
            return failure(400, [reason])
        if instance.socket is not Socket.OPEN:
            return failure(400, [f"Error: {socket_error(instance)}"])
        refused = unreachable(instance, body["number"])
        if refused is not None:
            return refused
        await asyncio.sleep(body["delay"] / 1000)
        return Answer(status=201, body={"presence": body["presence"]})

    async def mark_read(self, instance: Instance, body: Json) -> Answer:
        refused = missing(body, "readMessages")
        if refused is not None:
            return refused
        if instance.socket is Socket.OPEN:
            self._note_reads(instance, body["readMessages"])
            return Answer(status=201, body={"message": "Read messages", "read": "success"})
        reason = f"Error: {socket_error(instance)}"
        if instance.socket is Socket.UNPAIRED:
            reason = "TypeError: Cannot read properties of undefined (reading 'readMessages')"
        return failure(500, ["Read messages fail", reason])

    def _note_reads(self, instance: Instance, keys: list[Json]) -> None:
        """2.3.7 skips keys with a hidden id and says «success» all the same."""
        chats = {key["remoteJid"] for key in keys if not key["remoteJid"].endswith("@lid")}
        for jid in sorted(chats):
            ids = tuple(key["id"] for key in keys if key["remoteJid"] == jid)
            self.reads.append(Read(instance=instance.name, jid=jid, ids=ids, at=self._now()))

    async def find_messages(self, instance: Instance, body: Json) -> Answer:
        if self._chaos.happens(self._chaos.faults.find_fails):
            return failure(500, "Can't reach database server at `postgres:5432`")
        found = instance.find(body.get("where") or {})
        size = body.get("offset") or 50
        page = body.get("page") or 1
        rows = [record.shown(self._now()) for record in found[(page - 1) * size : page * size]]
        pages = math.ceil(len(found) / size)
        listing = {"total": len(found), "pages": pages, "currentPage": page, "records": rows}
        return Answer(body={"messages": listing})

    async def numbers(self, instance: Instance, body: Json) -> Answer:
        refused = missing(body, "numbers")
        if refused is not None:
            return refused
        jids = [(number, instance.resolve(number)) for number in body["numbers"]]
        if instance.socket is Socket.UNPAIRED:
            return Answer(status=400, body={})
        if instance.socket is not Socket.OPEN and any(jid not in instance.known for _, jid in jids):
            return _boom(socket_error(instance))
        return Answer(body=[_presence_of(instance, number, jid) for number, jid in jids])

    async def connection_state(self, instance: Instance, _: Json) -> Answer:
        return connection_state(instance)

    async def find_webhook(self, instance: Instance, _: Json) -> Answer:
        webhook = instance.webhook
        return Answer(body=webhook and webhook_row(instance, webhook, now=self._now()))

    async def set_webhook(self, instance: Instance, body: Json) -> Answer:
        refused = missing(body, "webhook")
        if refused is not None:
            return refused
        wanted = body["webhook"]
        events = wanted.get("events")
        if events is None:
            return failure(500, "Cannot read properties of undefined (reading 'length')")
        unknown = [place for place, event in enumerate(events) if event not in EVENTS]
        if unknown:
            allowed = ",".join(EVENTS)
            return failure(
                400,
                [
                    [
                        f"webhook.events[{place}] is not one of enum values: {allowed}"
                        for place in unknown
                    ]
                ],
            )
        instance.webhook = _merged(instance.webhook, wanted, tuple(events))
        row = webhook_row(instance, instance.webhook, now=self._now())
        return Answer(status=201, body=row)

    def instances(self, shown: list[Instance], name: str | None) -> Answer:
        named = [instance for instance in shown if name in (None, instance.name)]
        if name is not None and not named:
            return failure(404, [f'Instance "{name}" not found'])
        return Answer(body=[instance_row(instance, now=self._now()) for instance in named])

    def welcome(self, version: str) -> Answer:
        return Answer(
            body={
                "status": 200,
                "message": "Welcome to the Evolution API, it is working!",
                "version": version,
                "clientName": "evolution_exchange",
                "manager": "http://evolution:8080/manager",
                "documentation": "https://doc.evolution-api.com",
                "whatsappWebVersion": "2.3000.1025",
            }
        )


def _merged(old: Webhook | None, wanted: Json, events: tuple[str, ...]) -> Webhook:
    """Omitted headers keep the old ones."""
    kept = old.headers if old else {}
    return Webhook(
        url=wanted["url"],
        headers=wanted.get("headers", kept),
        enabled=wanted.get("enabled", True),
        by_events=wanted.get("byEvents", False),
        base64=wanted.get("base64", False),
        events=events,
    )


def _presence_of(instance: Instance, number: str, jid: str) -> Json:
    row: Json = {"jid": jid, "exists": instance.exists(jid), "number": number}
    if jid in instance.names:
        row["name"] = instance.names[jid]
    return row


def _boom(reason: str) -> Answer:
    status, error = next((status, error) for text, status, error in BOOM if text == reason)
    payload = {"statusCode": status, "error": error, "message": reason}
    output = {"statusCode": status, "payload": payload, "headers": {}}
    body = {"data": None, "isBoom": True, "isServer": False, "output": output}
    return Answer(status=400, body=body)
