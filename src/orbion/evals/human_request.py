"""The set `human-request`: is a message a request for a person instead of the assistant?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from orbion.domain.intents import wants_human
from orbion.domain.toml_table import TomlTable
from orbion.evals.labelled import WRITTEN, EvalSet, precision, recall
from orbion.evals.scores import Judged


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    text: str
    label: bool


def _parse(table: TomlTable) -> Asking:
    return Asking(text=table.text("text", WRITTEN), label=table.flag("label", default=None))


def _judge(case: Asking) -> Sequence[Judged]:
    return (Judged(expected=_said(case.label), predicted=_said(wants_human(case.text))),)


def _said(label: bool) -> str:  # noqa: FBT001 the label itself
    return str(label).lower()


HUMAN_REQUEST: Final = EvalSet(
    name="human-request",
    purpose="requests for a person",
    parse=_parse,
    judge=_judge,
    gate=(recall("true", 0.95), precision("true", 0.95)),
)
