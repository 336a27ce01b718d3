"""Count decisions: precision, recall and F1 of each class, the confusion matrix, the misses."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

NOTHING: Final = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One decision; `NOTHING` on a side is no class: what was missed, or found without a reason."""

    expected: str
    predicted: str
    note: str = ""

    @property
    def is_right(self) -> bool:
        return self.expected == self.predicted


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Right and wrong decisions about one class, or all; a share of nothing is None."""

    right: int
    missed: int
    false: int
    others: int

    @property
    def recall(self) -> float | None:
        return _share(self.right, self.right + self.missed)

    @property
    def precision(self) -> float | None:
        return _share(self.right, self.right + self.false)

    @property
    def f1(self) -> float | None:
        return _share(2 * self.right, 2 * self.right + self.missed + self.false)

    @property
    def false_share(self) -> float | None:
        return _share(self.false, self.others)


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    line: int
    judged: Judged
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """`confusion` counts (expected, predicted)."""

    cases: int
    confusion: Mapping[tuple[str, str], int]
    misses: Sequence[Miss]

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(sorted({label for pair in self.confusion for label in pair} - {NOTHING}))

    @property
    def decisions(self) -> int:
        return sum(self.confusion.values())

    def of(self, label: str) -> Share:
        right = self.confusion.get((label, label), 0)
        expected = sum(times for (said, _), times in self.confusion.items() if said == label)
        predicted = sum(times for (_, said), times in self.confusion.items() if said == label)
        return Share(
            right=right,
            missed=expected - right,
            false=predicted - right,
            others=self.decisions - expected,
        )

    @property
    def overall(self) -> Share:
        shares = [self.of(label) for label in self.labels]
        return Share(
            right=sum(share.right for share in shares),
            missed=sum(share.missed for share in shares),
            false=sum(share.false for share in shares),
            others=sum(share.others for share in shares),
        )

    @property
    def macro_f1(self) -> float | None:
        each = [share for label in self.labels if (share := self.of(label).f1) is not None]
        return sum(each) / len(each) if each else None


def count(judged: Sequence[tuple[int, str, Sequence[Judged]]]) -> Scores:
    """Score (line number, text shown for a miss, its decisions)."""
    every = [(line, text, decision) for line, text, found in judged for decision in found]
    return Scores(
        cases=len(judged),
        confusion=Counter((each.expected, each.predicted) for _, _, each in every),
        misses=tuple(
            Miss(line=line, judged=each, text=text)
            for line, text, each in every
            if not each.is_right
        ),
    )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
