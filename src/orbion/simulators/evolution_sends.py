"""Accepts, refuses, loses and confirms sends of every kind, and keeps the journal of the truth."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

from orbion.simulators.asgi import Answer, Ending
from orbion.simulators.background import Background
from orbion.simulators.evolution_contents import Content, read_content
from orbion.simulators.evolution_shapes import (
    api_id,
    failure,
    outbound,
    receipt,
    row_id,
    sending_context,
    stored,
)
from orbion.simulators.evolution_store import Accepted, Instance, Json, Socket
from orbion.simulators.evolution_webhooks import WebhookSender
from orbion.simulators.faults import Chaos, SendFault

DATABASE_AFTER_SEND: Final = failure(
    400, ["DriverAdapterError: unsupported Unicode escape sequence"]
)
REVOKED_QUOTE: Final = failure(
    400, ["TypeError: Cannot read properties of undefined (reading 'undefined')"]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A valid send, addressed; `key_id` is the caller's wish, if this version follows it."""

    number: str
    jid: str
    content: Content
    quote: Json
    key_id: str | None


@dataclass(slots=True, kw_only=True)
class Sends:
    now: Callable[[], int]
    chaos: Chaos
    webhooks: WebhookSender
    background: Background
    changed: Callable[[], None]
    journal: list[Accepted] = field(default_factory=list)

    def route(self, kind: str) -> Callable[[Instance, Json], Awaitable[Answer]]:
        return partial(self._send, kind)

    async def _send(self, kind: str, instance: Instance, body: Json) -> Answer:
        content = read_content(kind, instance, body)
        if isinstance(content, Answer):
            return content
        number = body["key"]["remoteJid"] if kind == "sendReaction" else body["number"]
        refused = unreachable(instance, number)
        if refused is not None:
            return refused
        if _quotes_revoked(instance, body):
            return REVOKED_QUOTE
        order = Order(
            number=number,
            jid=instance.resolve(number),
            content=content,
            quote=_quote(instance, body),
            key_id=body.get("messageId") if instance.takes_ids else None,
        )
        await asyncio.sleep(body.get("delay", 0) / 1000)
        return self._carry_out(instance, order)

    def _carry_out(self, instance: Instance, order: Order) -> Answer:
        fate = self.chaos.send_fate()
        if fate is None:
            return self._deliver(instance, order)
        if fate is SendFault.HANG_THEN_ACCEPT:
            self.background.start(self._accept_late(instance, order))
            return Answer(ending=Ending.HANG)
        refused = self._before(fate)
        if refused is not None:
            return refused
        hidden = fate is SendFault.HIDDEN
        data = self._accept(instance, order, answered=False, hidden=hidden)
        return _after(fate, Answer(status=201, body=data))

    def _deliver(self, instance: Instance, order: Order) -> Answer:
        if "\0" in order.content.text:
            self._accept(instance, order, answered=False, hidden=True)
            return DATABASE_AFTER_SEND
        return Answer(status=201, body=self._accept(instance, order, answered=True))

    def _before(self, fate: SendFault) -> Answer | None:
        match fate:
            case SendFault.ERROR_500_BEFORE:
                return failure(500, "Can't reach database server at `postgres:5432`")
            case SendFault.ERROR_400_BEFORE:
                return failure(400, ["Error: Timed Out"])
            case SendFault.RATE_LIMITED:
                wait = (("retry-after", str(self.chaos.faults.retry_after_s)),)
                return replace(failure(429, ["rate-overlimit"]), headers=wait)
            case SendFault.RESET_BEFORE:
                return Answer(ending=Ending.RESET)
            case SendFault.HANG_BEFORE:
                return Answer(ending=Ending.HANG)
            case _:
                return None

    async def _accept_late(self, instance: Instance, order: Order) -> None:
        await asyncio.sleep(self.chaos.within(self.chaos.faults.late_accept_ms) / 1000)
        self._accept(instance, order, answered=False)

    def _accept(
        self, instance: Instance, order: Order, *, answered: bool, hidden: bool = False
    ) -> Json:
        faults = self.chaos.faults
        accepted = Accepted(
            id=order.key_id or api_id(self.chaos.random),
            instance=instance.name,
            number=order.number,
            jid=order.jid,
            text=order.content.text,
            at=self.now(),
            answered=answered,
            recorded=not (hidden or self.chaos.happens(faults.unrecorded)),
            echoed=not (hidden or self.chaos.happens(faults.unechoed)),
            type=order.content.type,
            quoted=order.quote.get("stanzaId"),
        )
        if order.key_id is not None and any(each.id == order.key_id for each in self.journal):
            return _shown(instance, order, accepted)
        self.journal.append(accepted)
        instance.known.add(order.jid)
        data = self._tell(instance, order, accepted)
        self.changed()
        return data

    def _tell(self, instance: Instance, order: Order, accepted: Accepted) -> Json:
        data = _shown(instance, order, accepted)
        echo_ms = self.chaos.within(self.chaos.faults.echo_ms)
        if accepted.echoed:
            self.webhooks.emit(instance, "send.message", data, key_id=accepted.id, after_ms=echo_ms)
        if accepted.recorded:
            self._record(instance, data, after_ms=echo_ms)
        return data

    def _record(self, instance: Instance, data: Json, *, after_ms: int) -> None:
        db_id = row_id(self.chaos.random)
        record = instance.store(stored(data, db_id=db_id, key=data["key"]))
        for status, span in self.chaos.faults.statuses:
            wait = after_ms + self.chaos.within(span)
            record.receipts.append((self.now() + wait, status))
            update = receipt(data, status, db_id=db_id)
            self.webhooks.emit(
                instance, "messages.update", update, key_id=data["key"]["id"], after_ms=wait
            )


def unreachable(instance: Instance, number: str) -> Answer | None:
    """Why nothing can be sent to the number, worded as for a cached or for a new one."""
    jid = instance.resolve(number)
    if instance.socket is Socket.UNPAIRED:
        return failure(500, "Cannot read properties of undefined (reading 'onWhatsApp')")
    if instance.socket is not Socket.OPEN:
        reason = socket_error(instance)
        if jid in instance.known:
            return failure(400, [f"Error: {reason}"])
        return failure(500, reason)
    if not instance.exists(jid):
        return failure(400, [{"jid": jid, "exists": False, "number": number}])
    return None


def socket_error(instance: Instance) -> str:
    return "Timed Out" if instance.socket is Socket.TIMEOUT else "Connection Closed"


def _quotes_revoked(instance: Instance, body: Json) -> bool:
    quoted = body.get("quoted") or {}
    record = instance.records.get(quoted.get("key", {}).get("id"))
    return record is not None and record.revoked and "message" not in quoted


def _quote(instance: Instance, body: Json) -> Json:
    quoted = body.get("quoted") or {}
    key_id = quoted.get("key", {}).get("id")
    record = instance.records.get(key_id)
    message = quoted.get("message") or (record and record.row["message"])
    if not message:
        return {}
    participant = instance.resolve(body["number"])
    return {"participant": participant, "stanzaId": key_id, "quotedMessage": message}


def _shown(instance: Instance, order: Order, accepted: Accepted) -> Json:
    """Repeat the context inside the content where Baileys does."""
    content, now = order.content, accepted.at
    context = sending_context(order.jid, order.quote, now=now) if content.has_context else {}
    message = content.message
    if content.type == "audioMessage":
        context = {**context, "statusAttributions": []}
    if content.inner_context and context:
        message = {content.type: {**message[content.type], "contextInfo": context}}
    if content.type == "reactionMessage":
        message = {content.type: {**message[content.type], "senderTimestampMs": now}}
    key = {"remoteJid": accepted.jid, "fromMe": True, "id": accepted.id}
    return outbound(instance, key=key, message=message, context=context, now=now)


def _after(fate: SendFault, accepted: Answer) -> Answer:
    match fate:
        case SendFault.ERROR_400_AFTER:
            return DATABASE_AFTER_SEND
        case SendFault.RESET_AFTER:
            return replace(accepted, ending=Ending.RESET)
        case SendFault.HANG_AFTER:
            return replace(accepted, ending=Ending.HANG)
        case SendFault.TRUNCATED:
            return replace(accepted, ending=Ending.TRUNCATED)
        case _:
            return failure(500, "read ECONNRESET")
