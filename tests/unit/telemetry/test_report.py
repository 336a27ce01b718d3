"""The JSON report shows the registry's own numbers, over windows that can be reset."""

import bisect
import json
import random
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from orbion.telemetry.metrics import Metrics
from orbion.telemetry.report import Report, extremes, quantile
from tests.unit.kit.manual_clock import ManualClock

MILLION = 1_000_000


class Bench:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.metrics = Metrics()
        self.report = Report(self.metrics, clock=self.clock)

    def live(self, seconds: int, webhooks_a_second: int = 0) -> None:
        """Let time pass in ticks of five seconds with steady traffic."""
        for _ in range(seconds // 5):
            for _ in range(5 * webhooks_a_second):
                self.metrics.webhook_requests.inc("evolution", "stored")
                self.metrics.webhook_ack_seconds.observe(0.003, "evolution", "stored")
            self.clock.advance(5)
            self.report.tick()

    def bounds(self, name: str) -> list[float]:
        """Of a histogram's buckets, ascending."""
        [family] = (each for each in self.metrics.collect() if each.name == name)
        labelled = (sample.labels.get("le") for sample in family.samples)
        return [float(bound) for bound in labelled if bound]

    def webhooks(self, window: str) -> dict[str, Any]:
        [series] = self.report.render()["windows"][window]["orbion_webhook_requests"]
        assert series["labels"] == {"channel": "evolution", "outcome": "stored"}
        return dict(series)


def test_each_window_sees_only_its_own_time() -> None:
    bench = Bench()
    bench.live(900, webhooks_a_second=2)
    bench.live(120)
    bench.live(30, webhooks_a_second=10)
    assert bench.webhooks("1m")["delta"] == 300
    assert bench.webhooks("1m")["rate"] == pytest.approx(5.0)
    assert bench.webhooks("5m")["delta"] == 300 + 150 * 2
    assert bench.webhooks("15m")["delta"] == 300 + 750 * 2


def test_before_a_window_is_full_its_rate_is_over_the_time_that_there_was() -> None:
    bench = Bench()
    bench.live(20, webhooks_a_second=3)
    assert bench.report.render()["windows"]["15m"]["seconds"] == 20
    assert bench.webhooks("15m")["rate"] == pytest.approx(3.0)


def test_after_a_long_time_without_ticks_a_window_says_how_long_it_is() -> None:
    bench = Bench()
    bench.live(60, webhooks_a_second=1)
    bench.clock.advance(2000)
    assert bench.report.render()["windows"]["1m"]["seconds"] == 2000
    assert bench.webhooks("1m")["delta"] == 0


def test_nothing_measured_yet_divides_by_nothing() -> None:
    bench = Bench()
    bench.metrics.webhook_requests.inc("evolution", "stored")
    assert bench.webhooks("1m") == {
        "labels": {"channel": "evolution", "outcome": "stored"},
        "delta": 1,
        "rate": 0.0,
    }
    json.dumps(bench.report.render(), allow_nan=False)
    json.dumps(bench.report.summary(), allow_nan=False)


def test_totals_equal_the_prometheus_samples() -> None:
    bench = Bench()
    chance = random.Random(4)
    for _ in range(10_000):
        bench.metrics.webhook_requests.inc("evolution", chance.choice(["stored", "duplicate"]))
        bench.metrics.turn_seconds.observe(chance.random(), chance.choice(["whole", "model"]))
        bench.metrics.circuit_calls.inc("openai", chance.choice(["success", "failure"]))
    exposed = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(bench.metrics.render()[0].decode())
        for sample in family.samples
    }
    reported = {
        (each["sample"], tuple(sorted(each["labels"].items()))): each["value"]
        for family in bench.report.render()["totals"].values()
        for each in family
    }
    assert reported.keys() == exposed.keys()
    for key, value in reported.items():
        if "process" not in key[0]:
            assert value == exposed[key]


def test_a_reset_empties_the_windows_and_leaves_the_counters() -> None:
    bench = Bench()
    bench.live(60, webhooks_a_second=1)
    before = bench.metrics.render().count(b"\n")
    bench.report.reset()
    bench.clock.advance(10)
    assert bench.webhooks("15m")["delta"] == 0
    assert bench.report.render()["windows"]["15m"]["seconds"] == 10
    [total] = bench.report.render()["totals"]["orbion_webhook_requests"]
    assert total["value"] == 60
    assert bench.metrics.render().count(b"\n") == before


def test_half_a_percent_of_errors_is_shown_as_half_a_percent() -> None:
    bench = Bench()
    for number in range(20_000):
        bench.metrics.webhook_requests.inc("evolution", "stored" if number % 200 else "unavailable")
    bench.clock.advance(10)
    outcomes = bench.report.summary()["1m"]["webhooks"]["outcomes"]
    assert outcomes["unavailable"] == {"count": 100, "percent": 0.5}
    assert outcomes["stored"]["percent"] == 99.5


def test_the_summary_merges_the_series_of_a_histogram() -> None:
    bench = Bench()
    for channel in ("evolution", "meta"):
        for _ in range(50):
            bench.metrics.webhook_ack_seconds.observe(0.0015, channel, "stored")
    bench.clock.advance(10)
    webhooks = bench.report.summary()["5m"]["webhooks"]
    assert webhooks["count"] == 100
    assert webhooks["rate"] == pytest.approx(10.0)
    assert webhooks["mean"] == pytest.approx(0.0015)
    assert webhooks["p50"] == pytest.approx(0.0015)
    assert bench.report.summary()["5m"]["turns"]["p99"] is None


def test_a_series_that_appears_later_counts_from_zero() -> None:
    bench = Bench()
    bench.live(10)
    bench.metrics.dead_letters.inc("out", "refused", amount=3)
    bench.clock.advance(1)
    [series] = bench.report.render()["windows"]["1m"]["orbion_dead_letters"]
    assert series["delta"] == 3


@pytest.mark.parametrize("q", [0.5, 0.95, 0.99])
def test_a_quantile_errs_by_at_most_its_bucket(q: float) -> None:
    chance = random.Random(9)
    bounds = [0.01 * 1.6**step for step in range(16)]
    values = sorted(chance.lognormvariate(-1, 1) for _ in range(100_000))
    counted = [(bound, float(bisect.bisect_right(values, bound))) for bound in bounds]
    buckets = [*counted, (float("inf"), float(len(values)))]
    exact = values[int(q * len(values))]
    position = bisect.bisect_left(bounds, exact)
    estimate = quantile(buckets, q)
    assert estimate is not None
    assert bounds[position - 1] <= estimate <= bounds[position]


def test_of_a_million_webhooks_each_percentile_is_in_the_bucket_of_the_exact_one() -> None:
    """Drawn in ascending order, one from each millionth: a histogram knows no order."""
    bench, chance = Bench(), random.Random(10).random
    values = [0.001 * (1 - (i + chance()) / MILLION) ** -0.8 for i in range(MILLION)]
    observe = bench.metrics.webhook_ack_seconds.observe
    for value in values:
        observe(value, "evolution", "stored")
    bench.clock.advance(10)
    [told] = bench.report.render()["windows"]["1m"]["orbion_webhook_ack_seconds"]
    summed = bench.report.summary()["1m"]["webhooks"]
    bounds = bench.bounds("orbion_webhook_ack_seconds")
    crossed = set()
    for name, q in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
        position = bisect.bisect_left(bounds, values[int(q * MILLION)])
        assert bounds[position - 1] <= told[name] <= bounds[position], name
        assert summed[name] == told[name]
        crossed.add(position)
    assert len(crossed) == 3
    assert told["count"] == MILLION
    assert told["mean"] == pytest.approx(sum(values) / MILLION)


def test_beyond_the_last_bound_the_last_bound_is_given() -> None:
    assert quantile([(1.0, 0.0), (2.0, 1.0), (float("inf"), 100.0)], 0.99) == 2.0


@pytest.mark.parametrize(
    ("counts", "least", "most"),
    [
        ((0, 0, 0), None, None),
        ((3, 3, 3), 0.0, 1.0),
        ((0, 5, 5), 1.0, 2.0),
        ((1, 1, 2), 0.0, 2.0),
        ((0, 0, 4), 2.0, 2.0),
    ],
)
def test_extremes_are_the_bounds_of_the_outermost_buckets(
    counts: tuple[int, ...], least: float | None, most: float | None
) -> None:
    bounds = (1.0, 2.0, float("inf"))
    buckets = [(bound, float(count)) for bound, count in zip(bounds, counts, strict=True)]
    assert extremes(buckets) == (least, most)


def test_no_observations_have_no_quantile() -> None:
    assert quantile([(1.0, 0.0), (float("inf"), 0.0)], 0.5) is None
