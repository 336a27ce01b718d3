"""Up to when nothing is missing, and which bodies that were too large have been found since."""

import pytest

from orbion.adapters.db.schema import ACCOUNT, QUARANTINE
from orbion.adapters.db.store import DbStore
from orbion.domain.accounts import Gap
from orbion.domain.events import ConnectionState, EventQuarantined
from tests.contract.scenes import BRANCH, column, receive, rows, with_accounts
from tests.support.stores import HandClock, hello


async def test_a_number_that_was_never_open_has_no_beginning(store: DbStore) -> None:
    assert await store.gap("loja") == Gap(opened_at=None, healed_at=None)
    assert await store.gap("unknown") is None


async def test_the_gap_begins_when_the_number_was_first_open(
    store: DbStore, clock: HandClock
) -> None:
    await receive(store, hello(1))
    opened = clock.now()
    clock.pass_(60)
    assert await store.gap("loja") == Gap(opened_at=opened, healed_at=None)


async def test_what_is_healed_moves_forward_only(store: DbStore) -> None:
    await store.healed("loja", 2_000, [])
    await store.healed("loja", 1_000, [])
    assert await column(store, ACCOUNT.c.healed_at) == [2_000]


@pytest.mark.parametrize("state", [ConnectionState.CLOSE, ConnectionState.CONNECTING])
async def test_nothing_is_healed_while_the_number_is_disconnected(
    store: DbStore, state: ConnectionState
) -> None:
    await store.note_connection("loja", state)
    assert await store.gap("loja") is None
    await store.note_connection("loja", ConnectionState.OPEN)
    assert await store.gap("loja") is not None


async def test_each_message_found_accounts_for_one_body_that_came_shortly_after(
    store: DbStore, clock: HandClock
) -> None:
    store = await with_accounts(store, BRANCH)
    said = clock.now()
    await store.quarantine("filial", "too_large", b"{}")
    await store.quarantine("loja", "odd_shape", b"{}")
    clock.pass_(1)
    await store.quarantine("loja", "too_large", b"{}")
    await store.quarantine("loja", "too_large", b"{}")
    clock.pass_(600)
    await store.healed("loja", clock.now(), [said - 300_000, said, clock.now()])
    ended = [row for row in await rows(store, QUARANTINE.c.id, QUARANTINE.c.ended) if row[1]]
    assert ended == [(3, "healed")]
    assert clock.now() in await column(store, QUARANTINE.c.ended_at)


async def test_what_cannot_be_read_is_set_aside_once(store: DbStore) -> None:
    odd = EventQuarantined(reason="unreadable_item", raw=b'{"a":1}')
    assert await receive(store, odd, odd) == ("quarantined:unreadable_item", "duplicate")
    other = EventQuarantined(reason="unreadable_item", raw=b'{"a":2}')
    assert await receive(store, odd, other) == ("duplicate", "quarantined:unreadable_item")
    assert await column(store, QUARANTINE.c.raw) == [b'{"a":1}', b'{"a":2}']
