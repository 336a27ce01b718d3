"""`orbion serve` whose Google is a simulator on this machine: the process that is killed."""

import asyncio
import os
from dataclasses import dataclass, replace

import httpx
import uvloop

from orbion.adapters.http import build_transport
from orbion.cli.serve import serve_until_stopped
from orbion.cli.setup import log_to_stderr
from orbion.config import Settings, load_settings
from orbion.main.world import real_world

GOOGLE = "DRILL_GOOGLE"
"""The variable with the address that stands for all of Google's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rerouted(httpx.AsyncBaseTransport):
    """The service's own network, but no byte for Google leaves the machine."""

    network: httpx.AsyncBaseTransport
    google: httpx.URL

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.host.endswith(".googleapis.com"):
            place = self.google
            request.url = request.url.copy_with(scheme="http", host=place.host, port=place.port)
        return await self.network.handle_async_request(request)

    async def aclose(self) -> None:
        await self.network.aclose()


def main() -> None:
    settings = load_settings()
    log_to_stderr(settings)
    google = httpx.URL(os.environ.get(GOOGLE, "http://127.0.0.1:9"))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_live(settings, google))


async def _live(settings: Settings, google: httpx.URL) -> None:
    transport = Rerouted(network=build_transport(), google=google)
    await serve_until_stopped(settings, replace(real_world(), transport=transport))


if __name__ == "__main__":
    main()
