"""Time the parts of one piece of work."""

from orbion.kit.clock import Clock


class Stopwatch:
    """Sums up the seconds of each part in `parts`, however often it comes."""

    __slots__ = ("_clock", "parts")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.parts: dict[str, float] = {}

    def start(self) -> float:
        """When something begins, for `stop`."""
        return self._clock.monotonic()

    def stop(self, part: str, started: float) -> float:
        """Count what began at `started` for `part`, and tell its seconds."""
        seconds = self._clock.monotonic() - started
        self.parts[part] = self.parts.get(part, 0.0) + seconds
        return seconds
