"""Compares a run's ratios with the committed baseline's; absolute times are the machine's."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

BASELINE: Final = Path(__file__).resolve().parent / "baseline.json"
TOLERANCE: Final = 0.25
"""Share by which a ratio may be worse than the baseline's before it is flagged."""
Figures = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """A figure that holds on any machine; `higher` says which way is better."""

    name: str
    value: float
    higher: bool

    def worse_than(self, other: "Ratio") -> float:
        """Share by which it is worse; negative when it is better."""
        if self.higher:
            return other.value / self.value - 1
        return self.value / other.value - 1


def ratios(figures: Figures) -> Mapping[str, Ratio]:
    """Those of the parts that ran; the CPU of a bare no-op is the unit of every CPU time."""
    return {each.name: each for each in _found(figures)}


def _found(figures: Figures) -> Iterator[Ratio]:
    ack = figures.get("ack", {})
    for name, value in ack.get("ratios", {}).items():
        higher = name.endswith("req/s") or name.startswith("naive")
        yield Ratio(name=name, value=value, higher=higher)
    if bare := ack.get("bare", {}).get("cpu_us"):
        for name, cpu_us in _cpu_times(figures):
            yield Ratio(name=f"{name} / bare, CPU", value=cpu_us / bare, higher=False)
    for name, row in figures.get("growth", {}).items():
        yield Ratio(name=f"growth of {name}", value=row["ratio"], higher=False)
    if queue := figures.get("queue"):
        on_sqlite, on_postgres = queue["SQLite"][1], queue["PostgreSQL"][1]
        yield Ratio(name="queue, postgres / sqlite", value=on_postgres / on_sqlite, higher=True)


def _cpu_times(figures: Figures) -> Iterator[tuple[str, float]]:
    if path := figures.get("path"):
        yield "answer", path["cpu_ms"] * 1000
    if glass := figures.get("glass"):
        yield "instrumentation", glass["cpu_us"]


def compare(figures: Figures, baseline: Figures) -> list[str]:
    """Print each ratio beside the baseline's; returns the names of those that got worse."""
    now, before = ratios(figures), ratios(baseline)
    print(f"\nratios beside the baseline of {baseline['machine']['date']}")
    flagged = []
    for name, one in now.items():
        if (other := before.get(name)) is None:
            print(f"  {name:32}{one.value:9.3f}   new")
            continue
        worse = one.worse_than(other)
        told = f"{-worse:+.0%}"
        if worse > TOLERANCE:
            flagged.append(name)
            told += f"   WORSE by more than {TOLERANCE:.0%}"
        print(f"  {name:32}{one.value:9.3f}{other.value:9.3f}   {told}")
    return flagged


def against_baseline(figures: Figures) -> list[str]:
    if not BASELINE.exists():
        return []
    return compare(figures, json.loads(BASELINE.read_text(encoding="utf-8")))
