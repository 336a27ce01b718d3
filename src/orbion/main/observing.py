"""Builds what watches the service: health, metrics and the state that the web reads."""

import asyncio
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from orbion import __version__
from orbion.adapters.db.store import DbStore
from orbion.config import Settings
from orbion.domain.conversations import Account
from orbion.kit.health import HealthBoard, LoopMonitor
from orbion.kit.lifecycle import Lifecycle
from orbion.main.outside import Guards
from orbion.main.world import World
from orbion.ports import Channel
from orbion.telemetry.metrics import Metrics
from orbion.telemetry.report import TICK_SECONDS, Report
from orbion.usecases.receive import Receive
from orbion.web.access import Access
from orbion.web.deps import State
from orbion.web.readiness import Readiness
from orbion.workers.checks import (
    channel_check,
    circuit_check,
    circuits,
    database_check,
    disk_check,
    system,
)
from orbion.workers.loop import QueueLoop
from orbion.workers.supervisor import Background, Supervisor
from orbion.workers.upkeep import Upkeep
from orbion.workers.wakeups import Wakeups


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Everything that a command needs; `supervisor` is not started yet."""

    state: State
    store: DbStore
    supervisor: Supervisor
    lifecycle: Lifecycle
    channels: Mapping[str, Channel]
    metrics: Metrics
    freed: int


def gather(  # noqa: PLR0913 the last step gathers all parts
    settings: Settings,
    world: World,
    *,
    store: DbStore,
    accounts: Mapping[str, Account],
    channels: Mapping[str, Channel],
    guards: Guards,
    loops: Sequence[QueueLoop],
    wakeups: Wakeups,
    freed: int,
) -> Service:
    clock, metrics, lifecycle = world.clock, guards.metrics, Lifecycle()
    monitor = LoopMonitor(clock=clock, observe=metrics.event_loop_lag_seconds.observe)
    report = Report(metrics, clock=clock)
    folder = (settings.sqlite_path or Path()).resolve().parent
    board = HealthBoard(
        [
            database_check(store),
            disk_check(folder, settings.disk_reserve, metrics),
            *(channel_check(name, channel, metrics) for name, channel in channels.items()),
            *(circuit_check(guard) for guard in guards.made.values()),
        ],
        clock=clock,
    )
    _follow_caches(metrics, store)
    upkeep = Upkeep(probe=store, metrics=metrics)
    receive = Receive(
        channels=channels,
        accounts=accounts,
        inbox=store,
        wake=wakeups,
        metrics=metrics,
        now=clock.now,
    )
    started = clock.monotonic()
    state = State(
        receive=receive,
        desk=store,
        access=Access(admin_key=settings.admin(), observer_key=settings.observer(), clock=clock),
        board=board,
        lifecycle=lifecycle,
        readiness=Readiness(
            store,
            lifecycle=lifecycle,
            free_bytes=lambda: shutil.disk_usage(folder).free,
            reserve_bytes=settings.disk_reserve,
            clock=clock,
            random=world.random,
        ),
        heartbeats={"event_loop": monitor.heartbeat}
        | {f"queue:{loop.queue}": loop.heartbeat for loop in loops},
        sections={
            "circuits": circuits(guards.made),
            "caches": lambda: {"history": store.history_cache.statistics},
            "system": system(monitor, lambda: clock.monotonic() - started),
            "versions": lambda: {"orbion": __version__},
        },
        metrics=metrics,
        report=report,
        clock=clock,
        body_limit=settings.body_limit,
    )
    background: list[Background] = [
        monitor.run,
        board.run,
        upkeep.prune,
        upkeep.measure,
        partial(_tick, report),
    ]
    return Service(
        state=state,
        store=store,
        supervisor=Supervisor(loops, background, grace=settings.grace),
        lifecycle=lifecycle,
        channels=channels,
        metrics=metrics,
        freed=freed,
    )


async def _tick(report: Report) -> None:
    while True:
        await asyncio.sleep(TICK_SECONDS)
        report.tick()


def _follow_caches(metrics: Metrics, store: DbStore) -> None:
    def refresh() -> None:
        statistics = store.history_cache.statistics
        metrics.cache_requests.follow(statistics.hits, "history", "hit")
        metrics.cache_requests.follow(statistics.misses, "history", "miss")

    metrics.before_collect(refresh)
