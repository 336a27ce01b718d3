"""Show the registry as Prometheus text or JSON, and start its JSON windows anew."""

from typing import Any, Literal

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from orbion.web.deps import Admin, Observer
from orbion.web.responses import json_response

router = APIRouter()


@router.get("/metrics", response_model=None)
async def metrics(
    request: Request,
    state: Observer,
    format: Literal["text", "json"] = "text",  # noqa: A002 - the query's name
) -> Response:
    """Expose every metric as Prometheus text or OpenMetrics, or as JSON with `?format=json`."""
    if format == "json":
        return json_response(state.report.render())
    content, content_type = state.metrics.render(request.headers.get("accept", ""))
    return Response(content, headers={"content-type": content_type, "vary": "accept"})


@router.get("/api/metrics", response_model=None)
async def report(state: Observer) -> Response:
    """Report the same numbers over 1, 5 and 15 minutes, with rates and quantiles."""
    return json_response(state.report.render())


@router.get("/api/metrics/summary", response_model=None)
async def summary(state: Observer) -> Response:
    """Sum up webhooks, routes, turns, replies, dependencies and cache over the same windows."""
    return json_response(state.report.summary())


@router.post("/api/metrics/reset", response_model=None)
async def reset(state: Admin) -> Any:
    """Let the JSON windows begin now; the Prometheus counters never go back."""
    state.report.reset()
    return {"reset": True}
