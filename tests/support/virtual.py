"""Virtual time in which a service can be killed between any two steps while the world goes on."""

import asyncio
import heapq
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar, copy_context
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeVar

T = TypeVar("T")
Work = Coroutine[Any, Any, T]

START_MS = 1_795_165_620_000  # 2026-11-20T09:07:00Z
MOST_AWAITS_IN_CLEANUPS = 100


@dataclass(slots=True, eq=False)
class Life:
    """One process of the service. `fuse` counts its steps down to its death; None = no end."""

    number: int
    fuse: int | None = None
    alive: bool = True
    on_death: Callable[[], None] = lambda: None
    context: Context = field(default_factory=copy_context)

    def kill(self) -> None:
        """Take no further step, run no clean-up, tell nobody inside."""
        self.alive = False
        self.on_death()


LIFE: ContextVar[Life | None] = ContextVar("life", default=None)


class SimLoop(asyncio.BaseEventLoop):
    """Jumps to the next timer when nothing is ready, and takes what is ready in seeded order.

    Every step that descends from a `Life` (by its context) is dropped once that life has ended.
    """

    _ready: deque[Any]
    _scheduled: list[Any]

    def __init__(self, random: Random) -> None:
        super().__init__()
        self.seconds = 0.0
        self.steps = 0
        self.failures: list[str] = []
        self._random = random
        self._started: list[asyncio.Task[Any]] = []
        self.set_task_factory(self._new_task)
        self.set_exception_handler(self._note)

    def time(self) -> float:
        return self.seconds

    def now(self) -> int:
        """Milliseconds UTC: with `monotonic`, the clock of everything in this world."""
        return START_MS + round(self.seconds * 1000)

    def monotonic(self) -> float:
        return self.seconds

    def begin(self, life: Life, work: Work[Any]) -> asyncio.Task[Any]:
        """Start work that dies with the life."""
        context = life.context.copy()
        context.run(LIFE.set, life)
        return self.create_task(work, context=context)

    def outside(self, work: Work[T]) -> asyncio.Task[T]:
        """Start work of the world, which outlives whoever asked for it."""
        context = copy_context()
        context.run(LIFE.set, None)
        return self.create_task(work, context=context)

    def bury(self) -> None:
        """Unwind all that was left suspended, so that files and locks are let go, then close.

        Clean-ups run as far as they can without a running loop: whatever they write goes to files
        that no later life reads. One that gathers what it waits for must not make asyncio open a
        loop of its own, which nobody would close.
        """
        asyncio.set_event_loop(self)
        for task in self._started:
            task._log_destroy_pending = False  # type: ignore[attr-defined]
            if not task.done():
                _unwind(task.get_coro())
        asyncio.set_event_loop(None)
        self.close()

    def _run_once(self) -> None:
        if not self._ready:
            self._jump()
        self._wake()
        place = self._random.randrange(len(self._ready))
        self._ready.rotate(-place)
        handle = self._ready.popleft()
        self._ready.rotate(place)
        if handle.cancelled() or not _may_run(handle):
            return
        self.steps += 1
        handle._run()

    def _jump(self) -> None:
        while self._scheduled and not _is_live(self._scheduled[0]):
            heapq.heappop(self._scheduled)
        if not self._scheduled:
            raise RuntimeError("everything waits and nothing can ever happen")
        self.seconds = max(self.seconds, self._scheduled[0]._when)

    def _wake(self) -> None:
        while self._scheduled and self._scheduled[0]._when <= self.seconds:
            handle = heapq.heappop(self._scheduled)
            handle._scheduled = False
            self._ready.append(handle)

    def _write_to_self(self) -> None:
        """Do nothing: no selector sleeps here."""

    def _new_task(
        self, _: asyncio.AbstractEventLoop, /, work: Any, **more: Any
    ) -> asyncio.Task[Any]:
        task = asyncio.Task(work, loop=self, **more)
        self._started.append(task)
        return task

    def _note(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.failures.append(f"{context['message']}: {context.get('exception')!r}")


def _is_live(handle: Any) -> bool:
    life: Life | None = handle._context.get(LIFE)
    return (life is None or life.alive) and not handle.cancelled()


def _may_run(handle: Any) -> bool:
    """Say whether its life goes on; a burnt fuse ends it just before this step."""
    life: Life | None = handle._context.get(LIFE)
    if life is None:
        return True
    if life.alive and life.fuse is not None:
        life.fuse -= 1
        if life.fuse < 0:
            life.kill()
    return life.alive


def _unwind(work: Any) -> None:
    for _ in range(MOST_AWAITS_IN_CLEANUPS):
        try:
            work.close()
        except RuntimeError:
            continue  # a clean-up awaits something: leave that await too
        except BaseException:  # noqa: BLE001 what a clean-up of a dead process raises means nothing
            return
        return
