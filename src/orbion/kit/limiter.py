"""Hold calls to given rates, for many keys in bounded memory."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from orbion.kit.clock import Clock

_EPSILON = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Seconds in `retry_after` (0.0 when allowed) and `reset_after` (until the burst is whole)."""

    allowed: bool
    retry_after: float
    remaining: int
    reset_after: float


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `count` at once, refilled evenly over `seconds`."""

    count: int
    seconds: float


class Gcra:
    """The generic cell rate algorithm: one number per key, the theoretical arrival time.

    The least recently seen key is forgotten beyond `keys`, which can only be lenient to it.
    """

    __slots__ = ("_arrivals", "_burst", "_interval", "_keys")

    def __init__(self, rate_per_second: float, burst: int, *, keys: int = 50_000) -> None:
        self._interval = 1 / rate_per_second
        self._burst = burst
        self._keys = keys
        self._arrivals: OrderedDict[str, float] = OrderedDict()

    def check(self, key: str, now: float) -> Verdict:
        """Take one for `key` at `now` (monotonic seconds) if the rate allows it."""
        arrival = max(self._arrivals.get(key, now), now)
        retry_after = self._wait(arrival, now)
        if retry_after > 0.0:
            self._arrivals.move_to_end(key)
            return Verdict(
                allowed=False, retry_after=retry_after, remaining=0, reset_after=arrival - now
            )
        self._store(key, arrival + self._interval)
        reset_after = arrival + self._interval - now
        remaining = int(self._burst - reset_after / self._interval + _EPSILON)
        return Verdict(allowed=True, retry_after=0.0, remaining=remaining, reset_after=reset_after)

    def wait(self, key: str, now: float) -> float:
        """Seconds until one could be taken for `key`; takes nothing."""
        return self._wait(max(self._arrivals.get(key, now), now), now)

    def _wait(self, arrival: float, now: float) -> float:
        wait = arrival + self._interval - self._burst * self._interval - now
        return wait if wait > _EPSILON else 0.0

    def _store(self, key: str, arrival: float) -> None:
        self._arrivals[key] = arrival
        self._arrivals.move_to_end(key)
        if len(self._arrivals) > self._keys:
            self._arrivals.popitem(last=False)


class TokenBuckets:
    """Several rates that must all have a token, or none of them gives one."""

    __slots__ = ("_clock", "_rates")

    def __init__(self, rates: Sequence[Rate], *, clock: Clock, keys: int = 10_000) -> None:
        self._clock = clock
        self._rates = tuple(
            Gcra(rate.count / rate.seconds, rate.count, keys=keys) for rate in rates
        )

    def take(self, key: str) -> float:
        """Seconds to wait before asking again; 0.0 = one token of each rate is taken."""
        now = self._clock.monotonic()
        wait = max((rate.wait(key, now) for rate in self._rates), default=0.0)
        if wait == 0.0:
            for rate in self._rates:
                rate.check(key, now)
        return wait
