"""A no-op handler behind all that looks at a webhook: the product's own, or three middlewares."""

import logging
import random
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeAlias

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from loadtests.listen import serve
from loadtests.noop import ANSWER, bare
from loadtests.processes import GATEWAY_KEY
from loadtests.webhooks import ACCOUNT, SECRET
from orbion.kit.clock import SystemClock
from orbion.kit.ids import new_trace
from orbion.telemetry import logs
from orbion.telemetry.metrics import Metrics
from orbion.web.deps import TRACE
from orbion.web.limits import Limits, address_of
from orbion.web.middleware import Tracing
from orbion.web.noting import note

CHANNEL: Final = "evolution"
OUTCOME: Final = "stored"
NO_LIMIT: Final = 10**9
Next: TypeAlias = Callable[[Request], Awaitable[Response]]


class Noted:
    """Counts, times and writes as the product does of each webhook, before a no-op."""

    def __init__(self) -> None:
        self._metrics = Metrics()
        self._clock = SystemClock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        started = self._clock.monotonic()
        self._metrics.inbound_messages.inc(CHANNEL, "text")
        note(
            self._metrics,
            channel=CHANNEL,
            account=ACCOUNT,
            outcome=OUTCOME,
            events=(OUTCOME,),
            seconds=self._clock.monotonic() - started,
            trace=scope[TRACE],
        )
        await bare(scope, receive, send)


class Limited:
    """Takes a place of the caller's address, as of each operator's request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._limits = no_limits()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            self._limits.address.take(address_of(Request(scope)))
        await self._app(scope, receive, send)


class Identify(BaseHTTPMiddleware):
    """The id of a request, as many a service makes it."""

    async def dispatch(self, request: Request, call_next: Next) -> Response:
        request.state.trace = new_trace(DICE)
        response = await call_next(request)
        response.headers["x-request-id"] = request.state.trace
        return response


class Count(BaseHTTPMiddleware):
    """Counts and times, and keeps the limits."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(app)
        self._metrics = Metrics()
        self._limits = no_limits()

    async def dispatch(self, request: Request, call_next: Next) -> Response:
        started = time.monotonic()
        self._limits.address.take(address_of(request))
        response = await call_next(request)
        self._metrics.inbound_messages.inc(CHANNEL, "text")
        self._metrics.webhook_requests.inc(CHANNEL, OUTCOME)
        self._metrics.webhook_ack_seconds.observe(
            time.monotonic() - started, CHANNEL, OUTCOME, trace=request.state.trace
        )
        return response


class Write(BaseHTTPMiddleware):
    """The access line, in the product's own form."""

    async def dispatch(self, request: Request, call_next: Next) -> Response:
        started = time.monotonic()
        response = await call_next(request)
        logs.log(
            logs.WEBHOOK,
            logging.INFO,
            channel=CHANNEL,
            account=ACCOUNT,
            outcome=OUTCOME,
            events=(OUTCOME,),
            ms=round((time.monotonic() - started) * 1000, 2),
            trace=request.state.trace,
        )
        return response


async def _read(request: Request) -> Response:
    await request.body()
    return Response(ANSWER, media_type="application/json")


def no_limits() -> Limits:
    return Limits(address=NO_LIMIT, failures=NO_LIMIT, key=NO_LIMIT, clock=SystemClock())


def webhook() -> ASGIApp:
    """No limit is kept of an authentic webhook: whole customers stand behind one address."""
    return Tracing(Noted(), new_trace=lambda: new_trace(DICE))


def glass() -> ASGIApp:
    return Tracing(Limited(Noted()), new_trace=lambda: new_trace(DICE))


def plain() -> ASGIApp:
    """What the three middlewares stand before, alone."""
    return Starlette(routes=[Route("/{path:path}", _read, methods=["GET", "POST"])])


def middlewares() -> ASGIApp:
    return Starlette(
        routes=[Route("/{path:path}", _read, methods=["GET", "POST"])],
        middleware=[Middleware(Identify), Middleware(Count), Middleware(Write)],
    )


DICE: Final = random.Random(1)
APPS: Final[Mapping[str, Callable[[], ASGIApp]]] = {
    "webhook": webhook,
    "glass": glass,
    "plain": plain,
    "middlewares": middlewares,
}

if __name__ == "__main__":
    logs.configure(logging.INFO, sys.stderr, (SECRET, GATEWAY_KEY))
    serve(APPS[sys.argv[2]]())
