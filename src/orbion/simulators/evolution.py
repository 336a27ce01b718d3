"""Simulates Evolution API 2.3.7 (WhatsApp by QR code) as a raw ASGI app with fault knobs."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from random import Random
from typing import Any, Final, TypeAlias

import msgspec
from starlette.types import Receive, Scope, Send

from orbion.simulators import evolution_shapes as shapes
from orbion.simulators.asgi import Answer, Request, read_request, respond
from orbion.simulators.background import Background
from orbion.simulators.evolution_contents import READERS
from orbion.simulators.evolution_pairing import Pairing
from orbion.simulators.evolution_routes import Routes
from orbion.simulators.evolution_sends import Sends
from orbion.simulators.evolution_shapes import Kind, failure
from orbion.simulators.evolution_store import (
    VERSION,
    Accepted,
    Instance,
    Json,
    Read,
    Socket,
    State,
)
from orbion.simulators.evolution_webhooks import (
    EVOLUTION_RULES,
    Deliver,
    Delivery,
    WebhookRules,
    WebhookSender,
)
from orbion.simulators.faults import Chaos, EvolutionFaults, SendFault

Handler: TypeAlias = Callable[[Instance, Json], Awaitable[Answer]]

A_DAY_MS: Final = 86_400_000
UNAUTHORIZED: Final = failure(401, "Unauthorized")
VALID: Final = Answer(body={"status": 200, "message": "Credentials are valid"})
UNLICENSED: Final = Answer(
    status=503,
    body={
        "error": "service not activated",
        "code": "LICENSE_REQUIRED",
        "register_url": "http://evolution:8080/manager/license",
        "instance_id": "7f6d1e4a-0000-4000-8000-000000000000",
        "docs_url": "https://doc.evolution-api.com/license",
        "message": "Activate this installation before using it.",
    },
)
WITHOUT_LICENCE: Final = ("/health", "/server/ok", "/license/", "/manager/")
BROKEN_JSON: Final = Answer(
    status=400,
    body={
        "status": 400,
        "error": "Internal Server Error",
        "response": {"message": "Unexpected end of JSON input"},
    },
)


class EvolutionSimulator:
    """The gateway. `journal` is the truth about sends, `deliveries` about webhooks.

    A request that was received is carried out even when its client goes away, as behind a real
    socket. `now` is in ms; time passes only through asyncio.sleep, chance only through `random`.
    `version` and `licensed` may be changed while it runs: 2.4 answers nothing without a licence.
    """

    def __init__(
        self,
        instances: Iterable[Instance],
        *,
        api_key: str,
        random: Random,
        now: Callable[[], int],
        faults: EvolutionFaults,
        deliver: Deliver,
        rules: WebhookRules = EVOLUTION_RULES,
    ) -> None:
        self.instances = {instance.name: instance for instance in instances}
        self.licensed = True
        self._api_key = api_key
        self._now = now
        self._chaos = Chaos(faults=faults, random=random)
        self._background = Background()
        self._watchers: list[asyncio.Future[None]] = []
        self._webhooks = WebhookSender(
            deliver=deliver,
            now=now,
            chaos=self._chaos,
            rules=rules,
            background=self._background,
            changed=self._changed,
        )
        self._sends = Sends(
            now=now,
            chaos=self._chaos,
            webhooks=self._webhooks,
            background=self._background,
            changed=self._changed,
        )
        self._other = Routes(now=now, chaos=self._chaos)
        self.pairing = Pairing(now=now, webhooks=self._webhooks)
        self._routes: dict[tuple[str, str], Handler] = {
            **{("POST", f"/message/{kind}"): self._sends.route(kind) for kind in READERS},
            ("POST", "/chat/sendPresence"): self._other.presence,
            ("POST", "/chat/markMessageAsRead"): self._other.mark_read,
            ("POST", "/chat/findMessages"): self._other.find_messages,
            ("POST", "/chat/whatsappNumbers"): self._other.numbers,
            ("GET", "/instance/connectionState"): self._other.connection_state,
            ("GET", "/instance/connect"): self.pairing.connect,
            ("POST", "/webhook/set"): self._other.set_webhook,
            ("GET", "/webhook/find"): self._other.find_webhook,
        }

    @property
    def journal(self) -> Sequence[Accepted]:
        return self._sends.journal

    @property
    def reads(self) -> Sequence[Read]:
        return self._other.reads

    @property
    def deliveries(self) -> Sequence[Delivery]:
        return self._webhooks.deliveries

    @property
    def script(self) -> deque[SendFault | None]:
        """The fates of the next sends, one by one, before chance decides again."""
        return self._chaos.script

    @property
    def fates(self) -> Sequence[SendFault | None]:
        """What went wrong with each send that reached WhatsApp's door, None for nothing."""
        return self._chaos.fates

    @property
    def version(self) -> str:
        """What the gateway says of itself: that of its instances, which run in one process."""
        return max((each.version for each in self.instances.values()), default=VERSION)

    @version.setter
    def version(self, version: str) -> None:
        for each in self.instances.values():
            each.version = version

    @property
    def faults(self) -> EvolutionFaults:
        return self._chaos.faults

    @faults.setter
    def faults(self, faults: EvolutionFaults) -> None:
        self._chaos.faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = await read_request(scope, receive)
        answer = await self._background.finish(self._answer(request))
        await respond(answer, scope, receive, send)

    async def _answer(self, request: Request) -> Answer:
        await asyncio.sleep(self._chaos.within(self.faults.latency_ms) / 1000)
        try:
            body = msgspec.json.decode(request.body) if request.body else {}
        except msgspec.DecodeError:
            return BROKEN_JSON
        return await self._route(request, body)

    async def _route(self, request: Request, body: Any) -> Answer:
        whole = self._whole_gateway(request)
        if whole is not None:
            return whole
        route, _, name = request.path.rpartition("/")
        handler = self._routes.get((request.method, route))
        if handler is None:
            return failure(404, [f"Cannot {request.method} {request.path}"])
        instance = self.instances.get(name)
        if instance is None:
            return failure(404, [f'The "{name}" instance does not exist'])
        if request.headers.get("apikey") not in (self._api_key, instance.token):
            return UNAUTHORIZED
        return await handler(instance, body)

    def _whole_gateway(self, request: Request) -> Answer | None:
        """What is not about one instance; None for what is."""
        if request.method == "GET" and request.path == "/":
            return self._other.welcome(self.version)
        if not self.licensed and not request.path.startswith(WITHOUT_LICENCE):
            return UNLICENSED
        if request.method == "GET" and request.path == "/instance/fetchInstances":
            return self._fetch_instances(request)
        if request.method == "POST" and request.path == "/verify-creds":
            return VALID if request.headers.get("apikey") == self._api_key else UNAUTHORIZED
        return None

    def _fetch_instances(self, request: Request) -> Answer:
        key = request.headers.get("apikey")
        owned = [one for one in self.instances.values() if key in (self._api_key, one.token)]
        return (
            self._other.instances(owned, request.query.get("instanceName"))
            if owned
            else UNAUTHORIZED
        )

    def customer_says(
        self,
        instance: str,
        phone: str | None,
        text: str,
        *,
        lid: str | None = None,
        name: str | None = None,
        kind: Kind = "conversation",
        key_id: str | None = None,
    ) -> str:
        """A customer writes; returns the key id. Phone and lid are digits, phone None = hidden.

        While the socket is down the message waits and comes with its old timestamp. One with a
        NUL character is never seen: Evolution's database refuses it.
        """
        at = self.instances[instance]
        key_id = key_id or shapes.ios_id(self._chaos.random)
        if "\0" in text:
            return key_id
        key, stored_key = self._inbound_keys(at, phone, lid, key_id)
        if name is not None:
            at.names[key["remoteJid"]] = name
        message = shapes.content(kind, text)
        data = shapes.inbound(at, key, message, name=name, now=self._now())
        self._receive(at, data, stored_key)
        return key_id

    def person_says(self, instance: str, phone: str, text: str) -> str:
        """Somebody of the business writes to the customer on the phone; returns the key id."""
        at = self.instances[instance]
        key_id = shapes.android_id(self._chaos.random)
        key = shapes.inbound_key(shapes.person(phone), None, mode="pn", key_id=key_id)
        key["fromMe"] = True
        message = shapes.content("conversation", text)
        data = shapes.inbound(at, key, message, name=None, now=self._now())
        self._receive(at, data, key)
        return key_id

    def customer_types(self, instance: str, phone: str) -> None:
        jid = shapes.person(phone)
        data = {"id": jid, "presences": {jid: {"lastKnownPresence": "composing"}}}
        self._webhooks.emit(self.instances[instance], "presence.update", data)

    def edit(self, instance: str, key_id: str, text: str) -> None:
        """The customer edits a message that the gateway has stored."""
        at = self.instances[instance]
        record = at.records[key_id]
        record.row["message"] = {"conversation": text}
        record.receipts.append((self._now(), "EDITED"))
        data = {
            "key": _plain_key(record.row["key"]),
            "type": "MESSAGE_EDIT",
            "editedMessage": {"conversation": text},
            "timestampMs": str(self._now()),
        }
        self._webhooks.emit(at, "messages.edited", data, key_id=key_id)

    def revoke(self, instance: str, key_id: str) -> None:
        """The customer deletes a stored message for everybody."""
        at = self.instances[instance]
        record = at.records[key_id]
        record.row["message"] = None
        record.revoked = True
        key = _plain_key(record.row["key"])
        self._webhooks.emit(at, "messages.edited", {"key": key, "type": "REVOKE"}, key_id=key_id)
        self._webhooks.emit(at, "messages.delete", {**key, "status": "DELETED"}, key_id=key_id)

    def history(
        self, instance: str, phone: str, texts: Sequence[str], *, name: str | None = None
    ) -> None:
        """Old messages arrive in one `messages.set`, as after the first link."""
        at = self.instances[instance]
        jid = shapes.person(phone)
        data = [
            shapes.inbound(
                at,
                {"remoteJid": jid, "fromMe": False, "id": f"3AHIST{place:04d}"},
                shapes.content("conversation", text),
                name=name,
                now=self._now() - A_DAY_MS + place,
            )
            for place, text in enumerate(texts)
        ]
        self._webhooks.emit(at, "messages.set", data, extra={"isLatest": True, "progress": 100})

    def connection(self, instance: str, state: State, *, reason: int = 200) -> None:
        """The socket changes; on `open` the messages that waited for it arrive."""
        at = self.instances[instance]
        at.state = state
        at.socket = Socket.OPEN if state == "open" else Socket.CLOSED
        data = shapes.connection(at, reason=reason)
        self._webhooks.emit(at, "connection.update", data)
        if state == "open":
            held, at.held = at.held, []
            for waiting in held:
                self._receive(at, waiting["data"], waiting["key"])

    def scan(self, instance: str) -> None:
        """The owner scans the QR code that is shown: the number is connected."""
        self.pairing.scan(self.instances[instance])
        self.connection(instance, "open")

    def restart(self) -> None:
        """The gateway's process restarts: webhooks not yet delivered are lost, records stay."""
        self._webhooks.lose_pending()

    def resume(self) -> None:
        """Go on in the event loop that runs now, after the old one was abandoned."""
        self._background.drop()
        self._watchers.clear()
        self._webhooks.resume()

    async def drained(self) -> None:
        """Wait until every accepted request is carried out and every webhook has its outcome."""
        await self._background.drained()

    async def wait_for(self, condition: Callable[[], bool]) -> None:
        """Wait until the condition holds; it is asked after each accept and each webhook try."""
        while not condition():
            watcher = asyncio.get_running_loop().create_future()
            self._watchers.append(watcher)
            await watcher

    def close(self) -> None:
        self._background.drop()

    def _changed(self) -> None:
        watchers, self._watchers = self._watchers, []
        for watcher in watchers:
            if not watcher.done():
                watcher.set_result(None)

    def _inbound_keys(
        self, at: Instance, phone: str | None, lid: str | None, key_id: str
    ) -> tuple[Json, Json]:
        """The key that the webhook shows and the one that is stored: 2.3.7 keeps the lid there."""
        pn = phone and shapes.person(phone)
        hidden = lid and f"{lid.removesuffix('@lid')}@lid"
        if pn and hidden:
            at.lids[hidden] = pn
        if pn and (not hidden or at.addressing == "pn"):
            key = shapes.inbound_key(pn, hidden or None, mode="pn", key_id=key_id)
            return key, key
        if not hidden:
            raise ValueError("a customer needs a phone or a lid")
        stored = shapes.inbound_key(hidden, pn or None, mode="lid", key_id=key_id)
        return (stored | {"remoteJid": pn, "remoteJidAlt": pn} if pn else stored), stored

    def _receive(self, at: Instance, data: Json, stored_key: Json) -> None:
        if at.socket is not Socket.OPEN:
            at.held.append({"data": data, "key": stored_key})
            return
        at.known.add(data["key"]["remoteJid"])
        db_id = shapes.row_id(self._chaos.random)
        at.store(shapes.stored(data, db_id=db_id, key=stored_key))
        self._webhooks.emit(at, "messages.upsert", data, key_id=data["key"]["id"])


def _plain_key(key: Json) -> Json:
    return {name: key[name] for name in ("remoteJid", "fromMe", "id")}
