"""Stop calling a service that fails, and find out gently when it is back."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from orbion.kit.clock import Clock
from orbion.kit.window import SlidingCounts

_UNCOUNTED = -2
_UNJUDGED = -1
_LARGEST_EXPONENT = 16  # 2**1024 overflows a float, and an outage may last for days


class BreakerState(StrEnum):
    closed = "closed"
    open = "open"
    half_open = "half_open"


class BreakerMode(StrEnum):
    """Who decides: the results (automatic), an operator (forced), or nobody.

    `shadow` judges and reports as `automatic` does but refuses nothing; `disabled` lets calls
    through uncounted.
    """

    automatic = "automatic"
    forced_open = "forced_open"
    forced_closed = "forced_closed"
    disabled = "disabled"
    shadow = "shadow"


class Ending(StrEnum):
    """How a permitted call ended; `released` says nothing about the service."""

    ok = "ok"
    failed = "failed"
    timed_out = "timed_out"
    released = "released"


# Found through its Enum, a member costs as much as a call.
_CLOSED = BreakerState.closed
_OK = Ending.ok
_RELEASED = Ending.released


class NotAttemptedError(Exception):
    """The guard refused: nothing left this process. `retry_after` is in seconds."""

    def __init__(self, name: str, retry_after: float) -> None:
        super().__init__(f"{name}: not attempted, retry in {retry_after:.1f} s")
        self.name = name
        self.retry_after = retry_after


class BreakerOpenError(NotAttemptedError):
    """The circuit is open, on hold, or its probes are all out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerPolicy:
    """Times are seconds, rates are shares of the calls in the window."""

    window: float = 30.0
    buckets: int = 10
    minimum_calls: int = 10
    failure_rate: float = 0.5
    slow_rate: float = 0.8
    slow_after: float = 10.0
    consecutive_failures: int = 5
    open_for: float = 30.0
    open_at_most: float = 300.0
    hold_at_most: float = 3600.0
    jitter: float = 0.1
    probes: int = 3
    probe_wait: float = 1.0
    mode: BreakerMode = BreakerMode.automatic


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerChange:
    name: str
    before: BreakerState
    after: BreakerState
    mode: BreakerMode
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerStatistics:
    """Counts since the start. `total` has the rejected; `timed_out` are among the `failed`."""

    total: int
    ok: int
    failed: int
    rejected: int
    timed_out: int
    slow: int


class Permit:
    """The right to make one call; only the first word about how it ended counts."""

    __slots__ = ("_generation", "_settle")

    def __init__(self, settle: Callable[[int, Ending, float], None], generation: int) -> None:
        self._settle: Callable[[int, Ending, float], None] | None = settle
        self._generation = generation

    def success(self, seconds: float) -> None:
        self._end(_OK, seconds)

    def failure(self, seconds: float, *, timed_out: bool = False) -> None:
        self._end(Ending.timed_out if timed_out else Ending.failed, seconds)

    def release(self) -> None:
        """Give the permit back without a verdict, as after a cancellation."""
        self._end(_RELEASED, 0.0)

    def _end(self, ending: Ending, seconds: float) -> None:
        settle, self._settle = self._settle, None
        if settle is not None:
            settle(self._generation, ending, seconds)


class Breaker:
    """A circuit breaker for one event loop.

    Each change of state starts a generation; a permit of an older one no longer moves the state.
    """

    def __init__(
        self,
        name: str,
        *,
        policy: BreakerPolicy,
        clock: Clock,
        random: Random,
        on_change: Callable[[BreakerChange], None],
    ) -> None:
        self.name = name
        self._policy = policy
        self._clock = clock
        self._random = random
        self._on_change = on_change
        self._mode = policy.mode
        self._state = _forced_state(policy.mode)
        self._generation = 0
        self._window = SlidingCounts(3, seconds=policy.window, buckets=policy.buckets)
        self._consecutive = 0
        self._trips = 0
        self._open_until = 0.0
        self._held_until = 0.0
        self._probes_out = 0
        self._probes = [0, 0, 0]
        self._is_free = self._would_be_free()
        self._counts = dict.fromkeys(Ending, 0)
        self._total = self._rejected = self._slow = 0

    @property
    def state(self) -> BreakerState:
        return self._state

    @property
    def mode(self) -> BreakerMode:
        return self._mode

    @property
    def retry_after(self) -> float:
        """Seconds until a call would be let through; 0.0 = now."""
        return self._refusal(self._clock.monotonic())

    @property
    def statistics(self) -> BreakerStatistics:
        timed_out = self._counts[Ending.timed_out]
        return BreakerStatistics(
            total=self._total,
            ok=self._counts[Ending.ok],
            failed=self._counts[Ending.failed] + timed_out,
            rejected=self._rejected,
            timed_out=timed_out,
            slow=self._slow,
        )

    def acquire(self) -> Permit:
        """Raises BreakerOpenError when the call must not be made."""
        if self._is_free:
            self._total += 1
            return Permit(self._settle, self._generation)
        return self._consider()

    def _consider(self) -> Permit:
        """Decide about a call that state, mode or a hold may refuse."""
        if self._mode is BreakerMode.disabled:
            return Permit(self._settle, _UNCOUNTED)
        self._total += 1
        wait = self._refusal(self._clock.monotonic())
        if wait > 0.0:
            return self._refuse(wait)
        self._held_until = 0.0
        self._is_free = self._would_be_free()
        if self._mode is BreakerMode.forced_closed:
            return Permit(self._settle, _UNJUDGED)
        if self._state is BreakerState.open:
            self._become(BreakerState.half_open, "open time is over")
        if self._state is BreakerState.half_open:
            self._probes_out += 1
        return Permit(self._settle, self._generation)

    def hold(self, until: float) -> None:
        """Refuse every call until `until` (monotonic seconds); the state stays what it is."""
        latest = self._clock.monotonic() + self._policy.hold_at_most
        self._held_until = max(self._held_until, min(until, latest))
        self._is_free = False

    def force_open(self, reason: str) -> None:
        """Stay open until `reset`, unless an operator has already set another mode."""
        if self._mode is BreakerMode.automatic:
            self.set_mode(BreakerMode.forced_open, reason)

    def set_mode(self, mode: BreakerMode, reason: str) -> None:
        """Change the mode and start again from its state, with an empty window."""
        self._mode = mode
        self._trips = 0
        self._held_until = self._open_until = 0.0
        self._become(_forced_state(mode), reason)

    def reset(self) -> None:
        """Closed, empty window, no hold; forced open becomes automatic, other modes stay."""
        forced = self._mode is BreakerMode.forced_open
        self.set_mode(BreakerMode.automatic if forced else self._mode, "reset")

    def _would_be_free(self) -> bool:
        """Whether no call is refused and each is judged, until something changes."""
        judges = self._mode in {BreakerMode.automatic, BreakerMode.shadow}
        return judges and self._state is _CLOSED and self._held_until == 0.0

    def _refusal(self, now: float) -> float:
        if self._mode is BreakerMode.forced_open:
            return self._policy.open_at_most
        if self._mode in {BreakerMode.forced_closed, BreakerMode.disabled}:
            return 0.0
        held = max(0.0, self._held_until - now)
        if self._state is BreakerState.open:
            return max(held, self._open_until - now)
        if self._state is BreakerState.half_open and self._probes_out >= self._policy.probes:
            return max(held, self._policy.probe_wait)
        return held

    def _refuse(self, wait: float) -> Permit:
        self._rejected += 1
        if self._mode is BreakerMode.shadow:
            return Permit(self._settle, _UNJUDGED)
        raise BreakerOpenError(self.name, wait)

    def _settle(self, generation: int, ending: Ending, seconds: float) -> None:
        if generation == _UNCOUNTED:
            return
        self._counts[ending] += 1
        if ending is _RELEASED:
            self._take_back(generation)
            return
        slow = seconds >= self._policy.slow_after
        self._slow += slow
        if generation == self._generation:
            judge = self._judge_window if self._state is _CLOSED else self._judge_probes
            judge(failed=ending is not _OK, slow=slow)

    def _take_back(self, generation: int) -> None:
        if generation == self._generation and self._state is BreakerState.half_open:
            self._probes_out -= 1

    def _judge_window(self, *, failed: bool, slow: bool) -> None:
        policy = self._policy
        self._consecutive = self._consecutive + 1 if failed else 0
        total, failures, slows = self._window.add(self._clock.monotonic(), 1, failed, slow)
        if self._consecutive >= policy.consecutive_failures:
            self._trip("consecutive failures")
        elif total >= policy.minimum_calls and failures >= policy.failure_rate * total:
            self._trip("failure rate")
        elif total >= policy.minimum_calls and slows >= policy.slow_rate * total:
            self._trip("slow rate")

    def _judge_probes(self, *, failed: bool, slow: bool) -> None:
        """Decide as soon as the probes still to come cannot change the verdict."""
        policy = self._policy
        for counter, amount in enumerate((1, failed, slow)):
            self._probes[counter] += amount
        judged, failures, slows = self._probes
        left = policy.probes - judged
        too_many, too_slow = policy.failure_rate * policy.probes, policy.slow_rate * policy.probes
        if failures >= too_many or slows >= too_slow:
            self._trip("probes failed")
        elif failures + left < too_many and slows + left < too_slow:
            self._trips = 0
            self._become(BreakerState.closed, "probes succeeded")

    def _trip(self, reason: str) -> None:
        policy = self._policy
        doubled = policy.open_for * 2 ** min(self._trips, _LARGEST_EXPONENT)
        spread = self._random.uniform(1 - policy.jitter, 1 + policy.jitter)
        self._trips += 1
        self._open_until = self._clock.monotonic() + min(doubled, policy.open_at_most) * spread
        self._become(BreakerState.open, reason)

    def _become(self, state: BreakerState, reason: str) -> None:
        before, self._state = self._state, state
        self._generation += 1
        self._window.clear()
        self._consecutive = 0
        self._probes_out = 0
        self._probes = [0, 0, 0]
        self._is_free = self._would_be_free()
        self._on_change(
            BreakerChange(
                name=self.name, before=before, after=state, mode=self._mode, reason=reason
            )
        )


def _forced_state(mode: BreakerMode) -> BreakerState:
    forced = mode is BreakerMode.forced_open
    return BreakerState.open if forced else BreakerState.closed
