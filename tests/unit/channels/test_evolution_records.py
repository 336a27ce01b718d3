"""A record of findMessages tells what its webhook told, and what became of the message since."""

from typing import Any

import pytest

from orbion.adapters.channels.evolution_parse import parse_record
from orbion.domain.events import (
    DeliveryStatus,
    Event,
    EventIgnored,
    EventQuarantined,
    MessageDeleted,
    MessageEchoed,
    MessageEdited,
    MessageReceived,
    StatusChanged,
)
from orbion.domain.messages import MessageKind
from tests.unit.channels.captured import ANSWERS, NOW, exchange, parse, upsert

LISTS = [name for name in ANSWERS if "findMessages" in name]


def records(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = exchange(name)["response"]["body"]["messages"]["records"]
    return found


def read(record: Any) -> list[Event]:
    return parse_record(record, instance="bail", now=NOW)


def record(message: Any, *statuses: Any, **more: Any) -> dict[str, Any]:
    data: dict[str, Any] = upsert(message)["data"]
    updates = [{"status": each} for each in statuses]
    return {**data, "id": "cm1", "MessageUpdate": updates, **more}


@pytest.mark.parametrize("name", LISTS)
def test_every_captured_record_is_read(name: str) -> None:
    for each in records(name):
        first, *_ = read(each)
        assert isinstance(first, MessageReceived | MessageEchoed | MessageDeleted)
        assert first.provider_id == each["key"]["id"]


def test_a_record_tells_the_same_as_the_webhook_of_its_message() -> None:
    data = upsert({"conversation": "oi"}, pushName="Maria")["data"]
    (told,) = parse({"event": "messages.upsert", "instance": "loja", "data": data})
    assert read({**data, "id": "cm1", "MessageUpdate": []}) == [told]


def test_what_the_gateway_stored_is_what_it_posted() -> None:
    (stored,) = [
        each for each in records("bail_findMessages_by_time") if "0029" in each["key"]["id"]
    ]
    (found,) = read(stored)
    assert isinstance(found, MessageReceived)
    assert found.text == "chegou pelo placeholder resend"
    assert found.sender.phone == "5511988887777"
    assert found.sender.lid == "123456789012345@lid"


def test_the_statuses_of_our_own_are_their_highest() -> None:
    ours = record({"conversation": "oi"}, "SERVER_ACK", "READ", "DELIVERY_ACK", "FOO", None, {})
    ours["key"]["fromMe"] = True
    said, status = read(ours)
    assert isinstance(said, MessageEchoed)
    assert status == StatusChanged(provider_id="3A01", status=DeliveryStatus.READ)


def test_a_customers_message_has_no_status() -> None:
    (said,) = read(record({"conversation": "oi"}, "READ"))
    assert isinstance(said, MessageReceived)


@pytest.mark.parametrize("mine", [False, True])
def test_an_edited_message_has_its_last_words_as_of_this_reading(*, mine: bool) -> None:
    edited = record({"conversation": "oi de novo"}, "EDITED")
    edited["key"]["fromMe"] = mine
    said, edit = read(edited)
    assert isinstance(said, MessageReceived | MessageEchoed)
    assert said.text == "oi de novo"
    assert edit == MessageEdited(provider_id="3A01", text="oi de novo", at=NOW, from_me=mine)


def test_a_message_without_its_words_was_deleted() -> None:
    assert read(record(None, "EDITED")) == [MessageDeleted(provider_id="3A01")]
    ours = record({"conversation": "oi"}, "DELETED")
    ours["key"] |= {"fromMe": True, "deleted": True}
    assert read(ours) == [MessageDeleted(provider_id="3A01", from_me=True)]


def test_chats_that_are_none_are_left_out() -> None:
    group = record({"conversation": "oi"})
    group["key"]["remoteJid"] = "123@g.us"
    assert read(group) == [EventIgnored(reason="group")]
    assert read({**group, "message": None}) == [EventIgnored(reason="group")]


@pytest.mark.parametrize(
    "odd",
    [
        None,
        "x",
        {},
        {"key": None},
        record({"conversation": "oi"}, key={}),
        record({"conversation": "oi"}, key={"remoteJid": "x@y", "id": "1"}),
        record("words"),
    ],
)
def test_what_cannot_be_read_is_set_aside_whole_and_the_same_each_time(odd: Any) -> None:
    (first,) = read(odd)
    assert isinstance(first, EventQuarantined)
    assert first.reason == "unreadable_item"
    assert read(odd) == [first]
    if isinstance(odd, dict):
        assert read({**odd, "MessageUpdate": [{"status": "READ"}]}) == [first]


def test_odd_updates_cost_nothing() -> None:
    oddities: tuple[Any, ...] = (None, {}, "x", [None, 1, {"status": []}])
    for updates in oddities:
        (said,) = read(record({"conversation": "oi"}, MessageUpdate=updates))
        assert isinstance(said, MessageReceived)
        assert said.kind is MessageKind.TEXT
