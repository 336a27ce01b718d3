"""Sets the stage of the demo: a simulated gateway over TCP and the real service beside it."""

import json
import random
import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from orbion.adapters.http import build_client
from orbion.cli.background import beside
from orbion.cli.server import address, bind, build_server, listening
from orbion.config import Settings, load_settings
from orbion.kit.clock import SystemClock
from orbion.kit.ids import new_trace
from orbion.main.build import running
from orbion.main.observing import Orbion
from orbion.main.world import real_world
from orbion.simulators import captured, tcp
from orbion.simulators.captured import Captured
from orbion.simulators.control import Control, Said, Talk
from orbion.simulators.evolution import EvolutionSimulator
from orbion.simulators.evolution_store import Instance, Webhook
from orbion.simulators.evolution_webhooks import post_with
from orbion.simulators.faults import EvolutionFaults

INSTANCE: Final = "loja"
BUSINESS: Final = "sol-nascente"
HOST: Final = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """Made anew for each demo."""

    gateway: str
    webhook: str
    admin: str

    @property
    def bearer(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.webhook}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Both sides, running; the URLs have no trailing slash.

    `post` takes a captured webhook and a trace id and returns the status; `look` gets a path of
    the service as JSON.
    """

    service: Orbion
    service_url: str
    gateway: EvolutionSimulator
    gateway_url: str
    talk: Talk
    keys: Keys
    post: Callable[[Captured, str], Awaitable[int]]
    look: Callable[[str], Awaitable[Any]]


def make_keys() -> Keys:
    return Keys(
        gateway=secrets.token_hex(16), webhook=secrets.token_hex(16), admin=secrets.token_hex(16)
    )


@asynccontextmanager
async def open_stage(
    folder: Path, keys: Keys, *, port: int, on_said: Callable[[Said], None]
) -> AsyncGenerator[Stage]:
    """Serve on `port` and the gateway on the next one (0 = both free); data goes to `folder`.

    Raises:
        UnavailableError: a port is taken.
    """
    clock = SystemClock()
    talk = Talk(instance=INSTANCE, now=clock.now, on_said=on_said)
    async with AsyncExitStack() as stack:
        bound = stack.enter_context(bind(HOST, port))
        service_url = address(bound)
        client = await stack.enter_async_context(build_client())
        gateway = EvolutionSimulator(
            _instances(service_url, keys),
            api_key=keys.gateway,
            random=random.Random(7),  # noqa: S311 ids of a simulation
            now=clock.now,
            faults=EvolutionFaults(),
            deliver=talk.overheard(post_with(client)),
        )
        stack.callback(gateway.close)
        gateway_url = await stack.enter_async_context(
            tcp.serve(Control(gateway, talk), host=HOST, port=port and port + 1)
        )
        settings = demo_settings(folder, keys, gateway_url, gateway.instances)
        world = real_world()
        service = await stack.enter_async_context(running(settings, world))
        server = build_server(service, new_trace=partial(new_trace, world.random))
        _serving = await stack.enter_async_context(listening(server, bound))
        await stack.enter_async_context(beside(talk.follow(gateway)))

        async def post(each: Captured, trace: str) -> int:
            headers = keys.bearer | {"traceparent": f"00-{trace}-{'0' * 15}1-01"}
            return await captured.post(client, service_url, each, headers)

        async def look(path: str) -> Any:
            return (await client.get(service_url + path)).json()

        yield Stage(
            service=service,
            service_url=service_url,
            gateway=gateway,
            gateway_url=gateway_url,
            talk=talk,
            keys=keys,
            post=post,
            look=look,
        )


def demo_settings(folder: Path, keys: Keys, gateway_url: str, instances: Iterable[str]) -> Settings:
    """Lively, and deaf to the settings of a real service: its prefix is ORBION_DEMO_."""
    accounts = folder / "accounts.toml"
    accounts.write_text(
        "\n".join(_account(name, keys, gateway_url) for name in instances), encoding="utf-8"
    )
    return load_settings(
        _env_file=None,
        _env_prefix="ORBION_DEMO_",
        database_url=f"sqlite:///{folder}/orbion.db",
        sheets_folder=folder / "leads",
        accounts_file=accounts,
        admin_key=keys.admin,
        quiet_min=0.7,
        quiet_max=1.0,
        quiet_cap=4.0,
        typing_speed=150.0,
        grace=2.0,
        disk_reserve=0,
    )


def _instances(service_url: str, keys: Keys) -> Iterable[Instance]:
    """The shop's, and one for each instance that the captures name."""
    names = dict.fromkeys([INSTANCE, *captured.instances()])
    for name in names:
        url = f"{service_url}/webhooks/evolution/{name}"
        yield Instance(
            name=name,
            token=secrets.token_hex(8),
            webhook=Webhook(url=url, headers=keys.bearer),
        )


def _account(name: str, keys: Keys, gateway_url: str) -> str:
    fields: Mapping[str, object] = {
        "business": BUSINESS if name == INSTANCE else f"captured-{name}",
        "base_url": gateway_url,
        "instance": name,
        "api_key": keys.gateway,
        "webhook_secrets": [keys.webhook],
    }
    lines = (f"{key} = {json.dumps(value)}" for key, value in fields.items())
    return "\n".join([f"[accounts.{name}]", *lines, ""])
