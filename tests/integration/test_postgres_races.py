"""Two transactions meet on one row of PostgreSQL, and the one that commits first is believed."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field

import asyncpg
import pytest
from sqlalchemy.util import await_only

from orbion.adapters.db import echoes, outbox
from orbion.adapters.db.schema import MESSAGE, OUTBOX
from orbion.adapters.db.store import DbStore
from orbion.adapters.db.tx import Tx
from orbion.domain.lanes import Claim, Queue
from orbion.domain.outbox import Skipped
from tests.contract.scenes import answer, claim_one, column, receive
from tests.support.stores import HandClock, hello, make_store
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
