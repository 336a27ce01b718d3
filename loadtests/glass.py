"""What looking at a webhook costs: ids, metrics, limits and the line, on and off in one run."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import uvloop

from loadtests.processes import free_port, running
from loadtests.rounds import CONNECTIONS, ROUNDS, Round, measured, medians
from loadtests.webhooks import captured_requests

GOAL_US: Final = 25.0
QUIET_US: Final = 23.0
"""What the bare no-op costs on a core that nobody else uses: the pace at which the goal is set."""
PROGRAMS: Final[Mapping[str, tuple[str, str]]] = {
    "bare": ("loadtests.noop", "bare ASGI no-op"),
    "webhook": ("loadtests.instrumented", "with ids, metrics, line"),
    "glass": ("loadtests.instrumented", "with limits too"),
    "plain": ("loadtests.instrumented", "Starlette no-op"),
    "middlewares": ("loadtests.instrumented", "the same, 3 middlewares"),
}
Figures = dict[str, Any]


def glass(seconds: float) -> Figures:
    """`cpu_us` is what all instrumentation adds to a request; middlewares do the same work."""
    rounds: dict[str, list[Round]] = {name: [] for name in PROGRAMS}
    for _ in range(ROUNDS):
        for name, found in rounds.items():
            found.append(_round(name, seconds))
    print(f"\ninstrumentation, {CONNECTIONS} connections, medians of {ROUNDS} rounds")
    print(f"{'handler':26}{'req/s':>9}{'CPU µs':>9}{'p50 ms':>9}{'p99 ms':>9}{'failed':>8}")
    figures: Figures = {}
    for name, found in rounds.items():
        row = figures[name] = medians(found)
        print(
            f"{PROGRAMS[name][1]:26}{row['per_second']:9.0f}{row['cpu_us']:9.1f}"
            f"{row['p50_ms']:9.2f}{row['p99_ms']:9.1f}{row['failed']:8}"
        )
    return figures | _told(figures)


def _told(figures: Figures) -> dict[str, float]:
    bare = figures["bare"]["cpu_us"]
    webhook, ours = (figures[name]["cpu_us"] - bare for name in ("webhook", "glass"))
    theirs = figures["middlewares"]["cpu_us"] - figures["plain"]["cpu_us"]
    pace = QUIET_US / bare
    met = "met" if ours * pace <= GOAL_US else "MISSED"
    print(f"\n  all instrumentation {ours:.1f} µs CPU a request, {ours / bare:.2f} x a bare no-op;")
    print(f"    where that costs {QUIET_US:.0f} µs {ours * pace:.1f}   G9 ≤ {GOAL_US:.0f}: {met}")
    print(f"  of a webhook, which has no limits, {webhook:.1f} µs, there {webhook * pace:.1f}")
    print(f"  three BaseHTTPMiddleware {theirs:.0f} µs, {theirs / ours:.0f} x ours")
    return {"cpu_us": ours, "webhook_us": webhook, "middlewares_us": theirs}


def _round(name: str, seconds: float) -> Round:
    module, _ = PROGRAMS[name]
    port = free_port()
    with (
        tempfile.TemporaryDirectory() as folder,
        running(module, str(port), name, port=port, log=Path(folder) / "log") as program,
    ):
        return uvloop.run(measured(program, captured_requests(), seconds))
