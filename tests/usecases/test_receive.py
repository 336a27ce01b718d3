"""What a webhook tells is stored before it is answered, and counted for what it was."""

from dataclasses import dataclass, field, fields, replace

import pytest

from orbion.adapters.db.store import DbStore
from orbion.domain.errors import FaultCode, RejectedError, UnavailableError
from orbion.domain.events import (
    ConnectionChanged,
    ConnectionState,
    DeliveryStatus,
    Event,
    EventIgnored,
    EventQuarantined,
    HistoryReceived,
    StatusChanged,
    WebhookRequest,
)
from orbion.domain.lanes import Queue
from orbion.ports import Received
from orbion.telemetry.metrics import Metrics
from orbion.usecases.receive import Receive, WebhookOutcome
from tests.support.stores import HandClock, echo, hello
from tests.usecases.stage import ScriptedChannel, counted

STATUS = StatusChanged(provider_id="WA1", status=DeliveryStatus.READ)
UNREADABLE = EventQuarantined(reason="unreadable_item", raw=b"{}")
UNKNOWN = EventQuarantined(reason="unknown_event", raw=b"{}")
GROUP = EventIgnored(reason="group")


class TalkingChannel(ScriptedChannel):
    """A gateway whose every webhook is authentic and tells `events`."""

    events: tuple[Event, ...] = ()

    def verify(self, request: WebhookRequest) -> None:  # type: ignore[override]
        if "authorization" not in request.headers:
            raise RejectedError(FaultCode.AUTH_BAD, "wrong secret")

    def parse(self, body: bytes) -> tuple[Event, ...]:  # type: ignore[override]
        assert body == b"body"
        return self.events


class ClosedStore(DbStore):
    async def receive(self, account: str, events: object, trace: str) -> Received:
        raise UnavailableError(FaultCode.DB_FULL, f"{account} {events} {trace}")


@dataclass(slots=True)
class Door:
    """The use case on a real store."""

    store: DbStore
    clock: HandClock
    channel: TalkingChannel = field(default_factory=TalkingChannel)
    metrics: Metrics = field(default_factory=Metrics)
    woken: list[Queue] = field(default_factory=list)
    made: list[Receive] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)

    async def hear(self, *events: Event, authentic: bool = True) -> tuple[WebhookOutcome, bool]:
        self.channel.events = events
        request = WebhookRequest(
            headers={"authorization": "Bearer x"} if authentic else {}, tail=(), body=b"body"
        )
        answer = await self.receive("loja", request, trace="t")
        return answer.outcome, answer.duplicate

    def close(self) -> None:
        given = {each.name: getattr(self.store, each.name) for each in fields(self.store)}
        self.store = ClosedStore(**given)
        self.made.clear()

    @property
    def receive(self) -> Receive:
        if not self.made:
            self.made.append(
                Receive(
                    channels={"loja": self.channel},
                    accounts=self.store.accounts,
                    inbox=self.store,
                    wake=self.woken.append,
                    metrics=self.metrics,
                    now=self.clock.now,
                    refused=self.refused.append,
                    accepted=self.accepted.append,
                    missed=self.missed.append,
                    connection_changed=self.changed.append,
                )
            )
        return self.made[0]


@pytest.fixture
def door(sqlite_store: DbStore, clock: HandClock) -> Door:
    return Door(sqlite_store, clock)


async def test_a_message_is_stored_once_and_wakes_its_queue(door: Door) -> None:
    assert await door.hear(hello(1)) == (WebhookOutcome.STORED, False)
    assert await door.hear(hello(1)) == (WebhookOutcome.DUPLICATE, True)
    assert door.woken == [Queue.IN]
    assert counted(door.metrics, "inbound_messages_total", "evolution", "text") == 1
    assert counted(door.metrics, "duplicates_total", "evolution") == 1


async def test_a_person_who_takes_over_is_counted(door: Door) -> None:
    await door.hear(hello(1))
    await door.hear(echo("Oi, aqui é o Pedro", by_api=False))
    assert counted(door.metrics, "takeover_total") == 1


async def test_a_change_of_connection_is_counted_and_a_repetition_is_not(door: Door) -> None:
    connecting = ConnectionChanged(state=ConnectionState.CONNECTING, reason="200")
    for _ in range(20):
        await door.hear(connecting)
    assert counted(door.metrics, "connection_changes_total", "loja", "connecting") == 1
    assert await door.hear(connecting) == (WebhookOutcome.IGNORED, False)
    opened = ConnectionChanged(state=ConnectionState.OPEN)
    assert await door.hear(opened) == (WebhookOutcome.STORED, False)
    assert counted(door.metrics, "connection_changes_total", "loja", "open") == 1


async def test_history_wakes_nobody_counts_as_no_message_and_is_dropped_under_need(
    door: Door,
) -> None:
    past = HistoryReceived(message=hello(1))
    assert await door.hear(past) == (WebhookOutcome.STORED, False)
    assert door.woken == []
    assert counted(door.metrics, "inbound_messages_total") == 0
    door.close()
    assert await door.hear(past) == (WebhookOutcome.DROPPED, False)


async def test_a_status_wakes_nobody(door: Door) -> None:
    await door.hear(STATUS)
    assert door.woken == []
    assert counted(door.metrics, "takeover_total") == 0


async def test_what_is_ignored_is_not_even_stored(door: Door) -> None:
    door.close()
    assert await door.hear(GROUP, GROUP) == (WebhookOutcome.IGNORED, False)
    assert await door.hear() == (WebhookOutcome.IGNORED, False)


async def test_a_bad_item_is_set_aside_and_its_siblings_live(door: Door) -> None:
    assert await door.hear(UNREADABLE, hello(1), GROUP) == (WebhookOutcome.STORED, False)
    assert counted(door.metrics, "quarantine_total", "evolution", "unreadable_item") == 1
    assert counted(door.metrics, "inbound_messages_total") == 1


@pytest.mark.parametrize("event", [hello(1), echo("oi"), UNREADABLE])
async def test_what_may_be_a_message_is_refused_while_the_store_is_down(
    event: Event, door: Door
) -> None:
    door.close()
    with pytest.raises(UnavailableError):
        await door.hear(STATUS, event)


@pytest.mark.parametrize("event", [STATUS, UNKNOWN])
async def test_what_is_no_message_is_dropped_while_the_store_is_down(
    event: Event, door: Door
) -> None:
    door.close()
    assert await door.hear(event) == (WebhookOutcome.DROPPED, False)


async def test_only_an_authentic_webhook_shows_that_the_gateway_lives(door: Door) -> None:
    with pytest.raises(RejectedError, match="wrong secret"):
        await door.hear(hello(1), authentic=False)
    assert door.receive.last_seen == {}
    await door.hear(GROUP)
    assert door.receive.last_seen == {"loja": door.clock.now()}


async def test_a_bad_credential_is_told_and_a_good_one_is_not(door: Door) -> None:
    await door.hear(hello(1))
    assert door.refused == []
    with pytest.raises(RejectedError):
        await door.hear(hello(2), authentic=False)
    assert (door.accepted, door.refused) == (["loja"], ["loja"])


async def test_a_body_too_large_is_told_to_be_missing(door: Door) -> None:
    await door.hear(hello(1))
    assert door.missed == []
    answer = await door.receive.too_large("loja", 9_000_000)
    assert answer.outcome is WebhookOutcome.QUARANTINED
    assert door.missed == ["loja"]


async def test_a_hold_that_a_rule_ended_is_counted_and_logged(
    door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    door.store = replace(
        door.store, inbox_policy=replace(door.store.inbox_policy, idle_release=3_600_000)
    )
    await door.hear(hello(1))
    await door.hear(echo("aqui é a Ana", by_api=False))
    door.clock.pass_(3_600)
    caplog.clear()
    with caplog.at_level("INFO"):
        assert await door.hear(hello(2)) == (WebhookOutcome.STORED, False)
    assert counted(door.metrics, "releases_total", "idle") == 1
    assert counted(door.metrics, "inbound_messages_total", "evolution", "text") == 2
    assert [each.getMessage() for each in caplog.records] == ["conversation.release"]


async def test_a_stored_change_of_the_connection_is_told(door: Door) -> None:
    await door.hear(hello(1), STATUS)
    assert door.changed == []
    await door.hear(ConnectionChanged(state=ConnectionState.CLOSE, reason="401"))
    assert door.changed == ["loja"]


async def test_an_unknown_account_is_refused(door: Door) -> None:
    request = WebhookRequest(headers={}, tail=(), body=b"body")
    with pytest.raises(RejectedError, match="unknown account"):
        await door.receive("outra", request, trace="t")
    with pytest.raises(RejectedError, match="outra is not configured"):
        await door.receive.replay("outra", b"body", trace="t")


async def test_a_quarantined_body_is_taken_again_only_if_it_can_now_be_read(door: Door) -> None:
    door.channel.events = (UNREADABLE, hello(1))
    with pytest.raises(RejectedError, match="still unreadable: unreadable_item"):
        await door.receive.replay("loja", b"body", trace="t")
    door.channel.events = (hello(1),)
    answer = await door.receive.replay("loja", b"body", trace="t")
    assert answer.outcome is WebhookOutcome.STORED


async def test_of_a_body_that_was_too_large_only_the_size_is_kept(
    door: Door,
) -> None:
    answer = await door.receive.too_large("loja", 9_000_000)
    assert answer.outcome is WebhookOutcome.QUARANTINED
    (line,) = await door.store.quarantined(before=None, limit=9)
    assert (line.reason, line.raw) == ("too_large", b'{"bytes":9000000}')
    assert counted(door.metrics, "quarantine_total", "evolution", "too_large") == 1
