"""What may be sent, how it is stored, and how it is recognised when a gateway shows it again."""

import json
from typing import Any

import pytest

from orbion.adapters.channels.evolution_parse import parse_webhook
from orbion.domain.events import MessageEchoed
from orbion.domain.messages import MessageKind
from orbion.domain.outbox import SentRecord, message_id
from orbion.domain.outgoing import (
    Choices,
    ContactCard,
    Content,
    Location,
    Media,
    Reaction,
    Text,
    VoiceNote,
    cleaned,
    from_payload,
    is_file,
    is_same,
    to_payload,
)
from tests.unit.channels.captured import NOW, webhook

SHOP = Location(latitude=-23.5, longitude=-46.6, name="Loja", address="Rua 1")
PICTURE = Media(medium="image", source="https://x.test/x.png", mimetype="image/png", caption="cap")
PAPER = Media(
    medium="document",
    source="JVBERi0xLjQK",
    mimetype="application/pdf",
    caption="cap",
    file_name="a.pdf",
)
SPEECH = VoiceNote(source="https://x.test/a.ogg")
CARD = ContactCard(name="João", phone="5511977776666")
THUMB = Reaction(emoji="👍", target="3A000000000000000001")
ASKED = Choices(question="Qual período?", options=("Manhã", "Tarde"))
HELLO = Text(text="Olá!")
ALL: tuple[Content, ...] = (HELLO, PICTURE, PAPER, SPEECH, SHOP, CARD, THUMB, ASKED)
ECHOES = {
    "bail_sendMedia_url": PICTURE,
    "bail_sendMedia_b64": PAPER,
    "bail_sendAudio_url": SPEECH,
    "bail_sendLocation": SHOP,
    "bail_sendContact": CARD,
    "bail_sendReaction": THUMB,
}


def shown(name: str) -> MessageEchoed:
    body = json.dumps(webhook(f"{name}__send.message")).encode()
    (event,) = parse_webhook(body, instance="bail", now=NOW)
    assert isinstance(event, MessageEchoed)
    return event


@pytest.mark.parametrize("content", ALL)
def test_a_stored_row_gives_the_content_back(content: Content) -> None:
    assert from_payload(content.kind, content.text, to_payload(content)) == content


def test_plain_text_needs_no_payload_and_choices_are_numbered_text() -> None:
    assert to_payload(HELLO) is None
    assert ASKED.kind is MessageKind.TEXT
    assert ASKED.text == "Qual período?\n1. Manhã\n2. Tarde"


@pytest.mark.parametrize("name", ECHOES)
def test_the_captured_echo_of_each_kind_is_recognised_as_that_and_nothing_else(name: str) -> None:
    event = shown(name)
    assert [each for each in ALL if is_same(each, event)] == [ECHOES[name]]


def echoed(kind: MessageKind, text: str = "", payload: dict[str, Any] | None = None) -> SentRecord:
    return SentRecord(provider_id="3EB0", kind=kind, text=text, payload=payload, sent_at=0)


@pytest.mark.parametrize(
    ("content", "other"),
    [
        (HELLO, echoed(MessageKind.TEXT, "Olá")),
        (PICTURE, echoed(MessageKind.IMAGE, "outra")),
        (PICTURE, echoed(MessageKind.VIDEO, "cap")),
        (PAPER, echoed(MessageKind.DOCUMENT, "cap", {"file_name": "b.pdf"})),
        (SHOP, echoed(MessageKind.LOCATION, "", {"latitude": -23.5, "longitude": -46.7})),
        (SHOP, echoed(MessageKind.LOCATION)),
        (CARD, echoed(MessageKind.CONTACT, "", {"contacts": [{"name": "Ana"}]})),
        (CARD, echoed(MessageKind.CONTACT, "", {"contacts": []})),
        (THUMB, echoed(MessageKind.REACTION, "👍", {"target": "3A02"})),
        (THUMB, echoed(MessageKind.REACTION, "", {"target": THUMB.target})),
    ],
)
def test_another_message_is_not_ours(content: Content, other: SentRecord) -> None:
    assert not is_same(content, other)


def test_a_gateway_that_drops_the_caption_still_shows_our_file() -> None:
    assert is_same(PICTURE, echoed(MessageKind.IMAGE))
    assert is_same(PAPER, echoed(MessageKind.DOCUMENT, "cap"))
    numbers = {"latitude": -23.50000001, "longitude": -46.6}
    assert is_same(SHOP, echoed(MessageKind.LOCATION, "", numbers))


def test_what_nobody_can_store_or_see_is_taken_out() -> None:
    assert cleaned(Text(text="a\0b\x07\ud83d\r\nc\td😀")) == Text(text="ab\nc\td😀")
    assert cleaned(Choices(question="q\0?", options=("a\0", "b"))) == Choices(
        question="q?", options=("a", "b")
    )
    assert cleaned(SHOP) == SHOP
    assert cleaned(PAPER) == PAPER


def test_only_files_take_the_gateway_long() -> None:
    assert [each for each in ALL if is_file(each)] == [PICTURE, PAPER, SPEECH]


def test_a_row_proposes_one_id_in_the_form_of_whatsapp_web() -> None:
    proposed = message_id("loja", 7, 1_800_000_000_000)
    assert proposed == message_id("loja", 7, 1_800_000_000_000)
    assert len(proposed) == 22
    assert proposed.startswith("3EB0")
    assert proposed == proposed.upper()
    others = {
        message_id("filial", 7, 1_800_000_000_000),
        message_id("loja", 8, 1_800_000_000_000),
        message_id("loja", 7, 1_800_000_000_001),
    }
    assert proposed not in others
    assert len(others) == 3
