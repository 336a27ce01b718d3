"""What one drill showed: seconds, counts, and every broken promise as a sentence."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.support.hidden import UNEXPLAINED


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`span` is the seconds over which the conversations begin.

    The first of the `replicas` takes the webhooks; all of them work, and any is killed. `restarts`
    is how often the database server crashes meanwhile.
    """

    conversations: int
    kills: int
    span: float
    seed: int = 1
    replicas: int = 1
    restarts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """`hidden` counts the accepts that nobody could know of, by what became of each.

    `by_playbook` counts the messages that no model answered, `starts` are seconds from spawn to
    the first 200 on /health/ready with what waited then.
    """

    plan: Plan
    said: int
    acknowledged: int
    accepted: int
    duplicates: int
    by_playbook: int
    hidden: Counter[str]
    points: Counter[str]
    faults: Counter[str]
    starts: Sequence[tuple[float, int]]
    claimed: Sequence[int]
    drained: float | None
    violations: Sequence[str]

    @property
    def kills(self) -> int:
        return self.points.total()

    def broken(self, *names: str) -> int:
        """Count the violations of these invariants."""
        return sum(each.startswith(names) for each in self.violations)

    def __str__(self) -> str:
        plan = self.plan
        seconds = sorted(each for each, _ in self.starts)
        drained = "NOT drained" if self.drained is None else f"drained in {self.drained:.1f} s"
        size = (
            f"seed {plan.seed}: {plan.conversations} conversations, {self.said} messages, "
            f"{self.kills} kills, {plan.restarts} crashes of the database server"
        )
        counts = (
            f"acknowledged {self.acknowledged}, lost {self.broken('I1 ')}, "
            f"answered by the playbook {self.by_playbook}, "
            f"accepted {self.accepted}, duplicates {self.duplicates}, "
            f"avoidable {self.broken('I2')}, out of order {self.broken('I3')}, "
            f"leaked {self.broken('I5')}, damage {self.broken('I7')}, rows {self.broken('I10')}"
        )
        lines = [
            size,
            counts,
            f"hidden accepts {self.hidden.total()}: {_counts(self.hidden)}",
            f"killed at: {_counts(self.points)}",
            f"faults that struck: {_counts(self.faults)}",
            f"ready after p50 {seconds[len(seconds) // 2]:.2f} s, most {seconds[-1]:.2f} s",
            f"{drained} after the last message; tasks claimed by each process: {self.claimed}",
            *self.violations[:20],
        ]
        return "\n".join(lines)


def _counts(found: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(found.items())) or "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """One start of a service for which messages waited: seconds, and those of the processor."""

    seconds: float
    cpu: float
    waiting: int

    def __str__(self) -> str:
        return f"ready in {self.seconds:.2f} s ({self.cpu:.2f} s CPU) with {self.waiting} waiting"


@dataclass(slots=True)
class Summary:
    """What all drills of a run showed together."""

    reports: list[tuple[str, Report]] = field(default_factory=list)
    backlog: Sequence[Backlog] = ()

    def add(self, name: str, report: Report) -> None:
        self.reports.append((name, report))

    @property
    def kills(self) -> int:
        return sum(report.kills for _, report in self.reports)

    @property
    def violations(self) -> int:
        return sum(len(report.violations) for _, report in self.reports)

    def __str__(self) -> str:
        names = dict.fromkeys(name for name, _ in self.reports)
        rows = [_row(name, [each for of, each in self.reports if of == name]) for name in names]
        rows.append(_row("all", [each for _, each in self.reports]))
        lines = [f"| {' | '.join(COLUMNS)} |", f"|{'---|' * len(COLUMNS)}"]
        lines += [f"| {' | '.join(row)} |" for row in rows]
        hidden = sum((report.hidden for _, report in self.reports), Counter[str]())
        points = sum((report.points for _, report in self.reports), Counter[str]())
        faults = sum((report.faults for _, report in self.reports), Counter[str]())
        lines += [
            "",
            f"hidden accepts, what became of them: {_counts(hidden)}",
            f"killed at: {_counts(points)}",
            f"faults that struck: {_counts(faults)}",
        ]
        return "\n".join([*lines, *map(str, self.backlog)])


COLUMNS = (
    *("drills", "kills", "database crashes", "acknowledged", "lost", "by the playbook"),
    "out of order",
    *("duplicates", "avoidable", "hidden accepts", "unexplained", "other violations"),
    *("ready p50", "ready most"),
)
OWN_COLUMN = ("I1 ", "I2", "I3")


def _row(name: str, reports: Sequence[Report]) -> Sequence[str]:
    seconds = sorted(spent for each in reports for spent, _ in each.starts)
    everything = sum(len(each.violations) for each in reports)
    counts = (
        sum(each.kills for each in reports),
        sum(each.plan.restarts for each in reports),
        sum(each.acknowledged for each in reports),
        sum(each.broken("I1 ") for each in reports),
        sum(each.by_playbook for each in reports),
        sum(each.broken("I3") for each in reports),
        sum(each.duplicates for each in reports),
        sum(each.broken("I2") for each in reports),
        sum(each.hidden.total() for each in reports),
        sum(each.hidden[UNEXPLAINED] for each in reports),
        everything - sum(each.broken(*OWN_COLUMN) for each in reports),
    )
    ready = (f"{seconds[len(seconds) // 2]:.2f} s", f"{seconds[-1]:.2f} s")
    return (f"{len(reports)} x {name}", *map(str, counts), *ready)
