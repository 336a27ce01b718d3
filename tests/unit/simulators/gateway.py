"""A simulated gateway with one paired number and a recording receiver of its webhooks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx
import msgspec

from orbion.simulators.evolution import EvolutionSimulator
from orbion.simulators.evolution_store import Instance, Webhook
from orbion.simulators.evolution_webhooks import EVOLUTION_RULES, Deliver, WebhookRules
from orbion.simulators.faults import EvolutionFaults
from orbion.simulators.virtual import now

KEY = "EVO-GLOBAL-KEY"
PHONE = "5511988887777"
JID = f"{PHONE}@s.whatsapp.net"
HOOK = "http://orbion/webhooks/evolution/bail"
QUIET = EvolutionFaults(statuses=())


@dataclass(kw_only=True)
class Receiver:
    """Answers webhooks; `status` decides from the number of the attempt (from 1)."""

    status: Callable[[int], int] = lambda _: 200
    bodies: list[dict[str, Any]] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    at: list[int] = field(default_factory=list)

    async def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        self.urls.append(url)
        self.headers.append(headers)
        self.bodies.append(msgspec.json.decode(body))
        self.at.append(now())
        return self.status(len(self.bodies))

    def data(self, event: str) -> list[Any]:
        return [body["data"] for body in self.bodies if body["event"] == event]


def gateway(
    receiver: Deliver,
    *instances: Instance,
    faults: EvolutionFaults = QUIET,
    rules: WebhookRules = EVOLUTION_RULES,
    seed: int = 1,
) -> EvolutionSimulator:
    return EvolutionSimulator(
        instances or [paired()],
        api_key=KEY,
        random=Random(seed),
        now=now,
        faults=faults,
        deliver=receiver,
        rules=rules,
    )


def paired(name: str = "bail", *, webhook: Webhook | None = None) -> Instance:
    hook = webhook or Webhook(url=HOOK, headers={"authorization": "Bearer static-secret"})
    return Instance(name=name, token=f"{name.upper()}-TOKEN", webhook=hook)


def client(simulator: EvolutionSimulator) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=simulator),
        base_url="http://evolution",
        headers={"apikey": KEY},
    )


async def say(
    simulator: EvolutionSimulator, text: str, number: str = PHONE, **more: object
) -> httpx.Response:
    async with client(simulator) as http:
        body = {"number": number, "text": text, **more}
        return await http.post("/message/sendText/bail", json=body)


async def find(simulator: EvolutionSimulator, **body: object) -> list[dict[str, Any]]:
    async with client(simulator) as http:
        answer = await http.post("/chat/findMessages/bail", json=body)
    rows: list[dict[str, Any]] = answer.json()["messages"]["records"]
    return rows
