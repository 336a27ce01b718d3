"""Measures what keeping histories and leads in memory saves: whole runs, and a turn's own reads."""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import uvloop

from loadtests.grade import percentile
from loadtests.lanes import postgres_store, sqlite_store
from loadtests.machine import machine
from loadtests.play import Played, play
from loadtests.processes import DRIVER_CORE, SERVER_CORE
from loadtests.scenarios import BARE, UNPACED, Scenario
from orbion.adapters.db.store import DbStore
from orbion.domain.lanes import Queue
from orbion.domain.leads import Fact
from orbion.domain.outbox import SendOrder, SendReceipt
from orbion.domain.turns import Bubble, TurnResult, Verdict
from orbion.kit.cache import CacheStatistics
from orbion.kit.clock import SystemClock
from tests.support.business import other_process
from tests.support.postgres import DURABLE, run_postgres
from tests.support.stores import hello

ENTRIES: Final[Mapping[str, int]] = {"on": 1024, "off": 0}
RATE: Final = 400
CUSTOMERS: Final = 60
PEOPLE: Final = 100
ROUNDS_OF_READS: Final = 12
SLOTS: Final = ("nome", "cidade", "conta_luz")
REPLY: Final = TurnResult(
    verdict=Verdict.ANSWERED,
    bubbles=(Bubble(text="Certo!"),),
    facts=tuple(Fact(slot=slot, value="um valor") for slot in SLOTS),
    asked="telhado",
)


@dataclass(slots=True)
class Runs:
    """The runs of one setting; times of all of them together."""

    played: list[Played] = field(default_factory=list)

    def row(self, setting: str) -> str:
        own = [each for run in self.played for each in run.own]
        acks = [each for run in self.played for each in run.tally.acks]
        answered = sum(run.tally.answered for run in self.played)
        spent = sum(run.service_cpu * run.scenario.seconds for run in self.played)
        hits = (f"{name} {share:.1%}" for name, share in sorted(self.played[-1].cache_hits.items()))
        return (
            f"| {setting} | {answered} | {sum(run.tally.lost for run in self.played)}"
            f" | {', '.join(hits)}"
            f" | {percentile(own, 0.5) * 1000:.1f} / {percentile(own, 0.95) * 1000:.1f}"
            f" | {percentile(acks, 0.5) * 1000:.1f} / {percentile(acks, 0.95) * 1000:.1f}"
            f" | {spent / max(1, answered) * 1000:.1f} |"
        )


def whole_runs(seconds: float, rounds: int) -> None:
    """On and off take turns, each on a fresh service and database."""
    runs = {setting: Runs() for setting in ENTRIES}
    for _ in range(rounds):
        for setting, entries in ENTRIES.items():
            scenario = Scenario(
                name=f"caches {setting}",
                rate=RATE,
                seconds=seconds,
                customers=CUSTOMERS,
                model_ms=0,
                settings={**BARE, **UNPACED, "cache_entries": entries},
            )
            runs[setting].played.append(play(scenario))
    print(f"\n{RATE} messages a minute of {CUSTOMERS} customers, {rounds} runs of {seconds:g} s")
    print("| caches | answered | lost | hits | own p50 / p95 ms | ack p50 / p95 ms | CPU ms |")
    print("|---|---|---|---|---|---|---|")
    for setting, found in runs.items():
        print(found.row(setting), flush=True)


async def reads(store: DbStore) -> list[float]:
    """Seconds of loading each turn with its history, while conversations grow."""
    found: list[float] = []
    numbers = iter(range(PEOPLE * ROUNDS_OF_READS))
    for _ in range(ROUNDS_OF_READS):
        for person in range(PEOPLE):
            message = hello(next(numbers), phone=f"5511{900000000 + person}")
            await store.receive("loja", [message], "t")
        while claims := (await store.claim(Queue.IN, "w", 16)).claims:
            for claim in claims:
                started = time.perf_counter()
                given = await store.load_turn(claim)
                if given is None:
                    raise RuntimeError("a claimed conversation has nothing to answer")
                await store.history(given.conversation.id, given.conversation.version)
                found.append(time.perf_counter() - started)
                await store.finish_turn(claim, given, REPLY)
        await _send_all(store)
    return found


async def _send_all(store: DbStore) -> None:
    while claims := (await store.claim(Queue.OUT, "w", 16)).claims:
        for claim in claims:
            order = await store.begin_send(claim)
            if isinstance(order, SendOrder):
                await store.sent(claim, order.row_id, SendReceipt(provider_id=f"WA{order.row_id}"))


async def _reads_of(store: DbStore, database: str, setting: str) -> None:
    chosen = other_process(store, SystemClock(), maxsize=ENTRIES[setting])
    await chosen.start()
    found = await reads(chosen)
    hits = ", ".join(f"{name} {_share(each):.1%}" for name, each in chosen.caches.items())
    print(
        f"| {database} | {setting} | {len(found)} | {hits}"
        f" | {percentile(found, 0.5) * 1e6:.0f} / {percentile(found, 0.95) * 1e6:.0f}"
        f" | {statistics.mean(found) * 1e6:.0f} |",
        flush=True,
    )


def _share(found: CacheStatistics) -> float:
    return found.hits / max(1, found.hits + found.misses)


def turns_reads() -> None:
    print("\nwhat a turn reads before it is answered, one turn at a time")
    print("| database | caches | turns | hits | p50 / p95 µs | mean µs |")
    print("|---|---|---|---|---|---|")
    with run_postgres(DURABLE) as server:
        for setting in ENTRIES:
            uvloop.run(_on_sqlite(setting))

            async def on_postgres(setting: str = setting) -> None:
                async with postgres_store(server) as store:
                    await _reads_of(store, "PostgreSQL", setting)

            uvloop.run(on_postgres())


async def _on_sqlite(setting: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        async with sqlite_store(Path(name)) as store:
            await _reads_of(store, "SQLite", setting)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30.0, help="of each whole run")
    parser.add_argument("--rounds", type=int, default=2, help="of whole runs, on and off in turn")
    chosen = parser.parse_args(arguments)
    print(" · ".join(f"{name} {value}" for name, value in machine().items()))
    os.sched_setaffinity(0, {SERVER_CORE, DRIVER_CORE})
    turns_reads()
    os.sched_setaffinity(0, {DRIVER_CORE})
    whole_runs(chosen.seconds, chosen.rounds)


if __name__ == "__main__":
    main()
