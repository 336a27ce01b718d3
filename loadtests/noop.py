"""Two handlers that read a webhook and forget it: bare ASGI, and one behind FastAPI."""

import random
import sys

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from loadtests.listen import serve
from orbion.kit.ids import new_trace
from orbion.web.middleware import Tracing

ANSWER = b'{"success":true,"duplicate":false}'
HEADERS = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(ANSWER))]


async def bare(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body", False):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": ANSWER})


async def _read(request: Request) -> Response:
    await request.body()
    return Response(ANSWER, media_type="application/json")


def stack() -> FastAPI:
    """FastAPI, a raw route and the tracing middleware: what `orbion.web.app` spares a webhook."""
    dice = random.Random(1)
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.router.routes.append(
        Route("/webhooks/evolution/{account}{tail:path}", _read, methods=["POST"])
    )
    app.router.routes.append(Route("/health/ready", _read))
    app.add_middleware(Tracing, new_trace=lambda: new_trace(dice))
    return app


if __name__ == "__main__":
    chosen: ASGIApp = bare if sys.argv[2] == "bare" else stack()
    serve(chosen)
