"""Keep what was read for a while, load it once for all who ask, and forget what was revoked."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable
from dataclasses import dataclass
from random import Random
from typing import Generic, TypeVar

import cachetools

from orbion.kit.clock import Clock

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_REVOKED_TAGS = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheStatistics:
    """Counts since the start and the entries now; hits + misses = reads."""

    hits: int
    misses: int
    loads: int
    errors: int
    evictions: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry(Generic[V]):
    value: V
    expires: float
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


class _Store(cachetools.LRUCache[K, V]):
    """Counts what the capacity drives out."""

    evictions = 0

    def popitem(self) -> tuple[K, V]:
        self.evictions += 1
        return super().popitem()


class Cache(Generic[K, V]):
    """Least-recently-used entries with a time to live, for one event loop.

    A load that began before its key or tag was invalidated, or its key put, is not stored, and
    nobody who asks afterwards waits for it. Errors are never kept; None is kept `negative_ttl`
    seconds. Jitter only shortens a life, so `ttl` bounds the age. `maxsize=0` keeps nothing.
    """

    def __init__(
        self,
        name: str,
        *,
        maxsize: int,
        ttl: float,
        clock: Clock,
        random: Random,
        jitter: float = 0.1,
        negative_ttl: float = 5.0,
    ) -> None:
        self.name = name
        self._ttl = ttl
        self._negative_ttl = min(ttl, negative_ttl)
        self._jitter = jitter
        self._clock = clock
        self._random = random
        self._store: _Store[K, _Entry[V]] = _Store(maxsize)
        self._flights: dict[K, _Flight[V]] = {}
        self._stamp = 0
        self._revoked: dict[str, int] = {}
        self._hits = self._misses = self._loads = self._errors = 0

    @property
    def statistics(self) -> CacheStatistics:
        return CacheStatistics(
            hits=self._hits,
            misses=self._misses,
            loads=self._loads,
            errors=self._errors,
            evictions=self._store.evictions,
            size=len(self._store),
        )

    async def get(self, key: K, load: Callable[[], Awaitable[V]], *, tags: Iterable[str] = ()) -> V:
        """The kept value, or that of one load shared by all who ask; `load`'s errors pass."""
        entry = self._fresh(key)
        if entry is not None:
            self._hits += 1
            return entry.value
        self._misses += 1
        while (flight := self._flights.get(key)) is not None:
            await flight.done.wait()
            if flight.error is not None:
                raise flight.error
            if flight.landed is not None:
                return flight.landed[0]
            if (entry := self._fresh(key)) is not None:
                return entry.value
        return await self._lead(key, load, frozenset(tags))

    def peek(self, key: K) -> V | None:
        """The kept value or None, uncounted and without a load."""
        entry = self._fresh(key)
        return None if entry is None else entry.value

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

    def _fresh(self, key: K) -> _Entry[V] | None:
        entry = self._store.get(key)
        if entry is None:
            return None
        revoked = any(self._revoked.get(tag, 0) > entry.stamp for tag in entry.tags)
        if revoked or self._clock.monotonic() >= entry.expires:
            del self._store[key]
            return None
        return entry

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
        if self._store.maxsize == 0:
            return
        life = self._negative_ttl if value is None else self._ttl
        life *= 1 - self._jitter * self._random.random()
        self._store[key] = _Entry(
            value=value, expires=self._clock.monotonic() + life, stamp=self._stamp, tags=tags
        )
