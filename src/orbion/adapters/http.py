"""Build the one HTTP client of the adapters and say of each failure whether anything was sent."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from orbion.kit import retry

_IDLE_SECONDS = 4.0  # Node closes an idle connection after 5: reusing it then loses a send's answer
_CONNECT_SECONDS = 5.0

Told: TypeAlias = Callable[[Mapping[str, str]], None]

_FAILURES = (TimeoutError, OSError, httpx.RequestError, aiohttp.ClientError)


class NotSentError(Exception):
    """No byte of the request left this process."""


class AnswerLostError(Exception):
    """The request may have arrived; its answer did not."""

    def __init__(self, message: str, *, timed_out: bool) -> None:
        super().__init__(message)
        self.timed_out = timed_out


def build_client(
    *,
    connections: int = 100,
    transport: httpx.AsyncBaseTransport | None = None,
    told: Told | None = None,
) -> httpx.AsyncClient:
    """Build a client that follows no redirect, keeps no cookie and reads no proxy from outside.

    Call it in the running loop; `transport` replaces the network, `told` sees the headers of
    each answer. Whoever builds it closes it.
    """
    return httpx.AsyncClient(
        transport=transport or build_transport(connections),
        limits=_limits(connections),
        timeout=httpx.Timeout(30.0, connect=_CONNECT_SECONDS),
        trust_env=False,
        follow_redirects=False,
        event_hooks={"response": [] if told is None else [_telling(told)]},
    )


def _telling(told: Told) -> Callable[[httpx.Response], Awaitable[None]]:
    async def tell(response: httpx.Response) -> None:
        told(response.headers)

    return tell


def build_transport(connections: int = 100) -> AiohttpTransport:
    """The network of `build_client`; call it in the running loop."""
    return AiohttpTransport(limits=_limits(connections), client=_session(connections))


async def exchange(
    client: httpx.AsyncClient,
    request: httpx.Request,
    *,
    timeout: float,  # noqa: ASYNC109 - a failure's meaning depends on where the time ran out
) -> httpx.Response:
    """Send and read the whole answer within `timeout` seconds.

    Raises:
        NotSentError: provably nothing was sent.
        AnswerLostError: anything else, the time-out included.
    """
    request.extensions["timeout"] = httpx.Timeout(
        timeout, connect=min(timeout, _CONNECT_SECONDS)
    ).as_dict()
    try:
        async with asyncio.timeout(timeout):
            return await client.send(request)
    except _FAILURES as error:
        if _never_sent(error):
            raise NotSentError(type(_truth(error)).__name__) from error
        raise AnswerLostError(type(_truth(error)).__name__, timed_out=_timed_out(error)) from error


def retry_after(headers: Mapping[str, str]) -> float:
    """Seconds that the answer asks to wait; 0.0 when it does not say."""
    return retry.retry_after(headers) or 0.0


def _limits(connections: int) -> httpx.Limits:
    return httpx.Limits(
        max_connections=connections,
        max_keepalive_connections=connections,
        keepalive_expiry=_IDLE_SECONDS,
    )


def _session(connections: int) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=connections, keepalive_timeout=_IDLE_SECONDS),
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
    )


def _never_sent(error: Exception) -> bool:
    cause = _truth(error)
    if isinstance(cause, aiohttp.ClientError):
        return isinstance(cause, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError)
    return isinstance(
        cause,
        httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout | httpx.UnsupportedProtocol,
    )


def _timed_out(error: Exception) -> bool:
    return isinstance(_truth(error), TimeoutError | httpx.TimeoutException)


def _truth(error: Exception) -> BaseException:
    """What aiohttp said: its transport for httpx calls a reset connection a connect time-out."""
    cause = error.__cause__
    return cause if isinstance(cause, aiohttp.ClientError) else error
