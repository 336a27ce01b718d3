"""Failures are told apart by cause and place, and those never seen before are flagged."""

import json
from pathlib import Path

from orbion.config.reading import read_secret
from orbion.domain.errors import FaultCode, RejectedError, UnavailableError, code_of
from orbion.domain.playbook_file import load_playbook
from orbion.telemetry.metrics import Metrics
from orbion.telemetry.report import Report
from tests.unit.kit.manual_clock import ManualClock

QUARTER_MS = 15 * 60 * 1000


def caught(work: object, *given: object) -> Exception:
    assert callable(work)
    try:
        work(*given)
    except Exception as error:  # noqa: BLE001 whatever it is
        return error
    raise AssertionError("it did not fail")


def failing(code: FaultCode, message: str) -> None:
    raise UnavailableError(code, message)


def test_the_same_failure_with_other_words_is_one_kind_and_another_place_or_cause_is_not() -> None:
    metrics = Metrics()
    missing = [caught(read_secret, Path(f"/missing/{number}"), "key") for number in range(3)]
    others = [
        caught(load_playbook, Path("/missing/playbook.toml")),
        caught(failing, FaultCode.DB_FULL, "full"),
        caught(failing, FaultCode.DB_IO, "5511999990000 said: segredo"),
        UnavailableError(FaultCode.DB_IO, "never raised, so nowhere"),
    ]
    for error in (*missing, *others):
        metrics.failures.add(error, code_of(error), 1_000)
    found = metrics.failures.render(1_000)
    assert [each["count"] for each in found[:2]] == [3, 2]
    assert len({each["fingerprint"] for each in found}) == len(found) == 4
    assert found[0]["type"] == RejectedError.__name__
    assert found[0]["where"] == "config/reading.py:read_secret"
    assert "segredo" not in json.dumps(found)
    assert "551199" not in json.dumps(found)


def test_a_kind_is_new_for_a_quarter_of_an_hour() -> None:
    metrics, error = Metrics(), UnavailableError(FaultCode.DB_FULL, "full")
    for at in (0, QUARTER_MS):
        metrics.failures.add(error, error.code, at)
    assert [each["new"] for each in metrics.failures.render(QUARTER_MS - 1)] == [True]
    [kind] = metrics.failures.render(QUARTER_MS)
    assert (kind["new"], kind["count"], kind["first_ms"], kind["last_ms"]) == (
        False,
        2,
        0,
        QUARTER_MS,
    )


def test_kinds_are_bounded_and_every_failure_is_counted_all_the_same() -> None:
    metrics, clock = Metrics(), ManualClock()
    for number in range(1_000):
        error = type(f"Made{number}Error", (Exception,), {})()
        metrics.failures.add(error, code_of(error), clock.now())
    report = Report(metrics, clock=clock).render()
    assert len(report["failures"]) == 200
    [total] = report["totals"]["orbion_failures"]
    assert (total["labels"], total["value"]) == ({"code": "bug"}, 1_000)
