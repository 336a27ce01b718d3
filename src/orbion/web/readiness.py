"""Know whether the next message can be stored durably, asking the store at most once a second."""

import asyncio
from collections.abc import Callable
from random import Random
from typing import TypeVar

from orbion.domain.errors import OrbionError
from orbion.domain.listing import StoreFacts
from orbion.kit.cache import Cache, CachePolicy
from orbion.kit.clock import Clock
from orbion.kit.lifecycle import Lifecycle, Phase
from orbion.ports import Probe

V = TypeVar("V")

_FRESH_SECONDS = 1.0


class Readiness:
    """`budget` seconds bound the probing write; `free_bytes` reads the database's disk."""

    def __init__(
        self,
        probe: Probe,
        *,
        lifecycle: Lifecycle,
        free_bytes: Callable[[], int],
        reserve_bytes: int,
        clock: Clock,
        random: Random,
        budget: float = 0.25,
    ) -> None:
        self._probe = probe
        self._lifecycle = lifecycle
        self._free_bytes = free_bytes
        self._reserve_bytes = reserve_bytes
        self._budget = budget
        self._obstacles: Cache[str, str] = _briefly("readiness", clock, random)
        self._facts: Cache[str, StoreFacts | OrbionError] = _briefly("facts", clock, random)

    async def obstacle(self) -> str:
        """What stands in the way of accepting a message; "" = ready."""
        phase = self._lifecycle.phase
        if phase is not Phase.ready:
            return phase.value
        return await self._obstacles.get("store", self._look)

    async def facts(self) -> StoreFacts | None:
        """The store's own counts, at most a second old; None when it cannot be read."""
        found = await self._facts.get("store", self._read)
        return found if isinstance(found, StoreFacts) else None

    async def _look(self) -> str:
        """An obstacle is a value, so that it is kept too and a bad disk is not asked in a loop."""
        try:
            if self._free_bytes() < self._reserve_bytes:
                return "disk reserve reached"
            async with asyncio.timeout(self._budget):
                await self._probe.write_probe()
        except TimeoutError:
            return "the store is too slow"
        except OrbionError as error:
            return error.code.value
        except OSError:
            return "the disk cannot be read"
        return ""

    async def _read(self) -> StoreFacts | OrbionError:
        try:
            return await self._probe.facts()
        except OrbionError as error:
            return error


def _briefly(name: str, clock: Clock, random: Random) -> Cache[str, V]:
    policy = CachePolicy(maxsize=1, ttl=_FRESH_SECONDS, jitter=0.0)
    return Cache(name, policy, clock=clock, random=random)
