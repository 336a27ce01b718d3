"""Measures the queue alone: enqueue, then work each message of each lane with an empty handler."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from itertools import count
from pathlib import Path
from typing import Final

from orbion.adapters.db import lanes
from orbion.adapters.db.lanes import LanePolicy
from orbion.adapters.db.migrate import migrate_postgres, migrate_sqlite
from orbion.adapters.db.postgres import PostgresDatabase
from orbion.adapters.db.store import DbStore
from orbion.adapters.db.tx import Tx
from orbion.domain.lanes import Claim, Queue
from orbion.kit.clock import SystemClock
from orbion.telemetry.metrics import Metrics
from orbion.workers.loop import LoopParts, LoopPolicy, QueueLoop
from orbion.workers.wakeups import Wakeups
from tests.support.postgres import PostgresServer
from tests.support.stores import make_store, sqlite_database

LANES: Final = 500
WRITERS: Final = 64
WORKERS: Final = 8


@asynccontextmanager
async def sqlite_store(folder: Path) -> AsyncGenerator[DbStore]:
    clock = SystemClock()
    migrate_sqlite(folder / "queue.db")
    async with sqlite_database(folder / "queue.db", clock) as db:
        yield make_store(db, clock, lanes=LanePolicy())


@asynccontextmanager
async def postgres_store(server: PostgresServer) -> AsyncGenerator[DbStore]:
    async with server.database("queue") as dsn:
        await migrate_postgres(dsn)
        db = await PostgresDatabase.open(dsn)
        try:
            yield make_store(db, SystemClock(), lanes=LanePolicy())
        finally:
            await db.close()


async def speeds(store: DbStore, messages: int) -> tuple[float, float]:
    """Messages a second: stored, and worked one at a time with the order of each lane kept."""
    started = time.perf_counter()
    await _enqueue(store, messages)
    stored = time.perf_counter()
    await _work(store, messages)
    return messages / (stored - started), messages / (time.perf_counter() - stored)


def _add(key: str, tx: Tx) -> None:
    lanes.enqueue(tx, Queue.IN, key, kind="message", payload={}, trace="t")


async def _enqueue(store: DbStore, messages: int) -> None:
    numbers = count()

    async def write() -> None:
        while (number := next(numbers)) < messages:
            await store.db.write(partial(_add, str(number % LANES)))

    await asyncio.gather(*(write() for _ in range(WRITERS)))


async def _work(store: DbStore, messages: int) -> None:
    """Acknowledge the head of a lane at each claim.

    Raises:
        RuntimeError: a lane was worked out of its order.
    """
    done: Counter[str] = Counter()
    finished = asyncio.Event()

    async def handle(claims: Sequence[Claim]) -> None:
        for claim in claims:
            if claim.ack != done[claim.key]:
                raise RuntimeError(f"lane {claim.key}: {claim.ack} after {done[claim.key]}")
            await store.finish(claim, claim.ack + 1)
            done[claim.key] += 1
        if done.total() >= messages:
            finished.set()

    loop = QueueLoop(
        Queue.IN,
        handle,
        policy=LoopPolicy(slots=WORKERS),
        parts=LoopParts(
            lanes=store,
            owner="bench",
            wakeups=Wakeups(),
            clock=SystemClock(),
            random=random.Random(1),
            metrics=Metrics(),
        ),
    )
    working = asyncio.create_task(loop.run(grace=5.0))
    await finished.wait()
    loop.stop()
    await working
