"""Operators' reads whose engine is imported at the first look, so that the start does not pay."""

import asyncio
import importlib
from typing import Protocol, TypeVar

from orbion.adapters.db.tx import Body, Reads
from orbion.kit.clock import Clock

T = TypeVar("T")


class ClosingReads(Reads, Protocol):
    async def close(self) -> None: ...


class LateReads:
    """Satisfies `Reads`; SQLAlchemy's async engine costs 8 MB and 50 ms (docs/adr/0008)."""

    def __init__(self, url: str, *, clock: Clock) -> None:
        self._url = url
        self._clock = clock
        self._opening = asyncio.Lock()
        self._reads: ClosingReads | None = None

    async def read(self, body: Body[T]) -> T:
        async with self._opening:
            if self._reads is None:
                self._reads = await asyncio.to_thread(load_operators, self._url, self._clock)
        return await self._reads.read(body)

    async def close(self) -> None:
        if self._reads is not None:
            await self._reads.close()


def load_operators(url: str, clock: Clock) -> ClosingReads:
    """Import the engine and build the reads on it; slow, so it is called in a thread."""
    module = importlib.import_module("orbion.adapters.db.operators")
    reads: ClosingReads = module.OperatorsReads(url, clock=clock)
    return reads
