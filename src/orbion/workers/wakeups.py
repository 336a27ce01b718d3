"""Local wake-ups: after a commit the loop of that queue need not wait for its next poll."""

import asyncio

from orbion.domain.lanes import Queue


class Wakeups:
    """One event a queue; waking twice before the loop looks is the same as once."""

    __slots__ = ("_events",)

    def __init__(self) -> None:
        self._events = {queue: asyncio.Event() for queue in Queue}

    def __call__(self, queue: Queue, /) -> None:
        self._events[queue].set()

    def heard(self, name: str) -> None:
        """Wake what another process named; a newer program may have queues unknown here."""
        if name in self._events:
            self(Queue(name))

    async def wait(self, queue: Queue, timeout: float) -> None:  # noqa: ASYNC109 a poll, no deadline
        """Return when woken or after `timeout` seconds."""
        event = self._events[queue]
        try:
            async with asyncio.timeout(timeout):
                await event.wait()
        except TimeoutError:
            return
        finally:
            event.clear()
