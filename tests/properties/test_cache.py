"""Reading through the cache equals reading without it, but for what changed behind its back."""

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from orbion.kit.cache import Cache, CachePolicy
from tests.unit.kit.manual_clock import ManualClock

TTL = 10.0
KEYS = "abc"

EVENTS = {
    "read": 6,
    "read_held": 4,
    "read_failing": 1,
    "write_and_put": 2,
    "write_and_invalidate": 2,
    "write_and_revoke_tag": 2,
    "write_unannounced": 3,
    "clear": 1,
    "release": 4,
    "cancel": 1,
    "wait_a_little": 3,
    "wait_long": 1,
}


def stream(seed: int, *without: str) -> Iterator[tuple[str, str]]:
    """Three hundred events on one key more than on the others."""
    chance = random.Random(seed)
    weights = {event: weight for event, weight in EVENTS.items() if event not in without}
    for event in chance.choices(list(weights), list(weights.values()), k=300):
        yield event, chance.choice("aab" + KEYS)


class LoadError(Exception):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    key: str
    least: int
    task: asyncio.Task[int]


class World:
    """Versions of three keys, and a cache in front of them.

    `least[key]` is the oldest version that a read beginning now may see: the newest one whose
    write the cache was told of.
    """

    def __init__(self, maxsize: int, stale: float = 0.0) -> None:
        self.clock = ManualClock(start=0.0)
        self.cache: Cache[str, int] = Cache(
            "any",
            CachePolicy(maxsize=maxsize, ttl=TTL, stale=stale),
            clock=self.clock,
            random=random.Random(0),
        )
        self.oldest = TTL + stale
        self.truth = dict.fromkeys(KEYS, 0)
        self.least = dict.fromkeys(KEYS, 0)
        self.replaced_at: dict[tuple[str, int], float] = {}
        self.released_at = dict.fromkeys(KEYS, 0.0)
        self.reads: list[Read] = []
        self.held: deque[tuple[Read, asyncio.Event]] = deque()

    async def apply(self, event: str, key: str) -> None:
        getattr(self, event)(key)
        for _ in range(8):
            await asyncio.sleep(0)
        done = [read for read in self.reads if read.task.done()]
        for read in done:
            self.reads.remove(read)
            self.check(read)

    async def finish(self) -> None:
        for read, gate in self.held:
            self.released_at[read.key] = self.clock.seconds
            gate.set()
        for read in self.reads:
            await asyncio.wait([read.task])
            self.check(read)

    def check(self, read: Read) -> None:
        if read.task.cancelled() or isinstance(read.task.exception(), LoadError):
            return
        seen = read.task.result()
        assert read.least <= seen <= self.truth[read.key]
        if seen < self.truth[read.key]:
            kept_since = max(self.replaced_at[read.key, seen], self.released_at[read.key])
            assert self.clock.seconds < kept_since + self.oldest

    def read(self, key: str) -> None:
        self.start(key, self.load(key))

    def read_held(self, key: str) -> None:
        gate = asyncio.Event()
        self.held.append((self.start(key, self.load(key, gate)), gate))

    def read_failing(self, key: str) -> None:
        async def fail() -> int:
            raise LoadError

        self.start(key, fail)

    def write_and_put(self, key: str) -> None:
        self.write_unannounced(key)
        self.cache.put(key, self.truth[key], tags=[f"tag-{key}"])
        self.least[key] = self.truth[key]

    def write_and_invalidate(self, key: str) -> None:
        self.write_unannounced(key)
        self.cache.invalidate(key)
        self.least[key] = self.truth[key]

    def write_and_revoke_tag(self, key: str) -> None:
        self.write_unannounced(key)
        self.cache.invalidate_tag(f"tag-{key}")
        self.least[key] = self.truth[key]

    def write_unannounced(self, key: str) -> None:
        self.replaced_at[key, self.truth[key]] = self.clock.seconds
        self.truth[key] += 1

    def clear(self, _key: str) -> None:
        self.cache.clear()
        self.least = dict(self.truth)

    def release(self, _key: str) -> None:
        if self.held:
            read, gate = self.held.popleft()
            self.released_at[read.key] = self.clock.seconds
            gate.set()

    def cancel(self, _key: str) -> None:
        """Who got a stale value has left its load behind, which then ends."""
        if self.held:
            read, gate = self.held.popleft()
            read.task.cancel()
            self.released_at[read.key] = self.clock.seconds
            gate.set()

    def wait_a_little(self, _key: str) -> None:
        self.clock.advance(2.5)

    def wait_long(self, _key: str) -> None:
        self.clock.advance(TTL)

    def start(self, key: str, load: Callable[[], Awaitable[int]]) -> Read:
        task = asyncio.create_task(self.cache.get(key, load, tags=[f"tag-{key}"]))
        read = Read(key=key, least=self.least[key], task=task)
        self.reads.append(read)
        return read

    def load(self, key: str, gate: asyncio.Event | None = None) -> Callable[[], Awaitable[int]]:
        async def load() -> int:
            seen = self.truth[key]
            if gate is not None:
                await gate.wait()
            return seen

        return load


@given(
    seed=st.integers(0, 2**32),
    maxsize=st.sampled_from([0, 1, 2, 100]),
    stale=st.sampled_from([0.0, 5.0]),
)
@settings(max_examples=60, deadline=None)
async def test_no_read_is_older_than_the_last_announced_write_or_the_time_to_live(
    seed: int, maxsize: int, stale: float
) -> None:
    world = World(maxsize, stale)
    for event, key in stream(seed):
        await world.apply(event, key)
    await world.finish()
    statistics = world.cache.statistics
    assert statistics.size <= maxsize
    assert statistics.errors <= statistics.loads


@given(seed=st.integers(0, 2**32))
@settings(max_examples=20, deadline=None)
async def test_a_cache_without_room_shows_every_write_to_reads_that_load_alone(seed: int) -> None:
    world = World(0)
    for event, key in stream(seed, "read_held"):
        await world.apply(event, key)
        world.read(key)
        await world.reads[-1].task
        assert world.reads[-1].task.result() == world.truth[key]
    await world.finish()
