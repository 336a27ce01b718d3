"""What each load run is: how many customers write how much, and how the service is set."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from loadtests.processes import SCENARIOS

QUIET_SECONDS: Final = 0.5
"""The quiet time where the service's own part of an answer's time is measured."""

BARE: Final[Mapping[str, object]] = {
    "quiet_min": QUIET_SECONDS,
    "quiet_max": QUIET_SECONDS,
    "typing_speed": 0,
}
"""One known quiet time and no typing: the rest of an answer's time is the model's or our own."""

UNPACED: Final[Mapping[str, object]] = {
    "turns_per_minute": 600,
    "sends_per_second": 1e6,
    "sends_per_minute": 1e6,
    "sends_per_hour": 1e6,
    "workers": 64,
}
MESSAGES_OF_ONE: Final = 5.0
"""A minute, of one customer, unless a run says how many customers there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """`rate` in messages a minute of all customers; `model_ms` None = the scripted model.

    The `settings` are the service's, beside the defaults.
    """

    name: str
    rate: int
    seconds: float
    customers: int
    model_ms: int | None = None
    settings: Mapping[str, object] = field(default_factory=dict)

    @property
    def is_bare(self) -> bool:
        """Say whether our own part of an answer's time can be told from the waits."""
        return "quiet_min" in self.settings


def usual(seconds: float) -> list[Scenario]:
    """The defaults of an installed service: quiet time, typing, pacing."""
    names = ("baseline", "normal", "peak", "stress")
    return [
        Scenario(name=name, rate=rate, seconds=seconds, customers=_customers(rate))
        for name, rate in zip(names, SCENARIOS, strict=True)
    ]


def modelled(seconds: float) -> list[Scenario]:
    """The highest usual rate, with models of three speeds."""
    rate = SCENARIOS[-1]
    return [
        Scenario(
            name=f"model {latency / 1000:g} s",
            rate=rate,
            seconds=seconds,
            customers=_customers(rate),
            model_ms=latency,
            settings=BARE,
        )
        for latency in (0, 800, 2_500)
    ]


def crowded(seconds: float) -> list[Scenario]:
    """Few and many conversations at once."""
    return [
        Scenario(
            name=f"{customers} conversations",
            rate=rate,
            seconds=seconds,
            customers=customers,
            settings={**BARE, **UNPACED},
        )
        for customers, rate in ((50, 600), (1_000, 2_000))
    ]


def ramp(seconds: float) -> list[Scenario]:
    """More and more, with every pace of ours lifted, until something gives way."""
    return [
        Scenario(
            name=f"ramp {rate}",
            rate=rate,
            seconds=seconds,
            customers=rate // 4,
            settings={**BARE, **UNPACED},
        )
        for rate in (1_000, 2_000, 3_000, 4_000, 6_000, 8_000, 12_000)
    ]


def _customers(rate: int) -> int:
    return max(1, round(rate / MESSAGES_OF_ONE))
