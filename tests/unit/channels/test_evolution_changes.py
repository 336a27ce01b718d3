"""Edits, deletions and floods of the past are read for what they change and no more."""

from typing import Any

import pytest

from orbion.domain.events import (
    DeliveryStatus,
    Event,
    EventIgnored,
    EventQuarantined,
    HistoryReceived,
    MessageDeleted,
    MessageEchoed,
    MessageEdited,
    StatusChanged,
)
from tests.unit.channels.captured import NOW, captured, parse, upsert, webhook

JID = "5511988887777@s.whatsapp.net"


def test_an_edit_names_the_message_its_words_and_its_time() -> None:
    edited = captured("sim_in_edited_modern__messages.edited")
    assert edited == MessageEdited(
        provider_id="3A000000000000000001",
        text="Olá, quero saber o preço do plano PRO",
        at=1_795_160_000_000,
    )
    assert captured("sim_in_ephemeral_setting__messages.edited") == EventIgnored(reason="protocol")
    assert captured("bail_updateMessage__send.message.update") == MessageEdited(
        provider_id="3EB061974B2E0C045D0519",
        text="texto editado",
        at=1_795_165_628_759,
        from_me=True,
    )


def test_both_forms_of_a_deletion_name_the_message_and_its_side() -> None:
    assert captured("sim_emit_revoked__messages.delete") == MessageDeleted(
        provider_id="3A000000000000000001"
    )
    assert captured("bail_deleteForEveryone__messages.delete") == MessageDeleted(
        provider_id="3EB061974B2E0C045D0519", from_me=True
    )


@pytest.mark.parametrize("wrapper", [None, "editedMessage", "ephemeralMessage"])
def test_an_edit_or_revoke_inside_a_message_is_one_too(wrapper: str | None) -> None:
    target = {"id": "3A00", "fromMe": True, "remoteJid": JID}

    def heard(**protocol: Any) -> Event:
        message: Any = {"protocolMessage": {"key": target, **protocol}}
        (event,) = parse(upsert({wrapper: {"message": message}} if wrapper else message))
        return event

    assert heard(type=14, editedMessage={"conversation": "novo"}) == MessageEdited(
        provider_id="3A00", text="novo", at=NOW
    )
    assert heard(type=0) == MessageDeleted(provider_id="3A00")
    assert heard(type=3) == EventIgnored(reason="protocol")


def test_an_edit_into_something_unknown_does_not_wipe_the_text() -> None:
    data = {"key": {"remoteJid": JID, "id": "3A00"}, "type": "MESSAGE_EDIT"}
    body = {"event": "messages.edited", "instance": "loja", "data": data}
    messages: tuple[Any, ...] = ({"futureMessage": {}}, None, [])
    for message in messages:
        (event,) = parse({**body, "data": {**data, "editedMessage": message}})
        assert isinstance(event, EventQuarantined)


def test_a_change_of_content_says_nothing_about_delivery() -> None:
    data = {"keyId": "3EB0", "fromMe": True, "status": "SERVER_ACK"}
    body = {"event": "messages.update", "instance": "loja"}
    extras: tuple[Any, ...] = (
        {"message": {"pollUpdateMessage": {}}},
        {"pollUpdates": [{"name": "A"}]},
    )
    for extra in extras:
        assert parse({**body, "data": {**data, **extra}}) == [EventIgnored(reason="status_update")]
    assert parse({**body, "data": {**data, "message": None}}) == [
        StatusChanged(provider_id="3EB0", status=DeliveryStatus.SENT)
    ]


def test_a_flood_of_the_past_comes_newest_first_and_misses_nothing_unreadable() -> None:
    body = webhook("sim_emit_history__messages.set")
    body["data"] += [7, {"key": {"id": ""}}, {**body["data"][0], "key": {"remoteJid": "1@g.us"}}]
    mine = upsert({"conversation": "nossa"}, messageTimestamp=1_790_000_009)["data"]
    mine["key"]["fromMe"] = True
    events = parse({**body, "data": [*body["data"], mine]}, body["instance"])
    past = [event.message for event in events if isinstance(event, HistoryReceived)]
    assert [each.text for each in past] == ["nossa", "antiga 2", "antiga 1", "antiga 0"]
    assert isinstance(past[0], MessageEchoed)
    assert events[4:] == [EventIgnored(reason="history")] * 3


@pytest.mark.parametrize("data", [{"messageCount": 3, "chatCount": 1}, [], None, "x"])
def test_a_flood_without_messages_is_ignored(data: Any) -> None:
    body = {"event": "messaging-history.set", "instance": "loja", "data": data}
    assert parse(body) == [EventIgnored(reason="history")]
