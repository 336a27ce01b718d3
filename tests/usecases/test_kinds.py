"""Every captured message of a customer leads to a turn that can read it, whatever its kind."""

import pytest

from orbion.adapters.db.store import DbStore
from orbion.domain.events import MessageReceived
from orbion.domain.lanes import Queue
from orbion.domain.media import shown_text
from orbion.domain.messages import MessageKind
from tests.contract.scenes import take_turn
from tests.support.stores import HandClock
from tests.unit.channels.captured import NOW, WEBHOOKS, parse, webhook

SILENT = {MessageKind.REACTION, MessageKind.UNSUPPORTED}


def read(name: str) -> list[MessageReceived]:
    body = webhook(name)
    return [event for event in parse(body, body["instance"]) if isinstance(event, MessageReceived)]


RECEIVED = [name for name in WEBHOOKS if read(name)]


@pytest.fixture
def clock() -> HandClock:
    """The time of the captures, when the oldest of them is three days old."""
    return HandClock(NOW - 4 * 86_400_000)


@pytest.mark.parametrize("name", RECEIVED)
async def test_a_captured_message_waits_for_a_turn_that_can_read_it(
    sqlite_store: DbStore, clock: HandClock, name: str
) -> None:
    (event,) = read(name)
    warm = MessageReceived(
        provider_id="warm", sender=event.sender, kind=MessageKind.REACTION, text="", occurred_at=1
    )
    await sqlite_store.receive("loja", [warm], "t")
    clock.time = NOW
    await sqlite_store.receive("loja", [event], "t")
    if event.kind in SILENT:
        assert (await sqlite_store.claim(Queue.IN, "w", 9)).claims == ()
    else:
        _, given = await take_turn(sqlite_store)
        assert [bool(shown_text(message)) for message in given.batch] == [True]


def test_the_captures_hold_every_kind_but_a_product() -> None:
    kinds = {event.kind for name in RECEIVED for event in read(name)}
    assert set(MessageKind) - kinds == {MessageKind.PRODUCT, MessageKind.UNSUPPORTED}
