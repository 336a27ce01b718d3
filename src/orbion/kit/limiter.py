"""Hold calls to given rates, for many keys in bounded memory."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from orbion.kit.clock import Clock

_EPSILON = 1e-9


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


class Limiter:
    """The generic cell rate algorithm over several rates, which all have a place or none gives one.

    A key costs one number a rate: when its bucket is whole again. The least recently seen key is
    forgotten beyond `keys`, which can only be lenient to it.
    """

    __slots__ = ("_clock", "_keys", "_rates", "_whole_at")

    def __init__(self, rates: Sequence[Rate], *, clock: Clock, keys: int = 100_000) -> None:
        """Raises ValueError without a rate, or with one whose burst is not 1 to its count."""
        if not rates or any(not 1 <= rate.at_once <= rate.count for rate in rates):
            raise ValueError("a limiter needs rates, each with a burst of 1 to its count")
        self._rates = tuple((rate, rate.interval, rate.at_once) for rate in rates)
        self._clock = clock
        self._keys = keys
        self._whole_at: OrderedDict[str, tuple[float, ...]] = OrderedDict()

    def take(self, key: str) -> Verdict:
        """Take a place now, if each rate has one."""
        return self.reserve(key, at_most=0.0)

    def reserve(self, key: str, *, at_most: float) -> Verdict:
        """Take the next free place if it is at most so many seconds away; the caller waits."""
        now = self._clock.monotonic()
        whole_at = self._seen(key, now)
        wait = self._wait(whole_at, now)
        if wait > at_most:
            return self._verdict(whole_at, now, allowed=False)
        taken = tuple(
            max(at, now + wait) + interval
            for at, (_, interval, _) in zip(whole_at, self._rates, strict=True)
        )
        self._whole_at[key] = taken
        if len(self._whole_at) > self._keys:
            self._whole_at.popitem(last=False)
        return self._verdict(taken, now, allowed=True, wait=wait)

    def look(self, key: str) -> Verdict:
        """Say what `take` would, and take nothing."""
        now = self._clock.monotonic()
        whole_at = self._seen(key, now)
        return self._verdict(whole_at, now, allowed=self._wait(whole_at, now) == 0.0)

    def _seen(self, key: str, now: float) -> tuple[float, ...]:
        found = self._whole_at.get(key)
        if found is None:
            return (now,) * len(self._rates)
        self._whole_at.move_to_end(key)
        return tuple(max(at, now) for at in found)

    def _wait(self, whole_at: tuple[float, ...], now: float) -> float:
        waits = [
            at - now - (burst - 1) * interval
            for at, (_, interval, burst) in zip(whole_at, self._rates, strict=True)
        ]
        longest = max(waits)
        return longest if longest > _EPSILON else 0.0

    def _verdict(
        self, whole_at: tuple[float, ...], now: float, *, allowed: bool, wait: float | None = None
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
