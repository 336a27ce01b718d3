"""Holds the simulators' background tasks, so that a test can wait for them or drop them."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Background:
    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, object]) -> None:
        self._tasks.add(self._task(work))

    async def finish(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of the work, which goes on even when its caller is cancelled."""
        task = self._task(work)
        self._tasks.add(task)
        return await asyncio.shield(task)

    async def drained(self) -> None:
        """Wait until nothing runs, counting what is spawned meanwhile.

        Raises the first error of a task.
        """
        while self._tasks:
            for task in (await asyncio.wait(self._tasks))[0]:
                if not task.cancelled():
                    task.result()

    def drop(self) -> None:
        """Cancel everything; tasks of a loop that no longer runs are only forgotten."""
        for task in self._tasks:
            if not task.get_loop().is_closed():
                task.cancel()
        self._tasks = set()

    def _task(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.get_running_loop().create_task(work)
        task.add_done_callback(self._tasks.discard)
        return task
