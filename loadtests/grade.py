"""The written rule that grades a load run, finds the knee of a ramp and names what held it back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from loadtests.play import Played

FULL_CORE: Final = 0.85
"""Share of its core from which a process is taken to be the bottleneck."""

RULE: Final = (
    "D: a message without an answer, one sent twice, or out of order. Else by the slower of "
    "acknowledgement p99 and our own part of an answer's p95, where that is known: "
    "A ≤ 100 ms and ≤ 150 ms (G6, G5), B ≤ 250 ms and ≤ 500 ms, C beyond."
)
_STEPS: Final = (("A", 0.100, 0.150), ("B", 0.250, 0.500))


@dataclass(frozen=True, slots=True, kw_only=True)
class Knee:
    """The last step that held, and what was at its limit in the first that did not."""

    holds: Played | None
    breaks: Played | None
    why: str


def percentile(values: Sequence[float], share: float) -> float:
    """NaN of nothing."""
    ranked = sorted(values) or [float("nan")]
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))]


def grade(run: Played) -> str:
    tally = run.tally
    if tally.lost or tally.repeated or tally.disordered:
        return "D"
    ack = percentile(tally.acks, 0.99)
    own = percentile(run.own, 0.95) if run.own else 0.0
    return next((name for name, most, rest in _STEPS if ack <= most and own <= rest), "C")


def knee(runs: Sequence[Played]) -> Knee:
    """A step holds with grade A or B; the knee is the last one before the first that does not."""
    holds: Played | None = None
    for run in runs:
        if grade(run) > "B":
            return Knee(holds=holds, breaks=run, why=_bottleneck(run))
        holds = run
    return Knee(holds=holds, breaks=None, why="nothing gave way up to the last step")


def _bottleneck(run: Played) -> str:
    service, driver = f"{run.service_cpu:.0%}", f"{run.driver_cpu:.0%}"
    if run.service_cpu >= FULL_CORE:
        return f"the service's core ({service} busy; the driver's {driver})"
    if run.driver_cpu >= FULL_CORE:
        return f"the driver's core ({driver} busy; the service's only {service})"
    return f"waiting, not a core (service {service}, driver {driver})"
