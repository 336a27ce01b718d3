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
from orbion.main.caring import Care, build_watches
from orbion.main.mirroring import Sheets, sheet_guard_of
from orbion.main.outside import Guards, guard_of
from orbion.main.world import World
from orbion.ports import Channel, Gateway
from orbion.telemetry.metrics import Metrics
from orbion.telemetry.report import TICK_SECONDS, Report
from orbion.usecases.receive import Receive
from orbion.usecases.refusals import Refusals
from orbion.web.access import Access
from orbion.web.deps import State
from orbion.web.readiness import Readiness
from orbion.workers.accounts import AccountWatch
from orbion.workers.checks import (
    account_check,
    circuit_check,
    circuits,
    database_check,
    disk_check,
    sheet_check,
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
    gateways: Mapping[str, Gateway]
    sheets: Sheets
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
    watches: Mapping[str, AccountWatch]
    metrics: Metrics


def observe(built: Built) -> Orbion:
    """Put health, metrics and the web's state around the working parts."""
    clock, metrics = built.world.clock, built.guards.metrics
    monitor = LoopMonitor(clock=clock, observe=metrics.event_loop_lag_seconds.observe)
    report = Report(metrics, clock=clock)
    watched = _watched(built)
    state = _state(built, watched, monitor, report)
    _follow(metrics, built.store, state.receive, clock)
    upkeep = Upkeep(probe=built.store, metrics=metrics)
    background: list[Background] = [
        monitor.run,
        state.board.run,
        upkeep.prune,
        upkeep.measure,
        partial(_tick, report),
        *(watch.run for watch in watched.watches.values()),
    ]
    return Orbion(
        state=state,
        store=built.store,
        supervisor=Supervisor(built.loops, background, grace=built.settings.grace),
        lifecycle=state.lifecycle,
        channels=built.channels,
        watches=watched.watches,
        metrics=metrics,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Watched:
    """The webhooks' way in, and the watches that it wakes and that look at what it has seen."""

    receive: Receive
    watches: Mapping[str, AccountWatch]


def _watched(built: Built) -> _Watched:
    clock, metrics = built.world.clock, built.guards.metrics
    refusals = Refusals(built.accounts, clock=clock, metrics=metrics)
    heard: dict[str, int] = {}
    watches = build_watches(
        Care(
            settings=built.settings,
            world=built.world,
            gateways=built.gateways,
            channels=built.channels,
            store=built.store,
            wakeups=built.wakeups,
            metrics=metrics,
            heard=heard,
            refusals=refusals,
        )
    )
    receive = Receive(
        channels=built.channels,
        accounts=built.accounts,
        inbox=built.store,
        wake=built.wakeups,
        metrics=metrics,
        now=clock.now,
        last_seen=heard,
        refused=refusals.add,
        connection_changed=lambda account: watches[account].wake(),
    )
    return _Watched(receive=receive, watches=watches)


def _state(built: Built, watched: _Watched, monitor: LoopMonitor, report: Report) -> State:
    settings, clock, store = built.settings, built.world.clock, built.store
    lifecycle = Lifecycle()
    started = clock.monotonic()
    return State(
        receive=watched.receive,
        desk=store,
        access=Access(admin_key=settings.admin(), observer_key=settings.observer(), clock=clock),
        board=_board(built, watched.watches),
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


def _board(built: Built, watches: Mapping[str, AccountWatch]) -> HealthBoard:
    metrics, guards = built.guards.metrics, built.guards.made
    sheets = {sheet_guard_of(business): sheet for business, sheet in built.sheets.made.items()}
    watched = {*map(guard_of, watches), *sheets}
    return HealthBoard(
        [
            database_check(built.store),
            disk_check(built.folder, built.settings.disk_reserve, metrics),
            *(
                account_check(watch.latest, guards[guard_of(name)])
                for name, watch in watches.items()
            ),
            *(sheet_check(sheet, guards[name]) for name, sheet in sheets.items()),
            *(circuit_check(guard) for guard in guards.values() if guard.name not in watched),
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
