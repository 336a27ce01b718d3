"""What was said before is remembered in its order, answered never, and disturbs nothing."""

from dataclasses import dataclass, replace

import pytest

from orbion.adapters.db.schema import ACCOUNT, CONVERSATION, LANE, MESSAGE, OUTBOX
from orbion.adapters.db.schema_leads import LEAD
from orbion.adapters.db.store import DbStore
from orbion.adapters.db.tx import Body, Database, T
from orbion.domain.conversations import Mode, ModeReason
from orbion.domain.events import (
    ConnectionChanged,
    ConnectionState,
    DeliveryStatus,
    Event,
    HistoryReceived,
    MessageEchoed,
    MessageReceived,
    StatusChanged,
)
from orbion.domain.identity import Identity
from orbion.domain.lanes import Queue
from orbion.domain.leads import Referral
from tests.contract.scenes import answer, column, receive, rows, send, take_turn
from tests.support.stores import HandClock, echo, hello

NOW = 1_800_000_000_000
AD = Referral(source="ctwa_ad", details={"title": "Plano Pro", "ctwaClid": "AR1"})


def old(number: int, *, seconds: int = 0) -> MessageReceived:
    """A message of days ago; `seconds` moves it within that day."""
    said = hello(number, text=f"antiga {number}")
    return replace(said, occurred_at=NOW - 5 * 86_400_000 + seconds * 1000)


def past(*said: MessageReceived | MessageEchoed) -> list[Event]:
    return [HistoryReceived(message=each) for each in said]


def by_person(text: str, number: int) -> MessageEchoed:
    return replace(echo(text, number=number, by_api=False), occurred_at=NOW - 4 * 86_400_000)


async def history(store: DbStore) -> list[str]:
    found = await store.conversation(1)
    assert found is not None
    return [each.text for each in await store.history(1, found.version)]


async def idle(store: DbStore) -> bool:
    return await column(store, LANE.c.key) == []


async def test_a_flood_is_remembered_once_and_nobody_is_answered(store: DbStore) -> None:
    flood = past(by_person("sou o Pedro", 1), old(2), old(1))
    got = await store.receive("loja", flood, "t")
    assert (got.outcomes, got.wake) == (("stored:history",) * 3, frozenset())
    assert (await store.receive("loja", flood, "t")).duplicate
    found = await rows(store, MESSAGE.c.author, MESSAGE.c.outcome, MESSAGE.c.reason)
    assert found == [
        ("person", "sent", "history"),
        ("customer", "suppressed", "history"),
        ("customer", "suppressed", "history"),
    ]
    assert await idle(store)
    assert await rows(store, CONVERSATION.c.mode, CONVERSATION.c.last_in_at) == [("bot", None)]


async def test_the_past_stands_in_front_by_its_time_whenever_it_comes(store: DbStore) -> None:
    await receive(store, hello(9))
    await answer(store, "oi")
    await send(store, "WA1")
    before = await rows(store, CONVERSATION.c.last_in_at, CONVERSATION.c.last_seq)
    await receive(store, *past(old(1, seconds=1), old(3, seconds=3), old(2, seconds=2)))
    assert await history(store) == ["antiga 1", "antiga 2", "antiga 3", "mensagem 9", "oi"]
    assert await rows(store, CONVERSATION.c.last_in_at, CONVERSATION.c.last_seq) == before
    (line,) = await store.conversations(before=None, limit=9)
    assert line.last_text == "oi"


async def test_the_past_moves_neither_the_address_nor_an_open_turn(store: DbStore) -> None:
    await receive(store, hello(1))
    elsewhere = Identity(address="551100000001@s.whatsapp.net", phone="551100000001")
    await receive(store, *past(replace(old(2), sender=elsewhere)))
    assert await column(store, CONVERSATION.c.address) == ["5511900000001@s.whatsapp.net"]
    assert [each.text for each in (await take_turn(store))[1].batch] == ["mensagem 1"]


async def test_what_we_sent_ourselves_is_recognised_in_the_past(store: DbStore) -> None:
    await receive(store, hello(1))
    await answer(store, "oi")
    await send(store, "WA1")
    ours = replace(by_person("oi", 7), provider_id="WA1")
    assert await receive(store, *past(ours)) == ("echo",)
    assert await column(store, MESSAGE.c.author) == ["customer", "bot"]


async def test_a_live_message_that_a_flood_overtook_is_answered_all_the_same(
    store: DbStore,
) -> None:
    await receive(store, *past(hello(1)))
    got = await store.receive("loja", [hello(1)], "t")
    assert (got.outcomes, got.wake) == (("stored",), frozenset({Queue.IN}))
    assert await receive(store, hello(1)) == ("duplicate",)
    assert [each.text for each in (await take_turn(store))[1].batch] == ["mensagem 1"]


async def test_a_person_whom_a_flood_overtook_takes_over_once(store: DbStore) -> None:
    person = echo("aqui é o Pedro", by_api=False)
    await receive(store, hello(1), *past(person))
    assert await receive(store, person) == ("takeover",)
    assert await column(store, CONVERSATION.c.mode) == ["human"]
    await store.set_mode(1, Mode.BOT, None, "desk")
    assert await receive(store, person) == ("duplicate",)
    assert await column(store, CONVERSATION.c.mode) == ["bot"]


async def test_thousands_are_cut_into_bounded_writes(store: DbStore) -> None:
    writes: list[int] = []

    @dataclass(frozen=True, slots=True)
    class Counted:
        """The same database, whose writes are noted by how many outcomes each returns."""

        db: Database

        async def read(self, body: Body[T]) -> T:
            return await self.db.read(body)

        async def write(self, body: Body[T]) -> T:
            found = await self.db.write(body)
            writes.append(len(found) if isinstance(found, tuple) else 0)
            return found

    flood = past(*(old(number, seconds=-number) for number in range(1050)))
    counted = replace(store, db=Counted(store.db))
    assert (await counted.receive("loja", flood, "t")).outcomes == ("stored:history",) * 1050
    assert writes == [100] * 10 + [50]
    assert len(await column(store, MESSAGE.c.id)) == 1050
    assert (await history(store))[-1] == "antiga 0"


# Before the connection


async def test_a_number_is_ours_since_it_was_first_seen_open(
    store: DbStore, clock: HandClock
) -> None:
    connecting = ConnectionChanged(state=ConnectionState.CONNECTING)
    status = StatusChanged(provider_id="x", status=DeliveryStatus.READ)
    await receive(store, connecting, status)
    assert await column(store, ACCOUNT.c.opened_at) == [None]
    clock.pass_(60)
    opened = clock.now()
    await receive(store, ConnectionChanged(state=ConnectionState.OPEN, reason="200"))
    clock.pass_(60)
    await receive(store, connecting, ConnectionChanged(state=ConnectionState.OPEN), hello(1))
    fresh = replace(store, opened=set())
    await receive(fresh, hello(2))
    assert await column(store, ACCOUNT.c.opened_at) == [opened]


@pytest.mark.parametrize("first", ["message", "connection"])
async def test_what_was_said_before_the_connection_is_not_answered(
    store: DbStore, first: str
) -> None:
    if first == "connection":
        await receive(store, ConnectionChanged(state=ConnectionState.OPEN))
    assert await receive(store, old(1)) == ("stored:before_connection",)
    assert await rows(store, MESSAGE.c.outcome, MESSAGE.c.reason) == [
        ("suppressed", "before_connection")
    ]
    assert await receive(store, by_person("antes", 1)) == ("stored:before_connection",)
    assert await receive(store, old(1), by_person("antes", 1)) == ("duplicate", "duplicate")
    assert await idle(store)
    assert await column(store, CONVERSATION.c.mode) == ["bot"]
    assert await receive(store, hello(2)) == ("stored",)


async def test_a_margin_forgives_the_clocks(store: DbStore) -> None:
    await receive(store, ConnectionChanged(state=ConnectionState.OPEN))
    late = replace(hello(1), occurred_at=NOW - 2 * 60_000)
    assert await receive(store, late) == ("stored",)
    assert await receive(store, replace(hello(2), occurred_at=NOW - 2 * 60_000 - 1)) == (
        "stored:before_connection",
    )


async def test_what_came_after_the_connection_is_answered_however_late(
    store: DbStore, clock: HandClock
) -> None:
    await receive(store, hello(1))
    clock.pass_(3 * 86_400)
    assert await receive(store, hello(2)) == ("stored",)


# What brought the customer


async def test_the_first_ad_is_kept_and_mirrored_and_no_later_one_replaces_it(
    store: DbStore,
) -> None:
    await receive(store, hello(1))
    await receive(store, replace(hello(2), referral=AD))
    assert [row[0] for row in await rows(store, LANE.c.queue)] == ["in", "sheet"]
    await receive(store, replace(hello(3), referral=Referral(source="other")))
    (lead,) = await store.leads(9)
    shown = {name: lead.columns[name] for name in ("origem", "anuncio", "ctwa_clid")}
    assert shown == {"origem": "ctwa_ad", "anuncio": "Plano Pro", "ctwa_clid": "AR1"}
    assert await rows(store, LANE.c.queue, LANE.c.seq) == [("in", 3), ("sheet", 1)]


async def test_an_ad_of_the_past_counts_and_makes_nothing_due(store: DbStore) -> None:
    await receive(store, *past(replace(old(1), referral=AD)))
    assert await column(store, LEAD.c.source) == ["ctwa_ad"]
    assert await idle(store)


async def test_a_lead_without_an_ad_has_no_columns_for_one(store: DbStore) -> None:
    await receive(store, hello(1))
    (lead,) = await store.leads(9)
    assert not {"origem", "anuncio", "anuncio_id", "ctwa_clid"} & lead.columns.keys()


async def test_history_takes_no_answer_back(store: DbStore) -> None:
    await receive(store, hello(1))
    await answer(store, "oi")
    await receive(store, *past(old(2)), old(3))
    assert await column(store, OUTBOX.c.state) == ["pending"]
    await store.set_mode(1, Mode.HUMAN, ModeReason.OPERATOR, "desk")
    await receive(store, *past(by_person("antes", 4)))
    assert await column(store, CONVERSATION.c.mode_reason) == ["operator"]
