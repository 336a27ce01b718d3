"""Counts stale reads of the caches over many random turns (`python -m tests.properties.reads`)."""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from orbion.adapters.db.migrate import migrate_sqlite
from orbion.adapters.db.tx import Database
from tests.support.business import RARE, USUAL, Business, other_process
from tests.support.postgres import run_postgres
from tests.support.stores import HandClock, make_store, postgres_database, sqlite_database

MOST_STEPS_A_TURN = 40


@asynccontextmanager
async def opened(dsn: str, path: Path, clock: HandClock) -> AsyncGenerator[Database]:
    if dsn:
        async with postgres_database(dsn, clock) as postgres:
            yield postgres
    else:
        migrate_sqlite(path)
        async with sqlite_database(path, clock) as sqlite:
            yield sqlite


async def played(db: Database, clock: HandClock, *, turns: int, processes: int) -> Business:
    """Raises AssertionError at the first read that is not what the database holds."""
    first = make_store(db, clock)
    await first.start()
    stores = [first, *(other_process(first, clock) for _ in range(processes - 1))]
    business = Business(stores, clock, random.Random(turns + processes))
    while business.turns < turns and business.number < turns * MOST_STEPS_A_TURN:
        await business.step(USUAL | RARE)
    return business


def told(name: str, business: Business, seconds: float) -> str:
    shares = [f"{cache} {share(business, cache):.1%}" for cache in ("history", "lead", "answer")]
    reads = f"{business.turns} | {3 * business.turns} | 0"
    return f"| {name} | {reads} | {' | '.join(shares)} | {seconds:.0f} s |"


def share(business: Business, cache: str) -> float:
    """Hits among the reads of all processes."""
    kept = zip(business.stores, business.answers, strict=True)
    found = [{**store.caches, **answers.statistics}[cache] for store, answers in kept]
    hits = sum(each.hits for each in found)
    return hits / max(1, hits + sum(each.misses for each in found))


async def run(name: str, dsn: str, *, turns: int, processes: int) -> None:
    clock, started = HandClock(), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        async with opened(dsn, Path(folder) / "orbion.db", clock) as db:
            business = await played(db, clock, turns=turns, processes=processes)
    sys.stdout.write(told(name, business, time.monotonic() - started) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=10_000)
    turns = parser.parse_args().turns
    sys.stdout.write(
        "| where | turns | reads | stale | history hits | lead hits | answer hits | took |\n"
    )
    sys.stdout.write("|---|---|---|---|---|---|---|---|\n")
    asyncio.run(run("SQLite, one process", "", turns=turns, processes=1))
    with run_postgres() as server:
        for processes in (1, 2):
            database = f"reads{processes}"
            asyncio.run(server.execute(f"CREATE DATABASE {database}"))
            name = f"PostgreSQL, {'one process' if processes == 1 else 'two processes'}"
            dsn = server.dsn(database)
            asyncio.run(run(name, dsn, turns=turns, processes=processes))


if __name__ == "__main__":
    main()
