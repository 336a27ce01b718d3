"""What one played seed showed, and what many show together."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

_SHOWN = (
    *("seeds", "kills", "busy", "acknowledged", "duplicates", "unprovable", "unexplained"),
    *("violations", "failed"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`busy` of the kills interrupted work; `rested` is how many seconds a healed world needed.

    Of the `unprovable` accepts each became a duplicate or has a reason, but for the `unexplained`.
    """

    seed: int
    heals: bool
    kills: int
    busy: int
    rested: float | None
    violations: list[str]
    story: list[str]
    acknowledged: int
    duplicates: int
    unprovable: int
    unexplained: int = 0

    @property
    def invariants(self) -> Sequence[str]:
        """The names of those that were broken."""
        return [each.partition(" ")[0] for each in self.violations]

    def totals(self) -> Counter[str]:
        return Counter(
            kills=self.kills,
            busy=self.busy,
            acknowledged=self.acknowledged,
            duplicates=self.duplicates,
            unprovable=self.unprovable,
            unexplained=self.unexplained,
            violations=len(self.violations),
        )

    def explain(self, last: int = 60) -> str:
        lines = [f"seed {self.seed}, {self.kills} kills", *self.violations, *self.story[-last:]]
        return "\n".join(lines)


@dataclass(slots=True)
class Tally:
    """The worlds that heal and those that do not are counted apart."""

    name: str
    counts: Counter[str] = field(default_factory=Counter)
    rests: list[float] = field(default_factory=list)

    def add(self, verdict: Verdict) -> None:
        self.counts += Counter(seeds=1, failed=bool(verdict.violations)) + verdict.totals()
        if verdict.rested is not None:
            self.rests.append(verdict.rested)

    def __str__(self) -> str:
        counts = ", ".join(f"{name} {self.counts[name]}" for name in _SHOWN)
        ranked = sorted(self.rests)
        if not ranked:
            return f"{self.name}: {counts}"
        rest = f"at rest after {ranked[len(ranked) // 2]:.0f} s (p50), {ranked[-1]:.0f} s (most)"
        return f"{self.name}: {counts}, {rest}"
