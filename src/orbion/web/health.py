"""Tell whether the process lives, can accept messages, and how its parts are."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

from fastapi import APIRouter
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from orbion.kit.health import CheckReport, Status
from orbion.kit.watchdog import stuck
from orbion.web.deps import STATE, Observer, State
from orbion.web.responses import HEALTH, json_response

STUCK_SECONDS = 50.0  # with the next probe within a minute; a loop beats at least each half

_NO_STORE: Mapping[str, str] = {"cache-control": "no-store"}

Asked: TypeAlias = Callable[[State], Awaitable[Response]]

router = APIRouter()


async def health(state: State) -> Response:
    """Report the last background probes; 503 only when a critical one failed."""
    board = state.board
    checks = {name: _checked(report) for name, report in board.results.items()}
    return _answer(board.status is not Status.unhealthy, status=board.status, checks=checks)


async def live(state: State) -> Response:
    """Fail when a loop has stopped beating; touch nothing outside."""
    names = stuck(state.heartbeats, STUCK_SECONDS)
    return _answer(not names, status="stuck" if names else "live", stuck=names)


async def ready(state: State) -> Response:
    """Fail when a message could not be stored durably now."""
    obstacle = await state.readiness.obstacle()
    return _answer(not obstacle, status="ready" if not obstacle else "not ready", reason=obstacle)


@router.get("/health/detailed", response_model=None)
async def detailed(state: Observer) -> Response:
    """Show every part from memory and from counts at most a second old."""
    obstacle, facts = await asyncio.gather(state.readiness.obstacle(), state.readiness.facts())
    return _answer(
        state.board.status is not Status.unhealthy,
        status=state.board.status,
        ready=not obstacle,
        reason=obstacle,
        phase=state.lifecycle.phase,
        checks={name: _checked(report) for name, report in state.board.results.items()},
        heartbeats={name: round(beat.age(), 1) for name, beat in state.heartbeats.items()},
        last_webhook_ms=dict(state.receive.last_seen),
        store=facts,
        **{name: section() for name, section in state.sections.items()},
    )


class Probe:
    """Pure ASGI: balancers ask so often that what a framework makes of a request would be felt."""

    def __init__(self, ask: Asked) -> None:
        self._ask = ask
        self.__doc__ = ask.__doc__  # the list of routes shows it

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._ask(scope["state"][STATE])
        await response(scope, receive, send)


ROUTES = tuple(
    Route(path, Probe(ask), methods=["GET"], name=ask.__name__)
    for path, ask in (("/health", health), ("/health/live", live), ("/health/ready", ready))
)


def _answer(good: bool, **content: Any) -> Response:  # noqa: FBT001 - reads as the claim it is
    return json_response(content, 200 if good else 503, _NO_STORE, media=HEALTH)


def _checked(report: CheckReport) -> Mapping[str, Any]:
    return {
        "status": report.result.status,
        "critical": report.critical,
        "summary": report.result.summary,
        "facts": dict(report.result.facts),
        "at_ms": report.at,
        "seconds": round(report.seconds, 4),
    }
