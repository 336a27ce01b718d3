"""What each request passes first: a trace id, a net for errors, a way past FastAPI, a count."""

import logging
import re
from collections.abc import Callable, Sequence

import msgspec
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orbion.telemetry import logs
from orbion.web.deps import STATE, TRACE, State

_TRACEPARENT = re.compile(rb"00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}\Z")
_NO_TRACE = b"0" * 32


class Tracing:
    """Pure ASGI. A caller's W3C traceparent is continued; the id is answered in x-request-id."""

    def __init__(self, app: ASGIApp, *, new_trace: Callable[[], str]) -> None:
        self._app = app
        self._new_trace = new_trace

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        trace = scope[TRACE] = _continued(scope) or self._new_trace()
        answer = _Answer(send, trace)
        try:
            await self._app(scope, receive, answer)
        except Exception as error:  # the last resort: whoever asks sees no class, no path, no SQL
            logs.log(logs.BUG, logging.ERROR, error, trace=trace, method=scope["method"])
            if answer.started:
                raise
            await _apologise(answer, trace)


class Direct:
    """Pure ASGI. What one of the routes takes goes to it at once: the layers of `app` cost more."""

    def __init__(self, app: ASGIApp, routes: Sequence[Route]) -> None:
        self._app = app
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        for route in self._routes:
            match, found = route.matches(scope)
            if match is Match.FULL:
                scope.update(found)
                await route.handle(scope, receive, send)
                return
        await self._app(scope, receive, send)


class Measured:
    """Pure ASGI. Counts and times each request by its route's template, never by its path."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state: State = scope["state"][STATE]
        status = _Status(send)
        started = state.clock.monotonic()
        try:
            await self._app(scope, receive, status)
        finally:
            seconds = state.clock.monotonic() - started
            labels = _template(scope)
            state.metrics.http_requests.inc(*labels, f"{status.code // 100}xx")
            state.metrics.http_seconds.observe(seconds, *labels, trace=scope[TRACE])


class _Status:
    """Sends on, and keeps the status; without an answer it is that of an error."""

    __slots__ = ("_send", "code")

    def __init__(self, send: Send) -> None:
        self._send = send
        self.code = 500

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.code = message["status"]
        await self._send(message)


class _Answer:
    """Sends on, with the trace id among the headers."""

    __slots__ = ("_send", "_trace", "started")

    def __init__(self, send: Send, trace: str) -> None:
        self._send = send
        self._trace = trace.encode()
        self.started = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            message["headers"] = [*message.get("headers", ()), (b"x-request-id", self._trace)]
        await self._send(message)


def _template(scope: Scope) -> tuple[str, str]:
    """Method and path of the route that took the request; what none took is all the same."""
    route, method = scope.get("route"), scope["method"]
    if isinstance(route, Route) and method in (route.methods or ()):
        return method, route.path
    return "none", "none"


def _continued(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"traceparent":
            found = _TRACEPARENT.match(value)
            return found[1].decode() if found and found[1] != _NO_TRACE else None
    return None


async def _apologise(send: Send, trace: str) -> None:
    body = msgspec.json.encode({"error": "internal error", "trace": trace})
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": 500, "headers": headers})
    await send({"type": "http.response.body", "body": body})
