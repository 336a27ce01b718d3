"""The kit's cache, limiter and window beside cachetools, aiocache, async-lru, limits …"""

import asyncio
import random
from collections import deque
from collections.abc import Iterator
from functools import partial
from itertools import count

import aiocache
import aiolimiter
import cachetools
import limits.storage
import limits.strategies
import pyrate_limiter
from async_lru import alru_cache

from orbion.kit.cache import Cache, CachePolicy
from orbion.kit.clock import SystemClock
from orbion.kit.limiter import Limiter, Rate
from orbion.kit.window import SlidingCounts
from tests.benchmarks.timing import Operation, Run

CLOCK = SystemClock()
ENTRIES = 100_000
CROWD = 50
PLENTY = 10**9


def operations() -> Iterator[Operation]:
    yield Operation(
        name="cache hit",
        ours=cache_hit(),
        rivals={
            "cachetools TTLCache, bare": cachetools_hit(),
            "aiocache": aiocache_hit(),
            "async-lru": async_lru_hit(),
        },
    )
    yield Operation(
        name="cache miss, load and store, 100 000 entries",
        ours=cache_miss(),
        rivals={
            "cachetools TTLCache, bare": cachetools_miss(),
            "aiocache": aiocache_miss(),
            "async-lru": async_lru_miss(),
        },
    )
    yield Operation(
        name="single flight: 50 read one key, per reader",
        ours=cache_flight(),
        rivals={"async-lru": async_lru_flight()},
    )
    yield Operation(
        name="limiter, one rate, a place taken",
        ours=limiter_take([Rate(PLENTY, 60.0)]),
        rivals={
            "limits, sliding window": limits_take(
                limits.strategies.SlidingWindowCounterRateLimiter
            ),
            "limits, fixed window": limits_take(limits.strategies.FixedWindowRateLimiter),
            "pyrate-limiter, GCRA": pyrate_take(),
            "aiolimiter": aiolimiter_take(),
        },
    )
    yield Operation(
        name="limiter, three rates at once",
        ours=limiter_take([Rate(PLENTY, 1.0), Rate(PLENTY, 60.0), Rate(PLENTY, 3600.0)]),
        rivals={},
    )
    yield Operation(
        name="window, one event of three counters",
        ours=window_add(),
        rivals={"deque of times, by hand": deque_add()},
    )


async def loaded() -> str:
    """Stand for the read that a cache saves."""
    return "value"


async def loaded_by(_key: int) -> str:
    return await loaded()


async def loaded_slowly(_key: int) -> str:
    await asyncio.sleep(0)
    return "value"


def make_cache() -> Cache[int, str]:
    policy = CachePolicy(maxsize=ENTRIES, ttl=3600.0)
    return Cache("any", policy, clock=CLOCK, random=random.Random(1))


def cache_hit() -> Run:
    cache = make_cache()

    async def run(times: int) -> None:
        for _ in range(times):
            await cache.get(1, loaded)

    return run


def cachetools_hit() -> Run:
    cache: cachetools.TTLCache[int, str] = cachetools.TTLCache(ENTRIES, 3600.0)
    cache[1] = "value"

    async def run(times: int) -> None:
        for _ in range(times):
            cache.get(1)

    return run


def aiocache_hit() -> Run:
    cache = aiocache.SimpleMemoryCache()

    async def run(times: int) -> None:
        await cache.set(1, "value")
        for _ in range(times):
            await cache.get(1)

    return run


def async_lru_hit() -> Run:
    load = alru_cache(maxsize=ENTRIES, ttl=3600.0)(loaded_by)

    async def run(times: int) -> None:
        for _ in range(times):
            await load(1)

    return run


def cache_miss() -> Run:
    cache, keys = make_cache(), count()
    for key in range(ENTRIES):
        cache.put(-key, "value")

    async def run(times: int) -> None:
        for _ in range(times):
            await cache.get(next(keys), loaded)

    return run


def cachetools_miss() -> Run:
    cache: cachetools.TTLCache[int, str] = cachetools.TTLCache(ENTRIES, 3600.0)
    keys = count()
    for key in range(ENTRIES):
        cache[-key] = "value"

    async def run(times: int) -> None:
        for _ in range(times):
            key = next(keys)
            if cache.get(key) is None:
                cache[key] = await loaded()

    return run


def aiocache_miss() -> Run:
    """Its memory has no bound: nothing is ever driven out."""
    cache, keys = aiocache.SimpleMemoryCache(), count()

    async def run(times: int) -> None:
        for _ in range(times):
            key = next(keys)
            if await cache.get(key) is None:
                await cache.set(key, await loaded())

    return run


def async_lru_miss() -> Run:
    load, keys = alru_cache(maxsize=ENTRIES)(loaded_by), count()

    async def run(times: int) -> None:
        for _ in range(times):
            await load(next(keys))

    return run


def cache_flight() -> Run:
    cache, keys = make_cache(), count()

    async def run(times: int) -> None:
        for _ in range(times // CROWD):
            key = next(keys)
            await asyncio.gather(
                *(cache.get(key, partial(loaded_slowly, key)) for _ in range(CROWD))
            )

    return run


def async_lru_flight() -> Run:
    load, keys = alru_cache(maxsize=ENTRIES)(loaded_slowly), count()

    async def run(times: int) -> None:
        for _ in range(times // CROWD):
            key = next(keys)
            await asyncio.gather(*(load(key) for _ in range(CROWD)))

    return run


def limiter_take(rates: list[Rate]) -> Run:
    limiter = Limiter(rates, clock=CLOCK)

    async def run(times: int) -> None:
        for _ in range(times):
            limiter.take("key")

    return run


def limits_take(strategy: type[limits.strategies.RateLimiter]) -> Run:
    limiter, rate = strategy(limits.storage.MemoryStorage()), limits.RateLimitItemPerMinute(PLENTY)

    async def run(times: int) -> None:
        for _ in range(times):
            limiter.hit(rate, "key")

    return run


def pyrate_take() -> Run:
    bucket = pyrate_limiter.StateBucket(
        [pyrate_limiter.Rate(PLENTY, pyrate_limiter.Duration.MINUTE)],
        algorithm=pyrate_limiter.GCRA(),
    )
    limiter = pyrate_limiter.Limiter(bucket)

    async def run(times: int) -> None:
        for _ in range(times):
            limiter.try_acquire("key", blocking=False)

    return run


def aiolimiter_take() -> Run:
    async def run(times: int) -> None:
        limiter = aiolimiter.AsyncLimiter(PLENTY, 60.0)
        for _ in range(times):
            await limiter.acquire()

    return run


def window_add() -> Run:
    window, monotonic = SlidingCounts(3, seconds=30.0, buckets=10), CLOCK.monotonic

    async def run(times: int) -> None:
        for _ in range(times):
            window.add(monotonic(), 1, 0, 1)

    return run


def deque_add() -> Run:
    """Exact, at the cost of every event's memory and of a count over all of them."""
    events: deque[tuple[float, int, int]] = deque(maxlen=300)
    monotonic = CLOCK.monotonic

    async def run(times: int) -> None:
        for _ in range(times):
            now = monotonic()
            events.append((now, 0, 1))
            while events[0][0] < now - 30.0:
                events.popleft()
            sum(failed for _, failed, _ in events)

    return run
