"""Hold calls to given rates, for many keys in bounded memory."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from orbion.kit.clock import Clock

_EPSILON = 1e-6  # a time since 1970 in seconds is no more exact


@dataclass(frozen=True, slots=True)
class Rate:
    """`count` at once, refilled evenly over `seconds`.

    With a `burst` it promises more: that many at once, the others spread so that no span of
    `seconds`, wherever it starts, holds more than `count`.
    """

    count: int
    seconds: float
    burst: int | None = None

    @property
    def at_once(self) -> int:
        return self.count if self.burst is None else self.burst

    @property
    def interval(self) -> float:
        """Seconds between two when all that may come at once is used up."""
        spread = self.count if self.burst is None else self.count - self.burst + 1
        return self.seconds / spread


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`wait` in seconds: if allowed, until the place that is taken; else before asking again.

    `rate` is the one whose next place is farthest, else the one with the fewest left: `remaining`.
    All of it may come at once again after `reset_after` seconds.
    """

    allowed: bool
    wait: float
    rate: Rate
    remaining: int
    reset_after: float


class Cells:
    """The generic cell rate algorithm over several rates, which all have a place or none gives one.

    What a key has taken is one number a rate: when its bucket is whole again, in the seconds of
    whoever asks. Who keeps these numbers is no matter of the algorithm.
    """

    __slots__ = ("_rates",)

    def __init__(self, rates: Sequence[Rate]) -> None:
        """Raises ValueError without a rate, or with one whose burst is not 1 to its count."""
        if not rates or any(not 1 <= rate.at_once <= rate.count for rate in rates):
            raise ValueError("a limiter needs rates, each with a burst of 1 to its count")
        self._rates = tuple((rate, rate.interval, rate.at_once) for rate in rates)

    def reserve(
        self, whole_at: Sequence[float], now: float, at_most: float
    ) -> tuple[Sequence[float] | None, Verdict]:
        """Take the next free place if it is at most so many seconds away: the numbers then."""
        seen = self._seen(whole_at, now)
        wait = self._wait(seen, now)
        if wait > at_most:
            return None, self._verdict(seen, now, allowed=False)
        taken = tuple(
            max(at, now + wait) + interval
            for at, (_, interval, _) in zip(seen, self._rates, strict=True)
        )
        return taken, self._verdict(taken, now, allowed=True, wait=wait)

    def look(self, whole_at: Sequence[float], now: float) -> Verdict:
        seen = self._seen(whole_at, now)
        return self._verdict(seen, now, allowed=self._wait(seen, now) == 0.0)

    def _seen(self, whole_at: Sequence[float], now: float) -> Sequence[float]:
        """Numbers of other rates than these, or none, are those of a key never seen."""
        if len(whole_at) != len(self._rates):
            return (now,) * len(self._rates)
        return tuple(max(at, now) for at in whole_at)

    def _wait(self, whole_at: Sequence[float], now: float) -> float:
        waits = [
            at - now - (burst - 1) * interval
            for at, (_, interval, burst) in zip(whole_at, self._rates, strict=True)
        ]
        longest = max(waits)
        return longest if longest > _EPSILON else 0.0

    def _verdict(
        self, whole_at: Sequence[float], now: float, *, allowed: bool, wait: float | None = None
    ) -> Verdict:
        found = []
        for at, (rate, interval, burst) in zip(whole_at, self._rates, strict=True):
            left = burst - (at - now) / interval
            found.append((min(0.0, (left - 1) * interval), left, at - now, rate))
        _, left, reset_after, rate = min(found, key=lambda each: each[:2])
        return Verdict(
            allowed=allowed,
            wait=self._wait(whole_at, now) if wait is None else wait,
            rate=rate,
            remaining=max(0, int(left + _EPSILON)),
            reset_after=reset_after,
        )


class Limiter:
    """Holds one process's calls to rates; the least recently seen key is forgotten beyond `keys`.

    That can only be lenient to it.
    """

    __slots__ = ("_cells", "_clock", "_keys", "_whole_at")

    def __init__(self, rates: Sequence[Rate], *, clock: Clock, keys: int = 100_000) -> None:
        """Raises ValueError without a rate, or with one whose burst is not 1 to its count."""
        self._cells = Cells(rates)
        self._clock = clock
        self._keys = keys
        self._whole_at: OrderedDict[str, Sequence[float]] = OrderedDict()

    def take(self, key: str) -> Verdict:
        """Take a place now, if each rate has one."""
        return self.reserve(key, at_most=0.0)

    def reserve(self, key: str, *, at_most: float) -> Verdict:
        """Take the next free place if it is at most so many seconds away; the caller waits."""
        taken, verdict = self._cells.reserve(self._seen(key), self._clock.monotonic(), at_most)
        if taken is not None:
            self._whole_at[key] = taken
            if len(self._whole_at) > self._keys:
                self._whole_at.popitem(last=False)
        return verdict

    def look(self, key: str) -> Verdict:
        """Say what `take` would, and take nothing."""
        return self._cells.look(self._seen(key), self._clock.monotonic())

    def _seen(self, key: str) -> Sequence[float]:
        found = self._whole_at.get(key)
        if found is None:
            return ()
        self._whole_at.move_to_end(key)
        return found


class Pace(Protocol):
    """Rates that calls are held to, by key."""

    async def reserve(self, key: str, *, at_most: float) -> Verdict:
        """Take the next free place if it is at most so many seconds away; the caller waits."""

    async def look(self, key: str) -> Verdict:
        """Say what `reserve` would at once, and take nothing."""


class OwnPace:
    """A pace that this process keeps alone."""

    __slots__ = ("_limiter",)

    def __init__(self, limiter: Limiter) -> None:
        self._limiter = limiter

    async def reserve(self, key: str, *, at_most: float) -> Verdict:
        return self._limiter.reserve(key, at_most=at_most)

    async def look(self, key: str) -> Verdict:
        return self._limiter.look(key)
