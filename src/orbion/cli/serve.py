"""`orbion serve`: webhooks and workers in one process."""

import asyncio
import logging
import socket
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import click
import uvloop

from orbion.cli.server import (
    Server,
    address,
    bind,
    build_server,
    listening,
    spare_the_collector,
    stop_on_signals,
    watching,
)
from orbion.cli.setup import log_to_stderr, secrets_of
from orbion.config import Settings, load_settings
from orbion.kit.ids import new_trace
from orbion.main.build import running
from orbion.main.observing import Orbion
from orbion.main.parts import WHOLE, Part
from orbion.main.tracing import export_spans
from orbion.main.world import World, real_world
from orbion.telemetry.logs import (
    SERVICE_DRAINING,
    SERVICE_READY,
    SERVICE_STARTED,
    SERVICE_STOPPED,
    log,
)

F = TypeVar("F", bound=Callable[..., Any])

NO_ACCOUNT = (
    "no WhatsApp number yet: set ORBION_EVOLUTION_URL, _INSTANCE, _API_KEY and _WEBHOOK_SECRET, "
    "or ORBION_ACCOUNTS_FILE; `orbion doctor` says what is missing"
)


def listens(command: F) -> F:
    """Add the options of a command that listens."""
    port = click.IntRange(0, 65535)
    command = click.option("--port", type=port, help="Instead of ORBION_PORT; 0 = any free.")(
        command
    )
    return click.option("--host", help="Address to listen on instead of ORBION_HOST.")(command)


@click.command()
@listens
def serve(host: str | None, port: int | None) -> None:
    """Take webhooks and work the queues, in one process.

    One line on stdout says when it is ready; the log goes to stderr, one JSON object a line.
    SIGTERM and Ctrl-C stop it gracefully: /health/ready answers 503, the listener closes, and what
    is under way may finish for ORBION_GRACE seconds; a second signal does not wait.

    \b
    orbion serve
    ORBION_ACCOUNTS_FILE=accounts.toml orbion serve --host 0.0.0.0
    """  # noqa: D301 \b is click's mark for lines that keep their breaks
    run_part(WHOLE, settings_of(host, port))


def settings_of(host: str | None, port: int | None) -> Settings:
    given = {"host": host, "port": port}
    return load_settings(**{name: each for name, each in given.items() if each is not None})


def run_part(part: Part, settings: Settings) -> None:
    log_to_stderr(settings)
    world = real_world()
    export_spans(settings, tuple(secrets_of(settings)), world.random)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve_until_stopped(settings, world, part))


async def serve_until_stopped(settings: Settings, world: World, part: Part = WHOLE) -> None:
    """Listen until a signal drains the service; the port is taken before anything is built."""
    with bind(settings.host, settings.port) as bound:
        async with running(settings, world, part) as service:
            traces = partial(new_trace, world.random)
            server = build_server(service, new_trace=traces, routes=part.routes)
            stop_on_signals(partial(_drain, service, server))
            async with listening(server, bound) as ended, watching(service, settings):
                _announce(settings, service, bound)
                spare_the_collector()
                await ended
    log(SERVICE_STOPPED)


def _drain(service: Orbion, server: Server) -> None:
    log(SERVICE_DRAINING)
    service.lifecycle.drain()
    server.stop()


def _announce(settings: Settings, service: Orbion, bound: socket.socket) -> None:
    accounts = ", ".join(service.channels)
    if not accounts:
        log(SERVICE_STARTED, logging.WARNING, hint=NO_ACCOUNT)
    log(SERVICE_READY, accounts=len(service.channels))
    click.echo(
        f"orbion ready on {address(bound)} · accounts: {accounts or 'none'} · "
        f"database: {settings.database_name.rpartition('/')[2]}"
    )
