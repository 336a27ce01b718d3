"""Tell whether the process lives, can accept messages, and how its parts are."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeAlias

from fastapi import APIRouter
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from orbion.kit.health import CheckReport, HealthBoard, Status
from orbion.kit.watchdog import stuck
from orbion.web.deps import STATE, Observer, State
from orbion.web.responses import HEALTH, json_response

STUCK_SECONDS = 50.0  # with the next probe within a minute; a loop beats at least each half

_NO_STORE: Mapping[str, str] = {"cache-control": "no-store"}
_WORDS: Mapping[Status, str] = {
    Status.healthy: "pass",
    Status.degraded: "warn",
    Status.unhealthy: "fail",
}
"""What health+json calls them."""

Asked: TypeAlias = Callable[[State], Awaitable[Response]]

router = APIRouter()


async def health(state: State) -> Response:
    """Report the last background probes; 503 only when a critical one failed."""
    level = state.board.status
    return _answer(_WORDS[level], level=level, checks=_checks(state.board))


async def live(state: State) -> Response:
    """Fail when a loop has stopped beating; touch nothing outside."""
    names = stuck(state.heartbeats, STUCK_SECONDS)
    return _answer("fail" if names else "pass", stuck=names)


async def ready(state: State) -> Response:
    """Fail when a message could not be stored durably now."""
    obstacle = await state.readiness.obstacle()
    return _answer("fail" if obstacle else "pass", reason=obstacle)


@router.get("/health/detailed", response_model=None)
async def detailed(state: Observer) -> Response:
    """Show every part from memory and from counts at most a second old."""
    obstacle, facts = await asyncio.gather(state.readiness.obstacle(), state.readiness.facts())
    level = state.board.status
    return _answer(
        _WORDS[level],
        level=level,
        ready=not obstacle,
        reason=obstacle,
        phase=state.lifecycle.phase,
        checks=_checks(state.board),
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


def _answer(status: str, **content: Any) -> Response:
    code = 503 if status == "fail" else 200
    return json_response({"status": status, **content}, code, _NO_STORE, media=HEALTH)


def _checks(board: HealthBoard) -> Mapping[str, list[Mapping[str, Any]]]:
    """As health+json wants it: by component and measurement, each with as many as there are."""
    found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for report in board.results.values():
        component, _, which = report.check.name.partition(":")
        found[f"{component}:{report.check.measures}"].append(_checked(report, which))
    return found


def _checked(report: CheckReport, which: str) -> Mapping[str, Any]:
    check, result = report.check, report.result
    unit = check.unit if result.observed is not None else ""
    found = {
        "componentId": which or None,
        "componentType": check.kind,
        "observedValue": result.observed,
        "observedUnit": unit or None,
        "status": _WORDS[result.status],
        "time": _rfc3339(report.at),
        "output": result.summary or None,
    }
    return {
        **{name: value for name, value in found.items() if value is not None},
        "critical": check.critical,
        "seconds": round(report.seconds, 4),
        "facts": dict(result.facts),
    }


def _rfc3339(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")
