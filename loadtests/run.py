"""Runs locust's four scenarios against `orbion serve` and prints what became of each message."""

import argparse
import asyncio
import importlib.util
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
import uvloop
from starlette.types import ASGIApp, Receive, Scope, Send

from loadtests.gateway import Customers, Tally
from loadtests.http1 import HOST
from loadtests.processes import (
    DRIVER_CORE,
    ROOT,
    SCENARIOS,
    Program,
    database_in,
    free_port,
    orbion_environment,
    serving,
)
from orbion.simulators.asgi import Answer, read_request, respond
from orbion.simulators.tcp import serve

HEADINGS: Final = (
    "msg/min",
    "sent",
    "acked",
    "answered",
    "lost",
    "twice",
    "ack p50 ms",
    "ack p99 ms",
    "answer p50 s",
    "answer p95 s",
    "CPU %",
)
Row = tuple[str, ...]


def control_of(customers: Customers) -> ASGIApp:
    """POST /ask {phone, text}: answered when the customer is; 504 when nobody answers."""

    async def control(scope: Scope, receive: Receive, send: Send) -> None:
        request = await read_request(scope, receive)
        said = msgspec.json.decode(request.body, type=dict[str, str])
        question = await customers.ask(said["phone"], said["text"])
        answer = Answer(status=504 if question.answered_at is None else 200, body={})
        await respond(answer, scope, receive, send)

    return control


async def play(
    program: Program, gateway_port: int, database: Path, *, rate: int, seconds: float
) -> Tally:
    """Let locust's customers write for `seconds`, then wait for the last answers."""
    customers = Customers(program.port)
    async with customers.listening(gateway_port), serve(control_of(customers)) as control:
        locust = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "locust", "-f", "loadtests/locustfile.py"),
            *("--headless", "--loglevel", "WARNING", "--host", control),
            *("--messages-a-minute", str(rate), "--seconds", str(seconds)),
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path[1:]])},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        await locust.wait()
        await customers.settled()
        return customers.tally(database)


def scenario(rate: int, seconds: float) -> Row:
    """Start the service with its default pacing and quiet time on an empty database."""
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        environment = orbion_environment(folder, gateway=f"http://{HOST}:{port}")
        with serving(folder, environment) as program:
            before = program.cpu_seconds()
            tally = uvloop.run(play(program, port, database_in(folder), rate=rate, seconds=seconds))
            spent = program.cpu_seconds() - before
    return (
        str(rate),
        *(str(each) for each in (tally.sent, tally.acknowledged, tally.answered)),
        *(str(each) for each in (tally.lost, tally.repeated)),
        *(f"{percentile(tally.acks, share) * 1000:.1f}" for share in (0.5, 0.99)),
        *(f"{percentile(tally.answers, share):.2f}" for share in (0.5, 0.95)),
        f"{spent / seconds * 100:.1f}",
    )


def percentile(values: Sequence[float], share: float) -> float:
    ranked = sorted(values) or [float("nan")]
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30.0, help="of each scenario")
    parser.add_argument("--only", type=int, choices=SCENARIOS, help="one of the scenarios")
    chosen = parser.parse_args()
    if importlib.util.find_spec("locust") is None:
        print("locust is not installed: use `make load`, which installs it", file=sys.stderr)
        return 1
    os.sched_setaffinity(0, {DRIVER_CORE})
    print("  ".join(HEADINGS))
    for rate in SCENARIOS:
        if chosen.only in (None, rate):
            row = scenario(rate, chosen.seconds)
            cells = zip(row, HEADINGS, strict=True)
            print("  ".join(cell.rjust(len(heading)) for cell, heading in cells), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
