"""Times operations of one thread in alternating rounds, in microseconds of its own CPU."""

import statistics
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

Run = Callable[[int], Awaitable[None]]
"""Does the operation so many times; its loop is a part of what is measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One thing that the kit does, and other libraries' ways of doing the same."""

    name: str
    ours: Run
    rivals: Mapping[str, Run]
    times: int = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """Medians of the rounds, in µs."""

    name: str
    ours: float
    rivals: Mapping[str, float]

    @property
    def best(self) -> tuple[str, float] | None:
        return min(self.rivals.items(), key=lambda each: each[1], default=None)


async def timed(operation: Operation, rounds: int) -> Timed:
    """Each round lets every one run once, so that a noisy moment spoils all alike."""
    runs = {"": operation.ours, **operation.rivals}
    spent: dict[str, list[float]] = {name: [] for name in runs}
    for run in runs.values():
        await run(operation.times // 10)
    for _ in range(rounds):
        for name, run in runs.items():
            started = time.thread_time()
            await run(operation.times)
            spent[name].append((time.thread_time() - started) / operation.times * 1e6)
    medians = {name: statistics.median(found) for name, found in spent.items()}
    return Timed(name=operation.name, ours=medians.pop(""), rivals=medians)
