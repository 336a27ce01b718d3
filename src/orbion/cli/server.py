"""Serves the web app on a bound socket until a signal says stop, or stop is called."""

import asyncio
import contextlib
import gc
import logging
import signal
import socket
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import uvicorn

from orbion.config import Settings
from orbion.domain.errors import FaultCode, UnavailableError
from orbion.kit.watchdog import Watchdog
from orbion.main.observing import Orbion
from orbion.main.parts import WHOLE
from orbion.telemetry.logs import LOOP_STUCK, log
from orbion.web.app import Routes, create_app
from orbion.web.deps import State
from orbion.web.health import STUCK_SECONDS

_BACKLOG: Final = 2048
_KEEP_ALIVE_SECONDS: Final = 5
_LAST_REQUESTS_SECONDS: Final = 5
_FAREWELL_SECONDS: Final = 1.0
_LOOK_SECONDS: Final = 0.02
_LAST_ACCEPTS: Final = 3
"""Passes of the loop; one may be under way for longer than the wait."""
_CLOSE: Final = (b"connection", b"close")
_COLLECT_AFTER: Final = (10_000, 20, 50)
_STOPPING: Final = (signal.SIGTERM, signal.SIGINT)


class Server(uvicorn.Server):
    """Tells when it listens, and leaves the signals to `stop_on_signals`."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take leave of each connection with its next answer, then close those that stay idle.

        A kept connection that is closed at once loses the request that is on its way to it. So
        does one that the kernel has accepted and the loop has not, when the listener closes.
        """
        for _ in range(_LAST_ACCEPTS):
            await asyncio.sleep(_LOOK_SECONDS)
        for server in self.servers:
            server.close()
        self.server_state.default_headers = [*self.server_state.default_headers, _CLOSE]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_FAREWELL_SECONDS):
                while self.server_state.connections and not self.force_exit:  # noqa: ASYNC110 nobody is told
                    await asyncio.sleep(_LOOK_SECONDS)
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield

    def stop(self) -> None:
        """Close the listener and end after the last requests; a second call does not wait."""
        self.force_exit = self.should_exit
        self.should_exit = True


def bind(host: str, port: int) -> socket.socket:
    """Take the address without listening yet; raises `UnavailableError` if it is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise UnavailableError(
            FaultCode.CONFLICT, f"cannot listen on {host} port {port}: {error.strerror}"
        ) from error
    return bound


def address(bound: socket.socket) -> str:
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def build_server(
    service: Orbion, *, new_trace: Callable[[], str], routes: Routes = WHOLE.routes
) -> Server:
    @asynccontextmanager
    async def lifespan() -> AsyncGenerator[State]:
        yield service.state

    config = uvicorn.Config(
        create_app(lifespan, new_trace=new_trace, routes=routes),
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=_BACKLOG,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_LAST_REQUESTS_SECONDS,
    )
    return Server(config)


@asynccontextmanager
async def listening(server: Server, bound: socket.socket) -> AsyncGenerator[asyncio.Task[None]]:
    """Serve from here to the end of the block; the task ends when the server does."""
    task = asyncio.create_task(server.serve(sockets=[bound]))
    started = asyncio.create_task(server.listening.wait())
    await asyncio.wait({task, started}, return_when=asyncio.FIRST_COMPLETED)
    started.cancel()
    try:
        yield task
    finally:
        server.stop()
        await task


@asynccontextmanager
async def watching(service: Orbion, settings: Settings) -> AsyncGenerator[None]:
    """Let a thread outside the event loop say when that stands still.

    Raises:
        UnavailableError: the watchdog's port is taken.
    """

    def told(names: Sequence[str], where: str) -> None:
        log(LOOP_STUCK, logging.CRITICAL, stuck=list(names), where=where)

    watchdog = Watchdog(service.state.heartbeats, limit=STUCK_SECONDS, told=told)
    try:
        watchdog.start()
        if settings.watchdog_port is not None:
            _answer_probes(watchdog, settings.host, settings.watchdog_port)
        yield
    finally:
        watchdog.stop()


def _answer_probes(watchdog: Watchdog, host: str, port: int) -> None:
    try:
        watchdog.listen(host, port)
    except OSError as error:
        raise UnavailableError(
            FaultCode.CONFLICT, f"the watchdog cannot listen on {host} port {port}: {error}"
        ) from error


def stop_on_signals(stop: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    for each in _STOPPING:
        loop.add_signal_handler(each, stop)


def spare_the_collector() -> None:
    """Never look at what start-up made, and look at the rest less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECT_AFTER)
    gc.enable()
