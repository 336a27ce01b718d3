"""No budget is ever exceeded by what is settled and reserved, on either database (promise P11)."""

import asyncio
import json
from datetime import date

from orbion.adapters.db.schema import BUDGET, LLM_CALL, TASK
from orbion.adapters.db.store import DbStore
from orbion.domain.spend import Alarm, Call, Payer, Spent
from orbion.domain.turns import Completion
from tests.contract.scenes import column, receive, rows
from tests.support.stores import hello

DAY = date(2026, 11, 25)
LIMIT = 1_000


def call(reserved: int, *, conversation: int = 1, day: date = DAY) -> Call:
    payer = Payer(business="sol", conversation_id=conversation, trace="t")
    return Call(payer=payer, task="reply", model="gpt-4.1-mini", day=day, reserved=reserved)


def said(tokens_in: int = 90, tokens_out: int = 9) -> Completion:
    return Completion(
        text="{}",
        model="gpt-4.1-mini-2025-04-14",
        tokens_in=tokens_in,
        tokens_cached=8,
        tokens_out=tokens_out,
    )


async def held(store: DbStore) -> dict[str, int]:
    found = await rows(store, BUDGET.c.scope, BUDGET.c.key, BUDGET.c.held)
    return {f"{scope} {key}": int(str(amount)) for scope, key, amount in found}


async def test_a_call_is_held_in_every_budget_then_settled_in_every_budget(store: DbStore) -> None:
    await receive(store, hello(1))
    asked = call(100)
    reserved = await store.reserve(asked, {})
    assert reserved.call_id is not None
    assert set((await held(store)).values()) == {100}
    await store.settle(reserved.call_id, asked, said(), 30)
    assert await held(store) == {"conversation 1": 30, "day 2026-11-25": 30, "month 2026-11": 30}
    await store.settle(reserved.call_id, asked, said(), 30)
    assert set((await held(store)).values()) == {30}, "a second settlement changes nothing"


async def test_what_the_provider_does_not_charge_is_given_back(store: DbStore) -> None:
    await receive(store, hello(1))
    asked = call(100)
    reserved = await store.reserve(asked, {"day": LIMIT})
    assert reserved.call_id is not None
    await store.settle(reserved.call_id, asked, None, 0)
    assert set((await held(store)).values()) == {0}
    assert await column(store, LLM_CALL.c.state) == ["released"]


async def test_a_spent_budget_holds_nothing_in_any_other(store: DbStore) -> None:
    await receive(store, hello(1))
    assert (await store.reserve(call(900), {"day": LIMIT})).call_id is not None
    refused = await store.reserve(call(101), {"day": LIMIT, "month": 10 * LIMIT})
    assert refused.call_id is None
    assert set((await held(store)).values()) == {900}
    fits = await store.reserve(call(100), {"day": LIMIT, "month": 10 * LIMIT})
    assert fits.call_id is not None
    assert (fits.left["day"], fits.left["month"]) == (0.0, 0.9)


async def test_two_hundred_turns_at_once_never_exceed_it(store: DbStore) -> None:
    """What a killed turn holds stays held: the others cannot spend it a second time."""
    await receive(store, hello(1), hello(2, phone="5511900000002"))
    most = 0

    async def turn(number: int) -> bool:
        nonlocal most
        asked = call(30, conversation=1 + number % 2)
        reserved = await store.reserve(asked, {"day": LIMIT, "conversation": 700})
        most = max(most, (await held(store))["day 2026-11-25"])
        if reserved.call_id is None or number % 5 == 0:
            return reserved.call_id is not None
        await store.settle(reserved.call_id, asked, said(), 20)
        return True

    made = await asyncio.gather(*map(turn, range(200)))
    after = await held(store)
    assert most <= LIMIT
    assert after["day 2026-11-25"] <= LIMIT
    assert max(after["conversation 1"], after["conversation 2"]) <= 700
    assert LIMIT // 30 <= sum(made) == len(await column(store, LLM_CALL.c.id)) < 200


async def test_the_owner_is_told_once_of_each_step(store: DbStore) -> None:
    await receive(store, hello(1))
    told: list[Alarm] = []
    for _ in range(14):
        told += (await store.reserve(call(90), {"day": LIMIT})).alarms
    assert [(alarm.scope, alarm.key, alarm.percent) for alarm in told] == [
        ("day", "2026-11-25", 50),
        ("day", "2026-11-25", 80),
        ("day", "2026-11-25", 100),
    ]


async def test_each_step_is_stored_with_the_reservation_that_reached_it(store: DbStore) -> None:
    await receive(store, hello(1))
    for _ in range(14):
        await store.reserve(call(90), {"day": LIMIT, "conversation": 5 * LIMIT})
    found = await rows(store, TASK.c.queue, TASK.c.key, TASK.c.payload)
    told = [(key, json.loads(str(payload))) for queue, key, payload in found if queue == "notice"]
    assert [(key, each["account"], each["details"]["percent"]) for key, each in told] == [
        ("owner:loja", "loja", 100),
        ("webhook", "loja", 50),
        ("webhook", "loja", 80),
        ("webhook", "loja", 100),
    ]


async def test_a_new_day_has_its_own_budget(store: DbStore) -> None:
    await receive(store, hello(1))
    assert (await store.reserve(call(LIMIT), {"day": LIMIT})).call_id is not None
    assert (await store.reserve(call(1), {"day": LIMIT})).call_id is None
    tomorrow = call(LIMIT, day=date(2026, 11, 26))
    assert (await store.reserve(tomorrow, {"day": LIMIT})).call_id is not None


async def test_the_day_is_told_by_model_task_and_conversation(store: DbStore) -> None:
    await receive(store, hello(1), hello(2, phone="5511900000002"))
    first, second = call(100), call(50, conversation=2)
    reserved = await store.reserve(first, {})
    await store.reserve(second, {})
    assert reserved.call_id is not None
    await store.settle(reserved.call_id, first, said(), 30)
    told = await store.spent(DAY)
    settled = Spent(
        name="gpt-4.1-mini-2025-04-14",
        calls=1,
        cost=30,
        tokens_in=90,
        tokens_cached=8,
        tokens_out=9,
        unsettled=0,
    )
    waiting = Spent(
        name="gpt-4.1-mini",
        calls=1,
        cost=50,
        tokens_in=0,
        tokens_cached=0,
        tokens_out=0,
        unsettled=1,
    )
    assert sorted(told["model"], key=lambda row: row.cost) == [settled, waiting]
    assert [(row.name, row.calls, row.cost) for row in told["task"]] == [("reply", 2, 80)]
    assert [(row.name, row.cost) for row in told["conversation"]] == [("1", 30), ("2", 50)]
    assert not any((await store.spent(date(2026, 11, 24))).values())
