"""Connects simulators and the service inside one process: requests without any socket."""

from collections.abc import Mapping

import httpx
import httpx2
from starlette.types import ASGIApp, Receive, Scope, Send

from orbion.simulators.evolution_webhooks import Deliver


def network_to(app: ASGIApp) -> httpx.AsyncBaseTransport:
    """A network on which every address is this app."""
    return httpx.ASGITransport(app=app)


def provider_client(app: ASGIApp) -> httpx2.AsyncClient:
    """The same for the SDK of a model's provider."""
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app))


def post_to(app: ASGIApp, state: Mapping[str, object]) -> Deliver:
    """Deliver webhooks to an app whose lifespan would have yielded `state`."""

    async def with_state(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "state": dict(state)}, receive, send)

    client = httpx.AsyncClient(transport=httpx.ASGITransport(app=with_state))

    async def deliver(url: str, headers: Mapping[str, str], body: bytes) -> int:
        answer = await client.post(url, headers=dict(headers), content=body)
        return answer.status_code

    return deliver
