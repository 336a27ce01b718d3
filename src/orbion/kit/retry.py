"""Decide how long to wait before trying again, and whether trying again is still affordable."""

import asyncio
import math
import re
from collections.abc import Awaitable, Callable, Mapping
from email.utils import parsedate_to_datetime
from random import Random
from types import MappingProxyType
from typing import TypeVar

from orbion.kit.clock import Clock
from orbion.kit.window import SlidingCounts

T = TypeVar("T")

_LARGEST_EXPONENT = 32
_LIMITS = ("requests", "tokens")
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|h|m|s)")
_SECONDS = MappingProxyType({"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001})


def full_jitter(attempt: int, *, base: float, cap: float, random: Random) -> float:
    """Seconds to wait after failed `attempt` n (1 = the first): uniform in 0..min(cap, base·2ⁿ⁻¹).

    The rule is "full jitter" of the AWS Architecture Blog, Exponential Backoff And Jitter.
    """
    exponent = min(max(attempt, 1) - 1, _LARGEST_EXPONENT)
    return random.uniform(0.0, min(cap, base * 2**exponent))


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that an answer asks to wait, None if it does not say; header names are lower case.

    In this order: `retry-after-ms`; `retry-after` in seconds or as a date, which counts from the
    answer's own `date`, so that a wrong clock here does not matter; the resets of those rate limits
    of which nothing remains (`x-ratelimit-reset-requests: 6m0s`).
    """
    asked = (
        _number(headers.get("retry-after-ms"), 0.001),
        _number(headers.get("retry-after"), 1.0),
        _until(headers.get("retry-after"), headers.get("date")),
        max(filter(None, (_reset(headers, limit) for limit in _LIMITS)), default=None),
    )
    return next((max(seconds, 0.0) for seconds in asked if seconds is not None), None)


def _number(said: str | None, unit: float) -> float | None:
    try:
        found = float(said or "") * unit
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def _until(said: str | None, date: str | None) -> float | None:
    try:
        then, now = parsedate_to_datetime(said or ""), parsedate_to_datetime(date or "")
        return (then - now).total_seconds()
    except (TypeError, ValueError):
        return None


def _reset(headers: Mapping[str, str], limit: str) -> float | None:
    said = headers.get(f"x-ratelimit-reset-{limit}", "")
    if headers.get(f"x-ratelimit-remaining-{limit}", "0") != "0":
        return None
    parts = _PART.findall(said)
    if not parts or "".join(number + unit for number, unit in parts) != said:
        return None
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


class RetryBudget:
    """Retries may be `share` of the calls of the last `window` seconds, but always `floor`."""

    __slots__ = ("_clock", "_counts", "_floor", "_share")

    def __init__(
        self, *, clock: Clock, share: float = 0.2, window: float = 30.0, floor: int = 3
    ) -> None:
        self._clock = clock
        self._share = share
        self._floor = floor
        self._counts = SlidingCounts(2, seconds=window)

    def called(self) -> None:
        """Count one first attempt."""
        self._counts.add(self._clock.monotonic(), 1, 0)

    def take(self) -> bool:
        """Whether one more retry is affordable; if so it is counted."""
        now = self._clock.monotonic()
        calls, retries = self._counts.totals(now)
        affordable = retries < max(self._floor, self._share * calls)
        if affordable:
            self._counts.add(now, 0, 1)
        return affordable


class Retries:
    """Makes a call that may be repeated again, at most `most` times and within its budget.

    `deadline` (seconds) is shared by all attempts: none begins after half of it, so that the last
    one has time to succeed. `told` hears what each repetition is for.
    """

    __slots__ = ("_base", "_budget", "_clock", "_deadline", "_most", "_random", "_told")

    def __init__(
        self,
        budget: RetryBudget,
        *,
        clock: Clock,
        random: Random,
        deadline: float,
        most: int = 2,
        base: float = 0.2,
        told: Callable[[Exception], None] = lambda _: None,
    ) -> None:
        self._budget = budget
        self._clock = clock
        self._random = random
        self._deadline = deadline
        self._most = most
        self._base = base
        self._told = told

    async def __call__(
        self, call: Callable[[], Awaitable[T]], asked: Callable[[Exception], float | None]
    ) -> T:
        """`asked` reads the least wait in seconds off an error; None = trying again is no use."""
        latest = self._clock.monotonic() + self._deadline / 2
        self._budget.called()
        attempt = 1
        while True:
            try:
                return await call()
            except Exception as error:
                wait = self._wait(attempt, asked(error), latest)
                if wait is None:
                    raise
                self._told(error)
            attempt += 1
            await asyncio.sleep(wait)

    def _wait(self, attempt: int, asked: float | None, latest: float) -> float | None:
        if asked is None or attempt > self._most:
            return None
        drawn = full_jitter(attempt, base=self._base, cap=self._deadline, random=self._random)
        wait = max(asked, drawn)
        if self._clock.monotonic() + wait > latest or not self._budget.take():
            return None
        return wait
