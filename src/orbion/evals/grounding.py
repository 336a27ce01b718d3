"""The set `grounding`: does every claim of a reply stand in the facts that it was given?"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from orbion.domain.backing import Backing, CatalogueFact, read_backing
from orbion.domain.grounding import find_ungrounded
from orbion.domain.toml_table import TomlTable
from orbion.evals.labelled import EvalSet, false_share
from orbion.evals.scores import Judged

PASSED: Final = "pass"
VETOED: Final = "veto"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounded:
    catalogue: tuple[CatalogueFact, ...]
    texts: tuple[str, ...]
    reply: str
    ok: bool


def _parse(table: TomlTable) -> Grounded:
    facts = table.table("facts", 'write {"catalog": […], "hours": …, "address": …, "notes": …}')
    return Grounded(
        catalogue=tuple(_items(facts)),
        texts=tuple(facts.prose(key) for key in ("hours", "address", "notes")),
        reply=table.text("reply", 'add "reply" with what is to be sent'),
        ok=table.flag("ok", default=None),
    )


def _items(facts: TomlTable) -> Iterable[CatalogueFact]:
    for item in facts.tables("catalog", 'write a list of {"name", "price_brl"}'):
        split = item.optional_table("installments", 'write {"count", "amount_brl"}')
        yield CatalogueFact(
            name=item.text("name", "name the product"),
            price=_reais(item, "price_brl"),
            instalments=()
            if split is None
            else ((split.number("count", "write how many", least=1), _reais(split, "amount_brl")),),
        )


def _reais(table: TomlTable, key: str) -> Decimal:
    return Decimal(table.amount(key, "write reais as a number")) / 100


@dataclass(frozen=True, slots=True)
class _Judging:
    """Reads the same facts once: a set has many replies to few businesses."""

    _read: dict[tuple[object, ...], Backing] = field(default_factory=dict)

    def __call__(self, case: Grounded) -> Sequence[Judged]:
        facts = (case.catalogue, case.texts)
        if facts not in self._read:
            self._read[facts] = read_backing(*facts)
        return (verdict(ok=case.ok, found=find_ungrounded(case.reply, self._read[facts])),)


def verdict(*, ok: bool, found: Sequence[str]) -> Judged:
    """The one decision about a reply: may it leave?"""
    return Judged(
        expected=PASSED if ok else VETOED,
        predicted=VETOED if found else PASSED,
        note=", ".join(found),
    )


GATE: Final = (false_share(PASSED, 0.01), false_share(VETOED, 0.01))
GROUNDING: Final = EvalSet(
    name="grounding",
    purpose="claims of a reply without a fact",
    parse=_parse,
    judge=_Judging(),
    gate=GATE,
)
