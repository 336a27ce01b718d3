"""Prints what each operation of the kit costs beside other libraries (`make kit`)."""

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

import uvloop

from loadtests.machine import machine
from tests.benchmarks import guards, stores
from tests.benchmarks.timing import Timed, timed

LIBRARIES = (
    *("aiobreaker", "aiocache", "aiolimiter", "anyio", "async-lru", "cachetools", "limits"),
    *("purgatory", "pybreaker", "pyrate-limiter", "stamina", "tenacity"),
)
BREAKER = "breaker, a call that succeeds"
MOST_MICROSECONDS = 2.0


async def measured(rounds: int) -> Sequence[Timed]:
    chosen = (*guards.operations(), *stores.operations())
    return [await timed(operation, rounds) for operation in chosen]


def table(found: Sequence[Timed]) -> Iterator[str]:
    yield "| operation | µs | fastest other, µs | ours / its | others, µs |"
    yield "|---|---|---|---|---|"
    for each in found:
        best, ratio, rest = "none", "", ""
        if each.best is not None:
            name, other = each.best
            best, ratio = f"{name} {other:.2f}", f"{each.ours / other:.2f}"
            slower = {key: us for key, us in each.rivals.items() if key != name}
            rest = ", ".join(f"{key} {us:.2f}" for key, us in slower.items())
        yield f"| {each.name} | {each.ours:.2f} | {best} | {ratio} | {rest} |"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="of each, taken in turn")
    parser.add_argument("--json", type=Path, help="where the figures go")
    chosen = parser.parse_args()
    facts = machine()
    os.sched_setaffinity(0, {int(str(facts["server_core"]))})
    sys.stdout.write(" · ".join(f"{name} {value}" for name, value in facts.items()) + "\n")
    sys.stdout.write(", ".join(f"{each} {version(each)}" for each in LIBRARIES) + "\n\n")
    found = uvloop.run(measured(chosen.rounds))
    sys.stdout.write("\n".join(table(found)) + "\n")
    breaker = next(each for each in found if each.name == BREAKER)
    met = breaker.ours <= MOST_MICROSECONDS
    goal = f"breaker ≤ {MOST_MICROSECONDS:.0f} µs a call"
    sys.stdout.write(f"\n{goal}: {breaker.ours:.2f}, {'met' if met else 'MISSED'}\n")
    if chosen.json is not None:
        rows = {each.name: {"orbion": each.ours, **each.rivals} for each in found}
        chosen.json.write_text(json.dumps({"machine": facts, "us": rows}, indent=2) + "\n")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
