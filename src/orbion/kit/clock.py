"""Read the time in a way that a jump of the wall clock cannot disturb."""

import time
from collections.abc import Callable
from typing import Protocol


class Clock(Protocol):
    """The two readings of time that everything below `main` is given."""

    def now(self) -> int:
        """Milliseconds UTC since the epoch; never runs backwards."""
        ...

    def monotonic(self) -> float:
        """Seconds since an arbitrary start, for durations."""
        ...


class SystemClock:
    """The wall clock read once, then carried on by the monotonic clock."""

    __slots__ = ("_anchor", "_monotonic")

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._monotonic = monotonic
        self._anchor = wall() - monotonic()

    def now(self) -> int:
        return int((self._anchor + self._monotonic()) * 1000)

    def monotonic(self) -> float:
        return self._monotonic()
