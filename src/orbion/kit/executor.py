"""Run blocking work one piece after another, away from the event loop."""

import logging
import threading
from collections.abc import Callable
from queue import SimpleQueue

Executor = Callable[[Callable[[], None]], None]
"""Run this later, off the caller's stack, after everything given before."""


class ThreadExecutor:
    """One worker thread. Work must report its own errors: what it raises is only logged."""

    __slots__ = ("_closed", "_lock", "_queue", "_thread")

    def __init__(self, name: str) -> None:
        self._queue: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=False)
        self._thread.start()

    def __call__(self, work: Callable[[], None]) -> None:
        """Raises RuntimeError after `close`."""
        with self._lock:
            if self._closed:
                raise RuntimeError(f"executor {self._thread.name} is closed")
            self._queue.put(work)

    def close(self) -> None:
        """Finish what was given, then end the thread; blocks until it has ended."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (work := self._queue.get()) is not None:
            try:
                work()
            except Exception:
                logging.getLogger(__name__).exception("executor work failed")
