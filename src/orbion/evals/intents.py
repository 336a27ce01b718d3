"""The set `intents`: what does a short message want, of what every business is asked for?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from orbion.domain.consent import StopWish, opts_in, opts_out, stop_wish
from orbion.domain.intents import agrees, refuses, wants_human
from orbion.domain.questions import asks_address, asks_hours, asks_identity, asks_price
from orbion.domain.text import sentences
from orbion.domain.toml_table import TomlTable
from orbion.domain.vocabulary import COURTESY, GREETINGS, THANKS, spelled_out
from orbion.evals.labelled import WRITTEN, EvalSet, macro_f1
from orbion.evals.scores import Judged


class Intent(StrEnum):
    OPT_OUT = "opt_out"
    OPT_IN = "opt_in"
    HUMAN = "human"
    IDENTITY = "identity"
    ADDRESS = "address"
    HOURS = "hours"
    PRICE = "price"
    YES = "yes"
    NO = "no"
    AMBIGUOUS = "ambiguous"
    THANKS = "thanks"
    GREETING = "greeting"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    text: str
    label: Intent


def _any_sentence(asks: Callable[[str], bool]) -> Callable[[str], bool]:
    return lambda text: any(asks(spelled_out(part)) for part in sentences(text))


def _only(some: frozenset[str]) -> Callable[[str], bool]:
    def says_only(text: str) -> bool:
        spoken = frozenset(spelled_out(text).split())
        return not spoken.isdisjoint(some) and not spoken - GREETINGS - THANKS - COURTESY

    return says_only


# In the order in which the turn would act on them: the first that holds is the intent.
_TESTS: Final[Mapping[Intent, Callable[[str], bool]]] = MappingProxyType(
    {
        Intent.OPT_OUT: opts_out,
        Intent.OPT_IN: opts_in,
        Intent.HUMAN: wants_human,
        Intent.IDENTITY: _any_sentence(asks_identity),
        Intent.YES: agrees,
        Intent.AMBIGUOUS: lambda text: stop_wish(text) is StopWish.AMBIGUOUS,
        Intent.NO: refuses,
        Intent.ADDRESS: _any_sentence(asks_address),
        Intent.HOURS: _any_sentence(asks_hours),
        Intent.PRICE: _any_sentence(asks_price),
        Intent.THANKS: _only(THANKS),
        Intent.GREETING: _only(GREETINGS),
    }
)


def _parse(table: TomlTable) -> Said:
    return Said(text=table.text("text", WRITTEN), label=table.choice("label", Intent))


def _judge(case: Said) -> Sequence[Judged]:
    found = next((intent for intent, holds in _TESTS.items() if holds(case.text)), Intent.OTHER)
    return (Judged(expected=case.label, predicted=found),)


INTENTS: Final = EvalSet(
    name="intents",
    purpose="what a message wants",
    parse=_parse,
    judge=_judge,
    gate=(macro_f1(0.9),),
)
