"""Each pace holds the same calls to the same rates; a shared one those of all its processes."""

import asyncio
import random
from collections.abc import Callable, Sequence

import pytest

from orbion.adapters.db.paces import SharedPace
from orbion.adapters.db.store import DbStore
from orbion.kit.limiter import Cells, Limiter, OwnPace, Pace, Rate
from tests.support.stores import HandClock

RATES = (Rate(5, 1.0, burst=2), Rate(20, 60.0), Rate(30, 3600.0))
MakePace = Callable[[Sequence[Rate]], Pace]


@pytest.fixture(params=["own", "shared"])
def make_pace(request: pytest.FixtureRequest, store: DbStore, clock: HandClock) -> MakePace:
    def make(rates: Sequence[Rate]) -> Pace:
        if request.param == "own":
            return OwnPace(Limiter(rates, clock=clock))
        return SharedPace(db=store.db, name="send", cells=Cells(rates))

    return make


async def test_a_burst_passes_then_one_per_interval(make_pace: MakePace, clock: HandClock) -> None:
    pace = make_pace([Rate(5, 2.5)])
    verdicts = [await pace.reserve("k", at_most=0.0) for _ in range(6)]
    assert [each.allowed for each in verdicts] == [True] * 5 + [False]
    assert [each.remaining for each in verdicts] == [4, 3, 2, 1, 0, 0]
    assert verdicts[5].wait == pytest.approx(0.5, abs=1e-6)
    clock.pass_(0.5)
    assert (await pace.look("k")).allowed
    assert (await pace.reserve("k", at_most=0.0)).allowed
    assert not (await pace.look("k")).allowed
    assert (await pace.look("other")).remaining == 5


async def test_it_decides_as_one_process_alone_would(make_pace: MakePace, clock: HandClock) -> None:
    """Whatever comes when, the waits and places are those of the limiter in memory."""
    pace, alone = make_pace(RATES), Limiter(RATES, clock=clock)
    dice = random.Random(5)
    for _ in range(60):
        clock.pass_(dice.choice((0.0, 0.05, 0.3, 2.0, 40.0)))
        key, at_most = dice.choice("aab"), dice.choice((0.0, 0.5, 4.0))
        found = await pace.reserve(key, at_most=at_most)
        expected = alone.reserve(key, at_most=at_most)
        assert (found.allowed, found.rate, found.remaining) == (
            *(expected.allowed, expected.rate, expected.remaining),
        )
        assert found.wait == pytest.approx(expected.wait, abs=1e-5)
        assert found.reset_after == pytest.approx(expected.reset_after, abs=1e-5)


async def test_two_processes_share_one_count(store: DbStore) -> None:
    one, other = (SharedPace(db=store.db, name="send", cells=Cells([Rate(6, 60.0)])) for _ in "ab")
    asked = [each.reserve("loja", at_most=0.0) for _ in range(8) for each in (one, other)]
    given = await asyncio.gather(*asked)
    assert sum(each.allowed for each in given) == 6


async def test_purposes_and_changed_rates_count_for_themselves(store: DbStore) -> None:
    """Another number of rates begins anew: what was taken of the old ones says nothing of them."""
    rates = [Rate(1, 60.0)]
    for name in ("send", "other"):
        pace = SharedPace(db=store.db, name=name, cells=Cells(rates))
        assert (await pace.reserve("loja", at_most=0.0)).allowed
        assert not (await pace.reserve("loja", at_most=0.0)).allowed
    wider = SharedPace(db=store.db, name="send", cells=Cells([*rates, Rate(2, 60.0)]))
    assert (await wider.reserve("loja", at_most=0.0)).allowed
