"""The whole service in process, with a simulated gateway on the other side of ASGI."""

import random
import sqlite3
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import httpx
from asgi_lifespan import LifespanManager
from starlette.types import ASGIApp

from orbion.config import Settings
from orbion.kit.clock import SystemClock
from orbion.main.build import running
from orbion.main.observing import Orbion
from orbion.main.world import World, in_thread, thread
from orbion.simulators.evolution import EvolutionSimulator
from orbion.simulators.evolution_store import Instance, Webhook
from orbion.simulators.evolution_webhooks import EVOLUTION_RULES, WebhookRules
from orbion.simulators.faults import EvolutionFaults
from orbion.simulators.receiver import EventReceiver
from orbion.simulators.sheets import SheetsSimulator
from orbion.web.app import create_app
from tests.support.playbooks import solar_at_any_hour

SECRET = "segredo-do-webhook-com-32-letras"
GATEWAY_KEY = "chave-do-gateway-123456"
ADMIN_KEY = "chave-do-operador-123456"
WEBHOOK = "http://orbion/webhooks/evolution/loja"
BEARER = {"authorization": f"Bearer {SECRET}"}
ADMIN = {"authorization": f"Bearer {ADMIN_KEY}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A running service, its HTTP side, and the gateway that its customers use."""

    service: Orbion
    app: ASGIApp
    web: httpx.AsyncClient
    gateway: EvolutionSimulator
    database_url: str

    async def answers(self, count: int) -> list[str]:
        """Wait until the gateway accepted `count` messages and return their texts in order."""
        await self.gateway.wait_for(lambda: len(self.gateway.journal) >= count)
        return [accepted.text for accepted in self.gateway.journal]

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Read the database from outside, whether or not the service is still running."""
        return await rows(self.database_url, sql)

    async def post(self, body: bytes | str, **headers: str) -> httpx.Response:
        return await self.web.post(WEBHOOK, content=body, headers=BEARER | headers)


def settings_for(folder: Path, **changes: Any) -> Settings:
    """Fast and quiet: no debounce, no typing, short time-outs."""
    given: dict[str, Any] = {
        "_env_file": None,
        "database_url": f"sqlite:///{folder}/orbion.db",
        "sheets_folder": folder / "leads",
        "account": "loja",
        "business": "sol",
        "evolution_url": "http://gateway",
        "evolution_instance": "loja",
        "evolution_api_key": GATEWAY_KEY,
        "evolution_webhook_secret": SECRET,
        "admin_key": ADMIN_KEY,
        "quiet_min": 0.0,
        "quiet_max": 0.0,
        "quiet_cap": 0.0,
        "typing_speed": 0.0,
        "send_timeout": 1.0,
        "unknown_grace": 0.2,
        "disk_reserve": 0,
        "grace": 2.0,
    }
    if "playbook" not in changes:
        given["playbook"] = str(solar_at_any_hour(folder))
    return Settings(**(given | changes))


class Outside(httpx.AsyncBaseTransport):
    """Leads Google's addresses and a receiver's to their simulators, all others to the gateway."""

    def __init__(
        self,
        gateway: EvolutionSimulator,
        google: SheetsSimulator | None,
        receiver: EventReceiver | None,
    ) -> None:
        self._gateway = httpx.ASGITransport(app=gateway)
        self._google = None if google is None else httpx.ASGITransport(app=google)
        self._receiver = None if receiver is None else httpx.ASGITransport(app=receiver)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self._receiver is not None and request.url.host == "receiver":
            return await self._receiver.handle_async_request(request)
        if self._google is not None and request.url.host.endswith("googleapis.com"):
            return await self._google.handle_async_request(request)
        return await self._gateway.handle_async_request(request)


@asynccontextmanager
async def stage(
    settings: Settings,
    *,
    google: SheetsSimulator | None = None,
    receiver: EventReceiver | None = None,
    rules: WebhookRules = EVOLUTION_RULES,
) -> AsyncGenerator[Stage]:
    clients: list[httpx.AsyncClient] = []

    async def deliver(url: str, headers: Mapping[str, str], body: bytes) -> int:
        answer = await clients[0].post(url, headers=dict(headers), content=body)
        return answer.status_code

    clock = SystemClock()
    gateway = EvolutionSimulator(
        [Instance(name="loja", token="token", webhook=Webhook(url=WEBHOOK, headers=dict(BEARER)))],
        api_key=GATEWAY_KEY,
        random=random.Random(11),
        now=clock.now,
        faults=EvolutionFaults(),
        deliver=deliver,
        rules=rules,
    )
    world = World(
        clock=clock,
        random=random.Random(12),
        transport=Outside(gateway, google, receiver),
        executor=thread,
        run_blocking=in_thread,
    )
    async with running(settings, world) as service:

        @asynccontextmanager
        async def lifespan() -> AsyncGenerator[Any]:
            yield service.state

        app = create_app(lifespan, new_trace=_counted())
        async with (
            LifespanManager(app) as manager,
            httpx.AsyncClient(transport=httpx.ASGITransport(app=manager.app)) as web,
        ):
            clients.append(web)
            try:
                yield Stage(
                    service=service,
                    app=manager.app,
                    web=web,
                    gateway=gateway,
                    database_url=settings.database_url,
                )
            finally:
                gateway.close()


async def rows(database_url: str, sql: str) -> list[tuple[Any, ...]]:
    if database_url.startswith("sqlite:///"):
        path = database_url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(path)) as connection:
            return connection.execute(sql).fetchall()
    postgres = await asyncpg.connect(database_url)
    try:
        return [tuple(row) for row in await postgres.fetch(sql)]
    finally:
        await postgres.close()


def _counted() -> Callable[[], str]:
    numbers = iter(range(1, 10**9))
    return lambda: f"{next(numbers):032x}"
