"""Services with one promise broken on purpose: the judge must catch each of them."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import cast

import httpx
from sqlalchemy import select

from orbion.adapters.db.schema import OUTBOX
from orbion.adapters.db.sql import bind
from orbion.adapters.db.store import DbStore
from orbion.adapters.db.tx import Statement
from orbion.domain.errors import OrbionError
from orbion.domain.events import Event, MessageEchoed, MessageReceived
from orbion.domain.prompt import Prompt
from orbion.domain.turns import Completion
from orbion.ports import Inbox, Received
from orbion.usecases.receive import WebhookOutcome
from tests.simulation import damages as sql
from tests.simulation.life import Parts
from tests.simulation.run import play
from tests.simulation.unfenced import Unfenced
from tests.support.tokens import TokenLLM, tokens

SLOW_SECONDS = 8.0
IN_FLIGHT = Statement(
    select(OUTBOX.c.text).where(
        OUTBOX.c.address == bind("address"),
        OUTBOX.c.attempts > 0,
        OUTBOX.c.state.in_(("pending", "sending", "unknown")),
    )
)


@dataclass(frozen=True, slots=True)
class Blind(httpx.AsyncBaseTransport):
    """Calls every send without a clear yes «not sent», so that it is repeated without a look."""

    wire: httpx.AsyncBaseTransport

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            answer = await self.wire.handle_async_request(request)
        except httpx.TransportError as error:
            raise httpx.ConnectError("certainly not sent") from error
        if answer.status_code in {400, 500} and "sendText" in request.url.path:
            raise httpx.ConnectError("certainly not sent")
        return answer


@dataclass(frozen=True, slots=True)
class Hopeful(httpx.AsyncBaseTransport):
    """Calls every send «sent»."""

    wire: httpx.AsyncBaseTransport
    numbers: Iterator[int] = field(default_factory=count)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            answer = await self.wire.handle_async_request(request)
        except httpx.TransportError:
            return self._yes(request)
        failed = answer.status_code >= 400 and "sendText" in request.url.path
        return self._yes(request) if failed else answer

    def _yes(self, request: httpx.Request) -> httpx.Response:
        key = {"id": f"HOPE{next(self.numbers)}", "fromMe": True, "remoteJid": "x"}
        return httpx.Response(201, json={"key": key}, request=request)


@dataclass(frozen=True, slots=True)
class Hasty:
    """Says yes to a webhook before it is committed."""

    inbox: Inbox
    writing: set[asyncio.Task[None]] = field(default_factory=set)

    async def receive(self, account: str, events: Sequence[Event], trace: str) -> Received:
        task = asyncio.create_task(self._write(account, events, trace))
        self.writing.add(task)
        task.add_done_callback(self.writing.discard)
        return _stored(events)

    async def quarantine(self, account: str, reason: str, raw: bytes) -> None:
        await self.inbox.quarantine(account, reason, raw)

    async def _write(self, account: str, events: Sequence[Event], trace: str) -> None:
        await asyncio.sleep(0.2)
        try:
            await self.inbox.receive(account, events, trace)
        except OrbionError:
            return


@dataclass(frozen=True, slots=True)
class Forgetful:
    """Knows what it has seen only as long as it lives; the database takes anything."""

    inbox: Inbox
    numbers: Iterator[int]
    seen: set[str] = field(default_factory=set)

    async def receive(self, account: str, events: Sequence[Event], trace: str) -> Received:
        fresh = [self._renamed(each) for each in events if self._is_new(each)]
        received = await self.inbox.receive(account, fresh, trace) if fresh else _stored([])
        return replace(_stored(events), wake=received.wake)

    async def quarantine(self, account: str, reason: str, raw: bytes) -> None:
        await self.inbox.quarantine(account, reason, raw)

    def _is_new(self, event: Event) -> bool:
        if not isinstance(event, MessageReceived):
            return True
        known = event.provider_id in self.seen
        self.seen.add(event.provider_id)
        return not known

    def _renamed(self, event: Event) -> Event:
        if not isinstance(event, MessageReceived):
            return event
        return replace(event, provider_id=f"{event.provider_id}-{next(self.numbers)}")


@dataclass(frozen=True, slots=True)
class Deaf:
    """Does not hear what a person of the business writes."""

    inbox: Inbox

    async def receive(self, account: str, events: Sequence[Event], trace: str) -> Received:
        if any(isinstance(each, MessageEchoed) and not each.by_api for each in events):
            return _stored(events)
        return await self.inbox.receive(account, events, trace)

    async def quarantine(self, account: str, reason: str, raw: bytes) -> None:
        await self.inbox.quarantine(account, reason, raw)


@dataclass(frozen=True, slots=True)
class Backwards:
    """Answers the newest message first."""

    llm: TokenLLM

    async def complete(self, prompt: Prompt) -> Completion:
        await self.llm.complete(prompt)
        words = [word for text in prompt.pending for word in tokens(text)]
        return self.llm.say(words[::-1])


@dataclass(frozen=True, slots=True)
class Gossip:
    """Tells every customer what the one before said."""

    llm: TokenLLM
    heard: list[str] = field(default_factory=list)

    async def complete(self, prompt: Prompt) -> Completion:
        await self.llm.complete(prompt)
        words = [word for text in prompt.pending for word in tokens(text)]
        before = self.heard[-1:]
        self.heard[:] = words
        return self.llm.say([*before, *words])


def _stored(events: Sequence[Event]) -> Received:
    return Received(duplicate=False, outcomes=(WebhookOutcome.STORED.value,) * len(events))


@dataclass(frozen=True, slots=True)
class LateToHear:
    """Learns of a person's words only when what it keeps of the conversation has aged."""

    inbox: Inbox
    waiting: set[asyncio.Task[None]] = field(default_factory=set)

    async def receive(self, account: str, events: Sequence[Event], trace: str) -> Received:
        if not any(map(_is_a_persons, events)):
            return await self.inbox.receive(account, events, trace)
        task = asyncio.create_task(self._hear(account, events, trace))
        self.waiting.add(task)
        task.add_done_callback(self.waiting.discard)
        return _stored(events)

    async def quarantine(self, account: str, reason: str, raw: bytes) -> None:
        await self.inbox.quarantine(account, reason, raw)

    async def _hear(self, account: str, events: Sequence[Event], trace: str) -> None:
        await asyncio.sleep(5.0)
        await self.inbox.receive(account, events, trace)


@dataclass(frozen=True, slots=True)
class Credulous:
    """Takes whatever a person writes while a bubble is in flight for the echo of that bubble."""

    store: DbStore

    async def receive(self, account: str, events: Sequence[Event], trace: str) -> Received:
        heard = [await self._as_ours(each) for each in events]
        return await self.store.receive(account, heard, trace)

    async def quarantine(self, account: str, reason: str, raw: bytes) -> None:
        await self.store.quarantine(account, reason, raw)

    async def _as_ours(self, event: Event) -> Event:
        if not (isinstance(event, MessageEchoed) and _is_a_persons(event)):
            return event
        address = event.recipient.address
        row = await self.store.db.read(lambda tx: tx.one(IN_FLIGHT, address=address))
        return event if row is None else replace(event, text=row[0])


@dataclass(frozen=True, slots=True)
class Slow:
    """Thinks longer than a lease lasts."""

    llm: TokenLLM

    async def complete(self, prompt: Prompt) -> Completion:
        await asyncio.sleep(SLOW_SECONDS)
        return await self.llm.complete(prompt)


def _is_a_persons(event: Event) -> bool:
    return isinstance(event, MessageEchoed) and not event.by_api


def _forgetful() -> Parts:
    numbers = count()
    return Parts(inbox=lambda inbox: Forgetful(inbox, numbers))


@dataclass(frozen=True, slots=True)
class Mutant:
    """`invariant` catches it, within the seeds `first` as far as is known."""

    parts: Callable[[], Parts]
    invariant: str
    first: tuple[int, ...] = ()


SLOW_BUT_HONEST = Parts(settings={"lease": 5.0}, llm=Slow)
MUTANTS: Mapping[str, Mutant] = MappingProxyType(
    {
        "blind resend": Mutant(lambda: Parts(wire=Blind), "I2b", (3,)),
        "blind resend after a crash": Mutant(
            lambda: Parts(after_crash=sql.resend_what_was_in_flight), "I2b", (1,)
        ),
        "what was in flight at a crash is taken for sent": Mutant(
            lambda: Parts(after_crash=sql.believe_what_was_in_flight), "I1", (0,)
        ),
        "every send taken for sent": Mutant(lambda: Parts(wire=Hopeful), "I1", (17,)),
        "no grace": Mutant(lambda: Parts(settings={"unknown_grace": 0.0}), "I2b", (5,)),
        "acknowledged before the commit": Mutant(lambda: Parts(inbox=Hasty), "I1", (1,)),
        "commits that are not durable": Mutant(
            lambda: Parts(after_crash=sql.lose_the_log), "I1", (1,)
        ),
        "a turn's bubbles and its acknowledgement in two transactions": Mutant(
            lambda: Parts(after_crash=sql.lose_second_halves), "I2a", (7,)
        ),
        "what is due is known in memory only": Mutant(
            lambda: Parts(after_crash=sql.forget_what_is_due), "I1", (1,)
        ),
        "duplicates known in memory only": Mutant(_forgetful, "I2a", (1,)),
        "no lane lock": Mutant(lambda: Parts(database=partial(Unfenced, locks=False)), "I2b", (3,)),
        "what a lost lease wrote is taken": Mutant(
            lambda: replace(SLOW_BUT_HONEST, triggers=sql.NO_RENEWAL, database=Unfenced),
            "I2a",
            (7,),
        ),
        "a lease is never renewed": Mutant(
            lambda: replace(SLOW_BUT_HONEST, triggers=sql.NO_RENEWAL), "I4"
        ),
        "attempts are not reset": Mutant(lambda: Parts(triggers=sql.ATTEMPTS_STAY), "I4", (1,)),
        "superseding forgets the older message": Mutant(
            lambda: Parts(triggers=sql.NEVER_REOPENED), "I1", (2,)
        ),
        "superseded bubbles leave all the same": Mutant(
            lambda: Parts(triggers=sql.NEVER_SUPERSEDED), "I2a", (2,)
        ),
        "deaf to people": Mutant(lambda: Parts(inbox=Deaf), "P9", (9,)),
        "a takeover is read through a cache": Mutant(lambda: Parts(inbox=LateToHear), "P9", (9,)),
        "an echo matches any text": Mutant(
            lambda: Parts(inbox=lambda inbox: Credulous(cast("DbStore", inbox))), "P9", (3,)
        ),
        "newest first": Mutant(lambda: Parts(llm=Backwards), "I3", (1,)),
        "gossip": Mutant(lambda: Parts(llm=Gossip), "I5", (1,)),
    }
)


def hunt(name: str, seeds: Sequence[int], template: Path) -> int | None:
    """Play until the mutant is caught by its invariant; return the seed that did it."""
    mutant = MUTANTS[name]
    for seed in dict.fromkeys([*mutant.first, *seeds]):
        verdict = play(seed, template=template, parts=mutant.parts())
        if mutant.invariant in verdict.invariants:
            return seed
    return None
