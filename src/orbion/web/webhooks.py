"""Take Evolution's webhooks and answer each row of the table in DESIGN section 6."""

import logging
import math
from collections.abc import AsyncGenerator

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from orbion.domain.errors import RejectedError, UnavailableError
from orbion.domain.events import WebhookRequest
from orbion.telemetry import logs
from orbion.usecases.receive import Answer
from orbion.web.deps import State, state_of, trace_of
from orbion.web.limits import TooManyError, address_of
from orbion.web.responses import JSON, json_response

CHANNEL = "evolution"

_NEW = b'{"success":true,"duplicate":false}'
_DUPLICATE = b'{"success":true,"duplicate":true}'


class _TooLargeError(Exception):
    """The body passed the limit after `size` bytes."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


async def evolution(request: Request) -> Response:
    """Never a redirect, never a 4xx to an authentic event: Evolution would drop it for ever."""
    state = state_of(request)
    started = state.clock.monotonic()
    response, outcome, answer = await _answered(state, request)
    seconds = state.clock.monotonic() - started
    state.metrics.webhook_requests.inc(CHANNEL, outcome)
    state.metrics.webhook_ack_seconds.observe(seconds, CHANNEL, outcome, trace=trace_of(request))
    logs.log(
        logs.WEBHOOK,
        logging.INFO if answer else logging.WARNING,
        channel=CHANNEL,
        account=request.path_params["account"] if answer else None,
        outcome=outcome,
        events=list(answer.outcomes[:10]) if answer else [],
        ms=round(seconds * 1000, 2),
        trace=trace_of(request),
    )
    return response


async def _answered(state: State, request: Request) -> tuple[Response, str, Answer | None]:
    try:
        answer = await _received(state, request)
    except RejectedError:
        return _unauthorized(state, request), "unauthorized", None
    except _TooLargeError:
        return _refusal(413, "too large", {"connection": "close"}), "too_large", None
    except UnavailableError as error:
        state.metrics.failures.add(error, error.code, state.clock.now())
        wait = {"retry-after": str(math.ceil(error.retry_after))}
        return _refusal(503, "try again later", wait), "unavailable", None
    except ClientDisconnect:
        return Response(status_code=400), "disconnected", None
    content = _DUPLICATE if answer.duplicate else _NEW
    return Response(content, media_type=JSON), answer.outcome.value, answer


async def _received(state: State, request: Request) -> Answer:
    account = request.path_params["account"]
    tail = tuple(part for part in request.path_params["tail"].split("/") if part)
    headers = {  # reversed, so that of a repeated header the first one counts
        name.decode("latin-1"): value.decode("latin-1")
        for name, value in reversed(request.headers.raw)
    }
    chunks = request.stream()
    try:
        body = await _body(chunks, state.body_limit)
    except _TooLargeError as error:
        head = WebhookRequest(headers=headers, tail=tail, body=b"")
        size = error.size + await _drained(state, account, head, chunks, error)
        return await state.receive.too_large(account, size)
    whole = WebhookRequest(headers=headers, tail=tail, body=body)
    return await state.receive(account, whole, trace=trace_of(request))


async def _body(chunks: AsyncGenerator[bytes], limit: int) -> bytes:
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > limit:
            raise _TooLargeError(len(body))
    return bytes(body)


async def _drained(
    state: State,
    account: str,
    head: WebhookRequest,
    chunks: AsyncGenerator[bytes],
    error: _TooLargeError,
) -> int:
    """Read an authentic sender's body to its end, keeping nothing; give up on anyone else."""
    try:
        state.receive.verify(account, head)
    except RejectedError:
        raise error from None
    return sum([len(chunk) async for chunk in chunks])


def _unauthorized(state: State, request: Request) -> Response:
    """A gateway with an old secret must not lock operators out, so its failures count apart."""
    try:
        state.limits.failures.take(f"webhook {address_of(request)}")
    except TooManyError as error:
        return json_response({"success": False, **error.body}, 429, error.headers)
    return _refusal(401, "no valid credential for this account")


def _refusal(status: int, why: str, headers: dict[str, str] | None = None) -> Response:
    return json_response({"success": False, "error": why}, status, headers)


ROUTES = (Route("/webhooks/evolution/{account}{tail:path}", evolution, methods=["POST"]),)
