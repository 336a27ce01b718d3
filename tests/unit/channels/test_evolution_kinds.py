"""Each kind of message is read with what a turn, a later fetch or an operator needs of it."""

from typing import Any

import pytest

from orbion.adapters.channels.evolution_content import read_content
from orbion.domain.messages import MessageKind
from tests.unit.channels.captured import webhook

DEEP = (
    "ephemeralMessage",
    "viewOnceMessage",
    "viewOnceMessageV2",
    "viewOnceMessageV2Extension",
    "documentWithCaptionMessage",
    "editedMessage",
    "deviceSentMessage",
    "lottieStickerMessage",
    "pollCreationMessageV4",
    "someFutureMessageV9",
)
BYTES = {str(place): 171 for place in range(32)}
MEDIA = {
    "url": "https://mmg.whatsapp.net/x.enc",
    "mimetype": "video/mp4",
    "fileLength": {"low": 123456, "high": 0, "unsigned": True},
    "seconds": "7",
    "mediaKey": BYTES,
    "jpegThumbnail": BYTES,
}


@pytest.mark.parametrize("wrapper", DEEP)
def test_every_wrapper_is_unwrapped_alone_and_inside_all_others(wrapper: str) -> None:
    inner: Any = {"videoMessage": {**MEDIA, "caption": "fundo"}, "messageContextInfo": BYTES}
    alone = read_content({wrapper: {"message": inner}}, named=wrapper)
    for each in DEEP:
        inner = {each: {"message": inner}}
    for read in (alone, read_content(inner, named=DEEP[-1])):
        assert (read.kind, read.text) == (MessageKind.VIDEO, "fundo")


def test_media_keep_what_a_fetch_needs_and_never_their_bytes() -> None:
    message = {
        "videoMessage": MEDIA,
        "mediaUrl": "https://s3.example/v.mp4",
        "base64": "QUJD" * 1000,
    }
    read = read_content({**message})
    assert read.payload == {
        "mimetype": "video/mp4",
        "seconds": 7,
        "size": 123456,
        "url": "https://s3.example/v.mp4",
        "inline": True,
    }


def test_a_wrapped_image_keeps_the_link_that_stands_outside_or_inside() -> None:
    image = {"imageMessage": {"mimetype": "image/jpeg"}}
    for message in (
        {"ephemeralMessage": {"message": image}, "mediaUrl": "https://a"},
        {"ephemeralMessage": {"message": {**image, "mediaUrl": "https://a"}}},
    ):
        assert read_content(message).payload == {"mimetype": "image/jpeg", "url": "https://a"}


@pytest.mark.parametrize("version", ["", "V2", "V3", "V5"])
def test_a_poll_is_its_question_and_options(version: str) -> None:
    poll = {"name": "Qual?", "options": [{"optionName": "A"}, {"optionName": "B"}, 7]}
    read = read_content({f"pollCreationMessage{version}": poll})
    assert (read.kind, read.text) == (MessageKind.POLL, "Qual?\n- A\n- B")
    assert read.payload == {"options": ["A", "B"]}


@pytest.mark.parametrize("selected", [["A", "C"], [{"name": "A"}, {"name": "C"}]])
def test_a_vote_is_the_selected_options(selected: Any) -> None:
    vote = {"pollCreationMessageKey": {"id": "3EB0"}, "vote": {"selectedOptions": selected}}
    read = read_content({"pollUpdateMessage": vote})
    assert (read.kind, read.text, read.payload) == (MessageKind.POLL, "A, C", {"poll": "3EB0"})


def test_a_vote_nobody_can_read_is_a_poll_and_one_taken_back_asks_for_nothing() -> None:
    hidden = read_content({"pollUpdateMessage": {"vote": {"encPayload": BYTES}}})
    assert (hidden.kind, hidden.text) == (MessageKind.POLL, "")
    back = read_content({"pollUpdateMessage": {"vote": {"selectedOptions": []}}})
    assert back.kind is MessageKind.UNSUPPORTED


def test_an_order_and_a_product_carry_what_they_are_of() -> None:
    message = webhook("sim_in_order__messages.upsert")["data"]["message"]
    assert read_content(message).payload == {
        "id": "1",
        "items": 2,
        "price_1000": 99_000,
        "currency": "BRL",
    }
    product = {"title": "Kit", "productId": "9", "priceAmount1000": "150000"}
    read = read_content({"productMessage": {"product": product, "body": "tem?"}})
    assert (read.kind, read.text) == (MessageKind.PRODUCT, "tem?")
    assert read.payload == {"id": "9", "title": "Kit", "price_1000": 150_000}


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ({"interactiveMessage": {"body": {"text": "Escolha"}}}, "Escolha"),
        ({"buttonsMessage": {"contentText": "Escolha", "buttons": []}}, "Escolha"),
        ({"listMessage": {"title": "T", "description": "D", "sections": []}}, "T\nD"),
        (
            {
                "templateMessage": {
                    "hydratedTemplate": {"hydratedTitleText": "T", "hydratedContentText": "D"}
                }
            },
            "T\nD",
        ),
        ({"templateMessage": {"interactiveMessageTemplate": {"body": {"text": "D"}}}}, "D"),
        ({"templateMessage": None}, ""),
    ],
)
def test_a_menu_or_template_is_the_text_it_shows(message: Any, text: str) -> None:
    read = read_content(message)
    assert (read.kind, read.text) == (MessageKind.TEXT, text)


@pytest.mark.parametrize(
    ("body", "payload"),
    [
        (
            {"degreesLatitude": "-23.5", "degreesLongitude": -46},
            {"latitude": -23.5, "longitude": -46},
        ),
        ({"degreesLatitude": True, "degreesLongitude": "x", "name": ["?"]}, None),
        ({"degreesLatitude": 10**400, "address": "Rua 1"}, {"address": "Rua 1"}),
    ],
)
def test_a_location_keeps_only_numbers_that_are_some(body: Any, payload: Any) -> None:
    for name in ("locationMessage", "liveLocationMessage"):
        read = read_content({name: body})
        assert (read.kind, read.payload) == (MessageKind.LOCATION, payload)


@pytest.mark.parametrize("odd", [None, [], [1], "x", 7, True, {"0": 1}])
def test_whatever_stands_where_an_object_should_be_breaks_nothing(odd: Any) -> None:
    for name in (
        "contactsArrayMessage",
        "listResponseMessage",
        "interactiveResponseMessage",
        "reactionMessage",
        "pollUpdateMessage",
        "pollCreationMessageV3",
        "productMessage",
        "orderMessage",
        "templateMessage",
    ):
        keys = ("contacts", "singleSelectReply", "body", "key", "vote", "options", "product")
        for body in (odd, dict.fromkeys(keys, odd)):
            assert read_content({name: body}, context=odd).kind
