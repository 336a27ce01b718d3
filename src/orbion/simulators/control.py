"""Lets people take part in a running simulation: what was said so far, and a way to say more."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import msgspec
from starlette.types import Message, Receive, Scope, Send

from orbion.simulators.asgi import Answer, Request, read_request, respond
from orbion.simulators.evolution import EvolutionSimulator
from orbion.simulators.evolution_shapes import failure
from orbion.simulators.evolution_store import PERSON, Accepted
from orbion.simulators.evolution_webhooks import SUCCESS, Deliver

PREFIX: Final = "/_sim/"
TYPING: Final = "/chat/sendPresence/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One message of a conversation, in the order of `number` (from 1); `at` is ms UTC."""

    number: int
    at: int
    phone: str
    name: str
    by_bot: bool
    text: str


@dataclass(slots=True, kw_only=True)
class Talk:
    """What customers and bot said to each other on one instance.

    A customer's message counts when its webhook was answered 2xx, the bot's when WhatsApp took it.
    """

    instance: str
    now: Callable[[], int]
    on_said: Callable[[Said], None]
    said: list[Said] = field(default_factory=list)
    typing_until: dict[str, int] = field(default_factory=dict)
    _names: dict[str, str] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set)

    def overheard(self, deliver: Deliver) -> Deliver:
        """Deliver as before, and listen to what is delivered."""

        async def deliver_and_listen(url: str, headers: Mapping[str, str], body: bytes) -> int:
            status = await deliver(url, headers, body)
            if status in SUCCESS:
                self._hear(msgspec.json.decode(body))
            return status

        return deliver_and_listen

    async def follow(self, gateway: EvolutionSimulator) -> None:
        """Note each message that the gateway accepts, for ever."""
        seen = 0
        while True:
            await gateway.wait_for(lambda: len(gateway.journal) > seen)  # noqa: B023 asked before seen moves on
            for accepted in gateway.journal[seen:]:
                self._accepted(accepted)
            seen = len(gateway.journal)

    def _hear(self, body: Any) -> None:
        if body["event"] != "messages.upsert" or body["instance"] != self.instance:
            return
        data = body["data"]
        key = data["key"]
        if key["fromMe"] or key["id"] in self._seen:
            return
        self._seen.add(key["id"])
        phone = key["remoteJid"].removesuffix(PERSON)
        self._names[phone] = data.get("pushName") or phone
        self._add(phone, data["message"].get("conversation", ""), by_bot=False)

    def _accepted(self, accepted: Accepted) -> None:
        if accepted.instance == self.instance:
            phone = accepted.jid.removesuffix(PERSON)
            self.typing_until.pop(phone, None)
            self._add(phone, accepted.text, by_bot=True)

    def _add(self, phone: str, text: str, *, by_bot: bool) -> None:
        said = Said(
            number=len(self.said) + 1,
            at=self.now(),
            phone=phone,
            name=self._names.get(phone, phone),
            by_bot=by_bot,
            text=text,
        )
        self.said.append(said)
        self.on_said(said)


class Say(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /_sim/say: a customer writes."""

    phone: str
    text: str
    name: str = "Cliente"


class Control:
    """Raw ASGI in front of the gateway: answers /_sim/… itself, and notices who is typing."""

    def __init__(self, gateway: EvolutionSimulator, talk: Talk) -> None:
        self._gateway = gateway
        self._talk = talk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if path.startswith(PREFIX):
            answer = self._answer(await read_request(scope, receive))
            await respond(answer, scope, receive, send)
        else:
            watched = self._watched(receive) if path.startswith(TYPING) else receive
            await self._gateway(scope, watched, send)

    def _answer(self, request: Request) -> Answer:
        match request.method, request.path:
            case "POST", "/_sim/say":
                return self._say(request.body)
            case "GET", "/_sim/journal":
                return self._journal(request.query)
            case _:
                return failure(404, ["POST /_sim/say or GET /_sim/journal?after=0&phone=…"])

    def _say(self, body: bytes) -> Answer:
        try:
            said = msgspec.json.decode(body, type=Say)
        except msgspec.DecodeError as error:
            return failure(400, [str(error)])
        key_id = self._gateway.customer_says(
            self._talk.instance, said.phone, said.text, name=said.name
        )
        return Answer(body={"id": key_id})

    def _journal(self, query: Mapping[str, str]) -> Answer:
        after, phone = query.get("after", "0"), query.get("phone")
        start = int(after) if after.isdecimal() else 0
        lines = [each for each in self._talk.said[start:] if phone in (None, each.phone)]
        return Answer(
            body={
                "lines": [asdict(each) for each in lines],
                "next": max(start, len(self._talk.said)),
                "typing": self._talk.typing_until.get(phone or "", 0) > self._talk.now(),
            }
        )

    def _watched(self, receive: Receive) -> Receive:
        body = bytearray()

        async def watching() -> Message:
            message = await receive()
            body.extend(message.get("body", b""))
            if body and not message.get("more_body", False):
                self._types(bytes(body))
            return message

        return watching

    def _types(self, body: bytes) -> None:
        try:
            asked = msgspec.json.decode(body, type=dict[str, Any])
        except msgspec.DecodeError:
            return
        phone = str(asked.get("number", "")).removesuffix(PERSON)
        self._talk.typing_until[phone] = self._talk.now() + int(asked.get("delay", 0))
