"""What a thousand health probes a second cost: calls outside, and the webhooks beside them."""

import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import chain, cycle
from pathlib import Path
from typing import Any, Final

import uvloop
from starlette.types import Receive, Scope, Send

from loadtests.http1 import HOST, OK, Pool, request
from loadtests.processes import Program, free_port, orbion_environment, serving
from loadtests.rounds import LATER
from loadtests.webhooks import captured_requests
from orbion.simulators.asgi import Answer, respond
from orbion.simulators.tcp import serve

PROBED: Final = ("/health/live", "/health/ready", "/health")
PROBES_A_SECOND: Final = 1000
WEBHOOKS_A_SECOND: Final = 300
WINDOWS: Final = 9
"""Of each kind, in turn; the median of their percentiles forgives what the neighbours do."""
LONGEST_SECONDS: Final = 1.3
"""All of them end before the first customer's turn begins, half a minute after the message."""
PAUSE_SECONDS: Final = 0.2
GOAL: Final = 0.10
Figures = dict[str, Any]


@dataclass(slots=True)
class Outside:
    """Raw ASGI: stands for the gateway and the model's provider, and counts who calls."""

    calls: int = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.calls += scope["type"] == "http"
        await respond(Answer(body={}), scope, receive, send)


@dataclass(slots=True, eq=False)
class Window:
    """What was seen in one; latencies in seconds."""

    acks: list[float] = field(default_factory=list)
    probes: list[float] = field(default_factory=list)
    failed: int = 0
    calls: int = 0
    cpu_seconds: float = 0.0


def _row(windows: Sequence[Window]) -> dict[str, float]:
    def middle(name: str, share: float) -> float:
        seen = [sorted(getattr(window, name)) for window in windows]
        return statistics.median(each[int(share * (len(each) - 1))] for each in seen) * 1000

    row = {
        "ack_p50_ms": middle("acks", 0.5),
        "ack_p99_ms": middle("acks", 0.99),
        "probes": sum(len(window.probes) for window in windows),
        "failed": sum(window.failed for window in windows),
        "calls": sum(window.calls for window in windows),
        "cpu_seconds": sum(window.cpu_seconds for window in windows),
    }
    return row | ({"probe_p99_ms": middle("probes", 0.99)} if row["probes"] else {})


def probes(seconds: float) -> Figures:
    """One service, windows with and without probes in turn, webhooks at the same pace in both."""
    with tempfile.TemporaryDirectory() as name:
        port = free_port()
        address = f"http://{HOST}:{port}"
        environment = orbion_environment(
            Path(name),
            gateway=address,
            llm="openai",
            openai_api_key="the-key-of-nobody",
            openai_base_url=f"{address}/v1",
            **LATER,
        )
        with serving(Path(name), environment) as program:
            off, on = map(_row, uvloop.run(_windows(program, port, min(seconds, LONGEST_SECONDS))))
    moved = on["ack_p99_ms"] / off["ack_p99_ms"] - 1
    each_us = (on["cpu_seconds"] - off["cpu_seconds"]) / on["probes"] * 1e6
    print(
        f"\n{PROBES_A_SECOND} probes/s of {', '.join(PROBED)} beside {WEBHOOKS_A_SECOND} webhooks/s"
    )
    print(f"{'':16}{'ack p50 ms':>12}{'ack p99 ms':>12}{'probe p99 ms':>14}{'calls outside':>15}")
    for label, row in (("without probes", off), ("with probes", on)):
        print(
            f"{label:16}{row['ack_p50_ms']:12.2f}{row['ack_p99_ms']:12.1f}"
            f"{row.get('probe_p99_ms', 0):14.1f}{row['calls']:15.0f}"
        )
    met = "met" if moved <= GOAL else "MISSED"
    print(f"  {on['probes']:.0f} probes of {each_us:.0f} µs CPU, {on['failed']:.0f} failed")
    print(f"  median p99 of {WINDOWS} windows moved by {moved:+.0%}, goal {GOAL:.0%}: {met}")
    return {"off": off, "on": on, "moved": moved, "cpu_us": each_us}


async def _windows(
    program: Program, port: int, seconds: float
) -> tuple[Sequence[Window], Sequence[Window]]:
    outside, webhooks = Outside(), captured_requests()
    off, on = ([Window() for _ in range(WINDOWS)] for _ in range(2))
    async with serve(outside, host=HOST, port=port), _pool() as pool:
        await _paced(pool, program.port, webhooks, (Window(), []), (WEBHOOKS_A_SECOND, 1.0))
        for window in chain.from_iterable(zip(off, on, strict=True)):
            await asyncio.sleep(PAUSE_SECONDS)
            calls, cpu = outside.calls, program.cpu_seconds()
            streams = [(webhooks, window.acks, WEBHOOKS_A_SECOND)]
            if window in on:
                probed = cycle([request("GET", path, b"", {}) for path in PROBED])
                streams.append((probed, window.probes, PROBES_A_SECOND))
            async with asyncio.TaskGroup() as group:
                for requests, seen, pace in streams:
                    group.create_task(
                        _paced(pool, program.port, requests, (window, seen), (pace, seconds))
                    )
            window.calls, window.cpu_seconds = outside.calls - calls, program.cpu_seconds() - cpu
    return off, on


async def _paced(
    pool: Pool,
    port: int,
    requests: Iterator[bytes],
    kept: tuple[Window, list[float]],
    pace: tuple[int, float],
) -> None:
    """Send at the pace whether or not answers come; a latency counts from when it was due."""
    (window, seen), (per_second, seconds) = kept, pace
    begun = time.perf_counter()

    async def one(due: float) -> None:
        status = await pool.ask(port, next(requests))
        seen.append(time.perf_counter() - due)
        window.failed += status != OK

    async with asyncio.TaskGroup() as group:
        for number in range(int(per_second * seconds)):
            due = begun + number / per_second
            if (early := due - time.perf_counter()) > 0:
                await asyncio.sleep(early)
            group.create_task(one(due))


@asynccontextmanager
async def _pool() -> AsyncGenerator[Pool]:
    pool = Pool()
    try:
        yield pool
    finally:
        pool.close()
