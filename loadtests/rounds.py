"""One measured round: a program under a flat-out volley, its speed and its CPU per request."""

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from loadtests.http1 import Volley, volley
from loadtests.processes import Program

CONNECTIONS: Final = 64
ROUNDS: Final = 3
WARM_UP_SECONDS: Final = 0.7
LATER: Final = {"quiet_min": 30, "quiet_max": 60, "quiet_cap": 120}
"""No turn begins while acknowledgements are measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    per_second: float
    cpu_us: float
    p50_ms: float
    p99_ms: float
    failed: int


async def measured(program: Program, requests: Iterator[bytes], seconds: float) -> Round:
    """The warm-up before it is not counted."""
    await volley(program.port, requests, connections=CONNECTIONS, seconds=WARM_UP_SECONDS)
    before = program.cpu_seconds()
    seen: Volley = await volley(program.port, requests, connections=CONNECTIONS, seconds=seconds)
    spent = program.cpu_seconds() - before
    return Round(
        per_second=seen.per_second,
        cpu_us=spent / len(seen.latencies) * 1e6,
        p50_ms=seen.percentile_ms(0.5),
        p99_ms=seen.percentile_ms(0.99),
        failed=seen.failed,
    )


def medians(rounds: Sequence[Round]) -> dict[str, Any]:
    """Of each figure, but of failures the sum."""
    row = {
        name: statistics.median(getattr(each, name) for each in rounds)
        for name in asdict(rounds[0])
        if name != "failed"
    }
    return row | {"failed": sum(each.failed for each in rounds)}
