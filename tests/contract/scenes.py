"""The steps that the store's tests share: a customer writes, a turn answers, rows are read."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Column, Table, select

from orbion.adapters.db.schema import METADATA
from orbion.adapters.db.store import DbStore
from orbion.adapters.db.tx import Statement
from orbion.domain.conversations import Account
from orbion.domain.events import Event
from orbion.domain.lanes import Claim, Queue
from orbion.domain.outbox import SendOrder, SendReceipt, Skipped
from orbion.domain.turns import Bubble, TurnInput, TurnResult, Verdict
from tests.support.stores import LOJA, hello

BRANCH = Account(id="filial", business="sol", channel="evolution", instance="f", playbook="solar")
RIVAL = Account(id="outra", business="lua", channel="evolution", instance="o", playbook="solar")


async def with_accounts(store: DbStore, *more: Account) -> DbStore:
    """Return the same store with more accounts than the first one."""
    wider = replace(store, accounts={each.id: each for each in (LOJA, *more)})
    await wider.start()
    return wider


async def receive(store: DbStore, *events: Event, account: str = LOJA.id) -> tuple[str, ...]:
    return (await store.receive(account, events, "t")).outcomes


async def claim_one(store: DbStore, queue: Queue, owner: str = "w") -> Claim:
    (claim,) = (await store.claim(queue, owner, 9)).claims
    return claim


async def take_turn(store: DbStore, owner: str = "w") -> tuple[Claim, TurnInput]:
    claim = await claim_one(store, Queue.IN, owner)
    given = await store.load_turn(claim)
    assert given is not None
    return claim, given


def reply(*texts: str) -> TurnResult:
    return TurnResult(verdict=Verdict.ANSWERED, bubbles=tuple(Bubble(text=each) for each in texts))


async def answer(store: DbStore, *texts: str) -> TurnResult:
    claim, given = await take_turn(store)
    return await store.finish_turn(claim, given, reply(*texts))


async def queue_answer(store: DbStore, *texts: str) -> None:
    await receive(store, hello(1))
    await answer(store, *texts)


async def decide(store: DbStore, result: TurnResult) -> TurnResult:
    claim, given = await take_turn(store)
    return await store.finish_turn(claim, given, result)


async def begin_send(store: DbStore) -> tuple[Claim, SendOrder]:
    claim = await claim_one(store, Queue.OUT)
    order = await store.begin_send(claim)
    assert isinstance(order, SendOrder)
    return claim, order


async def end_of_head(store: DbStore) -> Skipped:
    skipped = await store.begin_send(await claim_one(store, Queue.OUT))
    assert isinstance(skipped, Skipped)
    return skipped


async def send(store: DbStore, provider_id: str) -> str:
    """Let the next bubble leave and be accepted; returns its text."""
    claim, order = await begin_send(store)
    assert await store.sent(claim, order.row_id, SendReceipt(provider_id=provider_id))
    return order.content.text


async def rows(store: DbStore, *columns: Column[object]) -> Sequence[tuple[object, ...]]:
    """Read these columns of one table in the order of its key."""
    table = columns[0].table
    assert isinstance(table, Table)
    statement = Statement(select(*columns).order_by(*table.primary_key.columns))
    found = await store.db.read(lambda tx: tx.all(statement))
    return [tuple(row) for row in found]


async def column(store: DbStore, one: Column[object]) -> list[object]:
    return [value for (value,) in await rows(store, one)]


async def everything(store: DbStore) -> dict[str, Sequence[tuple[object, ...]]]:
    """Dump every table of the schema, to see that nothing at all was written."""
    return {table.name: await rows(store, *table.columns) for table in METADATA.tables.values()}
