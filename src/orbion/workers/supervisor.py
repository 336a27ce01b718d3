"""Keeps the loops of the process running: restarts what fails, stops everything in order."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from orbion.domain.errors import UnavailableError
from orbion.telemetry.logs import WORKER_FAILED, log
from orbion.workers.loop import QueueLoop

Background = Callable[[], Awaitable[None]]
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 5.0


class Supervisor:
    """Started once and stopped once; stopping twice, or before the start, is harmless."""

    def __init__(
        self, loops: Sequence[QueueLoop], background: Sequence[Background], *, grace: float
    ) -> None:
        self._loops = loops
        self._background = background
        self._grace = grace
        self._working: list[asyncio.Task[None]] = []
        self._beside: list[asyncio.Task[None]] = []

    def start(self) -> None:
        self._working = [
            asyncio.create_task(_keep(partial(loop.run, self._grace))) for loop in self._loops
        ]
        self._beside = [asyncio.create_task(_keep(each)) for each in self._background]

    def oldest_beat(self) -> float:
        """Seconds since the slowest loop last looked for work: what liveness watches."""
        return max((loop.heartbeat.age() for loop in self._loops), default=0.0)

    async def stop(self) -> None:
        """No new claims, wait for what runs, then end the background."""
        for loop in self._loops:
            loop.stop()
        await asyncio.gather(*self._working, return_exceptions=True)
        for task in self._beside:
            task.cancel()
        await asyncio.gather(*self._beside, return_exceptions=True)


async def _keep(run: Background) -> None:
    """Run it again after a failure, with a growing pause; a normal end is an end."""
    pause = _FIRST_PAUSE
    while True:
        try:
            return await run()
        except UnavailableError as error:
            log(WORKER_FAILED, logging.WARNING, error_code=error.code)
        except Exception as error:  # noqa: BLE001 a loop that died would mean silence
            log(WORKER_FAILED, logging.ERROR, error)
        await asyncio.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)
