"""The cache: single flight, no kept errors, epochs, negative entries, capacity, ages."""

import asyncio
import random
from collections.abc import Awaitable, Callable

import pytest

from orbion.kit.cache import Cache, CachePolicy
from orbion.kit.packing import Packing
from tests.unit.kit.manual_clock import ManualClock


class Bench:
    def __init__(
        self,
        *,
        maxsize: int = 100,
        ttl: float = 60.0,
        jitter: float = 0.0,
        stale: float = 0.0,
        packing: Packing[str | None] | None = None,
        quota: int = 1000,
    ) -> None:
        self.clock = ManualClock()
        self.cache: Cache[str, str | None] = Cache(
            "leads",
            CachePolicy(maxsize=maxsize, ttl=ttl, jitter=jitter, stale=stale, quota=quota),
            packing=packing,
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


TEXT: Packing[str | None] = Packing(
    dump=lambda text: (text or "").encode(), load=bytes.decode, compress_above=100
)


async def test_a_stale_value_is_given_at_once_while_one_load_renews_it() -> None:
    bench, load = Bench(stale=30), Gated("new")
    await bench.read("k", "old")
    bench.clock.advance(60)
    assert bench.cache.peek("k") is None
    assert [await bench.cache.get("k", load) for _ in range(3)] == ["old"] * 3
    await load.began.wait()
    assert await bench.cache.get("k", load) == "old"
    load.gate.set()
    await settle()
    assert await bench.read("k", "unused") == "new"
    found = bench.cache.statistics
    assert (found.hits, found.stale, found.misses, found.loads) == (5, 4, 1, 2)


async def test_a_value_that_is_too_stale_is_waited_for() -> None:
    bench = Bench(stale=30)
    await bench.read("k", "old")
    bench.clock.advance(90)
    assert await bench.read("k", "new") == "new"
    assert bench.cache.statistics.stale == 0


async def test_an_absent_value_is_never_stale() -> None:
    bench = Bench(stale=30)
    assert await bench.read("k", None) is None
    bench.clock.advance(5)
    assert await bench.read("k", "new") == "new"


async def test_a_stale_value_outlives_a_renewal_that_fails_and_rests_before_the_next() -> None:
    bench, load = Bench(stale=30), Gated("new")
    load.error = OSError("the sheet is away")
    load.gate.set()
    await bench.read("k", "old")
    bench.clock.advance(60)
    assert await bench.cache.get("k", load) == "old"
    await settle()
    assert await bench.read("k", "unused") == "old"
    assert (bench.cache.statistics.errors, bench.cache.statistics.loads) == (1, 2)
    bench.clock.advance(5)
    assert await bench.read("k", "new") == "old"
    await settle()
    assert await bench.read("k", "unused") == "new"


async def test_a_renewal_that_fails_brings_nothing_revoked_back() -> None:
    bench, load = Bench(stale=30), Gated("new")
    load.error = OSError("the sheet is away")
    await bench.read("k", "old")
    bench.clock.advance(60)
    await bench.cache.get("k", load)
    await load.began.wait()
    bench.cache.invalidate("k")
    load.gate.set()
    await settle()
    assert await bench.read("k", "newer") == "newer"


async def test_a_renewal_leaves_a_load_alone_that_an_invalidation_let_begin() -> None:
    bench, load = Bench(stale=30), Gated("newer")
    await bench.read("k", "old")
    bench.clock.advance(60)
    assert await bench.read("k", "unused") == "old"
    bench.cache.invalidate("k")
    asyncio.get_running_loop().call_later(0, load.gate.set)
    assert await bench.cache.get("k", load) == "newer"
    assert (bench.loads, bench.cache.statistics.loads) == (1, 2)


async def test_entries_hold_no_more_bytes_than_the_quota_and_the_oldest_go_first() -> None:
    bench = Bench(packing=TEXT, quota=100)
    for key in "abc":
        bench.cache.put(key, key * 40)
    assert bench.cache.peek("a") is None
    assert bench.cache.peek("c") == "c" * 40
    assert (bench.cache.statistics.weight, bench.cache.statistics.evictions) == (80, 1)
    bench.cache.put("c", "ccc")
    assert bench.cache.statistics.weight == 43


async def test_a_value_beyond_the_whole_quota_is_not_kept_nor_what_it_replaces() -> None:
    bench = Bench(packing=TEXT, quota=10)
    bench.cache.put("k", "short")
    assert await bench.read("other", "far too long for it") == "far too long for it"
    assert bench.cache.peek("k") == "short"
    bench.cache.put("k", "far too long for it")
    assert bench.cache.statistics.size == 0


async def test_a_large_value_is_kept_compressed_and_comes_back_equal() -> None:
    bench = Bench(packing=TEXT)
    long = "olá " * 500
    bench.cache.put("k", long)
    assert bench.cache.statistics.weight < 100
    assert await bench.read("k", "unused") == long


async def test_packed_entries_are_bounded_by_their_number_too() -> None:
    bench = Bench(maxsize=2, packing=TEXT)
    for key in "abc":
        bench.cache.put(key, key)
    assert (bench.cache.statistics.size, bench.cache.peek("a")) == (2, None)
