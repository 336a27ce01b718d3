"""Counters, gauges and histograms that find their labelled series fast and stay bounded."""

from collections.abc import Sequence
from typing import Generic, TypeVar

import prometheus_client as prometheus
from prometheus_client.metrics import MetricWrapperBase

_MOST_SERIES = 100
_MOST_HISTOGRAMS = 40  # each is as many samples as it has buckets
_OVERFLOW = "other"

F = TypeVar("F", bound=MetricWrapperBase)


class _Series(Generic[F]):
    """The series of one metric by label values, kept because `labels()` costs a microsecond.

    Beyond `most` a new one is counted under "other": a label that turned out to be open
    must not grow the exposition without end.
    """

    __slots__ = ("_by_labels", "_family", "_most")

    def __init__(self, family: F, labels: Sequence[str], most: int = _MOST_SERIES) -> None:
        self._family = family
        self._most = most
        self._by_labels: dict[tuple[str, ...], F] = {} if labels else {(): family}

    def of(self, labels: tuple[str, ...]) -> F:
        series = self._by_labels.get(labels)
        if series is None:
            if len(self._by_labels) >= self._most:
                return self._family.labels(*([_OVERFLOW] * len(labels)))
            series = self._by_labels[labels] = self._family.labels(*labels)
        return series


class Counter:
    """Only grows; label values are positional, in the order of the declaration."""

    __slots__ = ("_followed", "_series")

    def __init__(self, family: prometheus.Counter, labels: Sequence[str]) -> None:
        self._series = _Series(family, labels)
        self._followed: dict[tuple[str, ...], float] = {}

    def inc(self, *labels: str, amount: float = 1.0) -> None:
        self._series.of(labels).inc(amount)

    def follow(self, total: float, *labels: str) -> None:
        """Catch up with a total that is counted elsewhere; a smaller one changes nothing."""
        growth = total - self._followed.get(labels, 0.0)
        if growth > 0.0:
            self._followed[labels] = total
            self._series.of(labels).inc(growth)


class Gauge:
    """A value of now; label values are positional, in the order of the declaration."""

    __slots__ = ("_series",)

    def __init__(self, family: prometheus.Gauge, labels: Sequence[str]) -> None:
        self._series = _Series(family, labels)

    def set(self, value: float, *labels: str) -> None:
        self._series.of(labels).set(value)


class Histogram:
    """Counts in buckets; label values are positional, in the order of the declaration."""

    __slots__ = ("_series",)

    def __init__(self, family: prometheus.Histogram, labels: Sequence[str]) -> None:
        self._series = _Series(family, labels, _MOST_HISTOGRAMS)

    def observe(self, value: float, *labels: str, trace: str = "") -> None:
        """`trace` is kept as the exemplar of the bucket: it leads from a panel to the log."""
        self._series.of(labels).observe(value, {"trace_id": trace} if trace else None)
