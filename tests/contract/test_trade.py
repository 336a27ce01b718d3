"""Leads, open conversations and the money for models are counted alike on both databases."""

from dataclasses import replace
from datetime import date

from orbion.adapters.db.store import DbStore
from orbion.adapters.db.trade import trade
from orbion.domain.conversations import Mode, ModeReason
from orbion.domain.leads import Trade
from orbion.domain.spend import Call, Payer
from tests.contract.scenes import RIVAL, decide, receive, reply, with_accounts
from tests.support.stores import HandClock, hello

DAY_S = 24 * 60 * 60


async def hold(store: DbStore, day: date, cost: int) -> None:
    payer = Payer(business="sol", conversation_id=1, trace="t")
    await store.reserve(Call(payer=payer, task="reply", model="m", day=day, reserved=cost), {})


async def test_a_business_without_anything_is_counted_too(store: DbStore) -> None:
    nothing = Trade(business="sol", leads={}, conversations={}, new=0, cost=0)
    assert await store.db.read(trade) == [nothing]


async def test_what_is_older_than_its_time_is_only_in_the_stages(
    store: DbStore, clock: HandClock
) -> None:
    wider = await with_accounts(store, RIVAL)
    await receive(wider, hello(1))
    await decide(wider, replace(reply("oi"), stage="interessado", score=20))
    await hold(wider, date(2027, 1, 15), 40)
    clock.pass_(31 * DAY_S)
    await receive(wider, hello(2, phone="5511900000002"), hello(3, phone="5511900000003"))
    await receive(wider, hello(4), account=RIVAL.id)
    assert await wider.set_mode(2, Mode.HUMAN, ModeReason.OPERATOR, "ana")
    await hold(wider, date(2027, 2, 14), 3)
    await hold(wider, date(2027, 2, 15), 4)
    found = {each.business: each for each in await wider.db.read(trade)}
    assert found["sol"] == Trade(
        business="sol",
        leads={"interessado": 1, "novo": 2},
        conversations={"bot": 1, "human": 1},
        new=2,
        cost=7,
    )
    assert (found["lua"].leads, found["lua"].new, found["lua"].cost) == ({"novo": 1}, 1, 0)
