"""A simulated gateway over TCP in a thread of its own, because a command brings its own loop."""

import asyncio
import random
import threading
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from orbion.kit.clock import SystemClock
from orbion.simulators import tcp
from orbion.simulators.evolution import EvolutionSimulator
from orbion.simulators.evolution_store import Instance
from orbion.simulators.faults import EvolutionFaults

KEY = "chave-do-gateway-123456"
SECRET = "segredo-do-webhook-com-32-letras"
SECONDS = 10

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteGateway:
    url: str
    simulator: EvolutionSimulator
    loop: asyncio.AbstractEventLoop

    def __call__(self, work: Callable[[EvolutionSimulator], T]) -> T:
        """Do something to the simulator where it lives, and return when it is done."""

        async def whole() -> T:
            return work(self.simulator)

        return asyncio.run_coroutine_threadsafe(whole(), self.loop).result(SECONDS)

    def wait_for(self, condition: Callable[[EvolutionSimulator], bool]) -> None:
        """Return when the condition holds; it is asked every few milliseconds."""

        async def whole() -> None:
            async with asyncio.timeout(SECONDS):
                while not condition(self.simulator):
                    await asyncio.sleep(0.005)

        asyncio.run_coroutine_threadsafe(whole(), self.loop).result(SECONDS)


@contextmanager
def remote_gateway(instances: Iterable[Instance]) -> Generator[RemoteGateway]:
    """Nothing receives its webhooks."""
    simulator = EvolutionSimulator(
        instances,
        api_key=KEY,
        random=random.Random(1),
        now=SystemClock().now,
        faults=EvolutionFaults(),
        deliver=_deliver,
    )
    opened: list[RemoteGateway] = []
    up = threading.Event()
    loop = asyncio.new_event_loop()
    end = asyncio.Event()

    async def serve() -> None:
        async with tcp.serve(simulator) as url:
            opened.append(RemoteGateway(url=url, simulator=simulator, loop=loop))
            up.set()
            await end.wait()
        simulator.close()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        assert up.wait(SECONDS)
        yield opened[0]
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join()
        loop.close()


def accounts_file(folder: Path, url: str, **changes: str) -> str:
    """Write an accounts file with the account `loja`; `secret` replaces its webhook secret."""
    fields = {"business": "sol", "base_url": url, "instance": "loja", "api_key": KEY} | changes
    secret = fields.pop("secret", SECRET)
    lines = [f'{name} = "{value}"' for name, value in fields.items()]
    path = folder / "accounts.toml"
    path.write_text("\n".join(["[accounts.loja]", *lines, f'webhook_secrets = ["{secret}"]']))
    return str(path)


async def _deliver(_url: str, _headers: Mapping[str, str], _body: bytes) -> int:
    return 200
