"""What of the service one process runs: all of it, or the web or the workers alone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from orbion.config import Settings
from orbion.domain.errors import FaultCode, RejectedError
from orbion.main.work import Parts, build_loops
from orbion.main.world import World
from orbion.web import webhooks
from orbion.web.app import Routes
from orbion.workers.loop import QueueLoop


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Which queues it works, and which routes it has beside health, metrics and admin."""

    name: str
    loops: Callable[[Settings, World, Parts], Sequence[QueueLoop]]
    routes: Routes


def no_loops(_settings: Settings, _world: World, _parts: Parts) -> Sequence[QueueLoop]:
    """Other processes work what this one stores."""
    return ()


WHOLE: Final = Part(name="serve", loops=build_loops, routes=webhooks.ROUTES)
WEB: Final = Part(name="web", loops=no_loops, routes=webhooks.ROUTES)
WORK: Final = Part(name="work", loops=build_loops, routes=())


def require_apart(settings: Settings) -> None:
    """Raise `RejectedError` where one process must do everything."""
    if settings.sqlite_path is not None:
        raise RejectedError(
            FaultCode.INPUT_BAD,
            "web and workers run apart on PostgreSQL only, because one process owns a SQLite file: "
            "run `orbion serve`, which does both, or set ORBION_DATABASE_URL=postgresql://…",
        )
