"""Score a lead and place it in a stage from what is known, by code alone."""

from orbion.domain.playbook import Playbook, Slot, Stage
from orbion.domain.turns import Facts


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
