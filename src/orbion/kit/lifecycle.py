"""Know whether the process is starting, ready, draining or stopped."""

import asyncio
from enum import StrEnum


class Phase(StrEnum):
    starting = "starting"
    ready = "ready"
    draining = "draining"
    stopped = "stopped"


class Lifecycle:
    """Moves forward only: asking for an earlier phase, or the same one again, changes nothing."""

    __slots__ = ("_draining", "_phase")

    def __init__(self) -> None:
        self._phase = Phase.starting
        self._draining = asyncio.Event()

    @property
    def phase(self) -> Phase:
        return self._phase

    def ready(self) -> None:
        if self._phase is Phase.starting:
            self._phase = Phase.ready

    def drain(self) -> None:
        """Take nothing new; finish what is under way."""
        if self._phase is not Phase.stopped:
            self._phase = Phase.draining
        self._draining.set()

    def stop(self) -> None:
        self._phase = Phase.stopped
        self._draining.set()

    async def wait_draining(self) -> None:
        """Returns once the process drains or has stopped."""
        await self._draining.wait()
