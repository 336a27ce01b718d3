"""Show the registry's own numbers as JSON over the last minutes, with rates and quantiles."""

import math
from array import array
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from prometheus_client.core import Metric

from orbion.kit.clock import Clock
from orbion.telemetry.metrics import Metrics

TICK_SECONDS = 5.0
WINDOWS: Mapping[str, float] = {"1m": 60.0, "5m": 300.0, "15m": 900.0}

_TICKS_KEPT = int(max(WINDOWS.values()) / TICK_SECONDS) + 1
_QUANTILES: Mapping[str, float] = {"p50": 0.5, "p95": 0.95, "p99": 0.99}

Labels = tuple[tuple[str, str], ...]
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """Every cumulative value at `at` (monotonic seconds), by its position in the index."""

    at: float
    values: "array[float]"

    def of(self, position: int) -> float:
        return self.values[position] if position < len(self.values) else 0.0


class Report:
    """The registry of `metrics` over sliding windows; call `tick` every TICK_SECONDS."""

    def __init__(self, metrics: Metrics, *, clock: Clock) -> None:
        self._metrics = metrics
        self._clock = clock
        self._index: dict[tuple[str, Labels], int] = {}
        self._ring: deque[_Snapshot] = deque(maxlen=_TICKS_KEPT)
        self.tick()

    def tick(self) -> None:
        """Take a snapshot to measure later windows from."""
        self._ring.append(self._snapshot(self._collect()))

    def reset(self) -> None:
        """Let every window begin now; the registry's counters stay as they are."""
        self._ring.clear()
        self.tick()

    def render(self) -> Json:
        """Totals and present values, then each window's growth, rates and quantiles."""
        families = self._collect()
        now = self._snapshot(families)
        return {
            "time_ms": self._clock.now(),
            "failures": self._metrics.failures.render(self._clock.now()),
            "totals": {family.name: _totals(family) for family in families},
            "windows": {
                name: self._window(families, now, self._before(now.at - seconds))
                for name, seconds in WINDOWS.items()
            },
        }

    def summary(self) -> Json:
        """What an operator asks first, of each window: volume, speed, shares of outcomes."""
        families = {family.name: family for family in self._collect()}
        now = self._snapshot(families.values())
        return {
            name: self._headlines(families, now, self._before(now.at - seconds))
            for name, seconds in WINDOWS.items()
        }

    def _collect(self) -> list[Metric]:
        return list(self._metrics.collect())

    def _snapshot(self, families: Iterable[Metric]) -> _Snapshot:
        values = array("d", bytes(8 * len(self._index)))
        for family in families:
            if family.type == "gauge":
                continue
            for sample in family.samples:
                position = self._index.setdefault(
                    (sample.name, _labels(sample.labels)), len(self._index)
                )
                if position == len(values):
                    values.append(sample.value)
                else:
                    values[position] = sample.value
        return _Snapshot(self._clock.monotonic(), values)

    def _before(self, moment: float) -> _Snapshot:
        """The last snapshot at or before `moment`, else the oldest one."""
        found = self._ring[0]
        for snapshot in self._ring:
            if snapshot.at > moment:
                break
            found = snapshot
        return found

    def _growth(self, family: Metric, now: _Snapshot, base: _Snapshot) -> dict[Labels, "_Growth"]:
        grown: dict[Labels, _Growth] = defaultdict(_Growth)
        for sample in family.samples:
            position = self._index[sample.name, _labels(sample.labels)]
            delta = now.of(position) - base.of(position)
            plain = {name: value for name, value in sample.labels.items() if name != "le"}
            growth = grown[_labels(plain)]
            if sample.name.endswith("_bucket"):
                growth.buckets.append((float(sample.labels["le"]), delta))
            elif sample.name.endswith("_sum"):
                growth.sum = delta
            else:
                growth.count = delta
        return grown

    def _window(self, families: list[Metric], now: _Snapshot, base: _Snapshot) -> Json:
        seconds = now.at - base.at
        window: Json = {"seconds": seconds}
        for family in families:
            if family.type != "gauge":
                window[family.name] = [
                    {"labels": dict(labels), **growth.render(seconds)}
                    for labels, growth in self._growth(family, now, base).items()
                ]
        return window

    def _headlines(self, families: Mapping[str, Metric], now: _Snapshot, base: _Snapshot) -> Json:
        seconds = now.at - base.at

        def merged(name: str, **only: str) -> Json:
            grown = self._growth(families[name], now, base).items()
            chosen = (growth for labels, growth in grown if only.items() <= dict(labels).items())
            return _merge(chosen).render(seconds)

        def shares(name: str, label: str) -> Json:
            return _shares(self._growth(families[name], now, base), label)

        return {
            "seconds": seconds,
            "webhooks": {
                **merged("orbion_webhook_ack_seconds"),
                "outcomes": shares("orbion_webhook_requests", "outcome"),
            },
            "operators": {
                **merged("orbion_http_request_seconds"),
                "statuses": shares("orbion_http_requests", "status"),
            },
            "turns": {
                **merged("orbion_turn_seconds", stage="whole"),
                "verdicts": shares("orbion_turns", "verdict"),
            },
            "replies": {
                **merged("orbion_reply_latency_seconds"),
                "outcomes": shares("orbion_outbound", "outcome"),
            },
            "dependencies": {
                **merged("orbion_dependency_seconds"),
                "outcomes": shares("orbion_circuit_calls", "outcome"),
            },
            "cache": shares("orbion_cache_requests", "result"),
        }


class _Growth:
    """What one series gained: `count`, and for a histogram `sum` and its cumulative buckets."""

    __slots__ = ("buckets", "count", "sum")

    def __init__(self) -> None:
        self.count = 0.0
        self.sum = 0.0
        self.buckets: list[tuple[float, float]] = []

    def render(self, seconds: float) -> Json:
        rate = self.count / seconds if seconds > 0 else 0.0
        if not self.buckets:
            return {"delta": self.count, "rate": rate}
        mean = self.sum / self.count if self.count else None
        least, most = extremes(self.buckets)
        quantiles = {name: quantile(self.buckets, q) for name, q in _QUANTILES.items()}
        spread = {"min": least, "mean": mean, "max": most, **quantiles}
        return {"count": self.count, "rate": rate, **spread}


def quantile(buckets: list[tuple[float, float]], q: float) -> float | None:
    """The `q` quantile by linear interpolation in its bucket, as Prometheus' histogram_quantile.

    `buckets` are (upper bound, cumulative count), ascending, the last infinite. None = empty.
    """
    rank = q * buckets[-1][1]
    if rank == 0.0:
        return None
    place = next(place for place, (_, count) in enumerate(buckets) if count >= rank)
    upper, count = buckets[place]
    lower, below = buckets[place - 1] if place else (0.0, 0.0)
    if math.isinf(upper):
        return lower
    return lower + (upper - lower) * (rank - below) / (count - below)


def extremes(buckets: list[tuple[float, float]]) -> tuple[float | None, float | None]:
    """Nothing was below the first and, but in the last bucket, nothing above the second."""
    counts = [count for _, count in buckets]
    grown = [place for place, count in enumerate(counts) if count > (0, *counts)[place]]
    if not grown:
        return None, None
    first, last = grown[0], grown[-1]
    upper = buckets[last][0]
    most = buckets[last - 1][0] if math.isinf(upper) else upper
    return buckets[first - 1][0] if first else 0.0, most


def _labels(labels: Mapping[str, str]) -> Labels:
    return tuple(sorted(labels.items()))


def _totals(family: Metric) -> list[Json]:
    return [
        {"sample": sample.name, "labels": dict(sample.labels), "value": sample.value}
        for sample in family.samples
    ]


def _merge(growths: Iterable[_Growth]) -> _Growth:
    """The sum of all series of one histogram, which share their bounds."""
    merged = _Growth()
    buckets: dict[float, float] = defaultdict(float, {math.inf: 0.0})
    for growth in growths:
        merged.count += growth.count
        merged.sum += growth.sum
        for bound, count in growth.buckets:
            buckets[bound] += count
    merged.buckets = sorted(buckets.items())
    return merged


def _shares(growths: Mapping[Labels, _Growth], label: str) -> Json:
    counts: dict[str, float] = defaultdict(float)
    for labels, growth in growths.items():
        counts[dict(labels)[label]] += growth.count
    total = sum(counts.values())
    return {
        value: {"count": count, "percent": 100 * count / total if total else 0.0}
        for value, count in sorted(counts.items())
    }
