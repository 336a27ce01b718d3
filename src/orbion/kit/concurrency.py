"""Let as many calls run at once as the service has shown it can bear."""

import asyncio
import math
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager


class Slot:
    """One running call's place under the limit."""

    __slots__ = ("was_overloaded",)

    def __init__(self) -> None:
        self.was_overloaded = False

    def overloaded(self) -> None:
        """The service said, or showed by a time-out, that it is asked for too much."""
        self.was_overloaded = True


class AdaptiveLimit:
    """Additive increase, multiplicative decrease (AIMD); waiting calls enter in order of arrival.

    Success adds 1/limit when at least half of the limit is used, and a whole 1 until the first
    overload (slow start, as TCP finds its pace: RFC 5681 §3.1). Overload cuts by `decrease`, at
    most once per round trip: calls that began before a cut cannot cut again. `patience` is how many
    seconds its guard lets a call wait to enter.
    """

    def __init__(
        self,
        *,
        start: float = 8,
        least: float = 2,
        most: float = 64,
        decrease: float = 0.7,
        patience: float = math.inf,
    ) -> None:
        self.patience = patience
        self._limit = float(start)
        self._least = least
        self._most = most
        self._decrease = decrease
        self._used = 0
        self._cuts = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def limit(self) -> int:
        return int(self._limit)

    @property
    def used(self) -> int:
        return self._used

    @property
    def is_full(self) -> bool:
        """Whether one more call would have to wait."""
        return bool(self._waiting) or self._used >= self.limit

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    @asynccontextmanager
    async def slot(self, patience: float | None = None) -> AsyncGenerator[Slot]:
        """Raises TimeoutError when no place became free within `patience` seconds."""
        await self._enter(patience)
        slot, cuts, succeeded = Slot(), self._cuts, False
        try:
            yield slot
            succeeded = True
        finally:
            if slot.was_overloaded:
                self._cut(cuts)
            elif succeeded and self._used * 2 >= self.limit:
                growth = 1 / self._limit if self._cuts else 1.0
                self._limit = min(self._most, self._limit + growth)
            self._leave()

    async def _enter(self, patience: float | None) -> None:
        if not self.is_full:
            self._used += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(patience):
                await turn
        except BaseException:
            self._withdraw(turn)
            raise

    def _withdraw(self, turn: asyncio.Future[None]) -> None:
        """A place may have been given in the same moment as the wait was cancelled."""
        if not turn.cancelled():
            self._leave()
        elif turn in self._waiting:
            self._waiting.remove(turn)

    def _leave(self) -> None:
        self._used -= 1
        while self._waiting and self._used < self.limit:
            turn = self._waiting.popleft()
            if not turn.cancelled():
                self._used += 1
                turn.set_result(None)

    def _cut(self, cuts: int) -> None:
        if cuts == self._cuts:
            self._limit = max(self._least, self._limit * self._decrease)
            self._cuts += 1
