"""Finds the request that each accept of one body belongs to."""

from collections.abc import Sequence

from orbion.simulators.evolution_store import Accepted


def pair(accepts: Sequence[Accepted], requests: Sequence[int], direct: int) -> dict[str, int]:
    """Return when it was asked for, by gateway id; a direct accept follows within `direct` ms."""
    left = sorted(requests)
    found: dict[str, int] = {}
    delayed: list[Accepted] = []
    for accepted in accepts:
        at = next((at for at in left if at <= accepted.at <= at + direct), None)
        if at is None:
            delayed.append(accepted)
        else:
            left.remove(at)
            found[accepted.id] = at
    for accepted in delayed:
        found[accepted.id] = left.pop(0)
    return found
