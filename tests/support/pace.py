"""A pace that no test but those of the pace itself ever feels."""

from orbion.kit.clock import SystemClock
from orbion.kit.limiter import Limiter, Rate


def at_will() -> Limiter:
    return Limiter([Rate(1_000_000, 1.0)], clock=SystemClock())
