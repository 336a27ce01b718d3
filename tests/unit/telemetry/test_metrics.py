"""The registry: valid exposition, closed label sets, one source for text and JSON."""

import time
from collections.abc import Iterator

import pytest
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families

from orbion.telemetry.metrics import Metrics


def samples(metrics: Metrics) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(metrics.render()[0].decode())
        for sample in family.samples
    }


def plain(metrics: Metrics, name: str) -> float:
    return samples(metrics)[name, ()]


def test_the_exposition_is_valid_and_holds_every_described_metric_with_its_help() -> None:
    metrics = Metrics(version="1.2.3")
    families = {
        family.name: family
        for family in text_string_to_metric_families(metrics.render()[0].decode())
    }
    for doc in metrics.describe():
        family = families[doc.name.removesuffix("_total")]
        assert family.type == doc.kind
        assert family.documentation == doc.help
    assert len(families) == len(metrics.describe())
    assert metrics.render()[1].startswith("text/plain")


def test_names_follow_the_conventions() -> None:
    docs = Metrics().describe()
    assert len({doc.name for doc in docs}) == len(docs)
    for doc in docs:
        assert doc.name.startswith(("orbion_", "gen_ai_client_"))
        assert doc.name.endswith("_total") == (doc.kind == "counter")
        assert doc.help.endswith(".")
        assert not {"phone", "id", "conversation", "path", "text"} & set(doc.labels)


def test_no_creation_times_are_exposed() -> None:
    metrics = Metrics()
    metrics.webhook_requests.inc("evolution", "stored")
    metrics.webhook_ack_seconds.observe(0.01, "evolution", "stored")
    assert b"_created" not in metrics.render()[0]


def test_openmetrics_shows_the_trace_that_a_bucket_last_saw() -> None:
    metrics = Metrics()
    metrics.webhook_ack_seconds.observe(0.003, "evolution", "stored", trace="ab" * 16)
    text, content_type = metrics.render("application/openmetrics-text;version=1.0.0,*/*;q=0.1")
    assert content_type.startswith("application/openmetrics-text; version=1.0.0")
    exemplars = [
        (sample.labels["le"], sample.exemplar.labels)
        for family in openmetrics.text_string_to_metric_families(text.decode())  # type: ignore[no-untyped-call]
        for sample in family.samples
        if sample.exemplar
    ]
    assert exemplars == [("0.005", {"trace_id": "ab" * 16})]
    assert b"trace_id" not in metrics.render("text/plain;version=0.0.4")[0]


def test_a_histograms_count_grows_past_a_thousand() -> None:
    metrics = Metrics()
    for _ in range(2500):
        metrics.turn_seconds.observe(0.2, "whole")
    whole = (("stage", "whole"),)
    assert samples(metrics)["orbion_turn_seconds_count", whole] == 2500
    assert samples(metrics)["orbion_turn_seconds_sum", whole] == pytest.approx(500)


def test_two_registries_share_nothing() -> None:
    first, second = Metrics(), Metrics()
    first.opt_outs.inc()
    assert plain(first, "orbion_opt_outs_total") == 1
    assert plain(second, "orbion_opt_outs_total") == 0


def test_a_label_that_turns_out_to_be_open_ends_in_other() -> None:
    metrics = Metrics()
    for number in range(10_000):
        metrics.webhook_requests.inc("evolution", f"made-up-{number}")
    found = {key: value for key, value in samples(metrics).items() if key[0].endswith("ests_total")}
    assert len(found) == 101
    assert sum(found.values()) == 10_000
    other = (("channel", "other"), ("outcome", "other"))
    assert found["orbion_webhook_requests_total", other] == 9900


def test_a_followed_total_is_caught_up_with_and_never_goes_back() -> None:
    metrics = Metrics()
    for total in (5, 5, 12, 3):
        metrics.cache_requests.follow(total, "leads", "hit")
    labels = (("cache", "leads"), ("result", "hit"))
    assert samples(metrics)["orbion_cache_requests_total", labels] == 12


def test_what_is_known_only_by_looking_is_refreshed_before_each_reading() -> None:
    metrics = Metrics()
    depths: Iterator[int] = iter([3, 8])
    metrics.before_collect(lambda: metrics.lane_depth.set(next(depths), "in"))
    key = ("orbion_lane_depth", (("queue", "in"),))
    assert samples(metrics)[key] == 3
    assert samples(metrics)[key] == 8


def test_a_circuits_state_is_one_hot() -> None:
    metrics = Metrics()
    metrics.set_circuit("openai", "open")
    metrics.set_circuit("openai", "half_open")
    states = {
        dict(labels)["state"]: value
        for (name, labels), value in samples(metrics).items()
        if name == "orbion_circuit_state"
    }
    assert states == {"closed": 0, "open": 0, "half_open": 1}


def test_a_rejected_call_is_counted_but_not_timed() -> None:
    metrics = Metrics()
    observe = metrics.guard_observer("openai", "chat")
    observe("rejected", 0.0)
    observe("success", 0.4)
    found = samples(metrics)
    rejected = (("outcome", "rejected"), ("service", "openai"))
    timed = (("operation", "chat"), ("service", "openai"))
    assert found["orbion_circuit_calls_total", rejected] == 1
    assert found["orbion_dependency_seconds_count", timed] == 1


def test_the_process_is_measured() -> None:
    metrics = Metrics(version="1.2.3")
    found = samples(metrics)
    assert found["orbion_process_resident_memory_bytes", ()] > 1e6
    assert found["orbion_process_cpu_seconds_total", ()] > 0
    assert found["orbion_process_open_fds", ()] >= 3
    assert found["orbion_process_start_time_seconds", ()] > 1e9
    assert any(
        name == "orbion_build_info" and ("version", "1.2.3") in labels for name, labels in found
    )


def test_a_record_costs_microseconds() -> None:
    metrics = Metrics()
    rounds = 20_000
    started = time.process_time()
    for _ in range(rounds):
        metrics.webhook_ack_seconds.observe(0.003, "evolution", "stored")
    assert (time.process_time() - started) / rounds < 20e-6  # 2 µs on an idle machine
