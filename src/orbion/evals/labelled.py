"""What a labelled set is: how its lines are read and judged, and what its gate asks for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from orbion.domain.toml_table import TomlTable
from orbion.evals.scores import NOTHING, Judged, Scores

Case = TypeVar("Case")

WRITTEN: Final = 'add "text" with what was written'


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """One line of a gate: `of` is None where a file has nothing to measure it on."""

    measure: str
    of: Callable[[Scores], float | None]
    limit: float
    is_floor: bool = True

    def holds(self, scores: Scores) -> bool:
        value = self.of(scores)
        return value is None or (value >= self.limit if self.is_floor else value <= self.limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvalSet(Generic[Case]):
    """`parse` complains to the table it reads; `judge` is deterministic, without any network."""

    name: str
    purpose: str
    parse: Callable[[TomlTable], Case]
    judge: Callable[[Case], Sequence[Judged]]
    gate: tuple[Bound, ...]


def recall(label: str, limit: float) -> Bound:
    return Bound(measure=f"recall of {label}", of=lambda s: s.of(label).recall, limit=limit)


def precision(label: str, limit: float) -> Bound:
    return Bound(measure=f"precision of {label}", of=lambda s: s.of(label).precision, limit=limit)


def false_share(label: str, limit: float) -> Bound:
    """Of all decisions whose right answer is another one, at most so many are called `label`."""
    return Bound(
        measure=f"false {label}",
        of=lambda s: s.of(label).false_share,
        limit=limit,
        is_floor=False,
    )


def f1(limit: float) -> Bound:
    return Bound(measure="F1 of all", of=lambda s: s.overall.f1, limit=limit)


def macro_f1(limit: float) -> Bound:
    return Bound(measure="mean F1 of the classes", of=lambda s: s.macro_f1, limit=limit)


def values(expected: object, found: object, name: str) -> tuple[Judged, ...]:
    """Judge one field: a wrong value is both a miss and a find that nobody expects."""
    if expected == found:
        return () if expected is None else (Judged(expected=name, predicted=name),)
    missed = Judged(expected=name, predicted=NOTHING, note=f"expected {expected!r}")
    made_up = Judged(expected=NOTHING, predicted=name, note=f"found {found!r}")
    return (
        *((missed,) if expected is not None else ()),
        *((made_up,) if found is not None else ()),
    )
