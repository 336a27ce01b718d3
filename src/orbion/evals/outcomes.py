"""Judges how simulated conversations ended: outcome, questions, model calls, tokens and cost."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from orbion.evals.personas import Ending, Persona

MOST_CALLS: Final = 3.0
MOST_PROMPT_TOKENS: Final = 15_000.0
LEAST_PREFIX: Final = 0.7
LEAST_AS_EXPECTED: Final = 0.9
MOST_AGAIN: Final = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What the database holds of a conversation when it is over."""

    opted_out: bool
    with_person: bool
    qualified: bool
    lost: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Model calls of one conversation; `cost` in micro-dollars.

    `prefix` is the share of all later prompts that stood the same in the prompt before; None for
    fewer than two prompts.
    """

    calls: int = 0
    tokens_in: int = 0
    tokens_cached: int = 0
    tokens_out: int = 0
    cost: int = 0
    prefix: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """`third` counts slots that were asked a third time, `again` questions already answered."""

    persona: Persona
    reached: tuple[Ending, ...]
    turns: int
    unanswered: bool
    third: int
    again: int
    questions: int
    usage: Usage

    @property
    def is_expected(self) -> bool:
        """A visit is arranged by a person: who is handed over is as far as code may take it."""
        match self.persona.expected:
            case Ending.SCHEDULED:
                return Ending.HANDED_OVER in self.reached
            case Ending.ANSWERED:
                return not self.unanswered and Ending.ANSWERED in self.reached
            case expected:
                return expected in self.reached


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """One line of the gate."""

    measure: str
    value: float
    limit: float
    is_floor: bool

    @property
    def holds(self) -> bool:
        return self.value >= self.limit if self.is_floor else self.value <= self.limit


def endings(state: State) -> tuple[Ending, ...]:
    """All that a conversation came to, the weightiest first.

    Who is left with the bot and has not gone was answered, whether qualified or not.
    """
    if state.opted_out:
        return (Ending.OPTED_OUT,)
    if state.lost:
        return (Ending.LOST,)
    found = (
        (Ending.HANDED_OVER, state.with_person),
        (Ending.QUALIFIED, state.qualified),
        (Ending.ANSWERED, not state.with_person),
    )
    return tuple(ending for ending, is_so in found if is_so)


def gate(results: Sequence[Result]) -> Sequence[Limit]:
    """What must hold; a model's figures only where one was asked."""
    return (
        _least("as expected", _share(results, lambda each: each.is_expected), LEAST_AS_EXPECTED),
        _most("left without an answer", sum(each.unanswered for each in results), 0),
        _most("questions asked a third time", sum(each.third for each in results), 0),
        _most("questions put again although answered", _asked_again(results), MOST_AGAIN),
        *(_model_gate(results) if any(each.usage.calls for each in results) else ()),
    )


def prefix_share(prompts: Sequence[str]) -> float | None:
    """How much of each prompt but the first begins as the one before, of all their characters."""
    pairs = list(pairwise(prompts))
    if not pairs:
        return None
    same = sum(_common(before, after) for before, after in pairs)
    return same / sum(len(after) for _, after in pairs)


def _asked_again(results: Sequence[Result]) -> float:
    asked = sum(each.questions for each in results)
    return sum(each.again for each in results) / asked if asked else 0.0


def _model_gate(results: Sequence[Result]) -> Sequence[Limit]:
    count = len(results)
    shares = [each.usage.prefix for each in results if each.usage.prefix is not None]
    whole = (sum(shares) / len(shares),) if shares else ()
    calls = sum(each.usage.calls for each in results) / count
    tokens = sum(each.usage.tokens_in for each in results) / count
    return (
        _most("model calls a conversation", calls, MOST_CALLS),
        _most("prompt tokens a conversation", tokens, MOST_PROMPT_TOKENS),
        *(_least("same beginning of prompts", share, LEAST_PREFIX) for share in whole),
    )


def _least(measure: str, value: float, limit: float) -> Limit:
    return Limit(measure=measure, value=value, limit=limit, is_floor=True)


def _most(measure: str, value: float, limit: float) -> Limit:
    return Limit(measure=measure, value=value, limit=limit, is_floor=False)


def _share(results: Sequence[Result], holds: Callable[[Result], bool]) -> float:
    return sum(map(holds, results)) / len(results)


def _common(before: str, after: str) -> int:
    """Characters at the beginning that are the same."""
    low, high = 0, min(len(before), len(after))
    while low < high:
        middle = (low + high + 1) // 2
        if before[:middle] == after[:middle]:
            low = middle
        else:
            high = middle - 1
    return low
