"""Tell whether the process lives, can accept messages, and how its parts are."""

import asyncio
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from orbion.kit.health import CheckReport, Status
from orbion.kit.watchdog import stuck
from orbion.web.deps import Observer, state_of
from orbion.web.responses import HEALTH, json_response

STUCK_SECONDS = 50.0  # with the next probe within a minute; a loop beats at least each half

_NO_STORE: Mapping[str, str] = {"cache-control": "no-store"}

router = APIRouter()


@router.get("/health", response_model=None)
async def health(request: Request) -> Response:
    """Report the last background probes; 503 only when a critical one failed."""
    board = state_of(request).board
    checks = {name: _checked(report) for name, report in board.results.items()}
    return _answer(board.status is not Status.unhealthy, status=board.status, checks=checks)


@router.get("/health/live", response_model=None)
async def live(request: Request) -> Response:
    """Fail when a loop has stopped beating; touch nothing outside."""
    names = stuck(state_of(request).heartbeats, STUCK_SECONDS)
    return _answer(not names, status="stuck" if names else "live", stuck=names)


@router.get("/health/ready", response_model=None)
async def ready(request: Request) -> Response:
    """Fail when a message could not be stored durably now."""
    obstacle = await state_of(request).readiness.obstacle()
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
