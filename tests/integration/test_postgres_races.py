"""Two transactions meet on one row of PostgreSQL, and the one that commits first is believed."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import pytest
from sqlalchemy.util import await_only

from orbion.adapters.db import echoes, outbox
from orbion.adapters.db.contacts import Place
from orbion.adapters.db.schema import MESSAGE, OUTBOX
from orbion.adapters.db.store import DbStore
from orbion.adapters.db.tx import Move, Statement, Tx
from orbion.domain.lanes import Claim, Queue
from orbion.domain.outbox import SendOrder, SendReceipt, Skipped
from tests.contract.scenes import answer, claim_one, column, receive
from tests.support.stores import LOJA, HandClock, echo, hello, make_store
from tests.support.stores import postgres_database as open_postgres

WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"


@dataclass(slots=True)
class Gate:
    """Holds a transaction open after its writes until the test lets it commit."""

    reached: asyncio.Event = field(default_factory=asyncio.Event)
    opened: asyncio.Event = field(default_factory=asyncio.Event)

    def after(self, body: Callable[[Tx], object]) -> Callable[[Tx], object]:
        def held(tx: Tx) -> object:
            result = body(tx)
            self.reached.set()
            await_only(self.opened.wait())
            return result

        return held


@pytest.fixture
async def store(postgres_database: str, clock: HandClock) -> AsyncGenerator[DbStore]:
    async with open_postgres(postgres_database, clock) as db:
        store = make_store(db, clock)
        await store.start()
        yield store


async def until_somebody_waits(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        async with asyncio.timeout(10):
            while not await connection.fetchval(WAITING):
                await asyncio.sleep(0)
    finally:
        await connection.close()


async def queued(store: DbStore) -> Claim:
    await receive(store, hello(1))
    await answer(store, "oi")
    return await claim_one(store, Queue.OUT)


async def test_a_takeover_that_commits_first_stops_the_send(
    store: DbStore, postgres_database: str
) -> None:
    claim = await queued(store)
    gate = Gate()
    takeover = asyncio.ensure_future(
        store.db.write(gate.after(lambda tx: echoes.hold_for_person(tx, 1, tx.now)))
    )
    await gate.reached.wait()
    sending = asyncio.ensure_future(store.begin_send(claim))
    await until_somebody_waits(postgres_database)
    gate.opened.set()
    await takeover
    assert isinstance(await sending, Skipped)
    assert await column(store, OUTBOX.c.state) == ["suppressed"]


@dataclass(slots=True)
class Between:
    """Passes statements on, and lets something happen after the first of them."""

    tx: Tx
    happen: Callable[[], Coroutine[Any, Any, object]]
    happened: bool = False

    @property
    def now(self) -> int:
        return self.tx.now

    @property
    def moves(self) -> list[Move]:
        return self.tx.moves

    def one(self, statement: Statement, /, **params: object) -> Any:
        return self._then(self.tx.one(statement, **params))

    def all(self, statement: Statement, /, **params: object) -> Any:
        return self._then(self.tx.all(statement, **params))

    def run(self, statement: Statement, /, **params: object) -> int:
        return self.tx.run(statement, **params)

    def wake(self, queue: str) -> None:
        self.tx.wake(queue)

    def _then(self, found: object) -> object:
        if not self.happened:
            self.happened = True
            await_only(self.happen())
        return found


async def test_an_echo_that_meets_the_accept_of_its_own_message_is_no_person(
    store: DbStore, postgres_database: str
) -> None:
    claim = await queued(store)
    order = await store.begin_send(claim)
    assert isinstance(order, SendOrder)
    settling: list[asyncio.Future[bool]] = []

    async def settle() -> None:
        """Go on when the accept is committed, or has to wait for us."""
        receipt = SendReceipt(provider_id="3EB0000000000000000001")
        settling.append(asyncio.ensure_future(store.sent(claim, order.row_id, receipt)))
        waiting = asyncio.ensure_future(until_somebody_waits(postgres_database))
        first: list[asyncio.Future[Any]] = [*settling, waiting]
        await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()

    place = Place(contact_id=1, conversation_id=1, address="", is_new=False)
    is_ours = await store.db.write(
        lambda tx: echoes.belongs_to_us(Between(tx, settle), LOJA, place, echo("oi"))
    )
    assert is_ours
    assert await settling[0]


async def test_a_newer_message_does_not_take_back_what_is_just_leaving(
    store: DbStore, postgres_database: str
) -> None:
    claim = await queued(store)
    gate = Gate()
    sending = asyncio.ensure_future(
        store.db.write(gate.after(lambda tx: outbox.begin_send(tx, claim)))
    )
    await gate.reached.wait()
    newer = asyncio.ensure_future(receive(store, hello(2)))
    await until_somebody_waits(postgres_database)
    gate.opened.set()
    await sending
    assert await newer == ("stored",)
    assert await column(store, OUTBOX.c.state) == ["sending"]
    assert await column(store, MESSAGE.c.outcome) == ["answered", "queued", "open"]
