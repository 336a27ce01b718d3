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
from orbion.kit.clock import Clock
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
class Built:
    """The working parts, before anything watches them."""

    settings: Settings
    world: World
    store: DbStore
    accounts: Mapping[str, Account]
    channels: Mapping[str, Channel]
    guards: Guards
    loops: Sequence[QueueLoop]
    wakeups: Wakeups

    @property
    def folder(self) -> Path:
        """Where the database lies: the disk that must not run full."""
        return (self.settings.sqlite_path or Path()).resolve().parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Orbion:
    """Everything that a command needs; `supervisor` is not started yet."""

    state: State
    store: DbStore
    supervisor: Supervisor
    lifecycle: Lifecycle
    channels: Mapping[str, Channel]
    metrics: Metrics


def observe(built: Built) -> Orbion:
    """Put health, metrics and the web's state around the working parts."""
    clock, metrics = built.world.clock, built.guards.metrics
    monitor = LoopMonitor(clock=clock, observe=metrics.event_loop_lag_seconds.observe)
    report = Report(metrics, clock=clock)
    state = _state(built, monitor, report)
    _follow(metrics, built.store, state.receive, clock)
    upkeep = Upkeep(probe=built.store, metrics=metrics)
    background: list[Background] = [
        monitor.run,
        state.board.run,
        upkeep.prune,
        upkeep.measure,
        partial(_tick, report),
    ]
    return Orbion(
        state=state,
        store=built.store,
        supervisor=Supervisor(built.loops, background, grace=built.settings.grace),
        lifecycle=state.lifecycle,
        channels=built.channels,
        metrics=metrics,
    )


def _state(built: Built, monitor: LoopMonitor, report: Report) -> State:
    settings, clock, store = built.settings, built.world.clock, built.store
    lifecycle = Lifecycle()
    started = clock.monotonic()
    return State(
        receive=Receive(
            channels=built.channels,
            accounts=built.accounts,
            inbox=store,
            wake=built.wakeups,
            metrics=built.guards.metrics,
            now=clock.now,
        ),
        desk=store,
        access=Access(admin_key=settings.admin(), observer_key=settings.observer(), clock=clock),
        board=_board(built),
        lifecycle=lifecycle,
        readiness=Readiness(
            store,
            lifecycle=lifecycle,
            free_bytes=lambda: shutil.disk_usage(built.folder).free,
            reserve_bytes=settings.disk_reserve,
            clock=clock,
            random=built.world.random,
        ),
        heartbeats={"event_loop": monitor.heartbeat}
        | {f"queue:{loop.queue}": loop.heartbeat for loop in built.loops},
        sections={
            "circuits": circuits(built.guards.made),
            "caches": lambda: {"history": store.history_cache.statistics},
            "system": system(monitor, lambda: clock.monotonic() - started),
            "versions": lambda: {"orbion": __version__},
        },
        metrics=built.guards.metrics,
        report=report,
        clock=clock,
        body_limit=settings.body_limit,
    )


def _board(built: Built) -> HealthBoard:
    metrics = built.guards.metrics
    return HealthBoard(
        [
            database_check(built.store),
            disk_check(built.folder, built.settings.disk_reserve, metrics),
            *(channel_check(name, channel, metrics) for name, channel in built.channels.items()),
            *(circuit_check(guard) for guard in built.guards.made.values()),
        ],
        clock=built.world.clock,
    )


async def _tick(report: Report) -> None:
    while True:
        await asyncio.sleep(TICK_SECONDS)
        report.tick()


def _follow(metrics: Metrics, store: DbStore, receive: Receive, clock: Clock) -> None:
    """Read what is counted elsewhere whenever metrics are read."""

    def refresh() -> None:
        statistics = store.history_cache.statistics
        metrics.cache_requests.follow(statistics.hits, "history", "hit")
        metrics.cache_requests.follow(statistics.misses, "history", "miss")
        for account, at in receive.last_seen.items():
            metrics.webhook_age_seconds.set((clock.now() - at) / 1000, account)

    metrics.before_collect(refresh)
