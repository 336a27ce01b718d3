"""The connection of a number is followed through storms and in any order of its events."""

import itertools

import pytest

from orbion.adapters.db.schema import ACCOUNT
from orbion.adapters.db.store import DbStore
from orbion.domain.events import ConnectionChanged, ConnectionState
from tests.contract.scenes import receive, rows
from tests.support.stores import HandClock

CONNECTING = ConnectionChanged(state=ConnectionState.CONNECTING, reason="200")
OPEN = ConnectionChanged(state=ConnectionState.OPEN, reason="200")


def closed(reason: str | None) -> ConnectionChanged:
    return ConnectionChanged(state=ConnectionState.CLOSE, reason=reason)


async def state(store: DbStore) -> tuple[object, ...]:
    (found,) = await rows(store, ACCOUNT.c.state, ACCOUNT.c.state_reason, ACCOUNT.c.state_at)
    return found


async def test_a_storm_writes_once_and_keeps_the_time_of_the_change(
    store: DbStore, clock: HandClock
) -> None:
    since = clock.now()
    outcomes: list[str] = []
    for _ in range(26):
        outcomes += await receive(store, CONNECTING)
        clock.pass_(0.04)
    assert outcomes == ["connection"] + ["ignored:unchanged"] * 25
    assert await state(store) == ("connecting", "200", since)


@pytest.mark.parametrize("order", list(itertools.permutations(["401", "logout", "401", None])))
async def test_a_logout_ends_as_close_with_its_code_in_any_order(
    store: DbStore, clock: HandClock, order: tuple[str | None, ...]
) -> None:
    await receive(store, OPEN)
    clock.pass_(1)
    since = clock.now()
    for reason in order:
        await receive(store, closed(reason))
        clock.pass_(1)
    assert await state(store) == ("close", "401", since)


@pytest.mark.parametrize("order", list(itertools.permutations(["removed", "logout", "401"])))
async def test_that_an_instance_was_removed_says_most(
    store: DbStore, order: tuple[str, ...]
) -> None:
    await receive(store, *map(closed, order))
    assert (await state(store))[:2] == ("close", "removed")
    await receive(store, CONNECTING, OPEN, closed("428"))
    assert (await state(store))[:2] == ("close", "428")


async def test_operators_see_each_number_with_its_state_and_since_when(
    store: DbStore, clock: HandClock
) -> None:
    await receive(store, OPEN)
    (line,) = await store.account_lines()
    assert (line.id, line.business, line.channel) == ("loja", "sol", "evolution")
    assert (line.state, line.reason) == ("open", "200")
    assert line.state_at == line.opened_at == clock.now()
