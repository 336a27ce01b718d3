"""What each webhook of Evolution becomes, however it is wrapped, addressed or broken."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from orbion.adapters.channels.evolution_json import as_integer
from orbion.domain.events import (
    ConnectionChanged,
    ConnectionState,
    DeliveryStatus,
    Event,
    EventIgnored,
    EventQuarantined,
    HistoryReceived,
    MessageEchoed,
    MessageReceived,
    StatusChanged,
)
from orbion.domain.identity import Identity
from orbion.domain.leads import Referral
from orbion.domain.messages import MessageKind
from tests.unit.channels.captured import NOW, WEBHOOKS, captured, parse, upsert, webhook

PHONE = "5511988887777"
JID = f"{PHONE}@s.whatsapp.net"
LID = "123456789012345@lid"


def received(body: Any) -> MessageReceived:
    (event,) = parse(body)
    assert isinstance(event, MessageReceived)
    return event


def keyed(**key: Any) -> dict[str, Any]:
    body = upsert({"conversation": "oi"})
    body["data"]["key"].update(key)
    return body


def test_every_captured_webhook_becomes_what_the_contract_says() -> None:
    events = (parse(body, body["instance"]) for body in map(webhook, WEBHOOKS))
    counts = Counter(_summary(event) for each in events for event in each)
    assert counts == {
        "received text": 18,
        "received button": 3,
        "received list": 1,
        "received image": 3,
        "received video": 1,
        "received audio": 1,
        "received document": 2,
        "received sticker": 1,
        "received location": 2,
        "received contact": 2,
        "received reaction": 2,
        "received poll": 1,
        "received order": 1,
        "echoed by api": 34,
        "echoed by person": 2,
        "StatusChanged": 5,
        "MessageEdited": 3,
        "MessageDeleted": 2,
        "ConnectionChanged": 12,
        "ignored contacts": 47,
        "ignored chats": 12,
        "ignored instance": 4,
        "ignored presence": 2,
        "ignored group": 2,
        "ignored protocol": 2,
        "ignored album": 1,
        "ignored call": 1,
        "history text": 3,
        "ignored qrcode": 1,
        "ignored status": 1,
    }


def _summary(event: Event) -> str:
    match event:
        case MessageReceived(kind=kind):
            return f"received {kind}"
        case MessageEchoed(by_api=by_api):
            return "echoed by api" if by_api else "echoed by person"
        case HistoryReceived(message=message):
            return f"history {message.kind}"
        case EventIgnored(reason=reason):
            return f"ignored {reason}"
        case EventQuarantined(reason=reason):
            return f"quarantined {reason}"
        case _:
            return type(event).__name__


@pytest.mark.parametrize(
    ("name", "kind", "text"),
    [
        ("sim_in_conversation", MessageKind.TEXT, "Olá, quero saber o preço do plano"),
        ("sim_in_extendedText_reply", MessageKind.TEXT, "respondendo isto https://example.com"),
        ("sim_in_ephemeral_text", MessageKind.TEXT, "mensagem temporária"),
        ("sim_in_image", MessageKind.IMAGE, "foto do produto"),
        ("sim_in_viewOnceV2_image", MessageKind.IMAGE, ""),
        ("sim_in_documentWithCaption", MessageKind.DOCUMENT, "segue a proposta"),
        ("sim_in_buttonsResponse", MessageKind.BUTTON, "Sim"),
        ("sim_in_templateButtonReply", MessageKind.BUTTON, "Sim"),
        ("sim_in_interactiveResponse", MessageKind.BUTTON, "Sim"),
        ("sim_in_listResponse", MessageKind.LIST, "Plano A"),
        ("sim_in_reaction", MessageKind.REACTION, "👍"),
        ("sim_in_reaction_removed", MessageKind.REACTION, ""),
        ("sim_in_poll_creation", MessageKind.POLL, "Qual?\n- A\n- B"),
        ("sim_in_order", MessageKind.ORDER, "quero"),
    ],
)
def test_a_captured_message_has_its_kind_and_text(name: str, kind: MessageKind, text: str) -> None:
    event = captured(f"{name}__messages.upsert")
    assert isinstance(event, MessageReceived)
    assert (event.kind, event.text) == (kind, text)


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        ("sim_in_buttonsResponse", {"id": "yes"}),
        ("sim_in_templateButtonReply", {"id": "yes"}),
        ("sim_in_interactiveResponse", {"id": "yes"}),
        ("sim_in_listResponse", {"id": "r1", "description": "d"}),
        ("sim_in_reaction", {"target": "3EB0AAAAAAAAAAAAAAAAAA"}),
        (
            "sim_in_location",
            {"latitude": -23.5, "longitude": -46.6, "name": "Loja", "address": "Rua 1"},
        ),
        (
            "sim_in_audio_ptt",
            {"mimetype": "audio/ogg; codecs=opus", "seconds": 7, "size": 123456, "ptt": True},
        ),
        ("in_evo_image", {"url": "https://x.y/z.jpg"}),
    ],
)
def test_what_a_kind_holds_beside_its_text_is_kept(name: str, payload: Mapping[str, Any]) -> None:
    event = captured(f"{name}__messages.upsert")
    assert isinstance(event, MessageReceived)
    assert event.payload == payload


def test_a_message_carries_sender_quote_and_time() -> None:
    event = captured("sim_in_extendedText_reply__messages.upsert")
    assert isinstance(event, MessageReceived)
    assert event.sender == Identity(address=JID, phone=PHONE, lid=LID, name="Maria Silva")
    assert event.quoted_id == "3EB0AAAAAAAAAAAAAAAAAA"
    assert event.occurred_at % 1000 == 0
    assert event.occurred_at < NOW


def test_a_click_on_an_ad_is_kept_for_attribution() -> None:
    event = captured("sim_in_extendedText_ad_click__messages.upsert")
    assert isinstance(event, MessageReceived)
    assert event.referral == Referral(
        source="ctwa_ad",
        details={
            "title": "Plano Pro",
            "body": "Clique",
            "sourceId": "120200000000",
            "sourceUrl": "https://fb.me/abc",
            "ctwaClid": "ARAkLkA8",
            "conversionSource": "FB_Ads",
            "entryPointConversionApp": "facebook",
        },
    )


@pytest.mark.parametrize(
    ("context", "referral"),
    [
        ({"externalAdReply": {"sourceType": "ad"}}, Referral(source="ctwa_ad")),
        ({"entryPointConversionSource": "ctwa_ad"}, Referral(source="ctwa_ad")),
        ({"externalAdReply": {"title": "a page"}, "conversionSource": "x"}, None),
        ({"entryPointConversionSource": "global_search_new_chat"}, None),
        ({"externalAdReply": [1]}, None),
    ],
)
def test_only_an_ad_is_a_referral_and_no_link_preview(
    context: Any, referral: Referral | None
) -> None:
    message = {"extendedTextMessage": {"text": "oi", "contextInfo": context}}
    assert received(upsert(message)).referral == referral
    assert received(upsert({"conversation": "oi"}, contextInfo=context)).referral == referral


def test_wrappers_are_unwrapped_at_any_depth() -> None:
    message: Any = {"extendedTextMessage": {"text": "fundo"}}
    for wrapper in ("viewOnceMessage", "ephemeralMessage", "someFutureMessageV9"):
        message = {wrapper: {"message": message}, "messageContextInfo": {}}
    assert received(upsert(message)).text == "fundo"


def test_a_transcript_is_the_text_of_a_voice_note() -> None:
    event = received(upsert({"audioMessage": {"ptt": True}, "speechToText": "[audio] bom dia"}))
    assert (event.kind, event.text) == (MessageKind.AUDIO, "bom dia")


def test_a_button_of_the_proxied_cloud_api_is_a_button() -> None:
    event = received(upsert({"conversation": "Quero"}, messageType="buttonMessage"))
    assert (event.kind, event.text) == (MessageKind.BUTTON, "Quero")


def test_nul_is_stripped_and_a_text_is_cut_at_64_kib() -> None:
    assert received(upsert({"conversation": "a\0b"})).text == "ab"
    assert len(received(upsert({"conversation": "é" * 40_000})).text.encode()) == 64 * 1024


@pytest.mark.parametrize(
    ("key", "phone", "lid", "address"),
    [
        ({"remoteJid": JID, "previousRemoteJid": LID, "senderPn": JID}, PHONE, LID, JID),
        ({"remoteJid": LID, "remoteJidAlt": JID, "addressingMode": "lid"}, PHONE, LID, LID),
        ({"remoteJid": JID, "remoteJidAlt": JID, "addressingMode": "lid"}, PHONE, None, JID),
        ({"remoteJid": JID, "remoteJidAlt": LID, "addressingMode": "pn"}, PHONE, LID, JID),
        ({"remoteJid": LID}, None, LID, LID),
        ({"remoteJid": f"{PHONE}:12@s.whatsapp.net"}, PHONE, None, JID),
        ({"remoteJid": PHONE}, PHONE, None, JID),
    ],
)
def test_phone_and_lid_are_found_in_every_versions_key(
    key: dict[str, str], phone: str | None, lid: str | None, address: str
) -> None:
    sender = received(keyed(**key)).sender
    assert (sender.phone, sender.lid, sender.address) == (phone, lid, address)


@pytest.mark.parametrize(
    ("jid", "reason"),
    [
        ("120363000000000000@g.us", "group"),
        ("status@broadcast", "status"),
        ("123@broadcast", "broadcast"),
        ("123@newsletter", "newsletter"),
        ("0@s.whatsapp.net", "system"),
    ],
)
def test_what_is_no_chat_with_a_customer_is_ignored(jid: str, reason: str) -> None:
    assert parse(keyed(remoteJid=jid)) == [EventIgnored(reason=reason)]


def test_a_message_from_the_phone_is_a_persons_and_a_send_message_is_the_apis() -> None:
    by_person, by_api = (
        captured("sim_in_fromMe_phone__messages.upsert"),
        captured("bail_sendText__send.message"),
    )
    assert isinstance(by_person, MessageEchoed)
    assert isinstance(by_api, MessageEchoed)
    assert (by_person.by_api, by_api.by_api) == (False, True)
    assert by_person.recipient == Identity(address=JID, phone=PHONE, lid=LID)
    assert by_api.text == "Olá Maria! 😀"


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [
        (1_795_165_609, 1_795_165_609_000),
        ("0001795165609", 1_795_165_609_000),
        ({"low": 1_795_165_609, "high": 0, "unsigned": True}, 1_795_165_609_000),
        (1_795_165_609_123, 1_795_165_609_123),
        (None, NOW),
        (0, NOW),
        (True, NOW),
        (9_999_999_999, NOW),
        ("soon", NOW),
    ],
)
def test_a_timestamp_is_read_in_every_spelling_and_never_believed_blindly(
    stamp: Any, expected: int
) -> None:
    assert received(upsert({"conversation": "x"}, messageTimestamp=stamp)).occurred_at == expected


@pytest.mark.parametrize("value", [2**63, -(2**64), {"low": 0, "high": 2**40}, float("inf")])
def test_an_integer_that_no_database_holds_is_none(value: Any) -> None:
    assert as_integer(value) is None


def test_a_negative_low_half_is_an_unsigned_one() -> None:
    assert as_integer({"low": -136_329_728, "high": 417, "unsigned": False}) == 1_795_160_000_000


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("sim_emit_error_status", DeliveryStatus.FAILED),
        ("sim_emit_status_2", DeliveryStatus.SENT),
        ("sim_emit_status_3", DeliveryStatus.DELIVERED),
        ("sim_emit_status_4", DeliveryStatus.READ),
        ("sim_emit_status_lid", DeliveryStatus.READ),
    ],
)
def test_a_status_is_matched_by_the_key_id_alone(name: str, status: DeliveryStatus) -> None:
    assert captured(f"{name}__messages.update") == StatusChanged(
        provider_id="3EB061974B2E0C045D0519", status=status
    )


@pytest.mark.parametrize(
    ("name", "state", "reason"),
    [
        ("sim_emit_open__connection.update", ConnectionState.OPEN, "200"),
        ("sim_emit_logged_out__connection.update", ConnectionState.CLOSE, "401"),
        ("sim_emit_logged_out__logout.instance", ConnectionState.CLOSE, "logout"),
        ("sim_emit_logged_out__status.instance", ConnectionState.CLOSE, "401"),
        ("bail_delete__remove.instance", ConnectionState.CLOSE, "removed"),
    ],
)
def test_the_connection_is_followed(name: str, state: ConnectionState, reason: str) -> None:
    assert captured(name) == ConnectionChanged(state=state, reason=reason)
