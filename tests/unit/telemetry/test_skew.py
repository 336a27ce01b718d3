"""The clock is compared with the date of each answer that has one."""

import httpx
import pytest

from orbion.adapters.http import build_client
from orbion.telemetry.metrics import Metrics
from orbion.telemetry.skew import Skew
from tests.support.stores import HandClock
from tests.unit.workers.doubles import gauges

NOON = "Wed, 27 Jan 2027 12:00:00 GMT"
NOON_MS = 1_801_051_200_000


@pytest.mark.parametrize(
    ("headers", "late_ms", "skew"),
    [
        ({"date": NOON}, 500, {"": 0.0}),
        ({"date": NOON}, 30_500, {"": 30.0}),
        ({"date": NOON}, -59_500, {"": -60.0}),
        ({"date": "soon"}, 0, {}),
        ({}, 0, {}),
    ],
)
async def test_an_answer_tells_how_far_the_clock_is_ahead(
    headers: dict[str, str], late_ms: int, skew: dict[str, float]
) -> None:
    metrics, clock = Metrics(), HandClock(NOON_MS + late_ms)
    transport = httpx.MockTransport(lambda _: httpx.Response(200, headers=headers))
    async with build_client(transport=transport, told=Skew(clock, metrics)) as client:
        await client.get("http://gateway/")
    assert gauges(metrics, "clock_skew_seconds") == skew
