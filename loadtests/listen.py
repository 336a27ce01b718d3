"""Serves one measured app as the product is served: uvloop, httptools, a tuned collector."""

import gc
import socket
import sys

import uvicorn
from starlette.types import ASGIApp

from loadtests.http1 import HOST


class _Server(uvicorn.Server):
    """Takes what the start made out of the collector's sight."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        gc.collect()
        gc.freeze()
        gc.set_threshold(10_000, 20, 50)


def serve(app: ASGIApp) -> None:
    """Listen on the port that the command line names, until a signal ends it."""
    config = uvicorn.Config(
        app,
        host=HOST,
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        ws="none",
        backlog=2048,
        access_log=False,
        log_config=None,
    )
    _Server(config).run()
