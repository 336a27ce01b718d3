"""A run is worse than the baseline when its ratios are, whatever the machine's pace was."""

from typing import Any

import pytest

from loadtests.compare import TOLERANCE, compare, ratios


def run(*, pace: float = 1.0, cpu: float = 6.0, share: float = 0.15) -> dict[str, Any]:
    """A machine of some pace, where an acknowledgement costs `cpu` bare ones."""
    bare = 40.0 * pace
    return {
        "machine": {"date": "2026-11-28"},
        "ack": {
            "bare": {"cpu_us": bare},
            "ratios": {"orbion / bare, req/s": share, "orbion / bare, CPU": cpu},
        },
        "path": {"cpu_ms": 5.0 * pace},
        "queue": {"SQLite": (9, 1000.0 / pace), "PostgreSQL": (9, 500.0 / pace)},
        "growth": {"claim": {"ratio": 1.3}},
    }


def test_a_slower_machine_is_no_worse_run() -> None:
    assert compare(run(pace=3.0), run()) == []


@pytest.mark.parametrize(
    ("worse", "flagged"),
    [
        ({"cpu": 6.0 * (1 + TOLERANCE) + 0.1}, ["orbion / bare, CPU"]),
        ({"share": 0.15 / (1 + TOLERANCE) - 0.01}, ["orbion / bare, req/s"]),
        ({"cpu": 6.0 * (1 + TOLERANCE) - 0.1, "share": 0.14}, []),
        ({"cpu": 3.0, "share": 0.3}, []),
    ],
)
def test_a_ratio_is_flagged_when_it_got_worse_by_more_than_a_share(
    worse: dict[str, float], flagged: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert compare(run(**worse), run()) == flagged
    assert capsys.readouterr().out.count("WORSE") == len(flagged)


def test_a_part_that_did_not_run_and_a_new_ratio_are_no_findings() -> None:
    assert compare({}, run()) == []
    assert compare(run(), {"machine": {"date": "2026-11-28"}}) == []


def test_cpu_times_are_told_in_bare_requests() -> None:
    found = ratios(run(pace=2.0))
    assert found["answer / bare, CPU"].value == pytest.approx(125.0)
    assert found["queue, postgres / sqlite"].value == pytest.approx(0.5)
