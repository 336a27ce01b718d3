"""Services with one promise broken on purpose: the judge must catch every one of them."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from types import MappingProxyType

import httpx

from orbion.domain.errors import OrbionError
from orbion.domain.events import Event, MessageEchoed, MessageReceived
from orbion.domain.turns import Completion
from orbion.ports import Inbox, Prompt, Received
from orbion.usecases.receive import WebhookOutcome
from tests.simulation.life import Parts
from tests.support.tokens import TokenLLM, tokens


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


def lose_the_log(folder: Path) -> None:
    """Lose what was committed but not yet in the main file, as without fsync in a power cut."""
    for log in folder.glob("*-wal"):
        log.unlink()


def resend_what_was_in_flight(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "orbion.db")) as connection, connection:
        connection.execute("UPDATE outbox SET state = 'pending' WHERE state = 'sending'")


def _forgetful() -> Parts:
    numbers = count()
    return Parts(inbox=lambda inbox: Forgetful(inbox, numbers))


MUTANTS: Mapping[str, tuple[Callable[[], Parts], str]] = MappingProxyType(
    {
        "blind resend": (lambda: Parts(wire=Blind), "I2b"),
        "blind resend after a crash": (
            lambda: Parts(after_crash=resend_what_was_in_flight),
            "I2b",
        ),
        "every send taken for sent": (lambda: Parts(wire=Hopeful), "I1"),
        "acknowledged before the commit": (lambda: Parts(inbox=Hasty), "I1"),
        "commits that are not durable": (lambda: Parts(after_crash=lose_the_log), "I1"),
        "duplicates known in memory only": (_forgetful, "I2a"),
        "deaf to people": (lambda: Parts(inbox=Deaf), "P9"),
        "newest first": (lambda: Parts(llm=Backwards), "I3"),
        "gossip": (lambda: Parts(llm=Gossip), "I5"),
    }
)
