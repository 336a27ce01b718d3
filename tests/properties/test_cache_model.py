"""Step by step the cache does what a plain list of entries, searched from end to end, would do."""

import asyncio
import random
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from orbion.kit.cache import Cache, CachePolicy
from orbion.kit.packing import Packing
from tests.unit.kit.manual_clock import ManualClock

TTL, NEGATIVE, STALE = 10.0, 2.0, 6.0
SIZES = (1, 4, 9, 40)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["read", "read", "read", "put", "invalidate", "revoke", "fails", "clear"]),
        st.sampled_from("aabbcd"),
        st.sampled_from([0, *SIZES]),
        st.sampled_from([0.0, 0.0, 1.0, 2.0, 5.0, 10.0]),
    ),
    max_size=60,
)
TEXT: Packing[str | None] = Packing(
    dump=lambda text: (text or "").encode(), load=bytes.decode, compress_above=10**9
)


@dataclass(slots=True)
class Kept:
    key: str
    value: str | None
    fresh: float
    ends: float


@dataclass(slots=True)
class Model:
    """Entries from the least to the most lately used one; at most `most`, of `quota` bytes."""

    most: int
    quota: int
    now: float = 0.0
    entries: list[Kept] = field(default_factory=list)
    hits: int = 0
    stale: int = 0
    evictions: int = 0

    def look(self, key: str) -> Kept | None:
        """Find it and let it be the last used; what is past its use goes."""
        found = next((each for each in self.entries if each.key == key), None)
        if found is not None:
            self.entries.remove(found)
            if self.now < found.ends:
                self.entries.append(found)
                return found
        return None

    def keep(self, key: str, value: str | None) -> None:
        self.drop(key)
        if weight(value) > self.quota or self.most == 0:
            return
        fresh = self.now + (NEGATIVE if value is None else TTL)
        ends = fresh if value is None else fresh + STALE
        room = self.quota - weight(value)
        while len(self.entries) >= self.most or self.weight > room:
            self.entries.pop(0)
            self.evictions += 1
        self.entries.append(Kept(key, value, fresh, ends))

    def drop(self, key: str) -> None:
        self.entries = [each for each in self.entries if each.key != key]

    def read(self, key: str, value: str | None) -> str | None:
        found = self.look(key)
        if found is None:
            self.keep(key, value)
            return value
        self.hits += 1
        if self.now >= found.fresh:
            self.stale += 1
            self.keep(key, value)
        return found.value

    def fails(self, key: str) -> str | None:
        """Read while whatever is asked for does not answer."""
        found = self.look(key)
        if found is None:
            return "error"
        self.hits += 1
        if self.now >= found.fresh:
            self.stale += 1
            found.fresh = self.now + NEGATIVE
        return found.value

    @property
    def weight(self) -> int:
        return sum(weight(each.value) for each in self.entries)


def weight(value: str | None) -> int:
    return len(value or "")


async def fail() -> str | None:
    raise OSError


async def apply(
    cache: Cache[str, str | None], event: str, key: str, value: str | None
) -> str | None:
    async def load() -> str | None:
        return value

    match event:
        case "read":
            return await cache.get(key, load, tags=[f"tag-{key}"])
        case "fails":
            try:
                return await cache.get(key, fail, tags=[f"tag-{key}"])
            except OSError:
                return "error"
        case "put":
            cache.put(key, value, tags=[f"tag-{key}"])
        case "invalidate":
            cache.invalidate(key)
        case "revoke":
            cache.invalidate_tag(f"tag-{key}")
            cache.peek(key)
        case _:
            cache.clear()
    return None


def expect(model: Model, event: str, key: str, value: str | None) -> str | None:
    match event:
        case "read":
            return model.read(key, value)
        case "fails":
            return model.fails(key)
        case "put":
            model.keep(key, value)
        case "invalidate" | "revoke":
            model.drop(key)
        case _:
            model.entries.clear()
    return None


@given(STEPS, st.sampled_from([0, 1, 2, 3, 100]), st.sampled_from([3, 12, 50, 1000]))
@settings(max_examples=60, deadline=None)
async def test_the_cache_agrees_with_a_list_of_entries(
    steps: list[tuple[str, str, int, float]], most: int, quota: int
) -> None:
    clock, model = ManualClock(start=0.0), Model(most, quota)
    policy = CachePolicy(
        maxsize=most, ttl=TTL, negative_ttl=NEGATIVE, jitter=0.0, stale=STALE, quota=quota
    )
    cache: Cache[str, str | None] = Cache(
        "any", policy, packing=TEXT, clock=clock, random=random.Random(0)
    )
    for number, (event, key, size, pause) in enumerate(steps):
        clock.advance(pause)
        model.now = clock.seconds
        value = str(number % 10) * size or None
        assert await apply(cache, event, key, value) == expect(model, event, key, value)
        for _ in range(3):
            await asyncio.sleep(0)
        found = cache.statistics
        assert (found.hits, found.stale, found.evictions, found.size, found.weight) == (
            *(model.hits, model.stale, model.evictions),
            *(len(model.entries), model.weight),
        )
