"""The set `action-claims`: does a reply claim a deed that no tool of this turn did?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from orbion.domain.action_claims import unreceipted
from orbion.domain.toml_table import TomlTable
from orbion.evals.grounding import GATE, verdict
from orbion.evals.labelled import EvalSet
from orbion.evals.scores import Judged


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    reply: str
    receipts: tuple[str, ...]
    ok: bool


def _parse(table: TomlTable) -> Claimed:
    return Claimed(
        reply=table.text("reply", 'add "reply" with what is to be sent'),
        receipts=table.texts("receipts", "name the tools that were run, or []"),
        ok=table.flag("ok", default=None),
    )


def _judge(case: Claimed) -> Sequence[Judged]:
    return (verdict(ok=case.ok, found=unreceipted(case.reply, case.receipts)),)


ACTION_CLAIMS: Final = EvalSet(
    name="action-claims",
    purpose="claims of a deed without a receipt",
    parse=_parse,
    judge=_judge,
    gate=GATE,
)
