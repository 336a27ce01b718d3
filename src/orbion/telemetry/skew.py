"""Compare the machine's clock with those of the servers that answer it."""

from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from orbion.kit.clock import Clock
from orbion.telemetry.metrics import Metrics

_HALF_A_SECOND = 0.5  # the header has whole seconds, cut off


class Skew:
    """Told of the headers of every answer; one without a readable date says nothing."""

    def __init__(self, clock: Clock, metrics: Metrics) -> None:
        self._clock = clock
        self._metrics = metrics

    def __call__(self, headers: Mapping[str, str]) -> None:
        try:
            theirs = parsedate_to_datetime(headers["date"]).timestamp()
        except (KeyError, ValueError):
            return
        ours = self._clock.now() / 1000
        self._metrics.clock_skew_seconds.set(ours - theirs - _HALF_A_SECOND)
