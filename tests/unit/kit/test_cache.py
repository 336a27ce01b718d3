"""The cache: single flight, no kept errors, epochs, negative entries, capacity, ages."""

import asyncio
import random
from collections.abc import Awaitable, Callable

import pytest

from orbion.kit.cache import Cache
from tests.unit.kit.manual_clock import ManualClock


class Bench:
    def __init__(self, *, maxsize: int = 100, ttl: float = 60.0, jitter: float = 0.0) -> None:
        self.clock = ManualClock()
        self.cache: Cache[str, str | None] = Cache(
            "leads",
            maxsize=maxsize,
            ttl=ttl,
            jitter=jitter,
            clock=self.clock,
            random=random.Random(5),
        )
        self.loads = 0

    def loader(self, value: str | None) -> Callable[[], Awaitable[str | None]]:
        async def load() -> str | None:
            self.loads += 1
            return value

        return load

    async def read(self, key: str, value: str | None) -> str | None:
        return await self.cache.get(key, self.loader(value))


class Gated:
    """A load that begins at once and ends when the test says so."""

    def __init__(self, value: str) -> None:
        self.value = value
        self.began = asyncio.Event()
        self.gate = asyncio.Event()
        self.error: Exception | None = None

    async def __call__(self) -> str:
        self.began.set()
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        return self.value


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_the_second_read_is_a_hit() -> None:
    bench = Bench()
    assert await bench.read("k", "one") == "one"
    assert await bench.read("k", "two") == "one"
    statistics = bench.cache.statistics
    assert (statistics.hits, statistics.misses, statistics.loads) == (1, 1, 1)


async def test_fifty_concurrent_misses_are_one_load() -> None:
    bench, load = Bench(), Gated("v")
    reads = [asyncio.create_task(bench.cache.get("k", load)) for _ in range(50)]
    await settle()
    load.gate.set()
    assert await asyncio.gather(*reads) == ["v"] * 50
    assert bench.cache.statistics.loads == 1
    assert bench.cache.statistics.misses == 50


async def test_an_error_reaches_all_who_wait_and_is_not_kept() -> None:
    bench, load = Bench(), Gated("v")
    load.error = OSError("database is away")
    reads = [asyncio.create_task(bench.cache.get("k", load)) for _ in range(3)]
    await settle()
    load.gate.set()
    ended = await asyncio.gather(*reads, return_exceptions=True)
    assert [str(each) for each in ended] == ["database is away"] * 3
    assert bench.cache.statistics.errors == 1
    assert await bench.read("k", "back") == "back"


async def test_when_the_leader_is_cancelled_one_who_waits_loads() -> None:
    bench, load = Bench(), Gated("never")
    leader = asyncio.create_task(bench.cache.get("k", load))
    await settle()
    followers = [asyncio.create_task(bench.read("k", "v")) for _ in range(3)]
    await settle()
    leader.cancel()
    assert await asyncio.gather(*followers) == ["v"] * 3
    assert bench.loads == 1
    with pytest.raises(asyncio.CancelledError):
        await leader


async def test_a_load_begun_before_an_invalidation_is_not_stored() -> None:
    bench, load = Bench(), Gated("old")
    read = asyncio.create_task(bench.cache.get("k", load))
    await load.began.wait()
    bench.cache.invalidate("k")
    assert await bench.read("k", "new") == "new"
    load.gate.set()
    assert await read == "old"
    assert await bench.read("k", "unused") == "new"


async def test_the_end_of_a_revoked_load_leaves_the_newer_load_shared() -> None:
    bench, old, new = Bench(), Gated("old"), Gated("new")
    first = asyncio.create_task(bench.cache.get("k", old))
    await old.began.wait()
    bench.cache.invalidate("k")
    second = asyncio.create_task(bench.cache.get("k", new))
    await new.began.wait()
    old.gate.set()
    assert await first == "old"
    third = asyncio.create_task(bench.read("k", "loaded once more"))
    await settle()
    new.gate.set()
    assert (await second, await third) == ("new", "new")
    assert await bench.read("k", "unused") == "new"


async def test_a_load_begun_before_a_put_does_not_overwrite_it() -> None:
    bench, load = Bench(), Gated("old")
    read = asyncio.create_task(bench.cache.get("k", load))
    await load.began.wait()
    bench.cache.put("k", "new")
    load.gate.set()
    assert await read == "old"
    assert await bench.read("k", "unused") == "new"


async def test_a_tag_revokes_its_entries_and_its_loads_and_no_others() -> None:
    bench, load = Bench(), Gated("old")
    bench.cache.put("a", "old", tags=["business-1"])
    bench.cache.put("b", "kept", tags=["business-2"])
    read = asyncio.create_task(bench.cache.get("c", load, tags=["business-1"]))
    await load.began.wait()
    bench.cache.invalidate_tag("business-1")
    load.gate.set()
    await read
    assert await bench.read("a", "new") == "new"
    assert await bench.read("c", "new") == "new"
    assert await bench.read("b", "unused") == "kept"
    bench.cache.put("a", "newer", tags=["business-1"])
    assert await bench.read("a", "unused") == "newer"


async def test_more_revoked_tags_than_are_remembered_revoke_everything() -> None:
    bench = Bench()
    bench.cache.put("a", "old", tags=["first"])
    bench.cache.invalidate_tag("first")
    for number in range(1100):
        bench.cache.invalidate_tag(f"tag-{number}")
    assert await bench.read("a", "new") == "new"


async def test_an_entry_ends_with_its_time() -> None:
    bench = Bench(ttl=60)
    await bench.read("k", "one")
    bench.clock.advance(59.9)
    assert await bench.read("k", "two") == "one"
    bench.clock.advance(0.1)
    assert await bench.read("k", "two") == "two"


async def test_an_absent_value_is_kept_for_a_shorter_time() -> None:
    bench = Bench(ttl=60)
    assert await bench.read("k", None) is None
    bench.clock.advance(4.9)
    assert await bench.read("k", "one") is None
    bench.clock.advance(0.1)
    assert await bench.read("k", "one") == "one"


async def test_jitter_shortens_lives_by_different_amounts() -> None:
    bench = Bench(ttl=100, jitter=0.1)
    for number in range(100):
        await bench.read(f"k{number}", "old")
    bench.clock.advance(95)
    alive = [await bench.read(f"k{number}", "new") for number in range(100)].count("old")
    assert 20 < alive < 80
    bench.clock.advance(5)
    assert "old" not in [await bench.read(f"k{number}", "new") for number in range(100)]


async def test_a_hot_key_survives_the_capacity() -> None:
    bench = Bench(maxsize=10)
    await bench.read("hot", "v")
    for number in range(100):
        await bench.read(f"k{number}", "v")
        await bench.read("hot", "again")
    assert await bench.read("hot", "again") == "v"
    assert bench.cache.statistics.size == 10
    assert bench.cache.statistics.evictions == 91


async def test_without_room_nothing_is_kept() -> None:
    bench = Bench(maxsize=0)
    bench.cache.put("k", "put")
    assert await bench.read("k", "one") == "one"
    assert await bench.read("k", "two") == "two"
    assert bench.cache.statistics.size == 0


async def test_clearing_forgets_entries_and_loads_under_way() -> None:
    bench, load = Bench(), Gated("old")
    bench.cache.put("a", "old")
    read = asyncio.create_task(bench.cache.get("b", load))
    await load.began.wait()
    bench.cache.clear()
    load.gate.set()
    await read
    assert bench.cache.statistics.size == 0
    assert bench.cache.statistics.evictions == 0


async def test_peeking_loads_nothing_and_counts_nothing() -> None:
    bench = Bench(ttl=60)
    assert bench.cache.peek("k") is None
    await bench.read("k", "one")
    assert bench.cache.peek("k") == "one"
    bench.clock.advance(60)
    assert bench.cache.peek("k") is None
    assert (bench.loads, bench.cache.statistics.hits, bench.cache.statistics.misses) == (1, 0, 1)
