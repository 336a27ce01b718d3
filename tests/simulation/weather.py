"""What one seeded day brings beside the kills: faults, outages, greetings and people."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from random import Random
from types import MappingProxyType

from orbion.simulators.evolution import EvolutionSimulator
from orbion.simulators.evolution_store import Socket
from orbion.simulators.faults import EvolutionFaults, SendFault
from tests.simulation.story import WEATHER, without

GIVEN_UP_S = (1_500.0, 1_900.0)  # longer than the gateway goes on posting
IDLE_S = 20.0
GREETING = "Olá! Que bom falar com você. Já respondemos."
CROWDED = EvolutionFaults(
    latency_ms=(1, 20),
    send=MappingProxyType(
        {
            SendFault.HANG_BEFORE: 0.1,
            SendFault.HANG_AFTER: 0.1,
            SendFault.HANG_THEN_ACCEPT: 0.1,
        }
    ),
    late_accept_ms=(5_500, 8_000),
    unechoed=0.5,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """Times in seconds.

    `idle` is how long a person holds a conversation (0 = for ever), `greets` whether the app greets
    by itself, `long_death` which death of the service lasts until the gateway has given up.
    """

    faults: EvolutionFaults = field(default_factory=EvolutionFaults)
    idle: float = 0.0
    greets: bool = False
    long_death: int | None = None
    disconnected: tuple[float, float] | None = None
    restarted: float | None = None
    gateway_dead: tuple[float, float] | None = None


def draw_weather(dice: Random, *, crowd: bool, calm: Collection[str]) -> Weather:
    """What is calm is drawn all the same, so that a shorter story differs in nothing else."""
    drawn = Weather(
        faults=CROWDED if crowd else draw_faults(dice),
        idle=IDLE_S if dice.random() < 0.3 else 0.0,
        greets=dice.random() < 0.3,
        long_death=dice.randrange(8) if dice.random() < 0.2 else None,
        disconnected=(dice.uniform(0, 30), dice.uniform(1, 15)) if dice.random() < 0.25 else None,
        restarted=dice.uniform(0, 20) if dice.random() < 0.15 else None,
        gateway_dead=(dice.uniform(0, 30), dice.uniform(1, 60)) if dice.random() < 0.15 else None,
    )
    faults = without(calm, drawn.faults)
    if WEATHER in calm:
        return Weather(faults=faults, idle=drawn.idle, greets=drawn.greets)
    return replace(drawn, faults=faults)


def draw_faults(dice: Random) -> EvolutionFaults:
    """From a calm day to one on which every other send goes wrong somehow."""
    share = dice.choice((0.0, 0.15, 0.3, 0.5))
    weights = [dice.random() for _ in SendFault]
    fates = {
        fault: share * weight / sum(weights)
        for fault, weight in zip(SendFault, weights, strict=True)
    }
    return EvolutionFaults(
        latency_ms=(1, 20),
        send=fates,
        late_accept_ms=dice.choice(((500, 4_000), (5_500, 8_000), (12_000, 30_000))),
        unrecorded=dice.choice((0.0, 0.2)),
        unechoed=dice.choice((0.0, 0.3, 0.7)),
        find_fails=dice.choice((0.0, 0.2)),
        echo_ms=dice.choice(((1, 5), (1, 3_000))),
        duplicated=dice.choice((0.0, 0.3)),
        late=dice.choice((0.0, 0.1)),
        jitter_ms=dice.choice(((0, 0), (0, 400))),
        late_ms=dice.choice(((0, 20), (0, 8_000))),
    )


def settings_of(weather: Weather) -> dict[str, object]:
    """How the service is told of it."""
    greetings = (GREETING,) if weather.greets else ()
    return {"human_idle_release": weather.idle, "auto_greetings": greetings}


def stop(gateway: EvolutionSimulator) -> None:
    """The gateway's process dies, and nobody is told: what it had yet to post is lost."""
    gateway.instances["loja"].socket = Socket.CLOSED
    gateway.instances["loja"].state = "close"
    gateway.restart()


def start(gateway: EvolutionSimulator) -> None:
    """It comes back, and WhatsApp gives it what it held back."""
    gateway.connection("loja", "open")
