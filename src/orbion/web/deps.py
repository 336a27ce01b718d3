"""Give the handlers typed access to what the composition root built."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, cast

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import Response

from orbion.domain.catalogue_sheet import Catalogue
from orbion.kit.clock import Clock
from orbion.kit.guard import Guard
from orbion.kit.health import HealthBoard, Heartbeat
from orbion.kit.lifecycle import Lifecycle
from orbion.ports import Desk
from orbion.telemetry.metrics import Metrics
from orbion.telemetry.report import Report
from orbion.usecases.forecast_leads import ForecastLeads
from orbion.usecases.move_lead import MoveLead
from orbion.usecases.receive import Receive
from orbion.web.access import Access
from orbion.web.limits import Limits
from orbion.web.readiness import Readiness

STATE = "orbion"
TRACE = "orbion.trace"

Section = Callable[[], Mapping[str, Any]]
"""One part of /health/detailed, read from memory: no call outside, no secret, no person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What the lifespan yields.

    `heartbeats` are the loops without which the process is dead (event loop, dispatchers);
    `read_catalogue` reads an account's from its sheet, None if it has no such; `body_limit` is in
    bytes.
    """

    receive: Receive
    desk: Desk
    move_lead: MoveLead
    forecast_leads: ForecastLeads
    read_catalogue: Callable[[str], Awaitable[Catalogue | None]]
    access: Access
    limits: Limits
    board: HealthBoard
    lifecycle: Lifecycle
    readiness: Readiness
    heartbeats: Mapping[str, Heartbeat]
    guards: Mapping[str, Guard]
    sections: Mapping[str, Section]
    metrics: Metrics
    report: Report
    clock: Clock
    body_limit: int


def state_of(request: Request) -> State:
    return cast("State", request.scope["state"][STATE])


def trace_of(request: Request) -> str:
    """Return the trace id that the tracing middleware gave this request."""
    return cast("str", request.scope[TRACE])


async def _observer(request: Request) -> State:
    state = state_of(request)
    state.access.observer(request)
    return state


async def _admin(request: Request, response: Response) -> State:
    state = state_of(request)
    response.headers.update(state.access.admin(request))
    return state


Observer = Annotated[State, Depends(_observer)]
"""The state, for whoever may read metrics and health details."""

Admin = Annotated[State, Depends(_admin)]
"""The state, for operators."""
