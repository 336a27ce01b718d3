"""Take Evolution's webhooks and answer each row of the table in DESIGN section 6."""

import math
from collections.abc import Sequence
from typing import cast

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from orbion.domain.errors import RejectedError, UnavailableError
from orbion.domain.events import WebhookRequest
from orbion.usecases.receive import Answer
from orbion.web.deps import STATE, TRACE, State
from orbion.web.limits import TooManyError, address_of
from orbion.web.noting import note
from orbion.web.responses import JSON, json_response

CHANNEL = "evolution"

_NEW = Response(b'{"success":true,"duplicate":false}', media_type=JSON)
_DUPLICATE = Response(b'{"success":true,"duplicate":true}', media_type=JSON)


class _TooLargeError(Exception):
    """The body passed the limit after `size` bytes; `more` of it is to come."""

    def __init__(self, size: int, *, more: bool) -> None:
        super().__init__(size)
        self.size = size
        self.more = more


class _DisconnectedError(Exception):
    """The gateway hung up before its body ended."""


class Evolution:
    """Never a redirect, never a 4xx to an authentic event: Evolution would drop it for ever.

    Pure ASGI: the objects that a framework makes of a request cost more than storing it.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        state: State = scope["state"][STATE]
        trace: str = scope[TRACE]
        started = state.clock.monotonic()
        response, outcome, answer = await _answered(state, scope, receive)
        note(
            state.metrics,
            channel=CHANNEL,
            account=scope["path_params"]["account"] if answer else None,
            outcome=outcome,
            events=answer.outcomes if answer else (),
            seconds=state.clock.monotonic() - started,
            trace=trace,
        )
        await response(scope, receive, send)


async def _answered(
    state: State, scope: Scope, receive: Receive
) -> tuple[Response, str, Answer | None]:
    try:
        answer = await _received(state, scope, receive)
    except RejectedError:
        return _unauthorized(state, scope), "unauthorized", None
    except _TooLargeError:
        return _refusal(413, "too large", {"connection": "close"}), "too_large", None
    except UnavailableError as error:
        state.metrics.failures.add(error, error.code, state.clock.now())
        wait = {"retry-after": str(math.ceil(error.retry_after))}
        return _refusal(503, "try again later", wait), "unavailable", None
    except _DisconnectedError:
        return Response(status_code=400), "disconnected", None
    return _DUPLICATE if answer.duplicate else _NEW, answer.outcome.value, answer


async def _received(state: State, scope: Scope, receive: Receive) -> Answer:
    account: str = scope["path_params"]["account"]
    tail = tuple(part for part in scope["path_params"]["tail"].split("/") if part)
    headers = {  # reversed, so that of a repeated header the first one counts
        name.decode("latin-1"): value.decode("latin-1")
        for name, value in reversed(cast("Sequence[tuple[bytes, bytes]]", scope["headers"]))
    }
    try:
        body = await _body(receive, state.body_limit)
    except _TooLargeError as error:
        head = WebhookRequest(headers=headers, tail=tail, body=b"")
        size = error.size + await _drained(state, account, head, receive, error)
        return await state.receive.too_large(account, size)
    whole = WebhookRequest(headers=headers, tail=tail, body=body)
    return await state.receive(account, whole, trace=scope[TRACE])


async def _body(receive: Receive, limit: int) -> bytes:
    body, more = bytearray(), True
    while more:
        chunk, more = await _chunk(receive)
        body += chunk
        if len(body) > limit:
            raise _TooLargeError(len(body), more=more)
    return bytes(body)


async def _chunk(receive: Receive) -> tuple[bytes, bool]:
    """Wait for the next part of the body, and tell whether another one follows."""
    message = await receive()
    if message["type"] == "http.disconnect":
        raise _DisconnectedError
    return message.get("body", b""), message.get("more_body", False)


async def _drained(
    state: State,
    account: str,
    head: WebhookRequest,
    receive: Receive,
    error: _TooLargeError,
) -> int:
    """Read an authentic sender's body to its end, keeping nothing; give up on anyone else."""
    try:
        state.receive.verify(account, head)
    except RejectedError:
        raise error from None
    size, more = 0, error.more
    while more:
        chunk, more = await _chunk(receive)
        size += len(chunk)
    return size


def _unauthorized(state: State, scope: Scope) -> Response:
    """A gateway with an old secret must not lock operators out, so its failures count apart."""
    try:
        state.limits.failures.take(f"webhook {address_of(Request(scope))}")
    except TooManyError as error:
        return json_response({"success": False, **error.body}, 429, error.headers)
    return _refusal(401, "no valid credential for this account")


def _refusal(status: int, why: str, headers: dict[str, str] | None = None) -> Response:
    return json_response({"success": False, "error": why}, status, headers)


ROUTES = (Route("/webhooks/evolution/{account}{tail:path}", Evolution(), methods=["POST"]),)
