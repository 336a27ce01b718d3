"""An event loop whose clock jumps to the next timer: hours of retries pass in milliseconds."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from typing import Any, TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

START_MS = 1_795_165_620_000  # 2026-11-20T09:07:00Z, inside the windows of the captured requests


class _JumpingSelector(selectors.SelectSelector):
    def __init__(self) -> None:
        super().__init__()
        self.seconds = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("everything waits and nothing can ever happen")
        self.seconds += max(0.0, timeout)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.clock = _JumpingSelector()
        super().__init__(self.clock)

    def time(self) -> float:
        return self.clock.seconds

    def run_in_executor(
        self,
        executor: Executor | None,  # noqa: ARG002 asyncio's interface
        func: Callable[[*Ts], T],
        *args: *Ts,
    ) -> asyncio.Future[T]:
        """Run it at once: a thread would take a time that nobody controls."""
        done: asyncio.Future[T] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 it belongs to whoever awaits the work
            done.set_exception(error)
        return done


class VirtualClock:
    """The clock of everything in a running virtual loop, which began at `start` (ms UTC)."""

    def __init__(self, start: int = START_MS) -> None:
        self._start = start

    def now(self) -> int:
        return self._start + round(self.monotonic() * 1000)

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()


def now() -> int:
    """Milliseconds UTC by the virtual clock of the running loop."""
    return START_MS + round(asyncio.get_running_loop().time() * 1000)


def elapsed() -> float:
    return asyncio.get_running_loop().time()


def virtually(scenario: Callable[[], Coroutine[Any, Any, T]]) -> T:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(scenario())
