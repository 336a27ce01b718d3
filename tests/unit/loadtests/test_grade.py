"""A load run is graded by the written rule, and a ramp's knee says what gave way."""

import math
from xml.etree import ElementTree as ET

import pytest

from loadtests.gateway import Tally
from loadtests.grade import grade, knee, percentile
from loadtests.picture import picture
from loadtests.play import Played
from loadtests.report import figures, knee_line
from loadtests.scenarios import Scenario


def run(
    *, ack: float = 0.01, own: float | None = 0.02, rate: int = 100, cpu: float = 0.1, **bad: int
) -> Played:
    told = {"sent": 9, "acknowledged": 9, "answered": 9, "bubbles": 9, "repeated": 0}
    tally = Tally(**{**told, "disordered": 0, **bad}, acks=[ack], answers=[1.0])
    return Played(
        scenario=Scenario(name="r", rate=rate, seconds=1, customers=1),
        tally=tally,
        own=[] if own is None else [own],
        model_calls=0,
        service_cpu=cpu,
        driver_cpu=0.3,
        rss_mb=100.0,
        cache_hits={},
    )


@pytest.mark.parametrize(
    ("played", "expected"),
    [
        (run(), "A"),
        (run(own=None), "A"),
        (run(ack=0.11), "B"),
        (run(own=0.16), "B"),
        (run(ack=0.26), "C"),
        (run(own=0.51), "C"),
        (run(answered=8), "D"),
        (run(repeated=1), "D"),
        (run(disordered=1), "D"),
    ],
)
def test_each_grade_has_its_rule(played: Played, expected: str) -> None:
    assert grade(played) == expected


def test_the_knee_is_the_last_step_that_holds() -> None:
    found = knee([run(rate=1), run(rate=2, ack=0.2), run(rate=3, ack=0.3, cpu=0.9), run(rate=4)])
    assert found.holds is not None
    assert found.holds.scenario.rate == 2
    assert knee_line(found).startswith("Knee: 2 messages a minute; 3 does not hold: the service's")


def test_a_ramp_without_a_knee_says_so() -> None:
    assert knee_line(knee([run(rate=5)])) == (
        "Knee: 5 messages a minute: nothing gave way up to the last step."
    )


def test_what_is_not_a_core_is_waiting() -> None:
    assert "waiting, not a core" in knee([run(ack=1.0)]).why


def test_a_percentile_of_nothing_is_no_number() -> None:
    assert math.isnan(percentile([], 0.5))
    assert figures(run(own=None))["own p50 ms"] is None


def test_the_picture_has_a_point_for_each_measured_run() -> None:
    drawn = ET.fromstring(picture([figures(run()), figures(run(own=None))]))  # noqa: S314 our own
    assert len(drawn.findall("{*}circle")) == 3
