"""The set `opt-out`: does a message ask to be written to no more, clearly or perhaps?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from orbion.domain.consent import StopWish, stop_wish
from orbion.domain.toml_table import TomlTable
from orbion.evals.labelled import WRITTEN, EvalSet, false_share, recall
from orbion.evals.scores import Judged


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    text: str
    label: StopWish


def _parse(table: TomlTable) -> Wish:
    return Wish(text=table.text("text", WRITTEN), label=table.choice("label", StopWish))


def _judge(case: Wish) -> Sequence[Judged]:
    return (Judged(expected=case.label, predicted=stop_wish(case.text)),)


OPT_OUT: Final = EvalSet(
    name="opt-out",
    purpose="requests to be written to no more",
    parse=_parse,
    judge=_judge,
    gate=(recall(StopWish.OPT_OUT, 0.98), false_share(StopWish.OPT_OUT, 0.01)),
)
