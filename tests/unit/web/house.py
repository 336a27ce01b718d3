"""The whole HTTP side in process, over stores that live in memory."""

import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
from asgi_lifespan import LifespanManager
from starlette.types import ASGIApp

from orbion.adapters.channels.evolution import EvolutionChannel, SendTimeouts
from orbion.adapters.http import build_client
from orbion.domain.catalogue_sheet import Catalogue
from orbion.domain.conversations import Account, Conversation, Mode, ModeReason
from orbion.domain.errors import OrbionError
from orbion.domain.events import (
    Event,
    EventIgnored,
    EventQuarantined,
    MessageEchoed,
    MessageReceived,
)
from orbion.domain.forecast import StageRecord, StageSum
from orbion.domain.lanes import DeadLetter, Queue, Requeued
from orbion.domain.leads import Lead, LeadFile, LeadRow, StageChange, StageMove
from orbion.domain.listing import AccountLine, ConversationLine, QuarantineLine, StoreFacts
from orbion.domain.messages import Message
from orbion.kit.guard import Guard
from orbion.kit.health import Check, HealthBoard, Heartbeat
from orbion.kit.lifecycle import Lifecycle
from orbion.ports import Received
from orbion.telemetry.metrics import Metrics
from orbion.telemetry.report import Report
from orbion.usecases.forecast_leads import ForecastLeads
from orbion.usecases.move_lead import MoveLead
from orbion.usecases.receive import Receive
from orbion.web.access import Access
from orbion.web.app import create_app
from orbion.web.deps import Section, State
from orbion.web.limits import Limits
from orbion.web.readiness import Readiness
from tests.support.playbooks import solar

SECRET = "webhook-secret-of-the-tests-0123456789"
NEXT_SECRET = "the-secret-that-replaces-it-0123456789"
ADMIN = "admin-key-of-the-tests-0123456789"
AUTHENTIC = {"authorization": f"Bearer {SECRET}"}
OPERATOR = {"authorization": f"Bearer {ADMIN}"}
BODY_LIMIT = 64 * 1024
KEY_LIMIT = 8
NOW = 1_795_170_000_000
TRACE = "ab" * 16


@dataclass
class StillClock:
    """Moves only when a test moves it."""

    seconds: float = 0.0

    def now(self) -> int:
        return NOW + int(self.seconds * 1000)

    def monotonic(self) -> float:
        return self.seconds


@dataclass
class MemoryInbox:
    """Knows a message by its id; fails with `fault` while it is set."""

    fault: Exception | None = None
    events: list[Event] = field(default_factory=list)
    set_aside: list[tuple[str, str, bytes]] = field(default_factory=list)
    traces: list[str] = field(default_factory=list)
    seen: set[tuple[str, bool]] = field(default_factory=set)

    async def receive(self, account: str, events: Sequence[Event], trace: str) -> Received:
        if self.fault is not None:
            raise self.fault
        self.traces.append(trace)
        outcomes = tuple(self._store(account, event) for event in events)
        duplicate = all(outcome == "duplicate" for outcome in outcomes)
        wake = frozenset() if duplicate else frozenset({Queue.IN})
        return Received(duplicate=duplicate, outcomes=outcomes, wake=wake)

    async def quarantine(self, account: str, reason: str, raw: bytes) -> None:
        if self.fault is not None:
            raise self.fault
        self.set_aside.append((account, reason, raw))

    def _store(self, account: str, event: Event) -> str:
        if isinstance(event, EventIgnored):
            return f"ignored:{event.reason}"
        if isinstance(event, EventQuarantined):
            self.set_aside.append((account, event.reason, event.raw))
            return f"quarantined:{event.reason}"
        if isinstance(event, MessageReceived | MessageEchoed):
            key = (event.provider_id, isinstance(event, MessageEchoed))
            if key in self.seen:
                return "duplicate"
            self.seen.add(key)
        self.events.append(event)
        return "stored" if isinstance(event, MessageReceived) else "status"


@dataclass
class MemoryPipeline:
    """Holds one lead."""

    file: LeadFile = field(
        default_factory=lambda: LeadFile(
            lead=Lead(id=7, contact_id=1, stage="novo", score=0, facts={"nome": "Ana"}),
            business="sol",
            value=None,
            changes=(),
        )
    )

    async def lead_file(self, lead_id: int) -> LeadFile | None:
        return self.file if lead_id == self.file.lead.id else None

    async def move_lead(
        self, lead_id: int, move: StageMove, *, check: Callable[[Lead], None]
    ) -> None:
        lead = self.file.lead
        assert lead.id == lead_id
        check(lead)
        change = StageChange(
            before=lead.stage,
            after=move.to,
            actor=move.actor,
            reason=move.reason,
            turn_id=None,
            at=0,
        )
        self.file = replace(self.file, lead=replace(lead, stage=move.to), changes=(change,))

    async def value_lead(self, lead_id: int, centavos: int | None, actor: str) -> bool:
        assert actor
        if lead_id != self.file.lead.id:
            return False
        self.file = replace(self.file, value=centavos)
        return True

    async def stage_sums(self) -> tuple[Sequence[StageSum], Sequence[StageRecord]]:
        lead, value = self.file.lead, self.file.value
        found = StageSum(
            business="sol",
            stage=lead.stage,
            leads=1,
            valued=int(value is not None),
            value=value or 0,
        )
        return [found], []


@dataclass
class MemoryDesk:
    """Lists what the test put in and remembers what was asked of it."""

    lines: list[ConversationLine] = field(default_factory=list)
    found: dict[int, Conversation] = field(default_factory=dict)
    dead: list[DeadLetter] = field(default_factory=list)
    accounts: list[AccountLine] = field(default_factory=list)
    set_aside: list[QuarantineLine] = field(default_factory=list)
    changes: list[tuple[Any, ...]] = field(default_factory=list)
    fault: Exception | None = None

    async def conversations(self, *, before: int | None, limit: int) -> Sequence[ConversationLine]:
        if self.fault is not None:
            raise self.fault
        return [line for line in self.lines if before is None or line.id < before][:limit]

    async def conversation(self, conversation_id: int) -> Conversation | None:
        return self.found.get(conversation_id)

    async def messages(self, conversation_id: int, limit: int) -> Sequence[Message]:
        self.changes.append(("messages", conversation_id, limit))
        return []

    async def set_mode(
        self, conversation_id: int, mode: Mode, reason: ModeReason | None, actor: str
    ) -> bool:
        self.changes.append((conversation_id, mode, reason, actor))
        return conversation_id in self.found

    async def dead_letters(self, *, before: int | None, limit: int) -> Sequence[DeadLetter]:
        return [one for one in self.dead if before is None or one.died_at < before][:limit]

    async def requeue(
        self, queue: Queue, key: str, seq: int, actor: str, *, force: bool = False
    ) -> Requeued:
        self.changes.append(("requeue", queue, key, seq, actor))
        letter = next((one for one in self.dead if (one.key, one.seq) == (key, seq)), None)
        if letter is None:
            return Requeued.MISSING
        return Requeued.DONE if letter.redriven_at and not force else Requeued.QUEUED

    async def discard_dead(self, queue: Queue, key: str, seq: int, actor: str) -> bool:
        self.changes.append(("discard", queue, key, seq, actor))
        return any((one.key, one.seq) == (key, seq) for one in self.dead)

    async def quarantined(self, *, before: int | None, limit: int) -> Sequence[QuarantineLine]:
        return [one for one in self.set_aside if before is None or one.id < before][:limit]

    async def end_quarantine(self, row_id: int, how: str, actor: str) -> bool:
        self.changes.append(("end", row_id, how, actor))
        return any(one.id == row_id and one.ended is None for one in self.set_aside)

    async def account_lines(self) -> Sequence[AccountLine]:
        return self.accounts

    async def note(self, actor: str, action: str, subject: str) -> None:
        if self.fault is not None:
            raise self.fault
        self.changes.append((actor, action, subject))

    async def leads(self, limit: int) -> Sequence[LeadRow]:
        return [][:limit]


@dataclass
class MemoryProbe:
    """Counts how often it is asked."""

    fault: OrbionError | None = None
    writes: int = 0
    reads: int = 0

    async def facts(self) -> StoreFacts:
        self.reads += 1
        if self.fault is not None:
            raise self.fault
        return StoreFacts(
            depth={"in": 3},
            oldest_seconds={"in": 0.5},
            outbox={"pending": 1},
            messages={"open": 3},
            dead=0,
            quarantined=0,
            schema="0001",
        )

    async def prune(self) -> int:
        return 0

    async def write_probe(self) -> float:
        self.writes += 1
        if self.fault is not None:
            raise self.fault
        return 0.001


@dataclass
class House:
    """The client and everything behind it that a test may want to break or read."""

    client: httpx.AsyncClient
    app: ASGIApp
    inbox: MemoryInbox
    desk: MemoryDesk
    probe: MemoryProbe
    clock: StillClock
    state: State
    woken: list[Queue]
    disk: dict[str, int]

    def metric(self, name: str, **labels: str) -> float:
        samples = [s for m in self.state.metrics.collect() for s in m.samples]
        found = [s.value for s in samples if s.name == name and s.labels == labels]
        return found[0] if found else 0.0

    async def post(
        self, body: Any, path: str = "/webhooks/evolution/loja", **headers: str
    ) -> httpx.Response:
        sent = headers or AUTHENTIC
        if isinstance(body, bytes):
            return await self.client.post(path, content=body, headers=sent)
        return await self.client.post(path, json=body, headers=sent)


async def no_catalogue(_account: str) -> Catalogue | None:
    """No playbook of the house names a sheet."""
    return None


@asynccontextmanager
async def house(
    *,
    admin_key: str | None = ADMIN,
    observer_key: str | None = None,
    checks: Sequence[Check] = (),
    sections: Mapping[str, Section] | None = None,
    read_catalogue: Callable[[str], Awaitable[Catalogue | None]] = no_catalogue,
    guards: Mapping[str, Guard] | None = None,
) -> AsyncGenerator[House]:
    clock, inbox, desk, probe = StillClock(), MemoryInbox(), MemoryDesk(), MemoryProbe()
    woken: list[Queue] = []
    disk = {"free": 10**9}
    metrics, lifecycle = Metrics(), Lifecycle()
    lifecycle.ready()
    limits = Limits(address=5, failures=3, key=KEY_LIMIT, clock=clock)
    leads, accounts, playbooks = MemoryPipeline(), {"sol": "loja"}, {"loja": solar()}
    state = State(
        receive=receiver(clock, inbox, woken, metrics),
        desk=desk,
        move_lead=MoveLead(leads=leads, accounts=accounts, playbooks=playbooks),
        forecast_leads=ForecastLeads(leads=leads, accounts=accounts, playbooks=playbooks),
        read_catalogue=read_catalogue,
        access=Access(admin_key=admin_key, observer_key=observer_key, limits=limits),
        limits=limits,
        board=HealthBoard(checks, clock=clock),
        lifecycle=lifecycle,
        readiness=Readiness(
            probe,
            lifecycle=lifecycle,
            free_bytes=lambda: disk["free"],
            reserve_bytes=1000,
            clock=clock,
            random=random.Random(1),
        ),
        heartbeats={"loop": Heartbeat(clock), "replies": Heartbeat(clock)},
        guards=guards or {},
        sections=sections or {},
        metrics=metrics,
        report=Report(metrics, clock=clock),
        clock=clock,
        body_limit=BODY_LIMIT,
    )
    async with serving(state) as (client, app):
        yield House(client, app, inbox, desk, probe, clock, state, woken, disk)


@asynccontextmanager
async def serving(state: State) -> AsyncGenerator[tuple[httpx.AsyncClient, ASGIApp]]:
    @asynccontextmanager
    async def lifespan() -> AsyncGenerator[State]:
        yield state

    app = create_app(lifespan, new_trace=lambda: TRACE)
    async with LifespanManager(app) as running:
        transport = httpx.ASGITransport(app=running.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://orbion") as client:
            yield client, running.app


def receiver(
    clock: StillClock, inbox: MemoryInbox, woken: list[Queue], metrics: Metrics
) -> Receive:
    channel = EvolutionChannel(
        build_client(transport=httpx.MockTransport(_nothing)),
        base_url="http://gateway",
        instance="loja",
        api_key="k",
        secrets=[SECRET, NEXT_SECRET],
        now=clock.now,
        timeouts=SendTimeouts(text=1.0, file=1.0),
    )
    account = Account(
        id="loja", business="sol", channel="evolution", instance="loja", playbook="solar"
    )
    return Receive(
        channels={"loja": channel},
        accounts={"loja": account},
        inbox=inbox,
        wake=woken.append,
        metrics=metrics,
        now=clock.now,
    )


def _nothing(_request: httpx.Request) -> httpx.Response:
    raise AssertionError("the web calls nobody outside")
