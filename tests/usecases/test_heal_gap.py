"""What no webhook brought is read back in parts, stored once, and never skipped."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from orbion.adapters.db.schema import ACCOUNT, MESSAGE, QUARANTINE
from orbion.adapters.db.store import DbStore
from orbion.domain.errors import FaultCode, UnavailableError
from orbion.domain.events import (
    ConnectionState,
    DeliveryStatus,
    Event,
    EventIgnored,
    EventQuarantined,
    MessageEchoed,
    PastPage,
    StatusChanged,
)
from orbion.domain.lanes import Queue
from orbion.telemetry.metrics import Metrics
from orbion.usecases.heal_gap import HealGap, HealPolicy
from tests.contract.scenes import claim_one, column, receive, rows
from tests.support.stores import LOJA, HandClock, echo, hello
from tests.usecases.stage import counted

MINUTE = 60_000
HOUR = 60 * MINUTE
POLICY = HealPolicy(pages=2, spans=4)


@dataclass(slots=True)
class ScriptedArchive:
    """Holds records by when they were said, ten a page; `asked` has each span and page."""

    said: list[tuple[int, Sequence[Event]]] = field(default_factory=list)
    asked: list[tuple[int, int, int]] = field(default_factory=list)
    error: Exception | None = None
    size: int = 10

    async def page(self, since: int, until: int, number: int) -> PastPage:
        self.asked.append((since, until, number))
        if self.error is not None:
            raise self.error
        inside = sorted(self.said, key=lambda each: -each[0])
        found = [events for at, events in inside if since <= at <= until]
        first = (number - 1) * self.size
        pages = -(-len(found) // self.size)
        return PastPage(records=tuple(found[first : first + self.size]), pages=pages)


@dataclass(slots=True)
class Ward:
    """A number that was first open a while ago, and what its gateway keeps."""

    store: DbStore
    clock: HandClock
    archive: ScriptedArchive = field(default_factory=ScriptedArchive)
    metrics: Metrics = field(default_factory=Metrics)
    woken: list[Queue] = field(default_factory=list)

    async def heal(self, policy: HealPolicy = POLICY) -> bool:
        return await HealGap(
            accounts={"loja": LOJA},
            archives={"loja": self.archive},
            gaps=self.store,
            inbox=self.store,
            policy=policy,
            now=self.clock.now,
            new_trace=lambda: "healing",
            wake=self.woken.append,
            metrics=self.metrics,
        )("loja")

    def keeps(self, number: int, *, ago: float = 0, phone: str = "5511900000001") -> int:
        """Add a customer's message, said so many minutes ago; when that was."""
        at = self.clock.now() - round(ago * MINUTE)
        self.archive.said.append((at, [replace(hello(number, phone=phone), occurred_at=at)]))
        return at

    async def healed_at(self) -> object:
        return (await column(self.store, ACCOUNT.c.healed_at))[0]

    @property
    def healed(self) -> float:
        return counted(self.metrics, "gap_healed_total", "evolution")


@pytest.fixture
async def ward(sqlite_store: DbStore, clock: HandClock) -> Ward:
    await receive(sqlite_store, hello(0))
    clock.pass_(2 * 3_600)
    return Ward(sqlite_store, clock)


async def test_what_is_missing_is_stored_in_the_order_in_which_it_was_said_and_only_once(
    ward: Ward,
) -> None:
    for number, ago in ((3, 1), (1, 30), (2, 20)):
        ward.keeps(number, ago=ago)
    assert await ward.heal() is False
    assert await column(ward.store, MESSAGE.c.text) == [f"mensagem {n}" for n in range(4)]
    assert await ward.healed_at() == ward.clock.now()
    assert ward.woken == [Queue.IN]
    assert ward.healed == 3
    assert counted(ward.metrics, "inbound_messages_total") == 3
    assert await ward.heal() is False
    assert len(await column(ward.store, MESSAGE.c.id)) == 4
    assert ward.healed == 3


async def test_a_conversation_that_was_missed_gets_one_turn(ward: Ward) -> None:
    for number in range(1, 30):
        ward.keeps(number, ago=number)
    await ward.heal(HealPolicy())
    ward.clock.pass_(10)
    claim = await claim_one(ward.store, Queue.IN)
    given = await ward.store.load_turn(claim)
    assert given is not None
    assert len(given.batch) == 30


async def test_it_begins_where_the_number_was_first_open(ward: Ward) -> None:
    opened = ward.clock.now() - 2 * HOUR
    await ward.heal()
    assert ward.archive.asked == [(opened - POLICY.overlap, ward.clock.now(), 1)]


async def test_the_first_run_looks_a_day_back_at_most_and_no_run_more_than_a_week(
    ward: Ward,
) -> None:
    ward.clock.pass_(30 * 24 * 3_600)
    await ward.heal()
    ward.clock.pass_(30 * 24 * 3_600)
    since = ward.clock.now() - POLICY.furthest
    await ward.heal()
    assert [asked[0] for asked in ward.archive.asked] == [
        since + POLICY.furthest - 30 * 24 * HOUR - POLICY.first,
        since,
    ]


async def test_later_it_begins_a_little_before_where_it_ended(ward: Ward) -> None:
    await ward.heal()
    ended = ward.clock.now()
    ward.clock.pass_(300)
    await ward.heal()
    assert ward.archive.asked[-1] == (ended - POLICY.overlap, ward.clock.now(), 1)


async def test_a_long_gap_is_read_in_parts_from_its_beginning(ward: Ward) -> None:
    for number in range(1, 100):
        ward.keeps(number, ago=number)
    assert await ward.heal() is True
    part = await ward.healed_at()
    assert isinstance(part, int)
    assert part < ward.clock.now()
    stored = await column(ward.store, MESSAGE.c.occurred_at)
    assert all(at in stored for at, _ in ward.archive.said if at <= part)
    while await ward.heal():
        pass
    assert len(await column(ward.store, MESSAGE.c.id)) == 100
    assert await ward.healed_at() == ward.clock.now()


async def test_more_than_fits_in_a_minute_is_cut_off_and_told(
    ward: Ward, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(1, 40):
        ward.keeps(number, ago=10)
    runs = 0
    while await ward.heal():
        runs += 1
    assert runs < 10
    assert len(await column(ward.store, MESSAGE.c.id)) == 1 + 2 * ward.archive.size
    assert "account.healed" in {
        each.message for each in caplog.records if each.levelname == "WARNING"
    }


async def test_a_failure_moves_nothing_and_the_next_run_reads_the_same(ward: Ward) -> None:
    ward.keeps(1, ago=10)
    ward.archive.error = UnavailableError(FaultCode.WHATSAPP_SERVER, "down")
    with pytest.raises(UnavailableError):
        await ward.heal()
    assert await ward.healed_at() is None
    ward.archive.error = None
    await ward.heal()
    assert ward.healed == 1


async def test_a_store_that_fails_keeps_the_gap_open(ward: Ward) -> None:
    class Full(DbStore):
        async def receive(self, account: str, events: object, trace: str) -> object:  # type: ignore[override]
            raise UnavailableError(FaultCode.DB_FULL, f"{account} {events} {trace}")

    parts = {name: getattr(ward.store, name) for name in DbStore.__dataclass_fields__}
    ward.keeps(1, ago=10)
    with pytest.raises(UnavailableError):
        await Ward(Full(**parts), ward.clock, archive=ward.archive).heal()
    assert await ward.healed_at() is None


async def test_while_the_number_is_disconnected_nobody_is_asked(ward: Ward) -> None:
    await ward.store.note_connection("loja", ConnectionState.CLOSE)
    assert await ward.heal() is False
    assert ward.archive.asked == []


async def test_a_gateway_that_keeps_nothing_costs_one_question(ward: Ward) -> None:
    assert await ward.heal() is False
    assert len(ward.archive.asked) == 1
    assert await ward.healed_at() == ward.clock.now()
    assert ward.woken == []


async def test_our_own_sends_a_person_and_what_cannot_be_read_are_told_apart(ward: Ward) -> None:
    at = ward.clock.now() - 10 * MINUTE
    person = replace(echo("aqui é a Ana", number=7, by_api=False), occurred_at=at)
    told: list[Event] = [
        person,
        StatusChanged(provider_id=person.provider_id, status=DeliveryStatus.READ),
    ]
    group = EventIgnored(reason="group")
    odd = EventQuarantined(reason="unreadable_item", raw=b'{"key":1}')
    ward.archive.said = [(at, told), (at, [group]), (at, [odd])]
    await ward.heal()
    await ward.heal()
    assert (await rows(ward.store, MESSAGE.c.author, MESSAGE.c.text))[1:] == [
        ("person", "aqui é a Ana")
    ]
    assert await column(ward.store, QUARANTINE.c.reason) == ["unreadable_item"]
    assert ward.healed == 1
    assert counted(ward.metrics, "takeover_total") == 1
    assert isinstance(person, MessageEchoed)


async def test_a_body_that_was_too_large_is_closed_when_its_message_is_found(ward: Ward) -> None:
    ward.keeps(1)
    ward.clock.pass_(1)
    await ward.store.quarantine("loja", "too_large", b'{"bytes":9000000}')
    ward.clock.pass_(600)
    await ward.store.quarantine("loja", "too_large", b'{"bytes":9000000}')
    await ward.heal()
    assert await column(ward.store, QUARANTINE.c.ended) == ["healed", None]
