"""Builds the use cases and the loops that work the queues."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from orbion.adapters.db.store import DbStore
from orbion.adapters.db.summaries import DbSummaries
from orbion.agent.agent import Agent
from orbion.agent.earlier import Earlier
from orbion.config import Settings
from orbion.domain.lanes import Queue
from orbion.domain.playbook import Playbook
from orbion.kit.ids import new_trace
from orbion.main.database import build_pace
from orbion.main.knowing import Knowing
from orbion.main.mirroring import Sheets
from orbion.main.outside import sending_rates
from orbion.main.world import World
from orbion.ports import LLM, Channel, Events
from orbion.telemetry.metrics import Metrics
from orbion.usecases.deliver import Deliver, DeliveryPolicy
from orbion.usecases.reply import Reply, ReplyPolicy
from orbion.usecases.sync_lead import SyncLeads
from orbion.usecases.tell import Tell
from orbion.workers.loop import LoopParts, QueueLoop
from orbion.workers.routes import routes
from orbion.workers.wakeups import Wakeups

TURN_SLACK: Final = 0.5  # lets a stalled call end by its guard, which counts it, not by the turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the loops are made of."""

    store: DbStore
    channels: Mapping[str, Channel]
    playbooks: Mapping[str, Playbook]
    owner_of: Callable[[str], str | None]
    events: Events | None
    llm: Callable[[], LLM]
    knowing: Knowing
    sheets: Sheets
    wakeups: Wakeups
    metrics: Metrics


def build_loops(settings: Settings, world: World, parts: Parts) -> Sequence[QueueLoop]:
    store, metrics, wakeups = parts.store, parts.metrics, parts.wakeups
    llm = parts.llm()
    agent = Agent(
        llm=llm,
        turns=store,
        playbooks=parts.playbooks,
        deadline_seconds=settings.model_deadline + TURN_SLACK,
        clock=world.clock,
        metrics=metrics,
        answers=parts.knowing.answers,
        priced=parts.knowing.prices.catalogues,
        earlier=Earlier(
            kept=DbSummaries(db=store.db), llm=llm if settings.sums_up_by_model else None
        ),
    )
    reply = Reply(
        turns=store,
        lanes=store,
        answer=agent,
        playbooks=parts.playbooks,
        owner_of=parts.owner_of,
        policy=ReplyPolicy(
            stale_after=settings.stale_after, turns_per_minute=settings.turns_per_minute
        ),
        clock=world.clock,
        metrics=metrics,
        wake=wakeups,
    )
    sync = SyncLeads(leads=store, lanes=store, sheet_of=parts.sheets.of, metrics=metrics)
    shared = LoopParts(
        lanes=store,
        owner=new_trace(world.random),
        wakeups=wakeups,
        clock=world.clock,
        random=world.random,
        metrics=metrics,
    )
    table = routes(
        reply,
        _deliver(settings, world, parts),
        sync,
        _tell(world, parts),
        lease=settings.lease,
        slots=settings.workers,
    )
    return [
        QueueLoop(
            queue,
            table[queue].handler,
            policy=table[queue].policy,
            parts=shared,
        )
        for queue in Queue
    ]


def _deliver(settings: Settings, world: World, parts: Parts) -> Deliver:
    return Deliver(
        outbox=parts.store,
        lanes=parts.store,
        channels=parts.channels,
        pacing=build_pace(settings, world, parts.store.db, "send", sending_rates(settings)),
        policy=DeliveryPolicy(
            send_timeout=settings.send_timeout,
            file_timeout=settings.longest_send,
            grace=settings.unknown_grace,
            characters_per_second=settings.typing_speed,
            read_receipts=settings.read_receipts,
        ),
        clock=world.clock,
        random=world.random,
        metrics=parts.metrics,
        wake=parts.wakeups,
    )


def _tell(world: World, parts: Parts) -> Tell:
    return Tell(
        notices=parts.store,
        lanes=parts.store,
        events=parts.events,
        owner_of=parts.owner_of,
        playbooks=parts.playbooks,
        clock=world.clock,
        metrics=parts.metrics,
        wake=parts.wakeups,
    )
