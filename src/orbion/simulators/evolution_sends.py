"""Accepts, refuses, loses and confirms sendText requests, and keeps the journal of the truth."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from orbion.simulators.asgi import Answer, Ending
from orbion.simulators.background import Background
from orbion.simulators.evolution_shapes import api_id, failure, outbound, receipt, row_id, stored
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
    """A valid sendText, addressed."""

    number: str
    jid: str
    text: str
    quote: Json


@dataclass(slots=True, kw_only=True)
class Sends:
    now: Callable[[], int]
    chaos: Chaos
    webhooks: WebhookSender
    background: Background
    changed: Callable[[], None]
    journal: list[Accepted] = field(default_factory=list)

    async def send_text(self, instance: Instance, body: Json) -> Answer:
        refused = _invalid(body) or unreachable(instance, body["number"])
        if refused is not None:
            return refused
        if _quotes_revoked(instance, body):
            return REVOKED_QUOTE
        number = body["number"]
        order = Order(
            number=number,
            jid=instance.resolve(number),
            text=body["text"],
            quote=_quote(instance, body),
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
        if "\0" in order.text:
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
            id=api_id(self.chaos.random),
            instance=instance.name,
            number=order.number,
            jid=order.jid,
            text=order.text,
            at=self.now(),
            answered=answered,
            recorded=not (hidden or self.chaos.happens(faults.unrecorded)),
            echoed=not (hidden or self.chaos.happens(faults.unechoed)),
        )
        self.journal.append(accepted)
        instance.known.add(order.jid)
        data = self._tell(instance, accepted, order.quote)
        self.changed()
        return data

    def _tell(self, instance: Instance, accepted: Accepted, quote: Json) -> Json:
        data = outbound(
            instance,
            key_id=accepted.id,
            jid=accepted.jid,
            text=accepted.text,
            quote=quote,
            now=accepted.at,
        )
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


def missing(body: Json, *names: str) -> Answer | None:
    lacking = [f'instance requires property "{name}"' for name in names if name not in body]
    return failure(400, [lacking]) if lacking else None


def _invalid(body: Json) -> Answer | None:
    lacking = missing(body, "number", "text")
    if lacking is not None:
        return lacking
    if not isinstance(body["number"], str):
        return failure(400, [["Invalid format"]])
    if not isinstance(body["text"], str):
        return failure(400, [["instance.text is not of a type(s) string"]])
    if type(body.get("delay", 0)) is not int:
        return failure(400, [["Enter a value in milliseconds"]])
    return None if body["text"].strip() else failure(400, ["Text is required"])


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
