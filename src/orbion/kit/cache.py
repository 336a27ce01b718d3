"""Keep what was read for a while, load it once for all who ask, and forget what was revoked."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable
from dataclasses import dataclass, replace
from random import Random
from typing import Generic, TypeVar

import cachetools

from orbion.kit.clock import Clock
from orbion.kit.packing import Packed, Packing, unweighed

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_REVOKED_TAGS = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class CachePolicy:
    """What is kept, and for how many seconds.

    Jitter only shortens a life, so `ttl` bounds the age; None is kept `negative_ttl`. With `stale`
    who reads a value within so long past its time gets it at once, and the first such read has a
    newer one loaded meanwhile. `maxsize=0` keeps nothing, and packed values weigh at most `quota`.
    """

    maxsize: int
    ttl: float
    jitter: float = 0.1
    negative_ttl: float = 5.0
    stale: float = 0.0
    quota: int = 16_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheStatistics:
    """Counts since the start and the entries now; hits + misses = reads.

    `stale` are those hits that got a value past its time; `weight` is in bytes where values are
    packed, else it is the size.
    """

    hits: int
    stale: int
    misses: int
    loads: int
    errors: int
    evictions: int
    size: int
    weight: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry(Generic[V]):
    """Fresh until `expires`, then of use until `ends` while a newer value is on its way."""

    packed: Packed[V]
    expires: float
    ends: float
    stamp: int
    tags: frozenset[str]


class _Flight(Generic[V]):
    """One running load and what came of it; nothing, if its leader was cancelled."""

    __slots__ = ("done", "error", "landed", "tags")

    def __init__(self, tags: frozenset[str]) -> None:
        self.done = asyncio.Event()
        self.tags = tags
        self.landed: tuple[V] | None = None
        self.error: Exception | None = None


class _Store(cachetools.LRUCache[K, _Entry[V]]):
    """At most `entries` that weigh at most `quota`; counts what these drive out."""

    def __init__(self, entries: int, quota: int) -> None:
        super().__init__(quota, lambda entry: entry.packed.weight)
        self._entries = entries
        self.evictions = 0

    def popitem(self) -> tuple[K, _Entry[V]]:
        self.evictions += 1
        return super().popitem()

    def keep(self, key: K, entry: _Entry[V]) -> None:
        """What is heavier than the whole quota is not kept, nor what it would have replaced."""
        self.pop(key, None)
        if entry.packed.weight > self.maxsize:
            return
        self[key] = entry
        while len(self) > self._entries:
            self.popitem()


class Cache(Generic[K, V]):
    """Least-recently-used entries with a time to live, for one event loop.

    A load that began before its key or tag was invalidated, or its key put, is not stored, and
    nobody who asks afterwards waits for it. Errors are never kept: a stale value outlives a load
    that fails, which is tried again after `negative_ttl`.
    """

    def __init__(
        self,
        name: str,
        policy: CachePolicy,
        *,
        clock: Clock,
        random: Random,
        packing: Packing[V] | None = None,
    ) -> None:
        self.name = name
        self._policy = policy
        self._negative_ttl = min(policy.ttl, policy.negative_ttl)
        self._clock = clock
        self._random = random
        self._pack = unweighed if packing is None else packing.pack
        self._store: _Store[K, V] = _Store(
            policy.maxsize, policy.maxsize if packing is None else policy.quota
        )
        self._flights: dict[K, _Flight[V]] = {}
        self._refreshes: dict[K, asyncio.Task[None]] = {}
        self._stamp = 0
        self._revoked: dict[str, int] = {}
        self._hits = self._stale = self._misses = self._loads = self._errors = 0

    @property
    def statistics(self) -> CacheStatistics:
        return CacheStatistics(
            hits=self._hits,
            stale=self._stale,
            misses=self._misses,
            loads=self._loads,
            errors=self._errors,
            evictions=self._store.evictions,
            size=len(self._store),
            weight=int(self._store.currsize),
        )

    async def get(self, key: K, load: Callable[[], Awaitable[V]], *, tags: Iterable[str] = ()) -> V:
        """The kept value, or that of one load shared by all who ask; `load`'s errors pass."""
        entry = self._usable(key)
        if entry is not None:
            self._hits += 1
            if self._policy.stale and self._clock.monotonic() >= entry.expires:
                self._stale += 1
                self._refresh(key, load, frozenset(tags))
            return entry.packed.unpack()
        self._misses += 1
        while (flight := self._flights.get(key)) is not None:
            await flight.done.wait()
            if flight.error is not None:
                raise flight.error
            if flight.landed is not None:
                return flight.landed[0]
            if (entry := self._usable(key)) is not None:
                return entry.packed.unpack()
        return await self._lead(key, load, frozenset(tags))

    def peek(self, key: K) -> V | None:
        """The kept value or None, uncounted and without a load; a stale one is none."""
        entry = self._usable(key)
        if entry is None or self._clock.monotonic() >= entry.expires:
            return None
        return entry.packed.unpack()

    def put(self, key: K, value: V, *, tags: Iterable[str] = ()) -> None:
        """Write through, after the commit; a load under way does not overwrite it."""
        self._flights.pop(key, None)
        self._keep(key, value, frozenset(tags))

    def invalidate(self, key: K) -> None:
        self._flights.pop(key, None)
        self._store.pop(key, None)

    def invalidate_tag(self, tag: str) -> None:
        """Revoke every entry and every load under way that carries `tag`."""
        if len(self._revoked) >= _REVOKED_TAGS:
            self.clear()
        self._stamp += 1
        self._revoked[tag] = self._stamp
        for key in [key for key, flight in self._flights.items() if tag in flight.tags]:
            del self._flights[key]

    def clear(self) -> None:
        self._flights.clear()
        self._store.clear()
        self._revoked.clear()

    def _usable(self, key: K) -> _Entry[V] | None:
        entry = self._store.get(key)
        if entry is None:
            return None
        revoked = any(self._revoked.get(tag, 0) > entry.stamp for tag in entry.tags)
        if revoked or self._clock.monotonic() >= entry.ends:
            del self._store[key]
            return None
        return entry

    def _refresh(self, key: K, load: Callable[[], Awaitable[V]], tags: frozenset[str]) -> None:
        """Load beside the caller, once for all; the task is held here until it ends."""
        if key not in self._refreshes and key not in self._flights:
            task = asyncio.create_task(self._renew(key, load, tags))
            self._refreshes[key] = task
            task.add_done_callback(lambda _: self._refreshes.pop(key, None))

    async def _renew(self, key: K, load: Callable[[], Awaitable[V]], tags: frozenset[str]) -> None:
        """A load that fails leaves the old value, which is not asked about again at once."""
        if key in self._flights:
            return
        old = self._usable(key)
        try:
            await self._lead(key, load, tags)
        except Exception:  # noqa: BLE001 — counted, and who reads past `ends` gets it raised
            if old is not None and self._store.get(key) is old:
                rest = self._clock.monotonic() + self._negative_ttl
                self._store.keep(key, replace(old, expires=rest))

    async def _lead(self, key: K, load: Callable[[], Awaitable[V]], tags: frozenset[str]) -> V:
        flight: _Flight[V] = _Flight(tags)
        self._flights[key] = flight
        self._loads += 1
        try:
            value = await load()
        except Exception as error:
            self._errors += 1
            flight.error = error
            raise
        else:
            flight.landed = (value,)
            if self._flights.get(key) is flight:
                self._keep(key, value, tags)
            return value
        finally:
            if self._flights.get(key) is flight:
                del self._flights[key]
            flight.done.set()

    def _keep(self, key: K, value: V, tags: frozenset[str]) -> None:
        policy = self._policy
        if policy.maxsize == 0:
            return
        life = self._negative_ttl if value is None else policy.ttl
        life *= 1 - policy.jitter * self._random.random()
        expires = self._clock.monotonic() + life
        ends = expires if value is None else expires + policy.stale
        packed = self._pack(value)
        self._store.keep(
            key, _Entry(packed=packed, expires=expires, ends=ends, stamp=self._stamp, tags=tags)
        )
