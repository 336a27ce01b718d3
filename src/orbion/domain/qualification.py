"""Score a lead and place it in a stage from what is known, by code alone."""

from collections.abc import Mapping
from typing import Final

from orbion.domain.playbook import Playbook, Slot, Stage
from orbion.domain.turns import Facts

MOST_ATTEMPTS: Final = 2
"""Nobody is asked for the same thing a third time."""


def given_up(asked: Mapping[str, int]) -> frozenset[str]:
    """The slots that are asked for no more; what the customer tells of them still counts."""
    return frozenset(slot for slot, times in asked.items() if times >= MOST_ATTEMPTS)


def score(playbook: Playbook, facts: Facts) -> int:
    """The sum of the weights of the known slots."""
    return sum(slot.weight for slot in playbook.slots if facts.get(slot.key))


def stage(playbook: Playbook, facts: Facts) -> Stage:
    """The highest stage whose threshold the score meets and whose required slots are known."""
    points = score(playbook, facts)
    return [
        stage
        for stage in playbook.stages
        if stage.threshold <= points and all(facts.get(key) for key in stage.requires)
    ][-1]


def open_slots(playbook: Playbook, facts: Facts) -> tuple[Slot, ...]:
    """What is not known yet: required slots first, each group in the playbook's order."""
    missing = (slot for slot in playbook.slots if not facts.get(slot.key))
    return tuple(sorted(missing, key=lambda slot: not slot.required))
