"""Builds what watches the service: health, metrics and the state that the web reads."""

import asyncio
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from orbion import __version__
from orbion.adapters.db.pipeline import DbPipeline
from orbion.adapters.db.store import DbStore
from orbion.adapters.db.trade import trade
from orbion.config import Settings
from orbion.domain.conversations import Account
from orbion.domain.playbook import Playbook
from orbion.kit.cache import CacheStatistics
from orbion.kit.health import Check, HealthBoard, LoopMonitor
from orbion.kit.ids import new_trace
from orbion.kit.lifecycle import Lifecycle
from orbion.main.caring import Care, build_watches
from orbion.main.knowing import Knowing
from orbion.main.mirroring import Sheets, sheet_guard_of
from orbion.main.outside import Guards, guard_of
from orbion.main.playbooks import stages_of
from orbion.main.world import World
from orbion.ports import Archive, Channel, Gateway
from orbion.telemetry.metrics import Metrics
from orbion.telemetry.report import TICK_SECONDS, Report
from orbion.usecases.forecast_leads import ForecastLeads
from orbion.usecases.heal_gap import HealGap, HealPolicy
from orbion.usecases.move_lead import MoveLead
from orbion.usecases.receive import Receive
from orbion.usecases.refusals import Refusals
from orbion.web.access import Access
from orbion.web.deps import State
from orbion.web.limits import Limits
from orbion.web.readiness import Readiness
from orbion.web.webhooks import CHANNEL
from orbion.workers.accounts import AccountWatch
from orbion.workers.checks import (
    ModelCheck,
    account_check,
    backup_check,
    circuit_check,
    circuits,
    database_check,
    disk_check,
    sheet_check,
)
from orbion.workers.healing import Healing
from orbion.workers.loop import QueueLoop
from orbion.workers.machine import Machine
from orbion.workers.supervisor import Background, Supervisor
from orbion.workers.trade import TradeCount
from orbion.workers.upkeep import Upkeep
from orbion.workers.wakeups import Wakeups


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """The working parts, before anything watches them."""

    settings: Settings
    world: World
    store: DbStore
    accounts: Mapping[str, Account]
    playbooks: Mapping[str, Playbook]
    channels: Mapping[str, Channel]
    gateways: Mapping[str, Gateway]
    archives: Mapping[str, Archive]
    sheets: Sheets
    guards: Guards
    knowing: Knowing
    loops: Sequence[QueueLoop]
    wakeups: Wakeups
    background: Sequence[Background]

    @property
    def caches(self) -> Mapping[str, CacheStatistics]:
        """Of all that this process keeps in memory, by its name."""
        return {**self.store.caches, **self.knowing.caches}

    @property
    def folder(self) -> Path:
        """Where this process writes: on SQLite the disk that must not run full."""
        path = self.settings.sqlite_path
        return Path.cwd() if path is None else path.resolve().parent


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
    machine = Machine(monitor, clock=clock, cpu_seconds=time.process_time)
    state = _state(built, watched, machine, report)
    _start_at_zero(metrics)
    _follow(metrics, built, state.receive)
    upkeep = Upkeep(probe=built.store, metrics=metrics)
    counting = TradeCount(
        read=lambda: built.store.db.read(trade),
        stages=lambda: stages_of(built.accounts, built.playbooks),
        metrics=metrics,
    )
    background: list[Background] = [
        *built.background,
        built.knowing.folders.run,
        built.knowing.prices.run,
        monitor.run,
        machine.run,
        state.board.run,
        upkeep.prune,
        upkeep.measure,
        counting.run,
        partial(_tick, report),
        *(watch.run for watch in watched.watches.values()),
        *(each.run for each in watched.healings.values()),
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
    """The webhooks' way in, and what it wakes: the watches, and what reads back the missing."""

    receive: Receive
    watches: Mapping[str, AccountWatch]
    healings: Mapping[str, Healing]


def _watched(built: Built) -> _Watched:
    clock, metrics = built.world.clock, built.guards.metrics
    refusals = Refusals(built.accounts, clock=clock, metrics=metrics)
    heard: dict[str, int] = {}
    healings = _healings(built)
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
            opened=lambda account: healings[account].wake(),
        )
    )

    def accepted(account: str) -> None:
        if refusals.ended(account):
            healings[account].wake()

    receive = Receive(
        channels=built.channels,
        accounts=built.accounts,
        inbox=built.store,
        wake=built.wakeups,
        metrics=metrics,
        now=clock.now,
        last_seen=heard,
        refused=refusals.add,
        accepted=accepted,
        missed=lambda account: healings[account].wake(),
        connection_changed=lambda account: watches[account].wake(),
    )
    return _Watched(receive=receive, watches=watches, healings=healings)


def _healings(built: Built) -> Mapping[str, Healing]:
    random = built.world.random
    heal = HealGap(
        accounts=built.accounts,
        archives=built.archives,
        gaps=built.store,
        inbox=built.store,
        policy=HealPolicy(),
        now=built.world.clock.now,
        new_trace=lambda: new_trace(random),
        wake=built.wakeups,
        metrics=built.guards.metrics,
    )
    return {name: Healing(heal, name, random=random) for name in built.archives}


def _state(built: Built, watched: _Watched, machine: Machine, report: Report) -> State:
    settings, clock, store = built.settings, built.world.clock, built.store
    lifecycle = Lifecycle()
    limits = Limits(
        address=settings.address_per_minute,
        failures=settings.failures_per_minute,
        key=settings.key_per_minute,
        clock=clock,
    )
    leads = DbPipeline(db=store.db)
    by_business = {account.business: name for name, account in built.accounts.items()}
    return State(
        receive=watched.receive,
        desk=store,
        move_lead=MoveLead(leads=leads, accounts=by_business, playbooks=built.playbooks),
        forecast_leads=ForecastLeads(leads=leads, accounts=by_business, playbooks=built.playbooks),
        read_catalogue=built.knowing.prices.read_now,
        access=Access(admin_key=settings.admin(), observer_key=settings.observer(), limits=limits),
        limits=limits,
        board=_board(built, watched.watches),
        lifecycle=lifecycle,
        readiness=Readiness(
            store,
            lifecycle=lifecycle,
            free_bytes=lambda: shutil.disk_usage(built.folder).free,
            # PostgreSQL has a disk of its own, and says so itself when that is full
            reserve_bytes=0 if settings.sqlite_path is None else settings.disk_reserve,
            clock=clock,
            random=built.world.random,
        ),
        heartbeats={"event_loop": machine.monitor.heartbeat}
        | {f"queue:{loop.queue}": loop.heartbeat for loop in built.loops},
        guards=built.guards.made,
        sections={
            "circuits": circuits(built.guards.made),
            "caches": lambda: built.caches,
            "system": machine.look,
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
    providers = built.guards.providers
    watched = {*map(guard_of, watches), *sheets, *providers}
    return HealthBoard(
        [
            database_check(built.store),
            disk_check(built.folder, built.settings.disk_reserve, metrics),
            *_backups(built),
            *(
                account_check(watch.latest, guards[guard_of(name)])
                for name, watch in watches.items()
            ),
            *(sheet_check(sheet, guards[name]) for name, sheet in sheets.items()),
            *built.knowing.prices.checks(),
            *(
                ModelCheck(
                    provider=provider,
                    guard=guards[name],
                    model=built.settings.openai_model,
                    clock=built.world.clock,
                    metrics=metrics,
                ).check()
                for name, provider in providers.items()
            ),
            *(circuit_check(guard) for guard in guards.values() if guard.name not in watched),
        ],
        clock=built.world.clock,
    )


def _backups(built: Built) -> Iterator[Check]:
    world, folder = built.world, built.settings.backup_folder
    if folder is not None:
        yield backup_check(folder, built.guards.metrics, world.clock.now, world.run_blocking)


async def _tick(report: Report) -> None:
    while True:
        await asyncio.sleep(TICK_SECONDS)
        report.tick()


def _start_at_zero(metrics: Metrics) -> None:
    """Expose what alerts count before it happens: growth is not seen in a series' first sample."""
    metrics.webhook_requests.inc(CHANNEL, "unavailable", amount=0)
    for outcome in ("sent", "unknown"):
        metrics.outbound.inc("whatsapp", outcome, amount=0)


def _follow(metrics: Metrics, built: Built, receive: Receive) -> None:
    """Read what is counted elsewhere whenever metrics are read."""

    def refresh() -> None:
        for name, statistics in built.caches.items():
            metrics.cache_requests.follow(statistics.hits, name, "hit")
            metrics.cache_requests.follow(statistics.misses, name, "miss")
        for account, at in receive.last_seen.items():
            metrics.webhook_age_seconds.set((built.world.clock.now() - at) / 1000, account)

    metrics.before_collect(refresh)
