"""Assemble the HTTP side: webhooks as raw routes, everything else through FastAPI."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, TypeAlias

from fastapi import FastAPI
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from orbion.domain.errors import UnavailableError
from orbion.web import admin, breakers, catalogues, health, leads, metrics, webhooks
from orbion.web.deps import STATE, State
from orbion.web.limits import TooManyError, too_many
from orbion.web.middleware import Direct, Measured, Tracing

Routes: TypeAlias = Sequence[Route]


class App(FastAPI):
    """Webhooks and probes, `routes`, pass FastAPI by; they only stand in its table.

    Webhooks count themselves, and a probe is no work: the rest is measured by its route.
    """

    def __init__(self, routes: Routes, *, new_trace: Callable[[], str], **settings: Any) -> None:
        super().__init__(**settings)
        self.router.routes.extend(routes)
        self._front = Tracing(Direct(Measured(super().__call__), routes), new_trace=new_trace)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._front(scope, receive, send)


def create_app(
    lifespan: Callable[[], AbstractAsyncContextManager[State]],
    *,
    new_trace: Callable[[], str],
    routes: Routes = webhooks.ROUTES,
) -> FastAPI:
    """Build the app; `lifespan` is entered at start-up and yields what the handlers need.

    `routes` stand beside health, metrics and admin.
    """

    @asynccontextmanager
    async def yielding(_app: FastAPI) -> AsyncGenerator[dict[str, State]]:
        async with lifespan() as state:
            yield {STATE: state}

    app = App(
        (*routes, *health.ROUTES),
        new_trace=new_trace,
        title="Orbion",
        lifespan=yielding,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # orbion.telemetry's work
    )
    app.include_router(health.router)
    app.include_router(metrics.router)
    app.include_router(admin.router)
    app.include_router(breakers.router)
    app.include_router(catalogues.router)
    app.include_router(leads.router)
    app.add_exception_handler(UnavailableError, admin.unavailable)
    app.add_exception_handler(TooManyError, too_many)
    return app
