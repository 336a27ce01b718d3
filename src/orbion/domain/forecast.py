"""What the leads of a business are worth: each value times the probability of its stage."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from orbion.domain.pipeline import LOST, WON
from orbion.domain.playbook import Playbook

MOST_CENTAVOS: Final = 100_000_000_000_00
"""A hundred billion reais: more is a slip of the hand, and sums stay far within eight bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageSum:
    """The leads of a business in one stage: `valued` of them have a value, `value` in centavos."""

    business: str
    stage: str
    leads: int
    valued: int
    value: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StageRecord:
    """How often a stage led to what: of `ended` leads that left it and are over, `won` were won."""

    business: str
    stage: str
    ended: int
    won: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StageForecast:
    """One rung; money in centavos, `probability` in percent as the playbook says, None = not said.

    `ended` and `won` are what really became of leads that stood here, so that the two can be
    compared.
    """

    stage: str
    leads: int
    valued: int
    value: int
    probability: int | None
    expected: int | None
    ended: int
    won: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """`expected` sums the open stages, in centavos; `left_out` open leads have no part in it.

    They have no value, or stand in a stage without a probability.
    """

    business: str
    expected: int
    left_out: int
    stages: tuple[StageForecast, ...]


def forecast(
    business: str, playbook: Playbook, sums: Iterable[StageSum], records: Iterable[StageRecord]
) -> Forecast:
    """Every stage of the playbook in its order, then won and lost, then what it does not know."""
    odds = {stage.key: stage.probability for stage in playbook.stages} | {WON: 100, LOST: 0}
    found = {each.stage: each for each in sums if each.business == business}
    past = {each.stage: each for each in records if each.business == business}
    stages = tuple(
        _stage(key, odds.get(key), found.get(key), past.get(key))
        for key in dict.fromkeys([*odds, *found])
    )
    still_open = [each for each in stages if each.stage not in {WON, LOST}]
    return Forecast(
        business=business,
        expected=sum(each.expected or 0 for each in still_open),
        left_out=sum(
            each.leads - (each.valued if each.expected is not None else 0) for each in still_open
        ),
        stages=stages,
    )


def _stage(
    key: str, probability: int | None, found: StageSum | None, past: StageRecord | None
) -> StageForecast:
    value = found.value if found else 0
    return StageForecast(
        stage=key,
        leads=found.leads if found else 0,
        valued=found.valued if found else 0,
        value=value,
        probability=probability,
        expected=None if probability is None else value * probability // 100,
        ended=past.ended if past else 0,
        won=past.won if past else 0,
    )
