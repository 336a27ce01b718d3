"""Decide how long to wait before trying again, and whether trying again is still affordable."""

from random import Random

from orbion.kit.clock import Clock
from orbion.kit.window import SlidingCounts

_LARGEST_EXPONENT = 32


def full_jitter(attempt: int, *, base: float, cap: float, random: Random) -> float:
    """Seconds to wait after failed `attempt` n (1 = the first): uniform in 0..min(cap, base·2ⁿ⁻¹).

    The rule is "full jitter" of the AWS Architecture Blog, Exponential Backoff And Jitter.
    """
    exponent = min(max(attempt, 1) - 1, _LARGEST_EXPONENT)
    return random.uniform(0.0, min(cap, base * 2**exponent))


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
