"""Floods are stored whole; turns and sends keep their rates in every span (rows S0-16, S3-03)."""

from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from orbion.simulators.faults import EvolutionFaults, SendFault
from tests.simulation.flood import busiest, play_flood

Playing = tuple[ProcessPoolExecutor, Path]
ROUND = 900  # seconds: it may wait for seeds that play before it
MARIA = "5511900000001"
PACE = {"sends_per_second": 6, "sends_per_minute": 60, "sends_per_hour": 10_000}
EVEN = (3, 3)  # ms: what the network shifts is not the sender's doing
CALM = EvolutionFaults(latency_ms=EVEN, send={})
STORMY = EvolutionFaults(
    latency_ms=EVEN, send={SendFault.HANG_AFTER: 0.05, SendFault.ERROR_500_BEFORE: 0.05}
)


@pytest.mark.timeout(ROUND)
@pytest.mark.parametrize("faults", [CALM, STORMY], ids=["calm", "hanging"])
def test_no_second_and_no_minute_of_the_journal_is_above_the_pace(
    faults: EvolutionFaults, playing: Playing
) -> None:
    pool, template = playing
    said = [(f"55119000{number:05d}", number / 40) for number in range(80)]
    seen = pool.submit(play_flood, said, template=template, changes=PACE, faults=faults).result()
    assert (seen.bugs, seen.stored, seen.unhandled) == ([], 80, 0)
    assert len(seen.sends) >= 100
    assert 3 < busiest(seen.sends, 1_000) <= 6
    assert 50 < busiest(seen.sends, 60_000) <= 60


@pytest.mark.timeout(ROUND)
def test_a_flood_from_one_phone_is_stored_whole_and_answered_twenty_times_a_minute(
    playing: Playing,
) -> None:
    pool, template = playing
    said = [(MARIA, number * 0.3) for number in range(200)]
    changes = {"turns_per_minute": 20, "quiet_min": 0.0, "quiet_max": 0.0, "quiet_cap": 0.0}
    seen = pool.submit(play_flood, said, template=template, changes=changes).result()
    assert (seen.bugs, seen.stored, seen.unhandled) == ([], 200, 0)
    assert 10 <= busiest(seen.turns, 60_000) <= 20
    assert len(seen.turns) < 40


@pytest.mark.timeout(ROUND)
def test_three_hundred_webhooks_a_minute_from_one_address_are_never_a_429(
    playing: Playing,
) -> None:
    pool, template = playing
    said = [(f"55119000{number:05d}", number / 5) for number in range(310)]
    changes = {"address_per_minute": 100, "key_per_minute": 100}
    seen = pool.submit(play_flood, said, template=template, changes=changes).result()
    assert (seen.bugs, seen.stored, seen.unhandled) == ([], 310, 0)
    assert seen.answers[200] >= 310
    assert set(seen.answers) == {200}
