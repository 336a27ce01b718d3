"""Measures acknowledgement, glass, probes, queue, whole path, start and growth in one run."""

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Final

import uvloop

from loadtests.compare import BASELINE, against_baseline
from loadtests.gateway import QUESTIONS, Customers
from loadtests.glass import glass
from loadtests.growth import growth
from loadtests.http1 import HOST
from loadtests.imports import Imported, heaviest, imports_of_a_start
from loadtests.lanes import WORKERS, postgres_store, speeds, sqlite_store
from loadtests.machine import machine
from loadtests.probes import probes
from loadtests.processes import (
    DRIVER_CORE,
    Program,
    database_in,
    free_port,
    orbion_environment,
    running,
    serving,
)
from loadtests.rounds import CONNECTIONS, LATER, ROUNDS, Round, measured, medians
from loadtests.scenarios import UNPACED
from loadtests.webhooks import LINES, captured_requests
from tests.support.postgres import DURABLE, PostgresServer, run_postgres

STARTS: Final = 5
HEAVIEST: Final = 12
MESSAGES: Final = 10_000
PHONES: Final = 1_000
IN_FLIGHT: Final = 64
QUEUED: Final = 5_000
ROWS: Final = 10_000_000
SETTLING_SECONDS: Final = 1.5
REPORT: Final = Path(__file__).resolve().parent / "bench.json"
NOBODY: Final = f"http://{HOST}:9"
AT_ONCE: Final = {
    **UNPACED,
    "quiet_min": 0,
    "quiet_max": 0,
    "quiet_cap": 0,
    "typing_speed": 0,
}
FLOORS: Final = {
    "orbion / bare, req/s": ("G1", 0.15),
    "orbion / naive, req/s": ("G1", 15.0),
    "postgres / bare, req/s": ("G2", 0.08),
}
CEILINGS: Final = {"orbion / bare, CPU": ("G1", 6.0)}
PARTS: Final = ("ack", "glass", "probes", "queue", "start", "path", "growth")
Figures = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    label: str
    command: Callable[[Path, str], tuple[str, ...]]
    on_postgres: bool = False


CANDIDATES: Final[Mapping[str, Candidate]] = {
    "bare": Candidate(
        label="bare ASGI no-op", command=lambda _, port: ("loadtests.noop", port, "bare")
    ),
    "stack": Candidate(
        label="no-op behind FastAPI", command=lambda _, port: ("loadtests.noop", port, "stack")
    ),
    "orbion": Candidate(
        label="orbion, durable", command=lambda _, port: ("orbion", "serve", "--port", port)
    ),
    "postgres": Candidate(
        label="orbion on PostgreSQL",
        command=lambda _, port: ("orbion", "serve", "--port", port),
        on_postgres=True,
    ),
    "naive": Candidate(
        label="naive async ORM, FULL",
        command=lambda folder, port: ("loadtests.naive", port, str(folder / "naive.db")),
    ),
}


def acknowledgements(seconds: float) -> Figures:
    """Every round starts each candidate afresh, on an empty database, one after another."""
    rounds: dict[str, list[Round]] = {name: [] for name in CANDIDATES}
    with run_postgres(DURABLE) as server:
        for _ in range(ROUNDS):
            for name, candidate in CANDIDATES.items():
                with _database(candidate, server) as settings:
                    rounds[name].append(_round(candidate, seconds, settings))
    figures: Figures = {}
    print(f"\nwebhooks acknowledged, {CONNECTIONS} connections, medians of {ROUNDS} rounds")
    print(f"{'handler':26}{'req/s':>9}{'CPU µs':>9}{'p50 ms':>9}{'p99 ms':>9}{'failed':>8}")
    for name, found in rounds.items():
        row = figures[name] = medians(found)
        print(
            f"{CANDIDATES[name].label:26}{row['per_second']:9.0f}{row['cpu_us']:9.0f}"
            f"{row['p50_ms']:9.2f}{row['p99_ms']:9.1f}{row['failed']:8}"
        )
    return figures | {"ratios": _ratios(figures)}


def _ratios(figures: Figures) -> dict[str, float]:
    def times(field: str, one: str, other: str) -> float:
        return float(figures[one][field] / figures[other][field])

    found = {
        "orbion / bare, req/s": times("per_second", "orbion", "bare"),
        "orbion / stack, req/s": times("per_second", "orbion", "stack"),
        "orbion / naive, req/s": times("per_second", "orbion", "naive"),
        "postgres / bare, req/s": times("per_second", "postgres", "bare"),
        "postgres / sqlite, req/s": times("per_second", "postgres", "orbion"),
        "orbion / bare, CPU": times("cpu_us", "orbion", "bare"),
        "orbion / stack, CPU": times("cpu_us", "orbion", "stack"),
        "naive / orbion, CPU": times("cpu_us", "naive", "orbion"),
    }
    print()
    for name, ratio in found.items():
        print(f"  {name:24}{ratio:8.3f}{_against(name, ratio)}")
    return found


def _against(name: str, ratio: float) -> str:
    if name in FLOORS:
        goal, floor = FLOORS[name]
        return f"   {goal} floor {floor}: {'met' if ratio >= floor else 'MISSED'}"
    if name in CEILINGS:
        goal, ceiling = CEILINGS[name]
        return f"   {goal} ceiling {ceiling}: {'met' if ratio <= ceiling else 'MISSED'}"
    return ""


@contextmanager
def _database(candidate: Candidate, server: PostgresServer) -> Generator[dict[str, str]]:
    """Give it an empty database of its own; a file is in the folder of its round anyway."""
    if not candidate.on_postgres:
        yield {}
        return
    asyncio.run(server.execute("CREATE DATABASE bench"))
    try:
        yield {"database_url": server.dsn("bench")}
    finally:
        asyncio.run(server.execute("DROP DATABASE bench WITH (FORCE)"))


def _round(candidate: Candidate, seconds: float, settings: Mapping[str, str]) -> Round:
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        environment = orbion_environment(folder, gateway=NOBODY, **LATER, **settings)
        command = candidate.command(folder, str(port))
        with running(*command, port=port, log=folder / "log", environment=environment) as program:
            return uvloop.run(measured(program, captured_requests(), seconds))


def starts() -> Figures:
    """Spawn to the first 200 on /health/ready, on a database that is at its schema."""
    with tempfile.TemporaryDirectory() as name:
        environment = orbion_environment(Path(name), gateway=NOBODY)
        first = _make_database(Path(name), environment)
        seconds, megabytes = [], []
        for _ in range(STARTS):
            with serving(Path(name), environment) as program:
                seconds.append(program.started)
                time.sleep(SETTLING_SECONDS)
                megabytes.append(program.rss_mb())
        imported = imports_of_a_start(Path(name), environment)
    ready, idle = statistics.median(seconds), statistics.median(megabytes)
    print(f"\nspawn → ready {ready * 1000:.0f} ms (G8 ≤ 1000), idle RSS {idle:.0f} MB (G8 ≤ 90)")
    print(f"  medians of {STARTS}; the first start, with migration: {first * 1000:.0f} ms")
    figures = {"ready_s": ready, "all_s": seconds, "first_s": first, "rss_idle_mb": idle}
    return figures | {"imports_ms": _imports(imported)}


def _imports(imported: Sequence[Imported]) -> Mapping[str, float]:
    """Show the heaviest packages; that they are timed makes them slower."""
    packages = heaviest(imported)
    whole = sum(each.ms for each in packages)
    print(f"\nimports of a start: {len(imported)} modules, {whole:.0f} ms while they are timed")
    print(f"{'package':26}{'modules':>9}{'ms':>9}{'share':>9}")
    for each in packages[:HEAVIEST]:
        print(f"{each.package:26}{each.modules:9}{each.ms:9.1f}{each.ms / whole:9.0%}")
    return {each.package: each.ms for each in packages}


def _make_database(folder: Path, environment: Mapping[str, str]) -> float:
    """Start once, so that the measured start has nothing to migrate; returns its seconds."""
    with serving(folder, environment) as program:
        return program.started


def whole_path(messages: int) -> Figures:
    """Webhook → turn of the scripted model → sent over HTTP to the simulated gateway."""
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        gateway = f"http://{HOST}:{port}"
        environment = orbion_environment(folder, gateway=gateway, **AT_ONCE)
        _make_database(folder, environment)
        with serving(folder, environment) as program:
            figures = uvloop.run(_answered(program, port, database_in(folder), messages))
    print(
        f"\nwhole path: {figures['answers_per_second']:.0f} answers/s"
        f" ({figures['bubbles']} bubbles), {figures['cpu_ms']:.2f} ms CPU each"
        f" (G4 ≥ 150/s, ≤ 6 ms)"
    )
    print(
        f"  sent {figures['sent']}, answered {figures['answered']}, lost {figures['lost']},"
        f" sent twice {figures['repeated']}"
    )
    print(
        f"  RSS idle {figures['rss_idle_mb']:.0f} MB, after {messages} messages"
        f" {figures['rss_after_mb']:.0f} MB (G8 ≤ 90 idle)"
    )
    return figures


async def _answered(program: Program, port: int, database: Path, messages: int) -> Figures:
    customers, numbers = Customers(program.port), count()

    async def chat() -> None:
        while (number := next(numbers)) < messages:
            phone = f"55119{number % PHONES:08d}"
            await customers.ask(phone, QUESTIONS[number // PHONES % len(QUESTIONS)])

    async with customers.listening(port):
        await asyncio.sleep(SETTLING_SECONDS)
        idle, cpu, started = program.rss_mb(), program.cpu_seconds(), time.perf_counter()
        await asyncio.gather(*(chat() for _ in range(IN_FLIGHT)))
        seconds = time.perf_counter() - started
        await customers.settled()
        spent = program.cpu_seconds() - cpu
        tally = customers.tally(database)
    return {
        "answers_per_second": tally.answered / seconds,
        "cpu_ms": spent / max(1, tally.answered) * 1000,
        "sent": tally.sent,
        "answered": tally.answered,
        "lost": tally.lost,
        "repeated": tally.repeated,
        "bubbles": tally.bubbles,
        "rss_idle_mb": idle,
        "rss_after_mb": program.rss_mb(),
    }


def queue(messages: int) -> Figures:
    """The lanes alone, in this process, one after the other on each database."""
    with tempfile.TemporaryDirectory() as name, run_postgres(DURABLE) as server:
        figures = uvloop.run(_queue_speeds(Path(name), server, messages))
    for database, (stored, done) in figures.items():
        print(
            f"\nqueue on {database}: {stored:.0f} messages/s stored, {done:.0f}/s worked in order"
            f" by {WORKERS} workers with an empty handler (G3 ≥ 1000/s)"
        )
    return figures


async def _queue_speeds(folder: Path, server: PostgresServer, messages: int) -> Figures:
    async with sqlite_store(folder) as store:
        on_sqlite = await speeds(store, messages)
    async with postgres_store(server) as store:
        on_postgres = await speeds(store, messages)
    return {"SQLite": on_sqlite, "PostgreSQL": on_postgres}


def grown(rows: int) -> Figures:
    with tempfile.TemporaryDirectory() as name:
        return growth(Path(name), rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=2.5, help="of each measured round")
    parser.add_argument("--messages", type=int, default=MESSAGES, help="on the whole path")
    parser.add_argument("--only", choices=PARTS, help="one part")
    parser.add_argument("--rows", type=int, default=ROWS, help="of the grown database (3 GB)")
    parser.add_argument(
        "--json", type=Path, default=REPORT, help=f"where the figures go ({BASELINE.name}: keep)"
    )
    chosen = parser.parse_args()
    os.sched_setaffinity(0, {DRIVER_CORE})
    parts: Mapping[str, Callable[[], Figures]] = {
        "ack": lambda: acknowledgements(chosen.seconds),
        "glass": lambda: glass(chosen.seconds),
        "probes": lambda: probes(chosen.seconds),
        "queue": lambda: queue(QUEUED),
        "start": starts,
        "path": lambda: whole_path(chosen.messages),
        "growth": lambda: grown(chosen.rows),
    }
    facts = machine() | {"customers": f"unknown ones, {LINES} messages each"}
    print(" · ".join(f"{name} {value}" for name, value in facts.items()))
    figures = {"machine": facts}
    for name, part in parts.items():
        if chosen.only in (None, name):
            figures[name] = part()
    flagged = against_baseline(figures)
    chosen.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return 1 if flagged else 0


if __name__ == "__main__":
    sys.exit(main())
