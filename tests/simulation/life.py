"""What one life of the simulated service is made of, and how its files are looked at afterwards."""

import asyncio
import logging
import shutil
import sqlite3
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractAsyncContextManager, closing, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import httpx
from starlette.types import ASGIApp, Receive, Scope, Send

from orbion.adapters.db.tx import Database
from orbion.config import Settings
from orbion.kit.executor import Executor
from orbion.ports import LLM, Inbox
from orbion.web.deps import STATE, State
from tests.support.tokens import TokenLLM
from tests.support.virtual import SimLoop

SECRET = "segredo-do-webhook-com-32-letras"
KEY = "chave-do-gateway-123456"
HOOK = "http://orbion/webhooks/evolution/loja"
READY = "http://orbion/health/ready"
BEARER = {"authorization": f"Bearer {SECRET}"}
PLAYBOOK = Path(__file__).with_name("loja.toml")
SEND_TIMEOUT, GRACE = 5.0, 5.0
OPEN_WORK = (
    "SELECT 'message ' || outcome, count(*) FROM message "
    "WHERE outcome IN ('open', 'queued') GROUP BY 1 "
    "UNION ALL SELECT 'outbox ' || state, count(*) FROM outbox "
    "WHERE state IN ('pending', 'sending', 'unknown') GROUP BY 1 "
    "UNION ALL SELECT 'lane ' || queue, count(*) FROM lane "
    "WHERE seq > ack OR owner IS NOT NULL GROUP BY 1"
)
HEARD = "SELECT provider_id FROM message WHERE provider_id IS NOT NULL"
OPENED = "SELECT count(*) FROM account WHERE opened_at IS NOT NULL"
DAMAGE = (
    "SELECT 'I7 ' || integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok' "
    "UNION ALL SELECT 'I7 foreign key of ' || \"table\" FROM pragma_foreign_key_check "
    "UNION ALL SELECT 'I12 stored twice: ' || provider_id FROM message WHERE direction = 'in' "
    "GROUP BY account, provider_id HAVING count(*) > 1"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a mutant may put in place of the real thing; the service's own code stays as it is.

    `triggers` are SQL that makes the database do otherwise than it was told.
    """

    wire: Callable[[httpx.AsyncBaseTransport], httpx.AsyncBaseTransport] = lambda wire: wire
    llm: Callable[[TokenLLM], LLM] = lambda llm: llm
    inbox: Callable[[Inbox], Inbox] = lambda inbox: inbox
    database: Callable[[Database], Database] = lambda database: database
    settings: Mapping[str, object] = field(default_factory=dict)
    triggers: str = ""
    after_crash: Callable[[Path], None] = lambda _: None


HONEST = Parts()


class Wire(httpx.AsyncBaseTransport):
    """The network between a life and the gateway, which carries out what it got all the same."""

    def __init__(
        self, inner: httpx.AsyncBaseTransport, loop: SimLoop, *, is_up: Callable[[], bool]
    ) -> None:
        self._inner = inner
        self._loop = loop
        self._is_up = is_up

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if not self._is_up():
            raise httpx.ConnectError("the gateway is dead")
        carried = self._loop.outside(self._inner.handle_async_request(request))
        carried.add_done_callback(_look_at)
        return await asyncio.shield(carried)


def _look_at(task: asyncio.Task[Any]) -> None:
    """Nobody may be left to ask for the error of a call whose caller died."""
    if not task.cancelled():
        task.exception()


def settings(folder: Path, *, typing: bool, hurry: bool, others: Mapping[str, object]) -> Settings:
    """In a hurry it waits for no second message and shows no typing."""
    own = {"database_url": f"sqlite:///{folder}/orbion.db", "sheets_folder": folder / "leads"}
    return _common_settings(typing=typing, hurry=hurry).model_copy(update=own | dict(others))


@cache
def _common_settings(*, typing: bool, hurry: bool) -> Settings:
    """Validated once: each of thousands of lives copies them."""
    return Settings(
        _env_file=None,
        account="loja",
        business="sol",
        playbook=str(PLAYBOOK),
        evolution_url="http://gateway",
        evolution_instance="loja",
        evolution_api_key=KEY,
        evolution_webhook_secret=SECRET,
        quiet_min=0.1 if hurry else 0.2,
        quiet_max=0.3 if hurry else 1.0,
        quiet_cap=0.6 if hurry else 2.0,
        typing_speed=25.0 if typing and not hurry else 0.0,
        send_timeout=SEND_TIMEOUT,
        unknown_grace=GRACE,
        breaker_open=2.0,
        turns_per_minute=600,
        workers=32,
        disk_reserve=0,
    )


@contextmanager
def slow_disk(dice: Random) -> Generator[Executor]:
    """Run each piece of work whole, a little later, in the life that asked for it."""

    def submit(work: Callable[[], None]) -> None:
        asyncio.get_running_loop().call_later(dice.uniform(0, 0.003), work)

    yield submit


async def at_once(work: Callable[[], None]) -> None:
    work()


async def post(web: httpx.AsyncClient, url: str, headers: Mapping[str, str], body: bytes) -> int:
    answer = await web.post(url, headers=dict(headers), content=body)
    return answer.status_code


def with_state(app: ASGIApp, state: State) -> ASGIApp:
    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "state": {STATE: state}}, receive, send)

    return serve


def no_lifespan() -> AbstractAsyncContextManager[State]:
    raise NotImplementedError("the state comes with each request")


class _Unexpected(logging.Handler):
    def __init__(self, found: list[str]) -> None:
        super().__init__(logging.ERROR)
        self._found = found

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and record.exc_info[1] is not None:
            self._found.append(f"bug: {record.getMessage()} {record.exc_info[1]!r}")


@contextmanager
def watched(found: list[str]) -> Generator[None]:
    """Collect every error that the service logs with a traceback; nothing is printed."""
    logger = logging.getLogger("orbion")
    before = logger.propagate, logger.level
    handler = _Unexpected(found)
    logger.addHandler(handler)
    logger.propagate = False
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.propagate, _ = before
        logger.setLevel(before[1])


def prepare(database: Path, template: Path, parts: Parts) -> None:
    """Make the first life's database."""
    database.parent.mkdir()
    shutil.copyfile(template, database)
    if parts.triggers:
        with closing(sqlite3.connect(database)) as connection:
            connection.executescript(parts.triggers)


def damage(database: Path) -> list[str]:
    with closing(sqlite3.connect(database)) as connection:
        return [str(row[0]) for row in connection.execute(DAMAGE)]


def heard(database: Path) -> set[str]:
    """The gateway ids of all that is stored."""
    with closing(sqlite3.connect(database)) as connection:
        return {str(row[0]) for row in connection.execute(HEARD)}


def opened(database: Path) -> bool:
    """Tell whether the service has seen its number open, now or in an earlier life."""
    with closing(sqlite3.connect(database)) as connection:
        return bool(connection.execute(OPENED).fetchone()[0])


def open_work(database: Path) -> dict[str, int]:
    """Count what has not come to its end, by kind and state."""
    with closing(sqlite3.connect(database)) as connection:
        return dict(connection.execute(OPEN_WORK).fetchall())
