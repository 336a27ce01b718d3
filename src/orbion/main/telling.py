"""Builds who is told of hand-offs, budgets and circuits: the owner, and the outgoing webhook."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from typing import Final

import httpx

from orbion.adapters.events import TIMEOUT_SECONDS, HttpEvents
from orbion.adapters.guarded import GuardedEvents
from orbion.config import Settings
from orbion.domain.conversations import Account
from orbion.domain.errors import FaultCode, RejectedError, UnavailableError
from orbion.domain.notices import Notice, circuit_changed
from orbion.domain.playbook import Playbook
from orbion.kit.breaker import BreakerChange
from orbion.kit.clock import Clock
from orbion.kit.retry import Retries, RetryBudget
from orbion.main.outside import Guards
from orbion.ports import Events, Notices

EVENTS: Final = "events"
_SHORTEST_SECRET: Final = 16
_MOST_NEWS: Final = 200
_DEADLINE_SECONDS: Final = 3 * TIMEOUT_SECONDS


def owners_of(
    accounts: Mapping[str, Account], playbooks: Mapping[str, Playbook]
) -> Callable[[str], str | None]:
    """Whom to write to: the account's owner, else the one that its playbook names."""

    def owner_of(account: str) -> str | None:
        return accounts[account].owner_phone or playbooks[account].handoff.owner_phone

    return owner_of


def build_events(settings: Settings, guards: Guards, client: httpx.AsyncClient) -> Events | None:
    """The webhook behind a guard of its own; None when it is not configured.

    Raises:
        RejectedError: it has no good secret, so that nobody could tell our posts from others'.
    """
    if settings.events_url is None:
        return None
    secret = settings.events_key()
    if secret is None or len(secret) < _SHORTEST_SECRET:
        raise RejectedError(
            FaultCode.INPUT_BAD,
            f"ORBION_EVENTS_URL needs ORBION_EVENTS_SECRET or ORBION_EVENTS_SECRET_FILE, at least "
            f"{_SHORTEST_SECRET} characters, to sign posts; make one with: openssl rand -hex 32",
        )
    clock = guards.world.clock
    inner = HttpEvents(client, url=str(settings.events_url), secret=secret, now=clock.now)
    retries = Retries(
        RetryBudget(clock=clock),
        clock=clock,
        random=guards.world.random,
        deadline=_DEADLINE_SECONDS,
    )
    guard = guards.make(EVENTS, EVENTS, timeout=TIMEOUT_SECONDS + 1)
    return GuardedEvents(inner, guard, retries)


class CircuitNews:
    """Takes what circuits do without waiting, and stores it beside: no call waits for a write.

    The webhook's own circuit is no news: telling of it would open it again.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: deque[Notice] = deque(maxlen=_MOST_NEWS)
        self._came = asyncio.Event()

    def __call__(self, circuit: str, change: BreakerChange) -> None:
        if circuit == EVENTS or change.before == change.after:
            return
        self._waiting.append(
            circuit_changed(
                circuit,
                before=change.before,
                after=change.after,
                reason=change.reason,
                at=self._clock.now(),
            )
        )
        self._came.set()

    async def run(self, notices: Notices) -> None:
        """Store the news, oldest first; what the store cannot take now is kept."""
        while True:
            await self._came.wait()
            self._came.clear()
            while self._waiting:
                notice = self._waiting[0]
                try:
                    await notices.announce(notice)
                except UnavailableError:
                    self._came.set()
                    raise
                if self._waiting and self._waiting[0] is notice:
                    self._waiting.popleft()
